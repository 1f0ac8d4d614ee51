#!/usr/bin/env python3
"""The program `wengert`: its help, its man page, its messages, and `wengert info`.

usage: tool.py WENGERT SOURCE-ROOT VERSION SANITIZER; TAP. SANITIZER is none where time counts.
"""
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
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
done = run("help")
check("help is --help", done.returncode == 0 and done.stdout == run("--help").stdout, done)
done = run("help", "cost")
check("help COMMAND is COMMAND --help", done.returncode == 0 and done.stdout == run("cost", "--help").stdout, done)
done = run("help", "cots")
check("help of what is no command is misuse", done.returncode == 2 and "expected a command, got cots" in done.stderr, done)
done = run("--help")
check("--help lists every command", done.returncode == 0 and commands and all(re.search(rf"^  {c} ", done.stdout, re.M) for c in commands), done)
done = run("study")
check("study list lists them, too", done.stdout == run("study", "list").stdout, done)
check("study lists every study", done.returncode == 0 and studies and all(re.search(rf"^  {s} ", done.stdout, re.M) for s in studies), done)

page = (root / "lib/tool/wengert.1").read_text().replace("\\-", "-")
for words in [[c] for c in commands] + [["study", s] for s in studies]:
    done = run(*words, "--help")
    name = " ".join(words)
    options = set(re.findall(r"^  (--\w+)", done.stdout, re.M)) - {"--help"}
    if len(words) == 2:  # a study's own options stand in its help alone
        options &= {"--out", "--data", "--quick", "--full", "--control", "--seed"}
    check(f"wengert {name} --help", done.returncode == 0 and done.stdout.startswith(f"wengert {name}: "), done)
    missing = [text for text in sorted(options) + words[:1] if text not in page]
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
refused(["study", "nosuch"], "expected the name of a study as above, got nosuch", studies[0])
refused(["study", studies[0], "--nosuch"], "expected --out FOLDER,", "--quick, --full, --control, --seed N, --help; got --nosuch")
refused(["study", studies[0], "--out"], "expected a value behind --out")
refused(["study", studies[0], "--quick=1"], "expected --quick without a value")
refused(["study", studies[0], "--quick", "--full"], "expected --quick or --full, got both")
refused(["study", "random_labels", "--data"], "expected a value behind --data")
refused(["study", "bowl", "--data", "/tmp"], "wengert study bowl: expected", "got --data")
for words, expected in ((["nosuch"], "expected a study or a chapter of docs/studies/studies.def, got nosuch"), (["--seed"], "expected a value after --seed"),
                        (["--nosuch"], "expected an option as below, got --nosuch"), (["--record"], "expected --full with --record"),
                        (["--data", "/nosuch"], "expected a folder after --data, got /nosuch")):
    done = subprocess.run([root / "docs/studies/run", *words], capture_output=True, text=True)
    check(f"docs/studies/run {' '.join(words)}: says {expected}", done.returncode == 2 and not done.stdout and expected in done.stderr, done)
refused(["study", "complexity", "--limit", "0"], "wengert study complexity", "limit", "0")
refused(["study", "complexity", "--limit=many"], "wengert study complexity", "many")
refused(["study", studies[0], "--out", "/dev/null/folder"], "expected a folder", "/dev/null/folder")
refused(["study", studies[0], "--out", "/dev/null"], "expected a folder", "/dev/null: Not a directory")
refused(["study", studies[0], "--out", "two\twords"], "expected a folder without control characters")
for words in (["study", "list"], ["--version"], ["demo", "conditioning"]):
    with open("/dev/full", "w") as full:
        done = subprocess.run([tool, *words], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True)
    check(f"wengert {' '.join(words)}: says that its output could not be written", done.returncode == 2 and "expected to write to standard output" in done.stderr, done)

refused(["show"], "expected GRAPH.json", "0 of 1")
refused(["show", "/nosuch.json"], "expected a graph that can be read", "/nosuch.json", "No such file")
refused(["diff", "/dev/null"], "wengert diff", "expected")
refused(["diff", "/dev/null", "/dev/null"], "expected a graph, as wg_dump_json writes it, in /dev/null", "expected JSON")
refused(["cost", "/dev/null"], "expected a graph, as wg_dump_json writes it, in /dev/null", "expected JSON")

