#!/usr/bin/env python3
"""The program `wengert`: its help, its man page, its messages, and `wengert info`.

usage: tool.py WENGERT SOURCE-ROOT VERSION SANITIZER; TAP. SANITIZER is none where time counts.
"""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

tool, root, version = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
results = []


def run(*words, **environment):
    return subprocess.run([tool, *words], capture_output=True, text=True, env={**os.environ, **environment})


def check(what, good, why=""):
    results.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(results)} - {what}")
    if not good and why:
        print("\n".join("# " + line for line in str(why).splitlines()))


def listed(path, macro):
    return re.findall(rf"^{macro}\((\w+),", (root / path).read_text(), re.M)


def refused(words, *expected):
    """Exit status 2, nothing on stdout, and each of these texts in the message."""
    done = run(*words)
    check(f"wengert {' '.join(words)}: says {', '.join(expected)}",
          done.returncode == 2 and not done.stdout and all(text in done.stderr for text in expected), done)


def cpu_milliseconds(*words):
    """The least of five runs: user and system time, which other programs do not lengthen much."""
    times = []
    for _ in range(5):
        child = subprocess.Popen([tool, *words], stdout=subprocess.DEVNULL)
        usage = os.wait4(child.pid, 0)[2]
        times.append(1000 * (usage.ru_utime + usage.ru_stime))
    return min(times)


commands, studies = listed("lib/tool/commands.def", "COMMAND"), listed("docs/studies/studies.def", "STUDY")
done = run("--version")
check("--version", done.returncode == 0 and done.stdout == f"wengert {version}\n", done)
done = run("--help")
check("--help lists every command", done.returncode == 0 and commands and all(re.search(rf"^  {c} ", done.stdout, re.M) for c in commands), done)
done = run("study")
check("study lists every study", done.returncode == 0 and studies and all(re.search(rf"^  {s} ", done.stdout, re.M) for s in studies), done)

page = (root / "lib/tool/wengert.1").read_text().replace("\\-", "-")
for words in [[c] for c in commands] + [["study", s] for s in studies]:
    done = run(*words, "--help")
    name = " ".join(words)
    options = set(re.findall(r"^  (--\w+)", done.stdout, re.M)) - {"--help"}
    check(f"wengert {name} --help", done.returncode == 0 and done.stdout.startswith(f"wengert {name}: "), done)
    missing = [text for text in sorted(options) + words if text not in page]
    check(f"the man page names {name} and its {len(options)} options", not missing, missing)
if shutil.which("man"):
    done = subprocess.run(["man", "--warnings", "-l", str(root / "lib/tool/wengert.1")], capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "MANPAGER": "cat"})
    check("the man page is set without a warning", done.returncode == 0 and not done.stderr and "COMMANDS" in done.stdout, done.stderr)

refused([], "usage: wengert")
refused(["nosuch"], "expected a command", "nosuch")
refused(["info", "--nosuch"], "wengert info: expected", "--help", "--nosuch")
refused(["info", "-n"], "wengert info: expected", "-n")
refused(["info", "word"], "expected no operand", "word")
refused(["study", "nosuch"], "expected the name of a study, got nosuch", studies[0])
refused(["study", studies[0], "--nosuch"], "expected --out FOLDER,", "--quick, --help; got --nosuch")
refused(["study", studies[0], "--out"], "expected a value behind --out")
refused(["study", studies[0], "--quick=1"], "expected --quick without a value")
refused(["study", "complexity", "--limit", "0"], "wengert study complexity", "limit", "0")
refused(["study", "complexity", "--limit=many"], "wengert study complexity", "many")
refused(["study", studies[0], "--out", "/dev/null/folder"], "expected a folder", "/dev/null/folder")

done = run("info")
check("info names version, kernels, threads and what is missing", done.returncode == 0 and
      all(re.search(pattern, done.stdout, re.M) for pattern in (rf"^wengert +{re.escape(version)}$", r"^processor +\S", r"^threads +\d+$",
          r"^kernels of ops +(portable|avx2|avx512)$", r"^matrix products +(native|blis)", r"^BLIS kernels +\S", r"^zlib +(yes|no)", "^missing")),
      done)
done = run("info", WENGERT_ISA="portable", WENGERT_GEMM="blis", OMP_NUM_THREADS="1")
check("info obeys the environment and names it", re.search("^kernels of ops +portable$", done.stdout, re.M) and
      re.search("^matrix products +blis$", done.stdout, re.M) and re.search("^threads +1$", done.stdout, re.M) and
      "WENGERT_GEMM=blis" in done.stdout, done)
done = run("info", PATH="/nowhere")
check("info names programs that are not there", "  gnuplot: " in done.stdout and "  dot: " in done.stdout and done.returncode == 0, done)
with open("/dev/full", "w") as full:
    done = subprocess.run([tool, "info"], stdout=full, stderr=subprocess.PIPE, text=True)
check("info on a full disk fails", done.returncode == 2 and "standard output" in done.stderr, done)
milliseconds = cpu_milliseconds("info")
check(f"info takes {milliseconds:.1f} ms of CPU time, at most 50", milliseconds <= 50 or sys.argv[4] != "none")

print(f"1..{len(results)}")
sys.exit(not all(results))
