"""Reads the pictures that test_lifetime writes: XML, and bars and words that lie where they can be read.   usage: lifetime.py TEST_LIFETIME"""
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"
WIDTH, LEFT, RIGHT = 1280, 250, 1250
checks = failures = 0


def check(good, what):
    global checks, failures
    checks += 1
    failures += not good
    print(f"{'ok' if good else 'not ok'} {checks} - {what}")


def box(text):
    """About where a line of text lies: a character of size s is .6 s wide."""
    size, words = float(text.get("font-size", 11)), "".join(text.itertext())
    x, y, width = float(text.get("x")), float(text.get("y")), .6 * size * len(words)
    x -= width if text.get("text-anchor") == "end" else 0
    return x, y - .8 * size, x + width, y + .2 * size


def meet(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def check_picture(name, root):
    width, height = int(root.get("width")), int(root.get("height"))
    bars = root.findall(f"{SVG}g")
    rows = int(name.split("-")[1])
    check(width == WIDTH and len(bars) <= rows, f"{name}: {width} by {height} pixels, {len(bars)} bars")
    spans = [[(float(r.get("x")), float(r.get("x")) + float(r.get("width")), float(r.get("y"))) for r in bar.findall(f"{SVG}rect")] for bar in bars]
    check(all(LEFT <= x and to <= RIGHT + 2 and x < to for bar in spans for x, to, _ in bar), f"{name}: bars lie in the plot")
    check(all(bar[0][0] == bar[1][0] and bar[1][1] <= bar[0][1] for bar in spans), f"{name}: what is used is the beginning of the bar")
    check(len({bar[0][2] for bar in spans}) == len(spans), f"{name}: each bar has a row")
    check(all("bytes in a block of" in bar.find(f"{SVG}title").text for bar in bars), f"{name}: pointing at a bar shows its numbers")
    boxes = [box(text) for text in root.findall(f"{SVG}text")]
    outside = sum(b[0] < -12 or b[2] > WIDTH or b[3] > height for b in boxes)
    check(outside == 0, f"{name}: {len(boxes)} lines of text, {outside} beyond the page")
    check(not any(meet(a, b) for i, a in enumerate(boxes) for b in boxes[:i]), f"{name}: no text lies over another")
    check("".join(root.find(f"{SVG}text").itertext()) == '<&"??>', f"{name}: the title is escaped")
    return bars


with tempfile.TemporaryDirectory() as folder:
    done = subprocess.run([sys.argv[1], folder], capture_output=True, text=True)
    check(done.returncode == 0, "test_lifetime" + "".join("\n# " + line for line in (done.stdout + done.stderr).splitlines() if "OK" not in line))
    drawn = {name: ET.parse(os.path.join(folder, name)).getroot() for name in sorted(os.listdir(folder))}
    counts = {name: len(check_picture(name.removesuffix(".svg"), root)) for name, root in drawn.items()}
    check(counts.get("conv-3.svg") == 3 and counts.get("conv-40.svg") == 40 and counts.get("empty-1.svg") == 0, f"as many bars as asked for: {counts}")
    words = ["".join(text.itertext()) for text in drawn["conv-40.svg"].findall(f"{SVG}text")]
    check({"forward", "backward", "update", "freed by backward", "closed with its tape"} <= set(words), "parts and reasons have names")
    check(any("more values, of at most" in w for w in words), "what has no bar is counted")
print(f"1..{checks}")
sys.exit(failures > 0)
