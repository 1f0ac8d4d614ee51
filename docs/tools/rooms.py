#!/usr/bin/env python3
"""Draws docs/architecture.svg: the folders of the library as boxes, and an arrow wherever a file of one includes another's header.

usage: docs/tools/rooms.py [SOURCE_ROOT] > docs/architecture.svg

File counts and arrows are read from the tree; positions and texts are written below. A room of lib/meson.build without a box, or an arrow
that would point upwards, is an error. Counts are rounded down to fives, so that the picture seldom changes when a file is
added.
"""
import re
import sys
from html import escape
from pathlib import Path

INCLUDE = re.compile(r'^#\s*include "([^"/]+)/[^"]+"', re.M)

# Folder: left, right, top, bottom, what it holds. Higher boxes include lower ones.
BOXES = {
    "ops": (14, 330, 20, 100, ["one file per op: shape rule, kernel,", "derivatives, cost and samples"]),
    "debug": (300, 440, 160, 240, ["anomaly mode,", "gradient checks"]),
    "microscope": (452, 690, 160, 240, ["a tape as data: costs,", "pictures, lifetimes, traces"]),
    "gemm": (70, 230, 290, 370, ["matrix products:", "native and BLIS"]),
    "grad": (250, 410, 290, 370, ["backward, forward", "mode, checkpoints"]),
    "replay": (500, 690, 290, 370, ["captured steps:", "log, plan, run"]),
    "core": (100, 630, 424, 504, ["tensors, tapes, memory, errors, threads;", "how an op is called and recorded"]),
    "cpu": (40, 690, 558, 624, ["which instructions the processor has; stores past the cache"]),
    "nn": (725, 845, 20, 100, ["modules, layers,", "data, files"]),
    "optim": (860, 965, 20, 100, ["optimizers"]),
    "study": (980, 1100, 20, 100, ["instruments for", "a loss"]),
    "wengert": (14, 1100, 690, 756, ["the public headers: everything includes them, and they include only each other"]),
}
FRAME = (30, 705, 124, 640)  # around lib/
WIDTH, HEIGHT = 1115, 770
ENGINE = ("cpu", "core", "gemm", "grad", "replay", "debug", "microscope")


def folder_of(name):
    return {"ops": "ops", "nn": "nn", "optim": "optim", "wengert": "include/wengert"}.get(name, f"lib/{name}")


def read_arrows(root):
    """(from, to) for each folder that includes a header of another; and the number of files of each."""
    arrows, files = set(), {}
    for name in BOXES:
        paths = sorted(p for p in (root / folder_of(name)).rglob("*") if p.suffix in (".c", ".h", ".def", ".in"))
        files[name] = paths
        for path in paths:
            for target in INCLUDE.findall(path.read_text()):
                if target in BOXES and target != name and not (path.parent / target).is_dir(): # nn.h includes nn/init.h of its own
                    arrows.add((name, target))
    return arrows, files


def count(root, name, paths):
    if name == "ops":
        n = len(re.findall(r"^WG_(?:UNARY|BINARY|REDUCTION|OP|OP_WITH|OP_MANY)\(", (root / "include/wengert/ops.def").read_text(), re.M))
        return f"{n // 10 * 10}+ ops"
    if name == "wengert":
        return f"{len(paths) // 5 * 5}+ headers and lists, such as ops.def"
    return f"{len(paths)} files" if len(paths) < 5 else f"{len(paths) // 5 * 5}+ files"


def path_between(a, b, taken):
    """An x at which a vertical line from box a to box b crosses no other box and no other line; None if there is none."""
    low, high = max(BOXES[a][0], BOXES[b][0]) + 8, min(BOXES[a][1], BOXES[b][1]) - 8
    middle = (low + high) / 2
    for x in sorted(range(low, high + 1), key=lambda x: abs(x - middle)):
        crossed = [c for c, (left, right, top, _, _) in BOXES.items()
                   if c not in (a, b) and left - 6 <= x <= right + 6 and BOXES[a][2] < top < BOXES[b][2]]
        if not crossed and all(abs(x - other) >= 12 for other in taken):
            return x
    return None


def draw(root):
    listed = re.search(r"foreach room : \[(.*?)\]", (root / "lib/meson.build").read_text(), re.S)
    rooms = re.findall(r"'(\w+)'", listed[1])
    missing = sorted(set(rooms) ^ set(ENGINE))
    if missing:
        sys.exit(f"rooms.py: lib/meson.build and the boxes of this script differ in: {', '.join(missing)}")
    arrows, files = read_arrows(root)
    upward = [f"{a} includes {b}" for a, b in sorted(arrows) if BOXES[a][2] >= BOXES[b][2]]
    if upward:
        sys.exit("rooms.py: arrows that point upwards: " + "; ".join(upward))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
           "<!-- Made by docs/tools/rooms.py. -->",
           '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
           '<path d="M0 0 L8 4 L0 8 z" fill="#345"/></marker></defs>',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>']
    left, right, top, bottom = FRAME
    out.append(f'<rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" rx="8" fill="#eef2f7" stroke="#9ab"/>')
    out.append(f'<text x="{right - 12}" y="{top + 24}" text-anchor="end" fill="#456"><tspan font-weight="bold">lib/</tspan>'
               ' the engine: no particular op, no layer</text>')
    lines, taken = [], []
    inside = [(a, b) for a, b in sorted(arrows) if b != "wengert"]
    # What everything does is drawn once for lib/, and for the folders around it.
    for a, b in inside + [(a, "wengert") for a in ("ops", "nn", "optim", "study") if (a, "wengert") in arrows]:
        x = 22 if (a, b) == ("ops", "wengert") else path_between(a, b, taken)
        x = (x, x) if x is not None else tuple((BOXES[k][0] + BOXES[k][1]) / 2 for k in (a, b))
        taken += [x[0]] if x[0] == x[1] else []
        lines.append((x[0], BOXES[a][3], x[1], BOXES[b][2]))
    lines.append(((left + right) / 2, bottom, (left + right) / 2, BOXES["wengert"][2]))
    for x1, y1, x2, y2 in lines:
        out.append(f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2 - 2:g}" stroke="#345" stroke-width="1.5" marker-end="url(#tip)"/>')
    for name, (left, right, top, bottom, text) in BOXES.items():
        fill = {"wengert": "#fdf3d8", "ops": "#e2f0e0", "nn": "#f0e4f3", "optim": "#f0e4f3", "study": "#f0e4f3"}.get(name, "#fff")
        title = folder_of(name) + ("/" if name not in ENGINE else "")
        out.append(f'<rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" rx="5" fill="{fill}" stroke="#345"/>')
        rows = [f'<tspan font-weight="bold" font-size="15">{title}</tspan>'] + [escape(t) for t in text]
        rows.append(f'<tspan fill="#567" font-size="12">{count(root, name, files[name])}</tspan>')
        if name in ("wengert", "core", "cpu", "debug", "microscope", "ops", "replay", "gemm", "grad"):  # the count beside the name
            rows[0] += "  " + rows.pop()
        step = 19 if len(rows) < 4 else 18
        y = (top + bottom) / 2 - (len(rows) - 1) * step / 2 + 5
        out += [f'<text x="{(left + right) / 2:g}" y="{y + i * step:g}" text-anchor="middle" xml:space="preserve">{row}</text>'
                for i, row in enumerate(rows)]
    return "\n".join(out + ["</svg>", ""])


if __name__ == "__main__":
    sys.stdout.write(draw(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2])))
