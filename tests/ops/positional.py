"""Options are always named: for each op with options, a value without a name behind the operands does not compile, in no compiler that is
here. The calls are made from ops.def.   usage: positional.py INCLUDE-DIRECTORY INCLUDE-DIRECTORY"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

INCLUDES = [f"-I{folder}" for folder in sys.argv[1:]]
VALUES = ["1", "WG_NONE"]
OTHER = ["wg_nll(x, x, .smoothing = 0.5)"]  # another op's option
failed = checks = 0


def check(good, what):
    global failed, checks
    checks += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {checks} - {what}")


def ops_with_options():
    """(name, operands as declared, their names) of each op whose macro takes options."""
    text = re.sub(r"\n {8,}", " ", (Path(sys.argv[1]) / "wengert/ops.def").read_text())
    for kind, name, operands in re.findall(r"^WG_(REDUCTION|OP_WITH)\((\w+)(?:, \((.*?)\))?", text, re.M):
        operands = "wg_tensor *x" if kind == "REDUCTION" else operands
        yield name, operands, ", ".join(re.findall(r"(\w+)(?:,|$)", operands))


def lines_with_errors(compiler, suffix, lines):
    """The numbers, from 1, of the lines in which the compiler finds an error."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"calls.{suffix}"
        source.write_text("\n".join(lines) + "\n")
        limit = "-ferror-limit=0" if "clang" in compiler else "-fmax-errors=0"
        strict = ["-Wall", "-Wextra", "-Wconversion"]
        out = subprocess.run([compiler, "-fsyntax-only", limit, *strict, *INCLUDES, source], capture_output=True, text=True)
    found, wrong = set(), False
    for line in out.stderr.splitlines():  # an error in a macro names the call in a note behind it
        wrong = ": error" in line or (wrong and ": warning" not in line)
        if wrong and (place := re.search(rf"calls\.{suffix}:(\d+):\d+: ", line)):
            found.add(int(place[1]))
    return found, out


ops = list(ops_with_options())
check(len(ops) > 20, f"{len(ops)} ops with options are in ops.def")
for compiler, suffix in [("gcc", "c"), ("clang", "c"), ("g++", "cpp"), ("clang++", "cpp")]:
    if not shutil.which(compiler):
        checks += 1
        print(f"ok {checks} - # SKIP {compiler} is not here")
        continue
    head = ["#include <wengert/ops.h>"]
    plain = head + [f"wg_tensor *call_{name}({declared}); wg_tensor *call_{name}({declared}) {{ return wg_{name}({names}); }}"
                    for name, declared, names in ops]
    errors, out = lines_with_errors(compiler, suffix, plain)
    check(not out.stderr, f"{compiler}: without options they compile, without a warning" + out.stderr[:400].replace("\n", "\n# "))
    calls = [(f"wg_{name}({names}, {value})", declared) for name, declared, names in ops for value in VALUES]
    calls += [(call, "wg_tensor *x") for call in OTHER]
    errors, out = lines_with_errors(compiler, suffix, head + [
        f"wg_tensor *call_{i}({declared}); wg_tensor *call_{i}({declared}) {{ return {call}; }}" for i, (call, declared) in enumerate(calls)])
    taken = [call for i, (call, _) in enumerate(calls) if i + 2 not in errors]
    check(not taken, f"{compiler}: none of {len(calls)} calls with a value without a name, or the like, compiles" + "".join(f"\n# {call}" for call in taken))
print(f"1..{checks}")
sys.exit(failed > 0)
