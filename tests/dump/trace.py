"""Reads the traces that test_trace writes: JSON, events that contain each other, counts that are the tape's.   usage: trace.py TEST_TRACE"""
import collections
import json
import os
import subprocess
import sys
import tempfile

KEYS = {"X": {"name", "cat", "ph", "pid", "tid", "ts", "dur"}, "C": {"name", "ph", "pid", "tid", "ts", "args"}, "M": {"name", "ph", "pid", "tid", "args"}}
checks = failures = 0


def check(good, what):
    global checks, failures
    checks += 1
    failures += not good
    print(f"{'ok' if good else 'not ok'} {checks} - {what}")


def nanoseconds(x):
    return round(x * 1000)


def crossing(events):
    """The first two spans of a thread of which neither contains the other and which are not one after the other; or None."""
    for thread in {e["tid"] for e in events}:
        spans = sorted((nanoseconds(e["ts"]), -nanoseconds(e["ts"] + e["dur"]), e["name"]) for e in events if e["tid"] == thread and e["ph"] == "X")
        around = []
        for begin, minus_end, name in spans:
            while around and around[-1][0] <= begin:
                around.pop()
            if around and around[-1][0] < -minus_end:
                return name, around[-1][1]
            around.append((-minus_end, name))
    return None


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return json.load(file)["traceEvents"]


def count(events, *categories):
    return sum(e["ph"] == "X" and e["cat"] in categories for e in events)


def check_each(folder):
    for name in sorted(os.listdir(folder)):
        try:
            events = read(folder, name)
        except (ValueError, KeyError) as error:
            check(False, f"{name}: {error}")
            continue
        good = all(KEYS[e["ph"]] <= e.keys() and e.get("dur", 0) >= 0 for e in events) and events[0]["ph"] == "M"
        check(good and crossing(events) is None, f"{name}: {len(events)} events, which contain each other or follow each other {crossing(events) or ''}")


def check_steps(folder):
    for name in os.listdir(folder):
        kind, _, number = name.removesuffix(".json").partition("-")
        if not number:
            continue
        events = read(folder, name)
        # A plain tape has no nodes of backward; what updates statistics belongs to forward.
        begin = min(e["ts"] for e in events if e.get("cat") == "pass")
        seen = count([e for e in events if kind == "traced" or e.get("ts", 0) < begin], "forward", "backward", "update")
        check(seen == int(number), f"{kind} tape: {number} nodes, {seen} ops")
        check(count(events, "pass") == 1 and count(events, "vjp") > 0 and count(events, "commit") == 1, f"{kind} tape: backward and update")
        ops = [e for e in events if e["ph"] == "X" and e["cat"] in ("forward", "backward", "update")]
        check(all({"section", "in", "out"} <= e["args"].keys() for e in ops), f"{kind} tape: each op has a section and shapes")
        product = next(e for e in ops if e["name"].startswith("linear"))
        check(product["args"]["section"] == "0", f"{kind} tape: a product lies in a layer's section, {product['args']['section']}")
        kinds = {e["args"]["kind"] for e in events if e.get("cat") == "section"}
        check({"linear", "batch_norm"} <= kinds, f"{kind} tape: sections have kinds, {kinds}")
        check("f32 [4, 6]" in product["args"]["in"] and product["args"]["operations"] > 0, f"{kind} tape: its operands and cost")
        vjps = [e for e in events if e["ph"] == "X" and e["cat"] == "vjp"]
        inside = [o for o in ops if o["cat"] == "backward" and any(v["ts"] <= o["ts"] and o["ts"] + o["dur"] <= v["ts"] + v["dur"] + 1e-3 for v in vjps)]
        check(len(inside) > 0, f"{kind} tape: {len(inside)} backward ops lie in {len(vjps)} vjps")
        memory = [e["args"]["live"] for e in events if e["ph"] == "C"]
        check(len(set(memory)) > 2 and min(memory) >= 0, f"{kind} tape: {len(memory)} numbers of bytes in use")
        check(events[0]["args"]["name"] == kind, f"{kind} tape: the thread has its name")


def check_special(folder):
    spans = {e["name"]: e for e in read(folder, "early.json") if e["ph"] == "X"}
    check({"left by the tape", "left by a function", "crossed", "open", "sin", "cos", "exp"} <= spans.keys() and "log" not in spans,
          "stopped early: what was open is there")
    check(spans["neg"]["ts"] >= spans["left by a function"]["ts"] + spans["left by a function"]["dur"], "a section that a function leaves behind ends with it")
    names = collections.Counter(e["name"] for e in read(folder, "hostile.json") if e.get("cat") == "section")
    check(len(names) == 8 and {"\"}]}", "</script>", "back\\slash", "line\nend\ttab\x01", "\u2028", "caf\u00e9", ""} <= names.keys(), "hostile names read back")
    again = read(folder, "checkpoint.json")
    vjps = [e for e in again if e["name"] == "vjp of checkpoint"]
    sines = [e for e in again if e["name"] == "sin"]
    check(len(vjps) == 2 and [e["cat"] for e in sines] == ["forward", "backward", "backward"], "a checkpoint in a checkpoint runs again twice, in backward")
    sections = {e["args"]["section"] for e in sines}
    check(len(sections) == 1 and sections.pop().endswith("outer/inner"), "what runs again lies in the section in which it ran first")
    modes = [e["name"] for e in read(folder, "modes.json") if e.get("cat") in ("forward", "update")]
    check(modes == ["sin", "assign", "cos", "neg", "log"], f"a capture, anomaly mode, a timed tape and lifetimes beside the trace: {modes}")
    helpers = read(folder, "helpers.json")
    parts = [e for e in helpers if e.get("cat") == "part"]
    named = {e["tid"]: e["args"]["name"] for e in helpers if e["ph"] == "M"}
    check(all(e["tid"] in named for e in helpers) and named[1] == "main", f"threads are named: {named}, {len(parts)} parts")
    check(len(read(folder, "limited.json")) > 100, "what was written before a failing write is there")
    check(len(read(folder, "lost.json")) > 100, "what was written before the program ended is there")
    check(count(read(folder, "thread.json"), "forward") == 3 and read(folder, "thread.json")[0]["args"]["name"] == "worker", "a thread that ends ends its trace")
    check(count(read(folder, "pipe.json"), "forward") == 1000 and count(read(folder, "append.json"), "forward") == 1000, "a pipe, and a file that is appended to")


def check_controls(folder):
    """The checks themselves: spans that cross, a text cut off."""
    name = next(n for n in os.listdir(folder) if n.startswith("plain-"))
    events = read(folder, name)
    outer = next(e for e in events if e.get("cat") == "pass")
    inner = next(e for e in events if e.get("cat") == "vjp")
    inner["dur"] = outer["ts"] + outer["dur"] + 1 - inner["ts"]
    check(crossing(events) is not None, "spans that cross are seen")
    text = open(os.path.join(folder, name), encoding="utf-8").read()
    try:
        json.loads(text[:len(text) // 2])
        check(False, "a text that is cut off is no JSON")
    except ValueError:
        check(True, "a text that is cut off is no JSON")


with tempfile.TemporaryDirectory() as folder:
    done = subprocess.run([sys.argv[1], folder], capture_output=True, text=True)
    check(done.returncode == 0, "test_trace" + "".join("\n# " + line for line in (done.stdout + done.stderr).splitlines() if "OK" not in line and "RUN" not in line))
    check_each(folder)
    check_steps(folder)
    check_special(folder)
    check_controls(folder)
print(f"1..{checks}")
sys.exit(failures > 0)
