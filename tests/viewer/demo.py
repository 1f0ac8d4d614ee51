#!/usr/bin/env python3
"""The pages of `wengert demo` in Chromium: their steps are the library's, and their buttons and sliders work.

usage: demo.py WENGERT; TAP.
"""
import subprocess
import sys
import tempfile

import browser

tool = sys.argv[1]
results = []


def check(what, good, why=""):
    results.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(results)} - {what}", flush=True)
    if not good:
        print("\n".join("# " + line for line in str(why).splitlines()))


def number(page, name):
    return float(page.evaluate(f'document.getElementById("{name}").textContent'))


def press(page, name, times=1):
    for _ in range(times):
        page.evaluate(f'document.getElementById("{name}").click()')


def slide(page, name, share):
    page.evaluate(f'(() => {{ const s = document.getElementById("{name}"); s.value = {share}; s.dispatchEvent(new Event("input")); }})()')


if not browser.program():
    print("1..0 # SKIP Chromium is not installed (apt-get install chromium)")
    sys.exit(0)
with tempfile.TemporaryDirectory() as folder, browser.Browser() as chromium:
    for name in ("classifier", "conditioning"):
        subprocess.run([tool, "demo", name, "--out", f"{folder}/{name}.html"], check=True, stdout=subprocess.DEVNULL)
        page = chromium.open(f"file://{folder}/{name}.html")
        worst = float(page.evaluate("document.body.dataset.worst"))
        check(f"{name}: 30 steps are those of the library within 1e-9", worst < 1e-9, worst)
        check(f"{name}: a planted error is seen", page.evaluate("(() => { library.steps[30][0] += 1e-6; compare(start, step); return Number(document.body.dataset.worst) > 1e-9; })()"))
        before = number(page, "value")
        press(page, "step", 12)
        check(f"{name}: steps are counted and lower the loss", number(page, "count") == 12 and number(page, "value") < before, page.evaluate("document.body.innerText"))
        lower = number(page, "value")
        press(page, "reset")
        slide(page, "rate", 1)
        press(page, "step", 12)
        check(f"{name}: another rate makes other steps", number(page, "value") != lower, number(page, "value"))
        press(page, "reset")
        check(f"{name}: a new start has the first loss", number(page, "count") == 0 and number(page, "value") == before, number(page, "value"))
        press(page, "run")
        page.wait('Number(document.getElementById("count").textContent) >= 3')
        press(page, "run")
        check(f"{name}: no error, and no other computer is asked", not page.errors() and page.requests() == [f"file://{folder}/{name}.html"], page.errors())
print(f"1..{len(results)}")
sys.exit(not all(results))
