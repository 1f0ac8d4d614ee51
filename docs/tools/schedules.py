#!/usr/bin/env python3
"""The table of docs/guide/schedules.md, made from the list of schedules, include/wengert/schedules.def.

usage: docs/tools/schedules.py           prints the table
       docs/tools/schedules.py --check   TAP: the page has this table (to correct the page: paste the table into it)
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENTRY = re.compile(r"/\* (?P<comment>(?:(?!\*/).)*?) \*/\nWG_SCHEDULE\((?P<name>\w+),\n(?P<options>.*?)\n\)\n", re.S)
OPTION = re.compile(r"^    WG_\w+\((\w+), ([^,]+), \"", re.M)


def row(match):
    """The comment is a formula, then where it is from: PyTorch's class, a paper."""
    text = " ".join(match["comment"].split())
    formula, *rest = re.split(r"(?=PyTorch: |Source: )", text)
    origin = {key: value.rstrip(". ") for key, value in (part.split(": ", 1) for part in rest)}
    options = []
    for name, default in OPTION.findall(match["options"]):
        required = re.match(r"WG_(REQUIRED|NO)_", default)
        options.append(f"**`{name}`**" if required else f"`{name} = {default}`")
    formula = formula.replace("|", "\\|").replace("*", "\\*").strip()
    where = "; ".join(filter(None, [origin.get("PyTorch") and f"PyTorch's {origin['PyTorch']}", origin.get("Source")]))
    return f"| `wg_lr_{match['name']}` | {formula} | {', '.join(options)} | {where} |"


def main():
    text = (ROOT / "include/wengert/schedules.def").read_text()
    rows = [row(match) for match in ENTRY.finditer(text)]
    table = "\n".join(["| call | factor f at step t | options | from |", "|---|---|---|---|"] + rows)
    if "--check" not in sys.argv:
        print(table)
        return 0
    whole = len(rows) == len(re.findall(r"^WG_SCHEDULE\(", text, re.M)) > 0
    same = table in (ROOT / "docs/guide/schedules.md").read_text()
    print("1..2")
    print(f"{'ok' if whole else 'not ok'} 1 - every entry of schedules.def is read")
    print(f"{'ok' if same else 'not ok'} 2 - docs/guide/schedules.md has the table that docs/tools/schedules.py prints")
    return not (whole and same)


sys.exit(main())
