#!/usr/bin/env python3
"""Writes trajectories_pytorch.h: 200 steps of PyTorch's first-order optimizers in f64, with options that are not the defaults.

usage: trajectories_pytorch.py | clang-format-14 --assume-filename=$PWD/x.h > trajectories_pytorch.h        made with PyTorch 1.13

Problems: those of waves.py, and
  rosenbrock  100 (z₁ - z₀²)² + (1 - z₀)² from (-1.2, 1)
  quadratic   ½ Σ 10^(i/2) (z[i] - i)² over 7 elements that begin at 0.1 (i + 1): z[0 … 2] are one group, z[3 … 6], of shape (2, 2), are another one, with
              other options

Each run is the problem, the calls that make the optimizer and its second group, and the parameters after 10, 60 and 200 steps; after them, of ASGD, the averages.
SENSITIVITY is how far rounding alone leads: the largest difference, at these steps, from a run whose parameters are multiplied before each step by
numbers that differ from 1 by at most 1e-15.

NAdam runs with foreach=True: 1.13's other implementation multiplies the product of μ by μ once too often, which was corrected later.
"""
import sys

import torch
from torch import optim

from waves import STARTS, logistic, matrix, mlp, wave

AFTER = (10, 60, 200)


def rosenbrock(z):
    return 100 * (z[1] - z[0] ** 2) ** 2 + (1 - z[0]) ** 2


def quadratic(p, q):
    i = torch.arange(7.0)
    return 0.5 * (10 ** (i / 2) * (torch.cat([p, q.reshape(-1)]) - i) ** 2).sum()


STARTS[rosenbrock] = [torch.tensor([-1.2, 1])]
STARTS[quadratic] = [torch.arange(1, 4) * 0.1, (torch.arange(4, 8) * 0.1).reshape(2, 2)]

STABLE = {rosenbrock: 4e-4, quadratic: 6e-4, matrix: 0.02, logistic: 0.3, mlp: 0.1}  # rates of the rules that do not rescale the gradient

# PyTorch's optimizer, Wengert's, PyTorch's options, and those of the second group. lr None: STABLE's, and 0.7 of it in the second group.
CASES = [
    (optim.SGD, "sgd", dict(lr=None, weight_decay=0.01), dict(weight_decay=0.003)),
    (optim.SGD, "sgd", dict(lr=None, momentum=0.9, dampening=0.4, weight_decay=0.02), dict(momentum=0.6, dampening=-0.2)),
    (optim.SGD, "sgd", dict(lr=None, momentum=0.8, nesterov=True), dict(momentum=0.5, weight_decay=0.1)),
    (optim.Adam, "adam", dict(lr=0.02, betas=(0.85, 0.97), eps=1e-6), dict(lr=0.05, weight_decay=0.02)),
    (optim.Adam, "adam", dict(lr=0.005, betas=(0.5, 0.95), eps=1e-2, weight_decay=0.03), dict(lr=0.008, eps=1e-3)),
    (optim.Adam, "amsgrad", dict(lr=0.03, betas=(0.8, 0.9), eps=1e-7, weight_decay=0.01, amsgrad=True), dict(lr=0.06)),
    (optim.AdamW, "adamw", dict(lr=0.03, betas=(0.85, 0.97), eps=1e-6, weight_decay=0.1), dict(lr=0.05, weight_decay=0.3)),
    (optim.AdamW, "amsgrad", dict(lr=0.03, betas=(0.8, 0.9), eps=1e-7, weight_decay=0.05, amsgrad=True), dict(lr=0.06, weight_decay=0.2)),
    (optim.RMSprop, "rmsprop", dict(lr=0.001, alpha=0.9, eps=1e-3, weight_decay=0.05), dict(lr=0.002, alpha=0.95)),
    (optim.RMSprop, "rmsprop", dict(lr=0.0005, alpha=0.95, eps=1e-2, momentum=0.7, centered=True), dict(lr=0.0008, momentum=0.4)),
    (optim.Adagrad, "adagrad", dict(lr=0.3, lr_decay=0.01, weight_decay=0.02, initial_accumulator_value=0.1, eps=1e-6), dict(lr=0.5, lr_decay=0)),
    (optim.Adadelta, "adadelta", dict(lr=0.05, rho=0.85, eps=1e-4, weight_decay=0.01), dict(lr=0.1, rho=0.95)),
    (optim.Adamax, "adamax", dict(lr=0.004, betas=(0.8, 0.95), eps=1e-2, weight_decay=0.02), dict(lr=0.006, betas=(0.9, 0.99))),
    (optim.NAdam, "nadam", dict(lr=0.004, betas=(0.8, 0.97), eps=1e-6, weight_decay=0.01, momentum_decay=0.02, foreach=True),
     dict(lr=0.008, momentum_decay=0.01)),
    (optim.RAdam, "radam", dict(lr=0.001, betas=(0.85, 0.97), eps=1e-5, weight_decay=0.02), dict(lr=0.0015)),
    (optim.RAdam, "radam", dict(lr=None, betas=(0.9, 0.6)), dict(lr=0.0015, betas=(0.7, 0.995))),  # without rectification: ρ∞ is 4
    (optim.Rprop, "rprop", dict(lr=0.02, etas=(0.4, 1.3), step_sizes=(1e-4, 0.1)), dict(lr=0.05, etas=(0.6, 1.1))),
    (optim.ASGD, "asgd", dict(lr=None, lambd=0.02, alpha=0.6, t0=50, weight_decay=0.01), dict(lambd=0.1, t0=5)),
]

