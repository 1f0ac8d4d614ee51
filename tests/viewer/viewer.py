#!/usr/bin/env python3
"""The page of `wengert view` in Chromium: it opens, expands, searches, follows and sorts; names cannot inject; 50,000 nodes open in time.

usage: viewer.py WENGERT [GPT]; TAP. GPT: the program docs/examples/tinygpt.c, whose training step is looked at too.
"""
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import browser
import graphs

SECONDS = 8  # for 50,000 nodes; the line of the check says how long it took. On 2 idle cores it is below 1
tool, gpt = sys.argv[1], sys.argv[2:]
results = []


def check(what, good, why=""):
    results.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(results)} - {what}", flush=True)
    if not good:
        print("\n".join("# " + line for line in str(why).splitlines()))


def skip(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def view(folder, name, text):
    """The page of a graph."""
    path = Path(folder) / f"{name}.json"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run([tool, "view", str(path)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return f"file://{done.stdout.strip()}"


# ---- what the page shows ----

PLACES = """(() => { const { flat } = viewer.page.picture;
  const place = ({ item, x, y, width, height }) => ({ key: item.key, type: item.type, x, y, width, height });
  return { boxes: flat.boxes.map(place), frames: flat.frames.map(place) }; })()"""
BOX = """(text) => [...document.querySelectorAll("#picture .box, #picture .pill, #picture .frame")].find((g) => g.getAttribute("aria-label").startsWith(text))"""


def click(page, label, part=""):
    """Clicks the middle of a box, or its button."""
    at = page.evaluate(f"(() => {{ const r = ({BOX})({label!r}){part}.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()")
    page.click(*at)


def labels(page):
    return page.evaluate('[...document.querySelectorAll("#picture .box, #picture .pill")].map((g) => g.getAttribute("aria-label"))')


def overlaps(page):
    """Pairs of boxes that overlap, and boxes outside the picture's frame."""
    places = page.evaluate(PLACES)
    boxes, whole, found = places["boxes"], places["frames"][0], []
    for i, a in enumerate(boxes):
        if not (whole["x"] <= a["x"] and a["x"] + a["width"] <= whole["width"] + 1 and a["y"] + a["height"] <= whole["height"] + 1):
            found.append((a["key"], "outside"))
        for b in boxes[i + 1:]:
            if a["x"] < b["x"] + b["width"] - 1 and b["x"] < a["x"] + a["width"] - 1 and a["y"] < b["y"] + b["height"] - 1 and b["y"] < a["y"] + a["height"] - 1:
                found.append((a["key"], b["key"]))
    return found


# ---- the checks ----

def opens(page):
    check("a page opens without an error", not page.errors(), page.errors())
    check("it asks no other computer", all(r.startswith(("file:", "data:")) for r in page.requests()) and page.requests(), page.requests())
    check("its title is the graph's file", page.evaluate("document.title") == "net.json · Wengert", page.evaluate("document.title"))
    check("equal blocks are one box with their count, opened because it is alone", page.evaluate("viewer.page.context.open.size") == 1 and
          page.evaluate('document.querySelector(".frame-title").textContent') == "block × 3", labels(page))
    check("blocks are closed at first", len([text for text in labels(page) if "block" in text and "closed" in text]) == 3, labels(page))
    sizes = page.evaluate("[999, 999.6, 1000, 99960, 110000, 200000, 1500000, 100000000].map(viewer.bytesText)")
    check("numbers keep three digits and their zeros", sizes == ["999 B", "1 kB", "1 kB", "100 kB", "110 kB", "200 kB", "1.5 MB", "100 MB"], sizes)
    check("inputs and results are shown", any(text.startswith("input x") for text in labels(page)) and any(text.startswith("result") for text in labels(page)), labels(page))


def expands(page):
    click(page, "1 block", '.querySelector(".toggle")')
    check("a click on + opens a block", len([text for text in labels(page) if "layer" in text and "closed" in text]) == 4, labels(page))
    check("nothing overlaps", not overlaps(page), overlaps(page))
    page.key("Enter")
    check("Enter closes it again", not [text for text in labels(page) if "layer" in text], labels(page))
    page.evaluate('document.getElementById("all").click()')
    units = page.evaluate('document.querySelectorAll(".box.unit").length')
    check("all opens every section", units == 3 * 4 * 2 + 1, units)
    check("parameters are shown where they are read", len([text for text in labels(page) if text.startswith("parameter weight")]) == 12, labels(page))
    check("nothing overlaps when all is open", not overlaps(page), overlaps(page)[:5])
    page.evaluate('document.getElementById("backward").click()')
    check("without backward there are no gradients", page.evaluate('document.querySelectorAll(".lane.backward, .edge.backward").length') == 0)
    page.evaluate('document.getElementById("backward").click()')
    check("with backward they are back", page.evaluate('document.querySelectorAll(".edge.backward").length') > 20)


def searches(page):
    page.key("/")
    page.type("tanh [4, 8]")
    found = page.evaluate('document.querySelectorAll("#found [role=option]").length')
    check("a search by op and shape finds 12 of forward and what they cause", found == 24 and page.evaluate('document.getElementById("count").textContent') == "24 matches", found)
    names = page.evaluate("viewer.page.search.found.map((item) => item.name)")
    check("those whose name is the word come first", names == 12 * ["tanh"] + 12 * ["tanh_grad"], names)
    page.key("Enter")
    page.key("Enter")
    selected = page.evaluate("[viewer.page.selected.name, viewer.page.search.at]")
    check("Enter goes from match to match", selected == ["tanh", 1], selected)
    check("the match is in view", page.evaluate('(() => { const r = document.querySelector(".selected").getBoundingClientRect(); return r.x > 0 && r.right < 840 && r.y > 40 && r.bottom < 800; })()'))
    page.evaluate('document.getElementById("search").value = ""')
    page.type("nothing like it")
    check("what is not there is not found", page.evaluate('document.getElementById("count").textContent') == "0 matches")
    page.key("Escape")
    check("Escape leaves the search", page.evaluate('document.activeElement.id') != "search")
    page.evaluate('document.getElementById("search").value = "", document.getElementById("backward").click()')
    page.key("/")
    page.type("tanh_grad")
    page.key("Enter")
    selected = page.evaluate("[viewer.page.selected.name, viewer.page.search.found.length, document.querySelector('#picture .selected .lane.backward') !== null]")
    check("a match in backward is shown in the box of its forward node, with backward switched on", selected == ["tanh", 12, True], selected)
    page.key("Escape")


def follows(page):
    page.evaluate("viewer.page.picture.handlers.clear()")
    page.evaluate('document.getElementById("all").click()')
    page.evaluate(f'({BOX})("mean").dispatchEvent(new MouseEvent("click", {{ bubbles: true }}))')
    check("everything is above the loss", page.evaluate('document.querySelectorAll(".box.dim").length') == 0)
    text = page.evaluate('document.getElementById("status").textContent') # the gradient of mean has the backward of all others below
    check("it says how much is above and below", text == "24 nodes above, 24 nodes below", text)
    page.evaluate('(() => { const { tree } = viewer.page.context; viewer.page.picture.handlers.select(tree.items.filter((i) => i.name === "linear")[6]); })()')
    dim = page.evaluate('document.querySelectorAll(".box.dim").length')
    check("a node in the middle of a chain has all others above or below", dim == 0, dim)
    page.evaluate(f'({BOX})("parameter weight").dispatchEvent(new MouseEvent("click", {{ bubbles: true }}))')
    check("the other parameters do not come from a parameter", page.evaluate('document.querySelectorAll(".pill.parameter.dim").length') == 11)
    page.evaluate('document.querySelector(".edge.backward").dispatchEvent(new MouseEvent("click", { bubbles: true }))')
    shown = page.evaluate('[document.querySelector("#details h2").textContent, document.querySelectorAll("#details .value").length, document.querySelectorAll(".edge.selected").length]')
    check("a line shows the values that it carries", shown == ["gradient", 1, 1], shown)
    page.key("Escape")
    check("Escape ends following", page.evaluate('document.querySelectorAll(".dim").length') == 0)


def sorts(page):
    first = 'document.querySelector("#table .space .row span").textContent'
    head = lambda text: f'[...document.querySelectorAll("#table .head button")].find((b) => b.textContent.startsWith({text!r}))'
    check("the table begins with the whole graph", page.evaluate(first) == "whole graph", page.evaluate(first))
    page.evaluate(head("Forward") + ".click()")
    rows = page.evaluate('[...document.querySelectorAll("#table .space .row")].map((r) => r.children[1].textContent)')
    numbers = page.evaluate('viewer.page.table.rows.map((r) => viewer.page.context.tree.sum(r, "operations", 0))')
    check("a click on a heading sorts, the largest first", numbers == sorted(numbers, reverse=True) and len(set(numbers)) > 3, rows)
    page.evaluate(head("Forward") + ".click()")
    numbers = page.evaluate('viewer.page.table.rows.map((r) => viewer.page.context.tree.sum(r, "operations", 0))')
    check("another one the smallest", numbers == sorted(numbers), numbers)
    page.evaluate('document.getElementById("rows-nodes").click()')
    page.evaluate(head("Op") + ".click()")
    page.evaluate('document.querySelector("#table .space .row").click()')
    check("a click on a row shows its box", page.evaluate('document.querySelector("#picture .selected").getAttribute("aria-label")').startswith(page.evaluate(first)))
    check("of the rows only those in view are made", page.evaluate('document.querySelectorAll("#table .space .row").length') < 60)


def keys(page):
    page.evaluate("document.activeElement.blur()")
    page.evaluate('document.getElementById("shallower").click(), document.getElementById("shallower").click(), document.activeElement.blur()')
    page.key("ArrowDown")
    start = page.evaluate("viewer.page.focused")
    page.key("ArrowDown")
    there = page.evaluate("viewer.page.focused")
    check("arrows move the focus", start != there and page.evaluate('document.activeElement.closest("#picture") !== null'), (start, there))
    check("the focus is seen", page.evaluate('document.activeElement.matches(":focus-visible") && getComputedStyle(document.activeElement.querySelector(".outline")).strokeWidth') == "3px")
    page.key("ArrowUp")
    check("and back", page.evaluate("viewer.page.focused") == start, page.evaluate("viewer.page.focused"))
    scale = page.evaluate("viewer.page.picture.transform.k")
    page.key("+")
    check("+ zooms in", page.evaluate("viewer.page.picture.transform.k") > 1.2 * scale)
    page.key("-")
    check("- zooms out", abs(page.evaluate("viewer.page.picture.transform.k") - scale) < 1e-9)
    page.key("?")
    check("? shows the keys", page.evaluate('document.getElementById("keys").open'))
    page.key("Escape")
    check("Escape hides them", not page.evaluate('document.getElementById("keys").open'))


def colours(page):
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.media("dark")
    dark = page.evaluate(ground)
    check("a browser that prefers dark gets dark", light != dark, (light, dark))
    page.evaluate('document.getElementById("theme").click()')
    check("the switch turns it light", page.evaluate(ground) == light)
    page.media("light")
    fills = {}
    for colour in ("cost", "bytes", "saved"):
        page.evaluate(f'(() => {{ const s = document.getElementById("colour"); s.value = {colour!r}; s.dispatchEvent(new Event("change")); }})()')
        fills[colour] = page.evaluate('new Set([...document.querySelectorAll(".lane")].map((l) => l.style.fill)).size')
    check("boxes are coloured by cost", fills["cost"] > 1, fills)
    check("the legend says what the colours mean", "operations" in page.evaluate("(document.getElementById('colour').value = 'cost', document.getElementById('colour').dispatchEvent(new Event('change')), document.getElementById('legend').textContent)"))
    check("what was not measured cannot be chosen", page.evaluate('document.querySelector("#colour [value=time]").disabled && document.querySelector("#colour [value=gradient]").disabled'))


def hostile_names(chromium, folder):
    evil = '</script><script>window.hurt = 1</script><img src=x onerror="window.hurt = 1"><svg onload="window.hurt = 1">'
    g = graphs.Graph()
    section = g.section(evil, evil)
    g.node(evil, [g.leaf(evil, gradient=True), g.leaf("\u2028'\"`${window.hurt = 1}")], section, options=evil)
    page = chromium.open(view(folder, "<b onclick=1>&", g.text()))
    page.evaluate('document.getElementById("all").click()')
    page.evaluate('document.querySelectorAll(".box, .pill, .frame").forEach((b) => { b.dispatchEvent(new MouseEvent("mouseenter")); b.dispatchEvent(new MouseEvent("click", { bubbles: true })); })')
    page.key("/")
    page.type("script")
    page.evaluate('document.getElementById("rows-nodes").click()')
    check("hostile names are text", page.evaluate("window.hurt === undefined && document.images.length === 0 && document.scripts.length === 1") and not page.errors(), page.errors())
    check("and are shown", page.evaluate("document.body.textContent.includes('onerror')") and page.evaluate("document.title").startswith("<b onclick=1>&.json"))


def odd_graphs(chromium, folder):
    page = chromium.open(view(folder, "empty", graphs.Graph().text()))
    check("a graph without nodes opens", not page.errors() and page.evaluate("document.body.textContent.includes('0 nodes')"), page.errors())
    g = graphs.Graph()
    section, x = 0, g.leaf("x", elements=["nan", "inf", "-inf", "nan", 32])
    for depth in range(2000):
        section = g.section("deeper", "", section)
    g.node("tanh", [x, None], section)
    page = chromium.open(view(folder, "deep", g.text()))
    page.evaluate('document.getElementById("all").click()')
    page.key("/")
    page.type("tanh")
    page.key("Enter")
    check("2,000 sections in each other open", not page.errors() and page.evaluate('document.querySelector("#picture .selected") !== null'), page.errors())
    page.evaluate("viewer.page.picture.handlers.select([...viewer.page.context.tree.leafOf.values()][0])")
    check("NaN and infinities are shown", all(text in page.evaluate("document.getElementById('details').textContent") for text in ("NaN", "∞", "−∞", "32 NaNs")),
          page.evaluate("document.getElementById('details').textContent"))


def loops(chromium, folder):
    page = chromium.open(view(folder, "loop", graphs.loop(30).text()))
    check("a loop without sections is one box with its count", [text for text in labels(page) if text.startswith("linear … mul × 30")], labels(page))
    page.evaluate('document.getElementById("deeper").click()')
    weights = len([text for text in labels(page) if text.startswith("port") or "weight" in text])
    check("and opens into its steps, each with its own weight beside it", len([text for text in labels(page) if text.startswith("linear … mul,")]) == 30 and
          weights >= 30 and not overlaps(page) and not page.errors(), (labels(page)[:5], overlaps(page)[:3], page.errors()))
    page.evaluate(f'({BOX})("linear … mul,").dispatchEvent(new MouseEvent("click", {{ bubbles: true }}))')
    check("they are followed like others", not page.errors() and page.evaluate('document.querySelectorAll(".box.selected").length') == 1, page.errors())


def updates(chromium, folder):
    page = chromium.open(view(folder, "updates", graphs.network(updates=True).text()))
    check("updates are hidden at first", not any("update" in text for text in labels(page)), labels(page))
    legend = 'document.getElementById("legend").textContent'
    check("the legend has no line that is not drawn", "changed by" not in page.evaluate(legend) and "saved" not in page.evaluate(legend), page.evaluate(legend))
    page.key("/")
    page.type("adam")
    hidden = page.evaluate('[document.getElementById("count").textContent, document.getElementById("found").textContent, document.getElementById("found").hidden]')
    check("a search says how many of them are hidden, and which switch shows them", hidden == ["0 matches", "12 more updates: switch on Updates", False], hidden)
    page.key("Escape")
    page.evaluate('document.getElementById("updates").click()')
    found = page.evaluate('[document.getElementById("count").textContent, viewer.page.search.found.length, document.getElementById("found").hidden]')
    check("that switch finds them", found == ["12 matches", 12, True], found)
    check("they are one box when they are asked for", [text for text in labels(page) if text.startswith("updates, 12 updates")], labels(page))
    page.evaluate('document.getElementById("all").click()')
    lines = page.evaluate('[...document.querySelectorAll(".edge.update")].map((e) => e.querySelectorAll(".head").length)')
    check("the three blocks have one line to them, with a head at both ends", lines == [2], lines)
    changes = [text for text in labels(page) if text.startswith("adam,")]
    check("each says what it changes", len(changes) == 12 and all(f"{b}.{l}.weight · 8×8" in " ".join(changes) for b in range(3) for l in range(4)), changes)
    rows = page.evaluate('[...document.querySelectorAll("#table .row")].map((row) => row.textContent)')
    check("the table has a column and a row for them", rows[0].startswith("SectionForwardBackwardUpdate") and any(row.startswith("updates––120") for row in rows), rows)
    middles = page.evaluate('[...document.querySelectorAll(".frame")].filter((f) => f.getAttribute("aria-label").startsWith("updates")).map((f) => { const b = f.getBoundingClientRect(); return b.width / b.height; })')
    check("they do not stand in one wide row", len(middles) == 1 and middles[0] < 3, middles)
    check("the legend shows their lines", "read or changed by an update" in page.evaluate(legend) and page.evaluate('document.querySelector("#legend .line-key.update") !== null'), page.evaluate(legend))
    page.evaluate('document.getElementById("saved").click()')
    drawn = page.evaluate('document.querySelectorAll(".edge.saved").length > 0')
    check("and those of saved values", drawn and "saved for backward" in page.evaluate(legend), page.evaluate(legend))
    page.evaluate('document.getElementById("saved").click()')
    check("nothing overlaps", not overlaps(page) and not page.errors(), (overlaps(page)[:3], page.errors()))


def unknown_costs(chromium, folder):
    page = chromium.open(view(folder, "unknown", graphs.network(2, 2, kinds=("linear", "unknown")).text()))
    page.evaluate('document.getElementById("all").click()')
    text = labels(page)
    check("a sum with an unknown part says so", page.evaluate("document.getElementById('table').textContent.includes('≥')"), text)
    page.evaluate("viewer.page.picture.handlers.select(viewer.page.context.tree.items.find((i) => i.name === 'unknown'))")
    check("an unknown cost is no number", "?" in page.evaluate("document.querySelector('.costs').textContent") and
          "without a stated cost" in page.evaluate("document.getElementById('details').textContent"), page.evaluate("document.getElementById('details').textContent"))
    page.evaluate("(document.getElementById('colour').value = 'cost', document.getElementById('colour').dispatchEvent(new Event('change')))")
    check("its colour is that of the unknown", page.evaluate("[...document.querySelectorAll('.lane')].some((l) => l.style.fill.includes('unknown')) && document.getElementById('legend').textContent.includes('unknown')"))


def large(chromium, folder):
    for name, graph in (("sections", graphs.network(50, 50, 5)), ("chain", graphs.chain(50000))):
        address = view(folder, name, graph.text())
        began = time.monotonic()
        page = chromium.open(address)
        seconds = time.monotonic() - began
        check(f"{len(graph.nodes)} nodes ({name}) open in {seconds:.2f} s, at most {SECONDS:g}", seconds <= SECONDS and not page.errors(), page.errors())
        shown = page.evaluate("document.getElementsByTagName('*').length")
        check("and make few elements", shown < 3000, shown)
        page.evaluate('document.getElementById("all").click()')
        shown = page.evaluate('document.querySelectorAll(".box, .pill").length')
        check("opening all of it stops at a number that can be drawn", 100 < shown < 4000 and (name == "chain" or "stay closed" in page.evaluate('document.getElementById("status").textContent')), shown)
        page.evaluate('document.getElementById("shallower").click(), document.getElementById("search").focus()')
        page.type("tanh")
        check("it is searched", page.evaluate("viewer.page.search.found.length") > 10000, page.evaluate("viewer.page.search.found.length"))
        page.key("Enter")
        check("a node of it is shown and followed", page.evaluate("document.querySelector('#picture .selected') !== null && viewer.page.reached.counts.at(-1) > 20000") and not page.errors(), page.errors())


def training_step(chromium, folder):
    path = Path(folder) / "gpt.json"
    subprocess.run([gpt[0], "--steps", "20", "--graph", str(path)], check=True, stdout=subprocess.DEVNULL)
    page = chromium.open(view(folder, "step", path.read_text(encoding="utf-8")))
    check("the step of a GPT opens", not page.errors(), page.errors())
    check("its times and gradients are there", page.evaluate('!document.querySelector("#colour [value=time]").disabled && !document.querySelector("#colour [value=gradient]").disabled'))
    for depth in range(1, 5):
        page.evaluate('document.getElementById("deeper").click()')
        check(f"nothing overlaps at depth {depth}", not overlaps(page), overlaps(page)[:5])
    page.key("/")
    page.type("permute")
    at = page.evaluate('viewer.page.search.found.findIndex((item) => item.type === "node" && item.parent.members.length > 2)')
    page.evaluate(f'document.getElementById("found-{at}").dispatchEvent(new MouseEvent("mousedown"))')
    selected = page.evaluate('[viewer.page.selected.type, viewer.page.selected.name, document.querySelector("#picture .box.node.selected") !== null]')
    check("a node of backward among several opens the box of its forward node", at >= 0 and selected == ["node", "permute", True] and not page.errors(), (at, selected, page.errors()))
    page.evaluate('document.getElementById("saved").click()')
    check("with saved values, too", not overlaps(page) and not page.errors(), (overlaps(page)[:5], page.errors()))


def main():
    if not browser.program():
        skip("the viewer was not tested: Chromium is missing (apt-get install chromium; .ci/run does it)")
    with tempfile.TemporaryDirectory() as folder:
        try:
            view(folder, "net", graphs.network().text())
        except RuntimeError as error:
            if "node-dagre-layout" not in str(error):
                raise
            skip("the viewer was not tested: it was not built (apt-get install --no-install-recommends node-dagre-layout node-d3; .ci/run does it)")
    with tempfile.TemporaryDirectory() as folder, browser.Browser() as chromium:
        page = chromium.open(view(folder, "net", graphs.network().text()))
        for part in (opens, expands, searches, follows, sorts, keys, colours):
            part(page)
        check("and no error came up on the way", not page.errors(), page.errors())
        for part in (hostile_names, odd_graphs, loops, updates, unknown_costs, large, *([training_step] if gpt else [])):
            part(chromium, folder)
    print(f"1..{len(results)}")
    return not all(results)


sys.exit(main())
