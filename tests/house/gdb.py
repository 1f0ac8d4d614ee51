#!/usr/bin/env python3
"""Does gdb show what lib/tool/wengert-gdb.py promises?   usage: gdb.py PRINTERS PROGRAM; TAP. Skipped where gdb cannot run a program."""
import os
import re
import shutil
import subprocess
import sys

EXPECTED = {
    "w": r"f32 \[2, 5\] weight = \{1, -2, 3, 4, 5, 6, 7, 8, \.\.\.\}, requires a gradient",
    "*w": r"f32 \[2, 5\] weight = \{1, -2, 3, .*\}, requires a gradient",
    "y": r"f32 \[2, 5\] = \{0\.761594, -0\.964028, .*\}, computed by #1 tanh",
    "column": r"f32 \[5, 2\] = \{1, 6, -2, 7, .*\}, computed by #2 permute",
    "none": r"none",
    "node": r"#1 tanh\(f32 \[2, 5\] weight\) -> f32 \[2, 5\] in head",
    "tape": r"tape of 2 nodes",
    "*tape": r"tape of 2 nodes = \{#1 tanh\(.*, #2 permute\(.*\}",
    "*shape": r"\[4, 2\]",
    "status": r"WG_E_SHAPE \(-3\)",
    "(wg_tensor *)0": r"\(wg_tensor \*\) 0x0",
}


def main():
    printers, program = sys.argv[1:]
    if not shutil.which("gdb"):
        print("1..0 # SKIP gdb is not installed")
        return 0
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    commands = [f"source {printers}", "break stop", "run"]
    commands += [c for i, what in enumerate(EXPECTED) for c in (f"echo [{i}]", f"print {what}")] + ["kill"]
    run = subprocess.run(["gdb", "-nx", "-batch", *(a for c in commands for a in ("-ex", c)), program],
                         capture_output=True, text=True, env=environment)
    if "Scripting in the \"Python\" language is not supported" in run.stderr:
        print("1..0 # SKIP this gdb has no Python")
        return 0
    if re.search(r"ptrace: Operation not permitted|Could not trace the inferior|Cannot create process", run.stderr):
        print("1..0 # SKIP gdb may not trace programs here")
        return 0
    if re.search(r"No enum type named", run.stdout + run.stderr):
        print("1..0 # SKIP this compiler's debug information leaves out enums that no variable has (clang)")
        return 0
    shown = dict(re.findall(r"^\[(\d+)\]\$\d+ = (.*)$", run.stdout, re.M))
    bad = 0
    print(f"1..{len(EXPECTED)}")
    for i, (what, pattern) in enumerate(EXPECTED.items()):
        got = shown.get(str(i), "")
        good = re.fullmatch(pattern, got) is not None
        print(f"{'ok' if good else 'not ok'} {i + 1} - print {what}")
        if not good:
            bad += 1
            print(f"# expected: {pattern}\n# got: {got}")
    if bad:
        print("\n".join(f"# {line}" for line in (run.stdout + run.stderr).splitlines()))
    return bad > 0


sys.exit(main())