GRAPH = """{"format":"wengert graph","version":1,"traced":false,"nodes":[
%s
],"values":[%s
{"origin":"caller","name":"<script>\\"\\\\N&","shape":[2]}
],"sections":[{},{"name":"</svg><script>","kind":"a\\"b"}]}""" % (
    ",\n".join('{"op":"tanh","section":1,"in":[%d],"out":[%d],"cost":{"transcendental":2}}' % (32 if i == 0 else i - 1, i) for i in range(32)),
    "".join('{"node":%d,"shape":[2]},\n' % i for i in range(32)))
with tempfile.TemporaryDirectory() as folder:
    graph, svg, dot = (os.path.join(folder, name) for name in ("graph.json", "graph.svg", "graph.dot"))
    Path(graph).write_text(GRAPH)
    refused(["show", graph, "--out", "graph.png"], "ends with .svg or .dot", "graph.png")
    refused(["show", graph, "--out", "/nosuch/graph.dot"], "expected a file that can be written", "/nosuch/graph.dot")
    refused(["show", graph, "--depth", "-2"], "depth")
    refused(["show", graph, "--parts", "nosuch"], "expected the name of one of the values", "parts=nosuch")
    done = run("cost", graph)
    check("cost prints the table", done.returncode == 0 and re.search(r"^transcendental calls +64", done.stdout, re.M), done)
    done = run("diff", graph, graph)
    check("diff finds none between a graph and itself", done.returncode == 0 and "nodes: 0 added, 0 removed, 0 changed" in done.stdout, done)
    done = run("show", graph)
    check("show writes DOT", done.returncode == 0 and done.stdout.startswith("digraph") and "repeated 32 times" in done.stdout, done)
    done = run("show", graph, "--unfolded", "--out", dot)
    check("show --unfolded draws all", done.returncode == 0 and Path(dot).read_text().count("<B>tanh</B>") == 32, done)
    done = run("show", graph, "--depth", "0")
    check("show --depth 0 closes the sections", done.returncode == 0 and "32 nodes" in done.stdout and "<B>tanh</B>" not in done.stdout, done)
    if shutil.which("dot"):
        done = run("show", graph, "--out", svg)
        text = Path(svg).read_text() if done.returncode == 0 else ""
        tags = {element.tag.split("}")[-1] for element in ElementTree.fromstring(text or "<none/>").iter()}
        check("show draws SVG, in which names are text", done.returncode == 0 and "&lt;script&gt;" in text and "script" not in tags and
              {"svg", "title", "text", "path"} <= tags, done)
    os.link(graph, os.path.join(folder, "link.dot"))
    refused(["show", graph, "--out", os.path.join(folder, "link.dot")], "another file than the graph behind --out", "link.dot")
    check("a picture is never written over its graph", Path(graph).read_text() == GRAPH)
    page = Path(folder) / "graph.html"
    done = run("view", graph)
    if "node-dagre-layout" in done.stderr:
        check("view says which packages it lacks", done.returncode == 2 and "node-d3" in done.stderr and not page.exists(), done)
    else:
        text = page.read_text()
        check("view writes a page beside the graph", done.returncode == 0 and done.stdout == f"{page}\n" and "\\u003cscript\\u003e" in text and
              "<script>\"" not in text and "http-equiv" in text, done)
        refused(["view", str(page)], "another file than the graph", "graph.html")
        refused(["view", graph, "--out", os.path.join(folder, ".", "graph.json")], "another file than the graph")
        refused(["view", "/dev/null", "--out", str(page)], "expected a graph, as wg_dump_json writes it, in /dev/null")
        refused(["view", "-"], "expected --out FILE.html")
        refused(["view", graph, "--out", "/nosuch/page.html"], "expected a file that can be written", "/nosuch/page.html")
        check("a page that fails leaves the old one", page.read_text() == text)
        if os.path.exists("/dev/full"):
            done = run("view", graph, "--out", "/dev/full")
            check("view on a full disk fails", done.returncode == 1 and "could not be written" in done.stderr, done)
        done = run("view", graph, "--open", PATH="/nosuch")
        check("view without xdg-open says so", done.returncode == 2 and "xdg-utils" in done.stderr and page.exists(), done)
    done = run("show", graph, "--out", svg, PATH="/nosuch")
    check("show without dot says what to install", done.returncode == 2 and "apt-get install graphviz" in done.stderr, done)

