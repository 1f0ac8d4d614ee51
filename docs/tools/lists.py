#!/usr/bin/env python3
"""The tables of the guide that are made from lists of include/wengert.

usage: docs/tools/lists.py schedules|stages|optimizers|minimizers     prints the table of that list, schedules.def, …
       docs/tools/lists.py --check                                    TAP: the pages have these tables (to correct one: paste the table into it)
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPTION = re.compile(r"^    WG_\w+\((\w+), ([^,]+), \"", re.M)
STOPPING = ("max_iterations", "max_evaluations", "gradient_tolerance", "change_tolerance")  # of every minimizer: not in the table
ESCAPE = str.maketrans({"|": "\\|", "*": "\\*"})


def options_of(match, left_out=()):
    options = []
    for name, default in OPTION.findall(match["options"]):
        if name not in left_out:
            options.append(f"**`{name}`**" if re.match(r"WG_(REQUIRED|NO)_", default) else f"`{name} = {default}`")
    return ", ".join(options)


def row(match, prefix):
    """The comment is a formula, then where it is from: PyTorch's class, a paper."""
    formula, *rest = re.split(r"(?=PyTorch: |Source: )", " ".join(match["comment"].split()))
    origin = {key: value.rstrip(". ") for key, value in (part.split(": ", 1) for part in rest)}
    where = "; ".join(filter(None, [origin.get("PyTorch") and f"PyTorch's {origin['PyTorch']}", origin.get("Source")]))
    return f"| `{prefix}{match['name']}` | {formula.translate(ESCAPE).strip()} | {options_of(match)} | {where} |"


def minimizer_row(match, prefix):
    """The first sentence of the comment and where it is from."""
    text = " ".join(match["comment"].split())
    source = re.search(r"Source: (.*?)\.?$", text)
    rule = re.split(r"\. (?=[A-Z‖|t]|x ←)", text)[0].rstrip(".") + "."
    where = source[1].translate(ESCAPE) if source else ""
    return f"| `{prefix}{match['name']}` | {rule.translate(ESCAPE)} | {options_of(match, STOPPING)} | {where} |"


# The page, an entry's macro, the prefix of its function, its row, the table's head.
LISTS = {
    "schedules": ("schedules", "WG_SCHEDULE", "wg_lr_", row, "| call | factor f at step t | options | from |"),
    "stages": ("stages", "WG_STAGE", "wg_stage_", row, "| call | what it does | options | from |"),
    "optimizers": ("optimizers", "WG_OPTIMIZER", "wg_optim_", row, "| call | a step | options | from |"),
    "minimizers": ("minimizing", "WG_(?:MINIMIZER|LEAST_SQUARES)", "wg_minimize_", minimizer_row,
                   "| call | rule | options beside those for stopping | from |"),
}


def table(name):
    _, macro, prefix, row_of, head = LISTS[name]
    text = (ROOT / f"include/wengert/{name}.def").read_text()
    entry = re.compile(r"/\* (?P<comment>(?:(?!\*/).)*?) \*/\n" + macro + r"\((?P<name>\w+),\n(?P<options>(?:    [^\n]*\n)*)\)\n", re.S)
    rows = [row_of(match, prefix) for match in entry.finditer(text)]
    return "\n".join([head, "|---|---|---|---|"] + rows), len(rows) == len(re.findall(f"^{macro}\\(", text, re.M)) > 0


def main():
    if sys.argv[1:] != ["--check"]:
        print(table(sys.argv[1])[0])
        return 0
    number, failed = 0, False
    print(f"1..{2 * len(LISTS)}")
    for name in LISTS:
        wanted, whole = table(name)
        page = f"docs/guide/{LISTS[name][0]}.md"
        same = wanted in (ROOT / page).read_text()
        failed = failed or not (whole and same)
        print(f"{'ok' if whole else 'not ok'} {number + 1} - every entry of {name}.def is read")
        print(f"{'ok' if same else 'not ok'} {number + 2} - {page} has the table that docs/tools/lists.py {name} prints")
        number += 2
    return failed


sys.exit(main())
