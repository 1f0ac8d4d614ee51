#!/usr/bin/env python3
"""Writes lbfgs_pytorch.h: runs of torch.optim.LBFGS in f64, each as the call that must give it, the number of calls of the closure, and the
parameters after each step.

usage: lbfgs_pytorch.py | clang-format-14 --assume-filename=$PWD/x.h > lbfgs_pytorch.h        made with PyTorch 1.13

Objectives, with parameters p0 of 3 elements and p1 of shape (2, 2), all of which begin at 0.1 (i + 1) in order:
  rosenbrock  Σ 100 (z[i+1] - z[i]²)² + (1 - z[i])² over z = (p0, p1 row by row)
  quadratic   ½ Σ 10^(i/2) (z[i] - i)²
  softplus    Σ log(1 + e^(z[i] - i)) + ½ (Σ z)² / 10, whose Hessian changes from point to point
"""
import torch

torch.set_default_dtype(torch.float64)


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
