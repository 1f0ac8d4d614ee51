#!/usr/bin/env python3
"""Do the tests bite?  Changes one place of the sources at random, builds, and runs the tests until one fails.

usage: tests/mutants/mutants.py [--count N] [--seed N] [--from K] [--only K] [--keep DIR]

A mutant is one change of one line: an operator, a constant, a condition or a call left out. It works on a clean clone of HEAD, in a
directory of its own. A mutant whose object code is what it was is equivalent and does not count; the others are killed by the first
test that fails, crashes or takes ten times as long as usual, or they survive, and are printed with their change. The last lines give
the counts; the exit status says whether at least 95 % of the mutants that count were killed.
--from K begins with the K-th mutant of the seed, so that several machines can share them; --only K runs that one alone. --self-test checks the generator of mutants without building anything, and, in the
long tier (WENGERT_LONG in the environment), goes on to the mutants themselves.
"""
import argparse
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("lib", "ops", "nn", "optim")
# Compiled only for one instruction set, which the portable build of a mutant does not run.
NOT_BUILT = re.compile(r"avx2|avx512|instances")
SLOWER, LEAST_SECONDS = 10, 20
FRESH = {"MALLOC_PERTURB_": "165"}  # new memory is no zeros, as `meson test` has it

# ---- changes ----

OPERATORS = {"<": ["<=", ">"], ">": [">=", "<"], "<=": ["<", ">"], ">=": [">", "<"], "==": ["!="], "!=": ["=="], "&&": ["||"],
             "||": ["&&"], "+": ["-"], "-": ["+"], "*": ["+"], "/": ["*"], "%": ["/"], "+=": ["-="], "-=": ["+="], "++": ["--"],
             "--": ["++"], "&": ["|"], "|": ["&"], "<<": [">>"], ">>": ["<<"]}
BINARY = re.compile(r"(?<=[\w)\]] )(<<|>>|<=|>=|==|!=|&&|\|\||\+=|-=|[-+*/%<>&|])(?= [\w(!*&-])")
STEP = re.compile(r"\+\+|--")
CONSTANT = re.compile(r"(?<![\w.])(\d+)(?![\w.])")
NEGATION = re.compile(r"(?<![\w)])!(?=[\w(])")
CONDITION = re.compile(r"\b(if|while) \((.*)\)( \{)?$")
CALL = re.compile(r"^\s+(?:WG_TRY\()?[a-z]\w*\(.*\);$")
ASSIGNMENT = re.compile(r"^\s+[\w.>\[\]*-]+ (?:[-+*/|&^]?=) .*;$")
LITERAL = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/|//.*$')


def code_of(text):
    """The text's lines with comments and literals blanked out, and those of the preprocessor and of samples emptied."""
    blank = lambda m: re.sub(r"[^\n]", " ", m.group())
    text = re.sub(r"/\*.*?\*/", blank, text, flags=re.S)
    lines, in_samples, in_macro = [], False, False
    for line in text.split("\n"):
        code = LITERAL.sub(blank, line)
        in_macro = in_macro or code.lstrip().startswith("#")
        in_samples = in_samples or re.search(r"SAMPLES|wg_sample\b.*=", code) is not None
        lines.append("" if in_macro or in_samples or "assert(" in code.lower() or "_Static_assert" in code else code)
        in_macro = in_macro and line.endswith("\\")
        in_samples = in_samples and not re.search(r";\s*$|^}", code)
    return lines


def changes_of(line, code):
    """Each way to change that line: (kind, new line)."""
    made = []
    for match in BINARY.finditer(code):
        for other in OPERATORS[match.group()]:
            made.append(("operator", line[: match.start()] + other + line[match.end():]))
    for match in STEP.finditer(code):
        made.append(("operator", line[: match.start()] + OPERATORS[match.group()][0] + line[match.end():]))
    for match in CONSTANT.finditer(code):
        value = int(match.group())
        made.append(("constant", line[: match.start()] + str(1 if value == 0 else value + 1) + line[match.end():]))
        if value == 1:
            made.append(("constant", line[: match.start()] + "0" + line[match.end():]))
    for match in NEGATION.finditer(code):
        made.append(("negation", line[: match.start()] + line[match.end():]))
    match = CONDITION.search(code)
    if match and code.count("(") == code.count(")"):
        made.append(("condition", line[: match.start(2)] + "!(" + line[match.start(2): match.end(2)] + ")" + line[match.end(2):]))
    if CALL.match(code) and code.count("(") == code.count(")"):
        made.append(("call left out", line[: len(line) - len(line.lstrip())] + ";"))
    if ASSIGNMENT.match(code) and not re.match(r"^\s+(const|static|int|double|float|size_t|bool|unsigned|u?int\d+_t|wg_\w+|struct)\b.* ",
                                               code.split("=")[0]):
        made.append(("assignment left out", line[: len(line) - len(line.lstrip())] + ";"))
    return made


