#!/usr/bin/env python3
"""Writes sparse_pytorch.h: an embedding trained by PyTorch's SparseAdam, in f64, after each of 20 steps.
usage: sparse_pytorch.py > sparse_pytorch.h"""
import math

import torch

torch.set_default_dtype(torch.float64)
ROWS, COLUMNS, LOOKUPS, STEPS = 6, 3, 4, 20

weight = torch.nn.Parameter(torch.tensor([[math.cos(1.7 * (i * COLUMNS + j)) for j in range(COLUMNS)] for i in range(ROWS)]))
optimizer = torch.optim.SparseAdam([weight], lr=0.05, betas=(0.8, 0.95), eps=1e-6)
print("/* Written by sparse_pytorch.py, PyTorch", torch.__version__.split("+")[0], "*/")
print(f"enum {{ ROWS = {ROWS}, COLUMNS = {COLUMNS}, LOOKUPS = {LOOKUPS}, STEPS = {STEPS} }};")
print("static const double pytorch[STEPS][ROWS * COLUMNS] = {")
for step in range(STEPS):
    index = torch.tensor([(step * step + 2 * k) % 5 for k in range(LOOKUPS)])  # row 5 is never looked up, others several times
    optimizer.zero_grad()
    looked_up = torch.nn.functional.embedding(index, weight, sparse=True)
    scale = torch.tensor([[math.sin(step + k + 2 * j) for j in range(COLUMNS)] for k in range(LOOKUPS)])
    (looked_up.square() * 0.5 + looked_up * scale).sum().backward()
    optimizer.step()
    print("    {" + ", ".join(repr(v) for v in weight.detach().reshape(-1).tolist()) + "},")
print("};")
