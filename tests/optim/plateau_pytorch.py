#!/usr/bin/env python3
"""Writes plateau_pytorch.h: the factors of PyTorch's ReduceLROnPlateau behind each of a sequence of values, beside the call that must give them.

usage: plateau_pytorch.py | clang-format-14 --assume-filename=$PWD/x.h > plateau_pytorch.h        made with PyTorch 1.13
"""
import math

import torch

torch.set_default_dtype(torch.float64)
BASE = 0.5
# Falls fast, then by less than thresholds, stays, rises, is NaN and infinite, and falls again: all positive, where both rules are one.
VALUES = [8, 6, 5.5, 5.49999, 5.4, 5.4, 5.39, 5.3895, 5.5, 5.2, 5.2, 5.19, 5.19, 5.18999, 5.3, 5.4, 5.0, math.nan, 4.99, 4.989, math.inf,
          4.9, 4.9, 4.9, 4.9, 4.9, 4.85, 4.84, 4.84, 4.84, 3, 3, 3, 3, 3, 2.99, 2.98, 2.97, 2.96] + 13 * [2.95]
CASES = [
    ({}, ""),
    ({"factor": 0.5, "patience": 2}, ".factor = 0.5, .patience = 2"),
    ({"factor": 0.5, "patience": 0, "threshold": 0.01}, ".factor = 0.5, .patience = 0, .threshold = 0.01"),
    ({"factor": 0.25, "patience": 1, "threshold": 0.05, "threshold_mode": "abs", "cooldown": 3},
     ".factor = 0.25, .patience = 1, .threshold = 0.05, .threshold_mode = WG_LR_PLATEAU_THRESHOLD_ABSOLUTE, .cooldown = 3"),
    ({"mode": "max", "factor": 0.75, "patience": 3, "cooldown": 1}, ".mode = WG_LR_PLATEAU_MODE_MAX, .factor = 0.75, .patience = 3, .cooldown = 1"),
    ({"mode": "max", "factor": 0.5, "patience": 1, "threshold": 0.125, "threshold_mode": "abs"},
     ".mode = WG_LR_PLATEAU_MODE_MAX, .factor = 0.5, .patience = 1, .threshold = 0.125, .threshold_mode = WG_LR_PLATEAU_THRESHOLD_ABSOLUTE"),
    ({"factor": 0.5, "patience": 0, "threshold": 0.1, "min_lr": 0.01 * BASE}, ".factor = 0.5, .patience = 0, .threshold = 0.1, .min = 0.01"),
    ({"factor": 0.5, "patience": 0, "threshold": 0.1, "eps": 0.05 * BASE}, ".factor = 0.5, .patience = 0, .threshold = 0.1, .eps = 0.05"),
    ({"factor": 0, "patience": 4, "threshold": 0}, ".factor = 0, .patience = 4, .threshold = 0"),
]


def factors(options):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **{"eps": 1e-8 * BASE, **options})
    values = []
    for value in VALUES:
        scheduler.step(value)
        values.append(optimizer.param_groups[0]["lr"] / BASE)
    return values


def rows(values, name=lambda v: f"{v:.17g}"):
    texts = [name(v) for v in values]
    return ",\n        ".join(", ".join(texts[i:i + 10]) for i in range(0, len(texts), 10))


def constant(v):
    return "NAN" if math.isnan(v) else "INFINITY" if math.isinf(v) else f"{v:.17g}"


print(f"/* Made by plateau_pytorch.py with PyTorch {torch.__version__[:4]}: values, and the factors of ReduceLROnPlateau behind each. */")
print("VALUES(" + rows(VALUES, constant) + ")")
for options, call in CASES:
    print(f"PLATEAU(wg_lr_plateau_create({call}),\n        " + rows(factors(options)) + ")")
