"""What wg-bench prints: a line of JSON per workload, threads and mode, with the fields that compare reads.   usage: check_lines.py WG-BENCH"""
import json
import subprocess
import sys

FIELDS = {"peer": str, "workload": str, "threads": int, "mode": str, "loss0": float, "loss3": float, "min_us": float, "median_us": float,
          "max_us": float, "samples": int, "inner": int}
checks = 0


def check(good, what):
    global checks
    checks += 1
    if not good:
        sys.exit(f"not ok {checks} - {what}")
    print(f"ok {checks} - {what}")


def lines(*arguments, status=0):
    done = subprocess.run([sys.argv[1], *arguments], capture_output=True, text=True)
    check(done.returncode == status, f"{' '.join(arguments)} ends with {status}")
    return [json.loads(line) for line in done.stdout.splitlines()]


found = lines("-w", "W1,W9", "-t", "1,2", "-m", "eager,replay", "-s", "0.01")
order = [(line["workload"], line["threads"], line["mode"]) for line in found]
check(order == [(name, threads, mode) for threads in (1, 2) for mode in ("eager", "replay") for name in ("W1", "W9")], "a line each, in order")
for line in found:
    fields = {name for name, kind in FIELDS.items() if type(line.get(name)) is kind}
    check(fields == FIELDS.keys(), f"{line['workload']} {line['mode']} has every field")
    check(0 < line["min_us"] <= line["median_us"] <= line["max_us"] and line["samples"] >= 7, f"{line['workload']}: times in order")
w1, w9 = ([line for line in found if line["workload"] == name] for name in ("W1", "W9"))
check(w1[0]["loss3"] < w1[0]["loss0"], "W1 learns")
check(len({(line["loss0"], line["loss3"]) for line in w1}) == 1, "the same with two threads, and replayed")
check(all(line["nodes"] == 20000 and abs(line["ns_per_node"] * 20 - line["median_us"]) < 1 for line in w9), "W9's time by the node")
failed = lines("-w", "W1", "-t", "1", "-m", "backwards", status=1)
check("backwards" in failed[0]["error"], "a mode that there is not: an error in words")
check(lines("-w", "W99", status=2) == [], "a workload that there is not")
print(f"1..{checks}")