CURVES = "epoch,step,lr,loss,it's,validation_loss,validation_it's\n1,5,0.1,2,0.5,3,0.25\n2,10,0.1,1,0.75,nan,0.5\n"
with tempfile.TemporaryDirectory() as folder:
    log, svg, script = (os.path.join(folder, name) for name in ("run.csv", "run.svg", "run.gp"))
    Path(log).write_text(CURVES)
    refused(["curves"], "expected LOG.csv")
    refused(["curves", "/nosuch.csv"], "expected a log that can be read", "/nosuch.csv", "No such file")
    refused(["curves", "/dev/null"], "expected a log, whose first line begins with epoch, in /dev/null")
    refused(["curves", str(root / "README.md")], "expected a log, whose first line begins with epoch")
    Path(script).write_text("epoch,loss\n")
    refused(["curves", script], "expected rows in", "run.gp")
    Path(script).write_text("epoch,loss,accuracy\n7,nan,0\n")
    if shutil.which("gnuplot"):
        done = run("curves", script, "--out", svg)
        check("curves of one epoch, with a column of NaN, are drawn without a warning", done.returncode == 0 and not done.stderr, done)
    refused(["curves", log, "--out", "run.png"], "ends with .svg or .gp", "run.png")
    refused(["curves", log, "--out", "/nosuch/run.gp"], "expected a file that can be written", "/nosuch/run.gp")
    os.link(log, os.path.join(folder, "link.svg"))
    refused(["curves", log, "--out", os.path.join(folder, "link.svg")], "another file than the log", "link.svg")
    check("curves never overwrite their log", Path(log).read_text() == CURVES)
    done = run("curves", log, "--out", script, "--log", "--title", "a 'run'")
    text = Path(script).read_text() if done.returncode == 0 else ""
    check("curves write a script with a panel for each name, the rate last", done.returncode == 0 and done.stdout == f"{script}\n" and
          re.findall(r"^set title '(.*)'$", text, re.M) == ["loss", "it''s", "lr"] and "title 'a ''run'''" in text and
          re.findall(r"using 1:(\d) with linespoints lt (\d) title '(\w*)'", text) == [("4", "1", "training"), ("6", "2", "validation"),
              ("5", "1", "training"), ("7", "2", "validation"), ("3", "1", "")], text)
    check("curves --log is for losses", re.findall(r"^(set|unset) logscale y$", text, re.M) == ["set", "unset", "unset"], text)
    if shutil.which("gnuplot"):
        done = run("curves", log)
        texts = [e for e in ElementTree.parse(svg).iter() if e.tag.endswith("}text")] if done.returncode == 0 else []
        everything = " ".join("".join(e.itertext()) for e in texts)
        check("curves are drawn beside the log", done.returncode == 0 and done.stdout == f"{svg}\n" and not done.stderr and
              all(word in everything for word in ("training", "validation", "it's", "lr", "epoch")), (done, everything))
    done = run("curves", log, PATH="/nosuch")
    check("curves without gnuplot say what to install", done.returncode == 2 and "apt-get install gnuplot-nox" in done.stderr, done)

