#!/usr/bin/env python3
"""Runs examples beside their PyTorch twins, in turn, each on one thread, and prints a line of docs/guide/examples.md for each.

usage: compare.py BUILD [NAME...] [--rounds N] [--OPTION VALUE...]      BUILD has docs/NAME; N seeds, 0, 1, …; by default 3; other options
                                                                        are handed to both programs

Seconds are CPU time, user and system, which other programs disturb less than wall-clock time: of a program that prints those of its
epochs the median of these, of others that of the whole run, less what `import torch` alone takes. PyTorch has OpenBLAS where Debian has it, and keeps freed memory.
"""
import argparse
import os
import pathlib
import re
import resource
import statistics
import subprocess

HERE = pathlib.Path(__file__).parent
# Words, the pattern of the result, and what it is.
RUNS = {
    "lenet": ([], r"test accuracy ([\d.]+)", "test accuracy"),
    "lenet mlp": (["--model", "mlp"], r"test accuracy ([\d.]+)", "test accuracy"),
    "charlstm": ([], r"held out ([\d.]+)", "held-out loss"),
    "tinygpt": ([], r"held out ([\d.]+)", "held-out loss"),
    "vae": ([], r"held out (-[\d.]+)", "held-out ELBO"),
    "gan_digits": ([], r"recognised ([\d.]+)", "recognised"),
    "pinn": ([], r"D = ([\d.]+)", "D"),
    "ode": (["--noise", "0"], r"a = ([\d.]+)", "a"),
}
PYTORCH = {"LD_LIBRARY_PATH": "/usr/lib/x86_64-linux-gnu/openblas-openmp", "OMP_PROC_BIND": "true", "MALLOC_TRIM_THRESHOLD_": str(1 << 34),
           "MALLOC_MMAP_THRESHOLD_": str(1 << 34), "MALLOC_TOP_PAD_": str(1 << 26)}


def run(words, **environment):
    """What a program prints, and its seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    for name in "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE": # they make its products slower
        environment.pop(name, None)
    text = subprocess.run([*map(str, words)], check=True, capture_output=True, env=environment).stdout.decode(errors="replace")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return text, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("names", nargs="*", default=list(RUNS))
    parser.add_argument("--rounds", type=int, default=3)
    options, further = parser.parse_known_args()
    start = min(run(["/usr/bin/python3", "-c", "import torch, numpy"], **PYTORCH)[1] for _ in range(3))
    for name in options.names:
        words, pattern, what = RUNS[name]
        program, results, seconds = name.split()[0], ([], []), ([], [])
        for seed in range(options.rounds):
            seeded = [*words, *further, "--seed", seed]
            for side, (text, time) in enumerate((run([options.build / "docs" / program, *seeded]),
                                                 run(["/usr/bin/python3", HERE / f"{program}_torch.py", *([] if program == "ode" else seeded)], **PYTORCH))):
                results[side].append(float(re.findall(pattern, text)[-1]))
                epochs = [float(s) for s in re.findall(r"([.\d]+) s\b", text)]
                seconds[side].append(statistics.median(epochs) if epochs else time - side * start)
        cells = [f"{what} {', '.join(f'{r:.4f}' for r in results[side])} | {statistics.median(seconds[side]):.2f}" for side in range(2)]
        print(f"| {name} | {cells[0]} | {cells[1]} | {statistics.median(seconds[0]) / statistics.median(seconds[1]):.2f} |", flush=True)


if __name__ == "__main__":
    main()
