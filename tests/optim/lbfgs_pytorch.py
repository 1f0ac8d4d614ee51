#!/usr/bin/env python3
"""Writes lbfgs_pytorch.h: runs of torch.optim.LBFGS in f64, each as the call that must give it, the number of calls of the closure, and the
parameters after each step.

usage: lbfgs_pytorch.py | clang-format-14 --assume-filename=$PWD/x.h > lbfgs_pytorch.h        made with PyTorch 1.13

Objectives, with parameters p0 of 3 elements and p1 of shape (2, 2), all of which begin at 0.1 (i + 1) in order:
  rosenbrock  Σ 100 (z[i+1] - z[i]²)² + (1 - z[i])² over z = (p0, p1 row by row)
  quadratic   ½ Σ 10^(i/2) (z[i] - i)²
  softplus    Σ log(1 + e^(z[i] - i)) + ½ (Σ z)² / 10, whose Hessian changes from point to point

And 200 steps of one iteration each (PYTORCH_LONG, after 1, 5, 20, 60 and 200 of them) on the problems of waves.py.
"""
import torch

from waves import STARTS, logistic, matrix, mlp, wave


def rosenbrock(z):
    return (100 * (z[1:] - z[:-1] ** 2) ** 2 + (1 - z[:-1]) ** 2).sum()


def quadratic(z):
    i = torch.arange(7.0)
    return 0.5 * (10 ** (i / 2) * (z - i) ** 2).sum()


def softplus(z):
    return torch.log(1 + torch.exp(z - torch.arange(7.0))).sum() + 0.05 * z.sum() ** 2


CASES = [  # objective, steps, options of PyTorch and of Wengert
    ("rosenbrock", 12, dict(line_search_fn="strong_wolfe"), ".line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE"),
    ("rosenbrock", 40, dict(line_search_fn="strong_wolfe", max_iter=1, lr=0.5),
     ".line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE, .max_iterations = 1, .lr = 0.5"),
    ("rosenbrock", 6, dict(line_search_fn="strong_wolfe", max_iter=9, max_eval=6, history_size=2),
     ".line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE, .max_iterations = 9, .max_evaluations = 6, .history = 2"),
    ("rosenbrock", 8, dict(lr=0.02, max_iter=5, history_size=3), ".lr = 0.02, .max_iterations = 5, .history = 3"),
    ("quadratic", 6, dict(), ".lr = 1"),
    ("quadratic", 12, dict(max_iter=4, lr=0.5, history_size=5, tolerance_grad=1e-3),
     ".max_iterations = 4, .lr = 0.5, .history = 5, .gradient_tolerance = 1e-3"),
    ("quadratic", 6, dict(line_search_fn="strong_wolfe", max_iter=3, lr=20.0),
     ".line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE, .max_iterations = 3, .lr = 20"),
    ("softplus", 5, dict(line_search_fn="strong_wolfe", max_iter=8, lr=0.01),
     ".line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE, .max_iterations = 8, .lr = 0.01"),
    ("softplus", 20, dict(max_iter=2, tolerance_change=1e-6), ".max_iterations = 2, .change_tolerance = 1e-6"),
]


LONG = [
    (matrix, STARTS[matrix], dict(max_iter=1), ".max_iterations = 1"),
    (matrix, STARTS[matrix], dict(max_iter=1, line_search_fn="strong_wolfe", history_size=7, lr=0.5),
     ".max_iterations = 1, .line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE, .history = 7, .lr = 0.5"),
    (logistic, STARTS[logistic], dict(max_iter=1, lr=0.3), ".max_iterations = 1, .lr = 0.3"),
    (logistic, STARTS[logistic], dict(max_iter=1, line_search_fn="strong_wolfe"),
     ".max_iterations = 1, .line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE"),
    (mlp, STARTS[mlp], dict(max_iter=1, line_search_fn="strong_wolfe", history_size=10),
     ".max_iterations = 1, .line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE, .history = 10"),
]
CHECKPOINTS = (1, 5, 20, 60, 200)


def run_long(objective, starts, options, noise=0.0):
    """The parameters at the checkpoints; with noise, from a start that differs by so much."""
    p = [(s * (1 + noise * wave(0, 3.7, *s.shape))).clone().requires_grad_() for s in starts]
    optimizer = torch.optim.LBFGS(p, **options)

    def closure():
        optimizer.zero_grad()
        loss = objective(*p)
        loss.backward()
        return loss

    points = []
    for k in range(1, max(CHECKPOINTS) + 1):
        optimizer.step(closure)
        if k in CHECKPOINTS:
            points.append(torch.cat([q.detach().reshape(-1) for q in p]))
    return points


print(f"/* Made by lbfgs_pytorch.py with PyTorch {torch.__version__[:4]}: calls of the closure, and the parameters after each step. */")
for name, steps, options, call in CASES:
    z = torch.arange(1, 8) * 0.1
    p = [z[:3].clone().requires_grad_(), z[3:].clone().reshape(2, 2).requires_grad_()]
    optimizer = torch.optim.LBFGS(p, **options)
    calls = 0

    def closure():
        global calls
        calls += 1
        optimizer.zero_grad()
        loss = globals()[name](torch.cat([q.reshape(-1) for q in p]))
        loss.backward()
        return loss

    rows = []
    for _ in range(steps):
        optimizer.step(closure)
        rows.append("{" + ", ".join(f"{v:.17g}" for q in p for v in q.detach().reshape(-1).tolist()) + "}")
    print(f"PYTORCH({name}, wg_minimize_lbfgs(list, {call}), {calls}, {steps},\n    " + ",\n    ".join(rows) + ")")

for objective, starts, options, call in LONG:
    points, noisy = run_long(objective, starts, options), run_long(objective, starts, options, 1e-15)
    moved = [float(((a - b).abs() / (1 + a.abs())).max()) for a, b in zip(points, noisy)]  # how far rounding alone leads
    rows = ["{" + ", ".join(f"{v:.17g}" for v in q.tolist()) + "}" for q in points]
    print(f"PYTORCH_LONG({objective.__name__}, wg_minimize_lbfgs(list, {call}), SENSITIVITY({', '.join(f'{m:.1e}' for m in moved)}),\n    "
          + ",\n    ".join(rows) + ")")