def places(tree):
    """Every line of the sources that can be changed: (file, number of the line, its changes)."""
    found = []
    files = [str(p.relative_to(tree)) for folder in FOLDERS for p in (tree / folder).rglob("*.[ch]")]
    for name in sorted(f for f in files if not NOT_BUILT.search(f)):
        text = (tree / name).read_text()
        for number, (line, code) in enumerate(zip(text.split("\n"), code_of(text))):
            made = changes_of(line, code) if code.startswith(" ") else []
            if made:
                found.append((name, number, made))
    return found


def draw(found, seed):
    """An endless sequence of different mutants: (file, number of the line, kind, new line)."""
    generator, seen = random.Random(seed), set()
    while True:
        name, number, made = generator.choice(found)
        kind, line = generator.choice(made)
        if (name, number, line) not in seen:
            seen.add((name, number, line))
            yield name, number, kind, line


# ---- building and running ----

class Bench:
    """A clean clone with a build of its own, and its tests."""

    def __init__(self, at):
        self.tree = at / "tree"
        self.build = self.tree / "build" / "mutants"
        if not self.tree.exists():
            subprocess.run(["git", "clone", "--quiet", str(ROOT), str(self.tree)], check=True)
        if not (self.build / "build.ninja").exists():
            subprocess.run(["meson", "setup", str(self.build), "-Dsimd=false", "-Doptimization=2", "--werror"], cwd=self.tree, check=True,
                           stdout=subprocess.DEVNULL)
        self.ninja(["all"], check=True)
        introspect = lambda what: json.loads(subprocess.run(["meson", "introspect", what, str(self.build)], capture_output=True,
                                                            text=True, check=True).stdout)
        targets = {t["id"]: os.path.relpath(t["filename"][0], self.build) for t in introspect("--targets")}
        self.tests = [t for t in introspect("--tests") if t["name"] not in ("steps", "mutants")]  # steps counts a release build
        for test in self.tests:
            test["needs"] = sorted({targets[i] for i in test["depends"] if i in targets})
            test["seconds"], test["kills"] = None, {}
        os.environ.pop("WENGERT_LONG", None)  # each mutant meets the tests of tests/run
        for test in self.tests:
            failed, seconds = self.run(test)
            if failed:
                sys.exit(f"{test['name']} fails without a mutant")
            test["seconds"] = seconds
        self.objects = self.hashes()

    def ninja(self, targets, check=False):
        done = subprocess.run(["ninja", "-C", str(self.build), *targets], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if check and done.returncode:
            sys.exit(done.stdout[-3000:])
        return done.returncode == 0

    def hashes(self):
        return {p.name: hashlib.sha1(p.read_bytes()).hexdigest() for p in self.build.glob("libwengert.so*.p/*.o")}

    def run(self, test):
        """(did it fail, seconds)."""
        if test["needs"] and not self.ninja(test["needs"]):
            return True, 0
        limit = LEAST_SECONDS * 30 if test["seconds"] is None else max(LEAST_SECONDS, SLOWER * test["seconds"])
        began = time.monotonic()
        child = subprocess.Popen(test["cmd"], cwd=test["workdir"] or self.build, env={**os.environ, **FRESH, **test["env"]},
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            out, _ = child.communicate(timeout=limit)
            failed = child.returncode != 0 or (test["protocol"] == "tap" and b"\nnot ok" in b"\n" + out)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            failed = True
        return failed, time.monotonic() - began

    def order(self, name):
        """First what killed mutants of this file, then what killed others for its time, then the quick ones."""
        return sorted(self.tests, key=lambda t: (-t["kills"].get(name, 0), -sum(t["kills"].values()) / (1 + t["seconds"]), t["seconds"]))

    def verdict(self, mutant):
        """'broken' (does not compile), 'equivalent', the name of the test that killed it, or None."""
        name, number, _, line = mutant
        path = self.tree / name
        text = path.read_text()
        lines = text.split("\n")
        lines[number] = line
        path.write_text("\n".join(lines))
        try:
            if not self.ninja(["libwengert.a"]):
                return "broken"
            if self.hashes() == self.objects:
                return "equivalent"
            for test in self.order(name):
                if self.run(test)[0]:
                    test["kills"][name] = test["kills"].get(name, 0) + 1
                    return test["name"]
            return None
        finally:
            path.write_text(text)
            self.ninja(["libwengert.a"])


# ---- the report ----

def show(number, mutant, tree, verdict):
    name, at, kind, line = mutant
    print(f"{number:4d} {name}:{at + 1} {kind}: {verdict}", flush=True)
    if verdict == "SURVIVES":
        old = (tree / name).read_text().split("\n")[at]
        print(f"     - {old.strip()}\n     + {line.strip()}", flush=True)


def hunt(options, at):
    bench = Bench(at)
    killed = survived = equivalent = number = 0
    for mutant in draw(places(bench.tree), options.seed):
        if number + 1 < max(options.first, options.only):
            number += 1
            continue
        if killed + survived + equivalent == (1 if options.only else options.count):
            break
        number += 1
        verdict = bench.verdict(mutant)
        if verdict == "broken":
            continue
        if verdict == "equivalent":
            equivalent += 1
        elif verdict:
            killed += 1
        else:
            survived += 1
        show(number, mutant, bench.tree, f"killed by {verdict}" if verdict not in (None, "equivalent") else verdict or "SURVIVES")
    counted = killed + survived
    print(f"{equivalent} equivalent, {killed} killed, {survived} survive: {100 * killed / max(1, counted):.1f} % killed")
    return counted > 0 and killed >= 0.95 * counted


def self_test():
    """The generator finds what it should in a few lines, keeps its hands off the rest, and gives the same mutants for a seed."""
    text = 'int f(int a)\n{\n    /* a < 1 */\n    if (a < 10 && !b)\n        free(a);\n    puts("a < b");\n    x->n = 1;\n    return a++;\n}\n'
    made = [changes_of(line, code) for line, code in zip(text.split("\n"), code_of(text))]
    lines = [{line.strip() for _, line in m} for m in made]
    checks = [
        ("comments are left", not made[2]),
        ("relations, conjunctions, constants, negations and conditions",
         {"if (a <= 10 && !b)", "if (a > 10 && !b)", "if (a < 10 || !b)", "if (a < 11 && !b)", "if (a < 10 && b)",
          "if (!(a < 10 && !b))"} == lines[3]),
        ("calls are left out", lines[4] == {";"}),
        ("literals are left", lines[5] == {";"}),
        ("assignments and constants", {"x->n = 2;", "x->n = 0;", ";"} == lines[6]),
        ("steps", lines[7] == {"return a--;"}),
    ]
    found = places(ROOT)
    first = lambda: [m for m, _ in zip(draw(found, 1), range(200))]
    checks.append(("a seed gives the same mutants", first() == first()))
    checks.append(("every room of the sources has places", {n.split("/")[0] for n, _, _ in found} == set(FOLDERS)))
    for i, (what, ok) in enumerate(checks):
        print(f"{'ok' if ok else 'not ok'} {i + 1} - {what}")
    print(f"1..{len(checks)}")
    return all(ok for _, ok in checks)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.replace("%", "%%"))
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", type=int, default=1, dest="first")
    parser.add_argument("--only", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        sound = self_test()
        if not sound or "WENGERT_LONG" not in os.environ:
            sys.exit(not sound)
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        sys.exit(not hunt(options, options.keep))
    with tempfile.TemporaryDirectory() as at:
        sys.exit(not hunt(options, Path(at)))


main()
