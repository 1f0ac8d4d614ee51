#!/usr/bin/env python3
"""Makes the pictures of docs/guide/viewer.md: a training step of docs/examples/tinygpt.c in the viewer, in Chromium.

usage: viewer_pictures.py BUILD     BUILD has docs/tinygpt, lib/tool/wengert and lib/tool/viewer/viewer.html
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/viewer"))
import browser  # noqa: E402

FIND = '[...document.querySelectorAll("#picture .box, #picture .frame")].find((g) => g.getAttribute("aria-label").startsWith(%r))'


def press(page, label, part=""):
    page.evaluate(f'({FIND % label}){part}.dispatchEvent(new MouseEvent("click", {{ bubbles: true }}))')


def open_block(page):
    for label in ("2 transformer_encoder", "layers", "0 transformer_encoder_layer"):
        press(page, label, '.querySelector(".toggle")')


def colour(page, name):
    page.evaluate(f'(() => {{ const s = document.getElementById("colour"); s.value = {name!r}; s.dispatchEvent(new Event("change")); }})()')


def shoot(page, name):
    page.evaluate('(document.activeElement.blur(), document.getElementById("tip").hidden = true)')
    page.screenshot(str(ROOT / "docs/guide" / f"viewer-{name}.png"))


def fastest_step(build, folder, runs=10):
    """The step of several that took the least time: the one that other programs disturbed least."""
    taken = {}
    for i in range(runs):
        path = folder / f"{i}" / "step.json"
        path.parent.mkdir()
        subprocess.run([build / "docs/tinygpt", "--steps", "60", "--graph", path], check=True, stdout=subprocess.DEVNULL)
        taken[path] = sum(node.get("nanoseconds", 0) for node in json.loads(path.read_text())["nodes"])
    return min(taken, key=taken.get)


def main():
    build = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder, browser.Browser() as chromium:
        step = fastest_step(build, Path(folder))
        address = "file://" + subprocess.run([build / "lib/tool/wengert", "view", step], check=True, capture_output=True, text=True).stdout.strip()

        shoot(chromium.open(address), "light")

        page = chromium.open(address, "dark")
        open_block(page)
        colour(page, "cost")
        press(page, "gelu")
        page.key("0")
        shoot(page, "dark")

        page = chromium.open(address)
        open_block(page)
        press(page, "linear1", '.querySelector(".toggle")')
        press(page, "linear, 2048", '.querySelector(".toggle")')
        press(page, "linear, 2048")
        page.evaluate('document.getElementById("saved").click()')
        press(page, "linear, open")
        page.evaluate("viewer.show(viewer.page.selected.parent)")
        shoot(page, "open")


main()
