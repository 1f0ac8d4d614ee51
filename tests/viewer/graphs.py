"""Graphs in the format of docs/guide/graph-format.md, made up for the tests of the viewer."""
import json


class Graph:
    """Collects nodes, values and sections. Results stand first among the values of a file, so leaves are numbered when all are known."""

    def __init__(self):
        self.nodes, self.results, self.leaves, self.sections = [], [], [], [{}]

    def section(self, name, kind="", parent=0):
        self.sections.append({"name": name, "kind": kind, "parent": parent})
        return len(self.sections) - 1

    def leaf(self, name="", shape=(4, 8), gradient=False, **more):
        self.leaves.append({"name": name, "origin": "caller", "shape": list(shape), **({"requires_gradient": True} if gradient else {}), **more})
        return -len(self.leaves)

    def node(self, op, inputs, section=0, shape=(4, 8), cost=100, n_out=1, **more):
        """Returns the first result."""
        n, out = len(self.nodes), []
        for slot in range(n_out):
            out.append(len(self.results))
            self.results.append({"node": n, **({"slot": slot} if slot else {}), "shape": list(shape)})
        stated = None if cost is None else {"add": cost, "bytes_read": 4 * cost, "bytes_written": 4 * cost}
        self.nodes.append({"op": op, "section": section, "in": list(inputs), "out": out, "cost": stated, **more})
        return out[0]

    def text(self):
        leaf = lambda v: v if v is None or v >= 0 else len(self.results) - v - 1
        lists = lambda node: {key: [leaf(v) for v in node[key]] for key in ("in", "writes") if key in node}
        nodes = [{**node, **lists(node)} for node in self.nodes]
        values = self.results + sorted_by_use(nodes, self.leaves, len(self.results))
        return json.dumps({"format": "wengert graph", "version": 1, "traced": True, "nodes": nodes, "values": values, "sections": self.sections})


def sorted_by_use(nodes, leaves, first):
    """The leaves in the order in which nodes read them first; renumbers what the nodes read."""
    number = {}
    for node in nodes:
        for i, v in enumerate(node["in"]):
            if v is not None and v >= first:
                node["in"][i] = number.setdefault(v, first + len(number))
        node.update({"writes": [number[v] for v in node["writes"]]} if "writes" in node else {})
    return [leaves[v - first] for v in number]


def network(blocks=3, layers=4, steps=1, kinds=("linear", "tanh"), updates=False):
    """Blocks of layers in sections, forward and backward: 2 len(kinds) layers blocks + 2 nodes, times steps; an update of each weight."""
    g = Graph()
    x = g.leaf("x")
    y, calls = x, []
    for b in range(blocks):
        block = g.section(f"{b}", "block")
        for l in range(layers):
            layer = g.section(f"{l}", "layer", block)
            weight = g.leaf(f"{b}.{l}.weight", (8, 8), gradient=True)
            for op in kinds:
                for _ in range(steps):
                    inputs = [y, weight] if op == "linear" else [y]
                    calls.append((op, len(g.nodes), layer, y, weight))
                    y = g.node(op, inputs, layer, cost=None if op == "unknown" else 100 * (b + 1))
    loss = g.node("mean", [y], shape=())
    gradient = g.node("fill", [loss], part="backward", cause=len(g.nodes) - 1)
    for op, cause, layer, read, weight in reversed(calls):
        gradient = g.node(f"{op}_grad", [gradient, read], layer, cost=200, part="backward", cause=cause)
        if updates and op == "linear":
            g.nodes.append({"op": "adam", "part": "update", "in": [weight, gradient], "out": [], "writes": [weight], "cost": {"add": 10}})
    return g


def loop(steps, ops=("linear", "sigmoid", "tanh", "mul")):
    """Steps without sections that read one weight; something before and something behind them."""
    g = Graph()
    weight = g.leaf("weight", (8, 8), gradient=True)
    y = g.node("exp", [g.leaf("x")])
    for _ in range(steps):
        for op in ops:
            y = g.node(op, [y, weight] if op == "linear" else [y])
    g.node("sum", [y], shape=())
    return g


def chain(n):
    """One section, n nodes, one after another."""
    g = Graph()
    y = g.leaf("x")
    for i in range(n):
        y = g.node(("mul", "tanh", "add")[i % 3], [y])
    return g
