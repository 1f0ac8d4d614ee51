"""What a step costs, counted: instructions by callgrind on AVX2 kernels, calls of malloc, bytes at the peak. The bounds are at most a tenth
above what docs/guide/node-cost.md reports.   usage: count_steps.py BENCH-STEPS"""
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ENVIRONMENT = dict(os.environ, OMP_NUM_THREADS="1", WENGERT_ISA="avx2", BLIS_ARCH_TYPE="3")
ENVIRONMENT.pop("WENGERT_AUDIT", None)  # the audit of walks is not what a step costs
# A kernel is a function compiled once per number type and instruction set, or one of a library.
KERNEL = re.compile(r"_f(32|64)(_avx2)?(\..*)?$|^(bli_|tanh|exp|log|pow)")
checks = 0


def check(good, what):
    global checks
    checks += 1
    print(f"{'ok' if good else 'not ok'} {checks} - {what}")
    return good


def totals(workload, steps, folder):
    """Instructions of each function itself, and calls of it."""
    out = os.path.join(folder, f"{workload}.{steps}")
    subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", sys.argv[1], workload, str(steps)], env=ENVIRONMENT,
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    names, cost, calls, here, callee, inclusive = {}, collections.Counter(), collections.Counter(), None, None, False
    for line in open(out):
        if found := re.match(r"(c?fn)=\((\d+)\)(?: (.*))?", line):
            kind, number, name = found.groups()
            if name:
                names[number] = name.strip()
            if kind == "fn":
                here = names[number]
            else:
                callee = names[number]
        elif found := re.match(r"calls=(\d+)", line):
            calls[callee] += int(found.group(1))
            inclusive = True
        elif re.match(r"[+*\d-]", line):
            if not inclusive:
                cost[here] += int(line.split()[1])
            inclusive = False
    return cost, calls


def per_step(workload, few, many, folder):
    (cost, calls), (more_cost, more_calls) = totals(workload, few, folder), totals(workload, many, folder)
    n = many - few
    return ({f: (more_cost[f] - cost[f]) / n for f in more_cost}, {f: (more_calls[f] - calls[f]) / n for f in more_calls})


def beyond_kernels(cost):
    return sum(c for f, c in cost.items() if not KERNEL.search(f))


def count_instructions():
    if not shutil.which("valgrind"):
        skipped = ("W9", "an op call", "W7a", "W1", *RULES)
        for what in skipped:
            print(f"ok - {what} # SKIP valgrind is not installed")
        return len(skipped)
    with tempfile.TemporaryDirectory() as folder:
        cost, calls = per_step("W9", 1, 3, folder)
        node = beyond_kernels(cost) / 20000
        check(node <= BOUNDS["W9"], f"W9: {node:.0f} instructions a node beyond kernels, forward, backward and the tape's close")
        op = cost["wg_invoke1"] / calls["wg_invoke1"]
        check(op <= BOUNDS["invoke"], f"an op call of one operand itself: {op:.0f}")
        cost, calls = per_step("W7a", 2, 6, folder)
        leaf = beyond_kernels(cost) / 999
        check(leaf <= BOUNDS["W7a"], f"W7a: {leaf:.0f} instructions an operation on a leaf beyond kernels, its gradient included")
        cost, calls = per_step("W1", 10, 30, folder)
        check(beyond_kernels(cost) <= BOUNDS["W1"], f"W1: {beyond_kernels(cost):.0f} instructions a step beyond kernels")
        for rule, bound in RULES.items():
            cost, calls = per_step(f"W16_{rule}_2e3", 2, 6, folder)
            tensor = sum(cost.values()) / 20
            check(tensor <= bound, f"W16, {rule}: {tensor:.0f} instructions a tensor of 100 elements")
    return 0


def count_memory(workload, bound):
    found = json.loads(subprocess.run([sys.argv[1], workload, "12"], capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout)
    check(found["mallocs"] == 0, f"{workload}: {found['mallocs']} mallocs after the first step")
    check(found["peak"] <= bound, f"{workload}: {found['peak']} bytes at the peak of a step, at most {bound}")


def mlp_bound(sizes, batch, norm):
    """Gradients of all parameters, three times each layer's output (activation, gradient, batch norm's), a gradient of the widest, and
    256 KiB of nodes, handles and packed operands; 5 % for the classes."""
    pairs = list(zip(sizes, sizes[1:]))
    parameters = sum(n * m + m for n, m in pairs) + (2 * sum(sizes[1:-1]) if norm else 0)
    values = batch * ((3 if norm else 2) * sum(sizes[1:]) + max(sizes[1:]))
    return int(1.05 * 4 * (parameters + values)) + (256 << 10)


BOUNDS = {"W9": 740, "invoke": 250, "W7a": 2150, "W1": 36700}
RULES = {"sgd": 4000, "lion": 2500, "lamb": 8100, "adafactor": 22000, "chain_sgd": 1350}
skipped = count_instructions()
count_memory("W1", mlp_bound((64, 32, 10), 32, False))
count_memory("W2", mlp_bound((784, 256, 128, 10), 128, False))
count_memory("W4", mlp_bound((784, 256, 128, 10), 128, True))
count_memory("W18", 2 << 20)  # the replay of an update, and the networks' gradients
print(f"1..{checks + skipped}")