NAMES = dict(betas=("beta1", "beta2"), etas=("shrink", "grow"), step_sizes=("min_step", "max_step"), lambd="lambda", t0="average_from",
             initial_accumulator_value="initial_accumulator", amsgrad=None, foreach=None)


def in_c(make, options):
    text = []
    for key, value in options.items():
        name = "power" if make is optim.ASGD and key == "alpha" else NAMES.get(key, key)
        pairs = zip(name, value) if isinstance(name, tuple) else [(name, value)]
        text += [f".{n} = {str(v).lower()}" for n, v in pairs if n]
    return ", ".join(text)


def with_rate(options, problem, factor):
    rate = {} if "lr" in options and options["lr"] is not None else dict(lr=round(STABLE[problem] * factor, 9))
    return {**options, **rate}


def run(problem, make, first, second, noise):
    p = [s.clone().requires_grad_() for s in STARTS[problem]]
    groups = [dict(params=p[:1]), dict(params=p[1:], **second)] if second else [dict(params=p)]
    optimizer = make(groups, **first)
    points = []
    for k in range(1, max(AFTER) + 1):
        for q in p:
            q.data *= 1 + noise * wave(k, 3.7, *q.shape)
        optimizer.zero_grad()
        problem(*p).backward()
        optimizer.step()
        if k in AFTER:
            averages = [optimizer.state[q]["ax"] for q in p] if make is optim.ASGD else []
            points.append(torch.cat([q.detach().reshape(-1) for q in p + averages]))
    return points


print(f"/* Made by trajectories_pytorch.py with PyTorch {torch.__version__[:4]}: parameters after {AFTER} steps. */")
for make, name, first, second in CASES:
    for problem in (rosenbrock, quadratic, matrix, logistic, mlp):
        options = with_rate(first, problem, 1)
        others = with_rate(second, problem, 0.7) if first["lr"] is None else second
        others = others if problem is quadratic else {}
        points, noisy = run(problem, make, options, others, 0), run(problem, make, options, others, 1e-15)
        moved = [float(((a - b).abs() / (1 + a.abs())).max()) for a, b in zip(points, noisy)]
        assert all(q.isfinite().all() and q.abs().max() < 100 for q in points), (name, problem)
        if max(moved) > 1e-9:  # such a run shows little
            print(f"{name} on {problem.__name__}, {options}: sensitivity {moved}", file=sys.stderr)
        decoupled = ".decoupled = true, " if (make, name) == (optim.AdamW, "amsgrad") else ""
        group = f"wg_optim_add_group(optim, rest, {in_c(make, others)})" if others else "WG_OK"
        rows = ",\n    ".join("{" + ", ".join(f"{v:.17g}" for v in q.tolist()) + "}" for q in points)
        print(f"TRAJECTORY({problem.__name__}, wg_optim_{name}(list, {decoupled}{in_c(make, options)}), {group},\n"
              f"    SENSITIVITY({', '.join(f'{m:.1e}' for m in moved)}),\n    {rows})")
