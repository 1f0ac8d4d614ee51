#!/usr/bin/env python3
"""`wengert demo` in the terminal: its steps, its options, its messages.

usage: demo.py WENGERT; TAP.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

tool = sys.argv[1]
results = []


def run(name, commands, *options):
    return subprocess.run([tool, "demo", name, *options], input=commands, capture_output=True, text=True)


def check(what, good, why=""):
    results.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(results)} - {what}")
    if not good and why:
        print("\n".join("# " + line for line in str(why).splitlines()))


def losses(done):
    return [float(x) for x in re.findall(r"(?:f =|penalty [\d.]+ =) ([\d.e+-]+)", done.stdout)]


done = run("classifier", "")
check("the classifier starts with the losses of its table, and the input's end ends it", done.returncode == 0 and not done.stderr and
      "loss of the data 2.7667 + penalty 3.5000 = 6.2667" in done.stdout, done)
done = run("classifier", "\n\n10\n", "--rate", "0.05")
check("Enter is a step, a number is so many, and each lowers the loss", re.findall(r"^step (\d+)", done.stdout, re.M) == ["0", "1", "2", "12"] and
      losses(done) == sorted(losses(done), reverse=True), done)
done = run("classifier", "1\nloss=softmax\nreset\nquit\n9\n")
check("an option changes the loss, reset starts again, quit ends", re.findall(r"^step (\d+)", done.stdout, re.M) == ["0", "1", "1", "0"] and losses(done)[3] != losses(done)[0], done)
done = run("conditioning", "curvature=19.9\n200\ncurvature=20.1\n100\n")
check("the bowl converges below a curvature of 2/rate, and not above", "it converges" in done.stdout and "it diverges" in done.stdout and losses(done)[2] < losses(done)[1], done)
done = run("conditioning", "rate=-1\nnosuch=1\n1e3\n-4\n0\nwhat\n1\n")
check("a line that is no command says what was expected and changes nothing", done.returncode == 0 and
      all(text in done.stderr for text in ("expected rate in [0, 10], got -1", "nosuch", "got 1e3", "got -4", "got 0", "got what")) and
      re.findall(r"^step (\d+)", done.stdout, re.M) == ["0", "1"], done)
kept, alone = (re.findall(r"^step 10 .*", run("conditioning", commands).stdout, re.M) for commands in ("momentum=0.9\n5\ncurvature=15\n5\n", "momentum=0.9\n10\n"))
check("an option keeps the velocity of momentum", kept == alone and len(kept) == 1, (kept, alone))
done = run("classifier", "rate=10\npenalty=10\n50\n5000\n1\nreset\n")
check("numbers of a run that diverges stay in their columns, and reset starts again", done.returncode == 0 and
      max(map(len, done.stdout.splitlines())) < 120 and re.findall(r"^step (\d+)", done.stdout, re.M)[-1] == "0" and losses(done), done)
check("at the rate 0 the bowl neither converges nor diverges", "it stays" in run("conditioning", "rate=0\n").stdout)
check("help names the commands and the options", "NAME=VALUE" in (text := run("classifier", "help\n").stdout) and "weston_watkins, crammer_singer, softmax" in text)
done = run("nosuch", "")
check("a demonstration that is not there is misuse", done.returncode == 2 and "got nosuch" in done.stderr and "conditioning" in done.stderr, done)
done = run("classifier", "", "--out", "/nosuch/page.html")
check("a page that cannot be written is misuse", done.returncode == 2 and "/nosuch/page.html" in done.stderr, done)
with tempfile.TemporaryDirectory() as folder:
    for name in ("classifier", "conditioning"):
        path = Path(folder) / "page.html"
        done = run(name, "", "--out", str(path))
        text = path.read_text()
        check(f"the page of {name} is whole and asks no other computer", done.returncode == 0 and text.endswith("</html>\n") and "@" not in re.sub(r"@media", "", text) and
              not re.search(r"(src|href)=|https?://", text), done)
print(f"1..{len(results)}")
sys.exit(not all(results))
