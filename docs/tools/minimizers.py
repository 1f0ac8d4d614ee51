#!/usr/bin/env python3
"""The table of docs/guide/minimizing.md, made from the list of minimizers, include/wengert/minimizers.def.

usage: docs/tools/minimizers.py           prints the table
       docs/tools/minimizers.py --check   TAP: the page has this table (to correct the page: paste the table into it)
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENTRY = re.compile(r"/\* (?P<comment>(?:(?!\*/).)*?) \*/\nWG_(?:MINIMIZER|LEAST_SQUARES)\((?P<name>\w+),\n(?P<options>.*?)\n\)\n", re.S)
OPTION = re.compile(r"^    WG_\w+\((\w+), ([^,]+), \"", re.M)
STOPPING = ("max_iterations", "max_evaluations", "gradient_tolerance", "change_tolerance")


def row(match):
    """The first sentence of the comment and where it is from; of options, those that all minimizers have are left out."""
    text = " ".join(match["comment"].split())
    source = re.search(r"Source: (.*?)\.?$", text)
    rule = re.split(r"\. (?=[A-Z‖|t]|x ←)", text)[0].rstrip(".") + "."
    options = [f"`{name} = {default}`" for name, default in OPTION.findall(match["options"]) if name not in STOPPING]
    escape = str.maketrans({"|": "\\|", "*": "\\*"})
    return f"| `wg_minimize_{match['name']}` | {rule.translate(escape)} | {', '.join(options)} | {source[1].translate(escape) if source else ''} |"


def main():
    text = (ROOT / "include/wengert/minimizers.def").read_text()
    rows = [row(match) for match in ENTRY.finditer(text)]
    table = "\n".join(["| call | rule | options beside those for stopping | from |", "|---|---|---|---|"] + rows)
    if "--check" not in sys.argv:
        print(table)
        return 0
    whole = len(rows) == len(re.findall(r"^WG_(?:MINIMIZER|LEAST_SQUARES)\(", text, re.M)) > 0
    same = table in (ROOT / "docs/guide/minimizing.md").read_text()
    print("1..2")
    print(f"{'ok' if whole else 'not ok'} 1 - every entry of minimizers.def is read")
    print(f"{'ok' if same else 'not ok'} 2 - docs/guide/minimizing.md has the table that docs/tools/minimizers.py prints")
    return not (whole and same)


sys.exit(main())
