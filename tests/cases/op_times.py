#!/usr/bin/python3
"""PyTorch beside tests/cases/op_times.c: measured one after the other in one run, by CPU time on one thread.

usage: op_times.py PROGRAM [PART OF A NAME]
  PROGRAM  build/…/tests/cases/case_op_times

A line an op: its time in Wengert, its time in PyTorch, and how many times PyTorch's that is; 1 or less is the goal. PyTorch runs with
glibc's memory kept and OpenBLAS on OpenMP's threads, as in tests/bench/torch_bench.py.
"""
import os
import re
import subprocess
import sys
import sysconfig
import time

LARGE = str(1 << 34)
BLAS = {"LD_LIBRARY_PATH": f"/usr/lib/{sysconfig.get_config_var('MULTIARCH')}/openblas-openmp"}
TUNED = BLAS | {"MALLOC_TRIM_THRESHOLD_": LARGE, "MALLOC_MMAP_THRESHOLD_": LARGE, "MALLOC_TOP_PAD_": str(1 << 26)}
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")} | TUNED
if ENVIRONMENT != dict(os.environ):
    os.execve(sys.executable, [sys.executable, *sys.argv], ENVIRONMENT)

import torch
import torch.nn.functional as F

torch.set_num_threads(1)


def attention(x, mask=None):
    scores = x @ x.T / x.shape[1] ** 0.5
    return torch.softmax(scores if mask is None else scores.masked_fill(~mask, -torch.inf), -1) @ x


OPS = {
    "sum": lambda x, other, labels, mask: x.sum(-1),
    "mean": lambda x, other, labels, mask: x.mean(-1),
    "max": lambda x, other, labels, mask: x.amax(-1),
    "prod": lambda x, other, labels, mask: x.prod(-1),
    "logsumexp": lambda x, other, labels, mask: x.logsumexp(-1),
    "argmax": lambda x, other, labels, mask: x.argmax(-1),
    "argmin": lambda x, other, labels, mask: x.argmin(-1),
    "any": lambda x, other, labels, mask: mask.any(-1),
    "all": lambda x, other, labels, mask: mask.all(-1),
    "cumsum": lambda x, other, labels, mask: x.cumsum(-1),
    "softmax": lambda x, other, labels, mask: x.softmax(-1),
    "log_softmax": lambda x, other, labels, mask: x.log_softmax(-1),
    "cross_entropy": lambda x, other, labels, mask: F.cross_entropy(x, labels),
    "transposed_product": lambda x, other, labels, mask: x.T @ other,
    "attention": lambda x, other, labels, mask: attention(x),
    "attention_masked": lambda x, other, labels, mask: attention(x, mask),
    "prod_gradient": lambda x, other, labels, mask: torch.autograd.grad(x.prod(-1).sum(), x),
    "softmax_gradient": lambda x, other, labels, mask: torch.autograd.grad(x.softmax(-1), x, other),
    "log_softmax_gradient": lambda x, other, labels, mask: torch.autograd.grad(x.log_softmax(-1), x, other),
    "elu_gradient": lambda x, other, labels, mask: torch.autograd.grad(F.elu(x), x, other),
    "expm1_gradient": lambda x, other, labels, mask: torch.autograd.grad(x.expm1(), x, other),
    "cross_entropy_gradient": lambda x, other, labels, mask: torch.autograd.grad(F.cross_entropy(x, labels), x),
    "cross_entropy_ignore_gradient": lambda x, other, labels, mask: torch.autograd.grad(F.cross_entropy(x, labels, ignore_index=0), x),
}


def microseconds(op, *operands):
    """The least of at least 15 times, and of 50 ms."""
    best, total, rounds = 1e18, 0, 0
    while rounds < 15 or total < 50_000_000:
        start = time.process_time_ns()
        op(*operands)
        took = time.process_time_ns() - start
        best, total, rounds = min(best, took), total + took, rounds + 1
    return best / 1000


LINE = re.compile(r"figure: (\w+) (f\d\d) (\d+) x (\d+) x (\d+): ([\d.]+) us")
with subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True) as program:
    lines = program.communicate()[0].splitlines()
for line in lines:
    found = LINE.fullmatch(line)
    if not found:
        continue
    name, dtype, rows, columns, others, ours = found.groups()
    rows, columns, others, ours = int(rows), int(columns), int(others), float(ours)
    x = torch.randn(rows, columns, dtype=torch.float64 if dtype == "f64" else torch.float32)
    other = torch.randn(rows, others, dtype=x.dtype)
    labels = torch.arange(rows) % columns
    mask = (torch.arange(rows * columns) % 3 != 0).reshape(rows, columns)
    x.requires_grad_("gradient" in name)
    theirs = microseconds(OPS[name], x, other, labels, mask)
    print(f"figure: {name} {dtype} {rows} x {columns} x {others}: {ours:.1f} us, PyTorch {theirs:.1f} us: {ours / theirs:.2f} times")
