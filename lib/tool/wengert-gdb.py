"""gdb pretty-printers for tensors, nodes, tapes, shapes and statuses of Wengert:

    (gdb) print loss
    $1 = f32 [] = 0.693147, computed by #9 bce_with_logits
    (gdb) print *tape
    $2 = tape of 9 nodes = {#1 linear(f32 [4, 2], f32 [8, 2] w, f32 [8] b) -> f32 [4, 8], ...}

gdb loads the installed file automatically (meson.build says from where). By hand: source lib/tool/wengert-gdb.py. Fields are read
from the program's debug information, so the library must be built with it (-Dbuildtype=debugoptimized).
"""
import gdb
import gdb.printing

MAX_VALUES = 8  # elements of a tensor that are shown


def enumerators(name):
    """Maps the values of an enum to their names, in lower case and without WG_: {0: "f32", …}."""
    return {field.enumval: field.name.removeprefix("WG_").lower() for field in gdb.lookup_type(name).fields()}


def dims(tensor):
    rank = int(tensor["rank"])
    numbers = [int(tensor["dims"][i]) for i in range(2 * rank)]
    return numbers[:rank], numbers[rank:]


def signature(tensor):
    """Dtype and shape, and the name if the caller owns the tensor: f32 [4, 2] weight."""
    state = enumerators("enum wg_state").get(int(tensor["state"]), "?")
    if state == "absent":
        return "none"
    if state == "dead":
        return "dangling"
    dtype = enumerators("enum wg_dtype").get(int(tensor["dtype"]), "?")
    name = name_of(tensor)
    return f"{dtype} {dims(tensor)[0]}" + (f" {name}" if name else "")


def flag(tensor, name):
    flags = {f.name: f.enumval for f in gdb.lookup_type("enum wg_tensor_flags").fields()}
    return bool(int(tensor["flags"]) & flags[name])


def name_of(tensor):
    if tensor["tape"]:
        if not flag(tensor, "WG_T_PROXY"):
            return ""
        tensor = tensor["from"]["leaf"].dereference()
    name = tensor.address.cast(gdb.lookup_type("struct wg_value").pointer())["name"] if tensor.address else 0
    return name.string() if name else ""


def values(tensor):
    """The first elements, in logical order."""
    dtype = enumerators("enum wg_dtype").get(int(tensor["dtype"]))
    element = gdb.lookup_type({"f32": "float", "f64": "double", "i64": "long", "u8": "unsigned char"}[dtype])
    data = tensor["data"].cast(element.pointer())
    extents, strides = dims(tensor)
    shown = []
    for i in range(min(int(tensor["numel"]), MAX_VALUES)):
        offset, rest = 0, i
        for extent, stride in zip(reversed(extents), reversed(strides)):
            offset, rest = offset + rest % extent * stride, rest // extent
        value = data[offset]
        shown.append(f"{float(value):.6g}" if dtype in ("f32", "f64") else str(int(value)))
    if not extents:
        return shown[0]
    return "{" + ", ".join(shown + ["..."] * (int(tensor["numel"]) > MAX_VALUES)) + "}"


class Tensor:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        t = self.value
        text = signature(t)
        if text in ("none", "dangling"):
            return text
        state = enumerators("enum wg_state").get(int(t["state"]))
        text += f" = {values(t)}" if t["storage"] and t["data"] else ", released"
        if state == "dropped":
            text += ", dropped"
        if flag(t, "WG_T_REQUIRES"):
            text += ", requires a gradient"
        if flag(t, "WG_T_PROXY"):
            text += ", the tape's proxy of a leaf"
        elif t["tape"] and t["from"]["node"]:
            node = t["from"]["node"]
            text += f", computed by #{int(node['seq'])} {node['call']['op']['name'].string()}"
        return text


class Node:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        call = self.value["call"]
        ins = ", ".join(signature(call["in"][i].dereference()) for i in range(int(call["n_in"])))
        outs = ", ".join(signature(call["out"][i].dereference()) for i in range(int(call["n_out"])))
        section, path = self.value["section"], []
        while section:
            path.insert(0, section["name"].string())
            section = section["parent"]
        where = f" in {'/'.join(path)}" if path else ""
        return f"#{int(self.value['seq'])} {call['op']['name'].string()}({ins})" + (f" -> {outs}" if outs else "") + where


class Tape:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        state = ", failed" if self.value["failed"] else ""
        return f"tape of {int(self.value['n_nodes'])} nodes{state}"


class WholeTape(Tape):
    """A tape with its nodes, oldest first. `set print elements` limits their number."""

    def children(self):
        node, i = self.value["first"], 0
        while node:
            yield str(i), Node(node.dereference()).to_string()
            node, i = node["next"], i + 1

    def display_hint(self):
        return "array"


class Shape:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return str([int(self.value["extent"][i]) for i in range(int(self.value["rank"]))])


class Status:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        names = {field.enumval: field.name for field in self.value.type.strip_typedefs().fields()}
        return f"{names.get(int(self.value), '?')} ({int(self.value)})"


PRINTERS = {"wg_tensor": Tensor, "wg_node": Node, "wg_tape": WholeTape, "wg_shape": Shape, "wg_status": Status}
POINTERS = {"wg_tensor": Tensor, "wg_node": Node, "wg_tape": Tape}


class Wengert(gdb.printing.PrettyPrinter):
    def __init__(self):
        super().__init__("wengert")

    def __call__(self, value):
        kind, printers = value.type.strip_typedefs(), PRINTERS
        if kind.code == gdb.TYPE_CODE_PTR:
            if int(value) == 0:
                return None
            kind, printers = kind.target().strip_typedefs(), POINTERS
            value = value.dereference() if kind.tag in printers else value
        if kind.tag not in printers or (kind.code == gdb.TYPE_CODE_STRUCT and not kind.fields()):
            return None
        return printers[kind.tag](value)


gdb.printing.register_pretty_printer(gdb.current_objfile(), Wengert(), replace=True)
