#!/usr/bin/env python3
"""The pictures of docs/guide/graphs: docs/tools/graphs makes them; they fit on a screen; an LSTM of 32 steps is one, and quickly.

usage: pictures.py SOURCE-ROOT BUILD; TAP
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

root, build = Path(sys.argv[1]), Path(sys.argv[2])
WIDTH = 1280  # pixels of the screen
results = []


def check(what, good, why=""):
    results.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(results)} - {what}")
    if not good and why:
        print("\n".join("# " + line for line in str(why).splitlines()[:40]))


def name_of(element):
    return element.tag.split("}")[-1]


def groups(svg, kind):
    return [g for g in svg.iter() if name_of(g) == "g" and g.get("class") == kind]


def texts(path):
    """What a picture says: its texts, and what each edge joins. Without places, which depend on the fonts of the machine, and numbers of
    nodes, which depend on the order in which a compiler evaluates arguments."""
    svg = ElementTree.parse(path).getroot()
    says = {g.find("{*}title").text: " ".join(e.text for e in g.iter() if name_of(e) == "text") for g in groups(svg, "node")}
    edges = [[says[end.split(":")[0]] for end in g.find("{*}title").text.split("->")] for g in groups(svg, "edge")]
    return sorted([e.text.strip() for e in svg.iter() if name_of(e) == "text"] + [f"{tail} → {head}" for tail, head in edges])


def boxes(svg):
    """Of each node: left, top, right, bottom, in pixels of a picture that fills the screen's width, if it is wider."""
    view = [float(n) for n in svg.get("viewBox").split()]
    scale = min(96 / 72, WIDTH / view[2])
    found = {}
    for node in groups(svg, "node"):
        shape = next((e for e in node.iter() if name_of(e) in ("polygon", "path", "ellipse")), None)
        if shape is None: # text alone
            continue
        if name_of(shape) == "ellipse":
            x, y, rx, ry = (float(shape.get(k)) for k in ("cx", "cy", "rx", "ry"))
            corners = [x - rx, y - ry, x + rx, y + ry]
        else:
            numbers = [float(n) for n in re.findall(r"-?[\d.]+", shape.get("points") or shape.get("d"))]
            corners = [min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2])]
        found[node.find("{*}title").text] = [scale * c for c in corners]
    return found


def overlaps(places):
    names = sorted(places)
    return [(a, b) for i, a in enumerate(names) for b in names[i + 1:]
            if places[a][0] < places[b][2] and places[b][0] < places[a][2] and places[a][1] < places[b][3] and places[b][1] < places[a][3]]


if not shutil.which("dot"):
    print("1..0 # SKIP Graphviz's dot is not installed")
    sys.exit(0)

with tempfile.TemporaryDirectory() as folder:
    done = subprocess.run([root / "docs/tools/graphs", build, folder], capture_output=True, text=True)
    check("docs/tools/graphs draws", done.returncode == 0 and not done.stderr, done.stderr)
    made, committed = ({p.name: p for p in Path(where).glob("*.svg")} for where in (folder, root / "docs/guide/graphs"))
    check(f"the {len(committed)} pictures in docs/guide/graphs are those that it makes", sorted(made) == sorted(committed) and made, sorted(made))
    for name in sorted(made):
        if name in committed:
            a, b = texts(committed[name]), texts(made[name])
            check(f"{name} says what it said: else docs/tools/graphs BUILD", a == b,
                  "\n".join([f"committed: {t}" for t in a if t not in b] + [f"made: {t}" for t in b if t not in a]))
        svg = ElementTree.parse(made[name]).getroot()
        places, view = boxes(svg), [float(n) for n in svg.get("viewBox").split()]
        scale = min(96 / 72, WIDTH / view[2])
        check(f"{name}: of {len(places)} boxes no two overlap at {WIDTH} pixels", places and not overlaps(places), overlaps(places))
        smallest = min(scale * float(e.get("font-size")) for e in svg.iter() if name_of(e) == "text")
        check(f"{name}: the smallest text has {smallest:.1f} pixels, at least 7", smallest >= 7)
        spaces = [e.text for e in svg.iter() if name_of(e) == "text" and e.text.strip(" ") and e.text != e.text.strip(" ")]
        check(f"{name}: no text begins or ends with a space, which SVG drops", not spaces, spaces)
        tooltips = [e for g in groups(svg, "node") for e in g.iter() if e.get("{http://www.w3.org/1999/xlink}title")]
        check(f"{name}: boxes have tooltips", len(tooltips) >= len(places) / 2 or name == "gates.svg", len(tooltips))

    page = (root / "docs/guide/graph-dumps.md").read_text()
    quoted = re.search(r"`(= [\d.]+)` means", page)
    check("the page quotes a range from the picture of XOR", quoted and quoted[1] in texts(made["xor-step.svg"]), quoted)
    places = boxes(ElementTree.parse(made["lstm-backward.svg"]).getroot())
    check(f"an LSTM of 32 steps and its backward is {len(places)} boxes, at most 60", len(places) <= 60)
    first, second = sorted(places)[:2]
    places[first] = [c + 1 for c in places[second]]
    check("the test sees a box that was moved over another", (first, second) in overlaps(places))
    graphs, lstm = Path(folder), Path(folder) / "lstm.json"
    for program in ("graphs", "function_graphs"):
        subprocess.run([build / "docs" / program, folder], check=True)
    before = os.times()
    subprocess.run([build / "lib/tool/wengert", "show", lstm, "--depth", "1", "--out", graphs / "again.svg"], check=True)
    after = os.times()
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    check(f"reading, folding, layout and drawing take {seconds:.2f} s of CPU time, under 2", seconds < 2)

print(f"1..{len(results)}")
sys.exit(not all(results))
