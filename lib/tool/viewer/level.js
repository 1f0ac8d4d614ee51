/* What one level of the tree shows: its items, and the edges between them.

   An edge of a level joins two of its items and carries every value that flows from the inside of one to the inside of the other. What
   crosses the border of the level ends at a port, which names the other end. Edges have a kind:

   forward    a value that a forward node reads
   backward   a gradient; it runs against the edges of forward
   saved      a value of forward that backward reads
   update     what an update reads; with `changes`, what it writes, too */

const MAX_FAN = 6; // items of a level that lines lead to from one leaf or port
const MAX_PORTS = 8; // values that cross a border on one side are shown one by one up to so many

function buildLevel(graph, tree, group) {
    const level = {
        group,
        items: [...group.children, ...group.leaves],
        edges: new Map(),
        inside: new Map(),
        inPorts: new Map(),
        outPorts: new Map(),
    };
    const position = new Map(level.items.map((item, i) => [item, i]));
    for (let i = 0; i < group.children.length; i++) {
        const child = group.children[i];
        for (let at = child.start; at < child.end; at++) level.inside.set(tree.order[at], i);
    }
    for (const [n, at] of level.inside) readEdges(graph, tree, level, position, n, at);
    for (const [n, at] of level.inside) gradientEdges(graph, level, n, at);
    leafGradients(graph, level, position);
    for (const leaf of group.leaves)
        if (leaf.type === "result") addEdge(level, level.inside.get(leaf.maker.node), position.get(leaf), "forward", leaf.values[0]);
    spread(level);
    return level;
}

/* The edge, to which the value is added unless it is null; undefined where both ends are one item or one is elsewhere. */
function addEdge(level, from, to, kind, value) {
    if (from === undefined || to === undefined || from === to) return undefined;
    const key = `${from} ${to} ${kind}`;
    if (!level.edges.has(key)) level.edges.set(key, { from, to, kind, values: [] });
    const edge = level.edges.get(key);
    if (value !== null && edge.values.at(-1) !== value) edge.values.push(value);
    return edge;
}

function edgeKind(graph, maker, reader) {
    const from = maker < 0 ? FORWARD : graph.part[maker],
        to = graph.part[reader];
    if (to === UPDATE || from === UPDATE) return "update";
    if (from === FORWARD) return to === FORWARD ? "forward" : "saved";
    return "backward";
}

/* The edges by which node n, in item number `at`, gets what it reads, and the ports to what it makes. */
function readEdges(graph, tree, level, position, n, at) {
    for (const v of inputsOf(graph.nodes[n])) {
        const maker = graph.maker[v],
            kind = edgeKind(graph, maker, n);
        const from = maker >= 0 ? level.inside.get(maker) : position.get(itemAround(level.group, tree.leafOf.get(v)));
        if (from !== undefined) addEdge(level, from, at, kind, v);
        else if (kind === "forward" || (kind === "update" && maker < 0))
            addEdge(level, port(graph, tree, level, level.inPorts, v), at, kind, v);
    }
    const read = inputsOf(graph.nodes[n]);
    for (const v of graph.nodes[n].writes ?? []) {
        const edge = addEdge(level, position.get(itemAround(level.group, tree.leafOf.get(v))), at, "update", read.includes(v) ? null : v);
        if (edge) edge.changes = true;
    }
    if (graph.part[n] !== FORWARD) return;
    for (const v of outputsOf(graph.nodes[n]))
        if (readersOf(graph, v).some((m) => graph.part[m] === FORWARD && !level.inside.has(m)))
            addEdge(level, at, port(graph, tree, level, level.outPorts, v), "forward", v);
}

/* The item of a level that is a leaf, or holds it; undefined if the leaf stands outside. */
function itemAround(group, leaf) {
    let at = leaf;
    while (at && at.parent !== group) at = at.parent;
    return at ?? undefined;
}

const readersOf = (graph, v) => graph.readers.list.subarray(graph.readers.start[v], graph.readers.start[v + 1]);