# Means and deviations by hand: loss 1, 3, 8 at epoch 1 (4, 3.6055512754639891), 2, 4, 6 at epoch 3; epoch 2 is not in all logs; the deviation
# at epoch 1 of validation_loss cannot be had, for one log has NaN there.
SEEDS = ("1,0.1,1,5\n2,0.1,7,5\n3,0.1,2,5\n", "1,0.1,3,nan\n3,0.1,4,6\n", "0,0.1,9,9\n1,0.1,8,7\n3,0.1,6,7\n")
with tempfile.TemporaryDirectory() as folder:
    logs = [os.path.join(folder, f"seed{i}.csv") for i in range(3)]
    svg, script, other = (os.path.join(folder, name) for name in ("runs.svg", "runs.gp", "other.csv"))
    for log, rows in zip(logs, SEEDS):
        Path(log).write_text("epoch,lr,loss,validation_loss\n" + rows)

    def refused_with(text, *messages):
        Path(other).write_text(text)
        refused(["curves", logs[0], other, "--out", script], *messages)

    refused(["curves", *logs], "expected --out FILE", "3 logs")
    refused(["curves", *logs, "--out", logs[1]], "ends with .svg or .gp")
    refused(["curves", logs[0], os.path.join(folder, ".", "seed0.csv"), "--out", svg], "expected different logs", "seed0.csv")
    refused(["curves", logs[0], "/nosuch.csv", "--out", svg], "expected a log that can be read", "/nosuch.csv")
    refused_with("epoch,lr,error,validation_loss\n1,1,1,1\n", "the same columns in all logs", "column 3 is loss", "error in", "other.csv")
    refused_with("epoch,lr,loss\n1,1,1\n", "the same columns in all logs", "got 4", "and 3")
    refused_with("epoch,lr,loss,validation_loss\n8,1,1,1\n9,1,1,1\n", "expected an epoch that all 2 logs have, got none")
    refused_with("epoch,lr,loss,validation_loss\n1,1,1,1\n1,1,1,1\n", "expected rising epochs", "got 1 behind 1 in line 3")
    refused_with("epoch,lr,loss,validation_loss\n1,1,1,1\n\n", "expected an epoch in each row", "line 3")
    refused(["curves", *[logs[0]] * 65, "--out", svg], "expected LOG.csv...", "too")
    check("curves that are refused leave no script", not os.path.exists(script))
    done = run("curves", *logs, "--out", script, "--title", "it's", "--log")
    text = Path(script).read_text() if done.returncode == 0 else ""
    data = [line.split(",") for line in re.sub(r".*\$csv << EOD\n|\nEOD\n.*", "", text, flags=re.S).split("\n")]
    values = [[float(word) for word in line] for line in data[1:]]
    near = lambda got, want: got == want or abs(got - want) < 1e-14 * abs(want) or (math.isnan(got) and math.isnan(want))
    sd1, nan = math.sqrt(13), math.nan
    want = [[1, 0.1, 0.1, 0.1, 4, 4 - sd1, 4 + sd1, nan, nan, nan], [3, 0.1, 0.1, 0.1, 4, 2, 6, 6, 5, 7]]
    check("curves of several logs have means and deviations at the epochs of all", len(values) == 2 and
          all(near(a, b) for row, wanted in zip(values, want) for a, b in zip(row, wanted)) and all(len(row) == 10 for row in values), text)
    check("curves of several logs say which epochs they leave out", "the 3 epochs of" in done.stderr and "3 logs have: 2" in done.stderr, done)
    check("curves of several logs say how many they are", "title 'it''s: mean and standard deviation of 3 logs'" in text and
          re.findall(r"using (1:\d+:\d+) with filledcurves lt (\d)", text) == [("1:6:7", "1"), ("1:9:10", "2"), ("1:3:4", "1")] and
          re.findall(r"using (1:\d+) with linespoints lt \d title '([^']*)'", text) == [
              ("1:5", "training, mean of 3 logs"), ("1:8", "validation, mean of 3 logs"), ("1:2", "mean of 3 logs")], text)
    Path(other).write_text("epoch,lr,loss,validation_loss\n1,0.1,100,5\n3,0.1,200,5\n")
    run("curves", logs[0], other, "--out", script, "--log")
    text = Path(script).read_text()
    check("a band of a logarithmic scale ends at the least value where it would end below 0", re.search(r"^1,[^,]+,[^,]+,[^,]+,50.5,1,", text, re.M), text)
    run("curves", logs[0], other, "--out", script)
    check("a band of a linear scale does not", re.search(r"^1,[^,]+,[^,]+,[^,]+,50.5,-19", Path(script).read_text(), re.M), text)
    if shutil.which("gnuplot"):
        done = run("curves", *logs, "--out", svg)
        everything = " ".join("".join(e.itertext()) for e in ElementTree.parse(svg).iter()) if done.returncode == 0 else ""
        check("curves of several logs are drawn without a warning", done.returncode == 0 and done.stdout == f"{svg}\n" and
              "warning" not in done.stderr.lower() and "mean and standard deviation of 3 logs" in everything and
              "training, mean of 3 logs" in everything, (done, everything))

done = run("info")
check("info names version, kernels, threads and what is missing", done.returncode == 0 and
      all(re.search(pattern, done.stdout, re.M) for pattern in (rf"^wengert +{re.escape(version)}$", r"^processor +\S", r"^threads +\d+$",
          r"^kernels of ops +(portable|avx2|avx512)$", r"^matrix products +(native|blis)", r"^BLIS kernels +\S", r"^zlib +(yes|no)", "^missing")),
      done)
done = run("info", WENGERT_ISA="portable", WENGERT_GEMM="blis", OMP_NUM_THREADS="1")
check("info obeys the environment and names it", re.search("^kernels of ops +portable$", done.stdout, re.M) and
      re.search("^matrix products +blis ", done.stdout, re.M) and re.search("^threads +1$", done.stdout, re.M) and
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