function port(graph, tree, level, ports, v) {
    const incoming = ports === level.inPorts;
    if (ports.has(v)) return ports.get(v);
    if (ports.size >= MAX_PORTS) {
        const shared = level.items[[...ports.values()].at(-1)];
        shared.values.push(v);
        shared.name = `${incoming ? "from" : "to"} ${shared.values.length} more`;
        ports.set(v, [...ports.values()].at(-1));
        return ports.get(v);
    }
    const isLeaf = graph.maker[v] < 0;
    const far = incoming
        ? !isLeaf
            ? tree.unitOf[graph.maker[v]]
            : tree.leafOf.get(v)
        : tree.unitOf[readersOf(graph, v).find((m) => graph.part[m] === FORWARD && !level.inside.has(m))];
    const item = makeItem(
        "port",
        `${incoming ? "i" : "x"}${level.group.key}-${v}`,
        (isLeaf && shortName(graph, far.parent, v)) || `${incoming ? "from" : "to"} ${farName(level.group, far)}`,
        { kind: incoming ? "in" : "out", values: [v], far, parent: level.group, depth: level.group.depth + 1 },
    );
    level.items.push(item);
    ports.set(v, level.items.length - 1);
    return ports.get(v);
}

/* The other end, named by what stands beside the level or beside one of the levels around it. */
function farName(group, far) {
    if (!far) return "elsewhere";
    const meeting = commonParent(group, far);
    while (far.parent && far.parent !== meeting) far = far.parent;
    return labelOf(far);
}

/* A gradient that crosses the border belongs to the value that crosses it the other way. */
function gradientEdges(graph, level, n, at) {
    if (graph.part[n] !== BACKWARD) return;
    for (const v of inputsOf(graph.nodes[n])) {
        const maker = graph.maker[v];
        if (maker < 0 || graph.part[maker] !== BACKWARD || level.inside.has(maker)) continue;
        for (const read of inputsOf(graph.nodes[graph.home[maker]])) addEdge(level, level.outPorts.get(read), at, "backward", v);
    }
    for (const v of outputsOf(graph.nodes[n]))
        for (const m of readersOf(graph, v))
            if (graph.part[m] === BACKWARD && !level.inside.has(m))
                for (const made of outputsOf(graph.nodes[graph.home[m]])) addEdge(level, at, level.inPorts.get(made), "backward", v);
}

/* The gradient that a leaf ends up with, here or outside. */
function leafGradients(graph, level, position) {
    for (const [v, at] of level.inPorts) {
        const gradient = graph.maker[v] < 0 ? graph.values[v].gradient : undefined;
        if (gradient !== undefined) addEdge(level, level.inside.get(graph.maker[gradient]), at, "backward", gradient);
    }
    for (const leaf of level.group.leaves)
        for (const v of leaf.values) {
            const gradient = graph.values[v].gradient;
            if (leaf.type === "leaf" && gradient !== undefined && graph.maker[gradient] >= 0)
                addEdge(level, level.inside.get(graph.maker[gradient]), position.get(leaf), "backward", gradient);
        }
}

/* A leaf or a port at which many items of the level read, such as the weight of a loop, stands beside each of them: lines across the
   whole level would hide everything else. */
function spread(level) {
    const edgesOf = new Map();
    for (const edge of level.edges.values())
        for (const at of [edge.from, edge.to]) if (level.items[at].values) edgesOf.set(at, [...(edgesOf.get(at) ?? []), edge]);
    for (const [at, edges] of edgesOf) {
        const twins = new Map();
        const others = new Set(edges.map((edge) => (edge.from === at ? edge.to : edge.from)));
        if (others.size <= MAX_FAN) continue;
        for (const other of others) {
            if (twins.size) level.items.push({ ...level.items[at], key: `${level.items[at].key}~${twins.size}`, twin: level.items[at] });
            twins.set(other, twins.size ? level.items.length - 1 : at);
        }
        for (const edge of edges) {
            if (edge.from === at) edge.from = twins.get(edge.to);
            else edge.to = twins.get(edge.from);
        }
    }
}
