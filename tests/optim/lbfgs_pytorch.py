#!/usr/bin/env python3
"""Writes lbfgs_pytorch.h: runs of torch.optim.LBFGS in f64, each as the call that must give it, the number of calls of the closure, and the
parameters after each step.

usage: lbfgs_pytorch.py | clang-format-14 --assume-filename=$PWD/x.h > lbfgs_pytorch.h        made with PyTorch 1.13

Objectives, with parameters p0 of 3 elements and p1 of shape (2, 2), all of which begin at 0.1 (i + 1) in order:
  rosenbrock  Σ 100 (z[i+1] - z[i]²)² + (1 - z[i])² over z = (p0, p1 row by row)
  quadratic   ½ Σ 10^(i/2) (z[i] - i)²
  softplus    Σ log(1 + e^(z[i] - i)) + ½ (Σ z)² / 10, whose Hessian changes from point to point

And 200 steps of one iteration each (PYTORCH_LONG, after 1, 5, 20, 60 and 200 of them) on problems whose data and starts are waves, sin(a + b i) at the
i-th element in row-major order:
  matrix      ½ ‖A W - B‖², A (6, 5), W (5, 4)
  logistic    mean log(1 + e^(-y (X w + b))) + 0.005 ‖w‖², X (20, 3), y = ±1 the sign of X (1, -2, 0.5) + 0.3 wave
  mlp         mean (W₂ tanh(W₁ x + b₁) + b₂ - y)², 2, 8 and 1 units, 12 points
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



def wave(a, b, *shape):
    return torch.sin(a + b * torch.arange(float(torch.Size(shape).numel()))).reshape(shape)


def matrix(w):
    return 0.5 * ((wave(1, 2.3, 6, 5) @ w - wave(2, 1.7, 6, 4)) ** 2).sum()


def logistic(w, b):
    x = wave(0, 1.3, 20, 3)
    y = torch.sign(x @ torch.tensor([1, -2, 0.5]) + 0.3 * wave(1, 5.1, 20))
    return torch.log(1 + torch.exp(-y * (x @ w + b))).mean() + 0.005 * (w ** 2).sum()


def mlp(w1, b1, w2, b2):
    x, y = wave(0.5, 1.9, 12, 2), wave(0.2, 2.7, 12, 1)
    return ((torch.tanh(x @ w1.T + b1) @ w2.T + b2 - y) ** 2).mean()


LONG = [
    (matrix, [wave(3, 1.1, 5, 4)], dict(max_iter=1), ".max_iterations = 1"),
    (matrix, [wave(3, 1.1, 5, 4)], dict(max_iter=1, line_search_fn="strong_wolfe", history_size=7, lr=0.5),
     ".max_iterations = 1, .line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE, .history = 7, .lr = 0.5"),
    (logistic, [wave(1, 1, 3), wave(0, 1, 1)], dict(max_iter=1, lr=0.3), ".max_iterations = 1, .lr = 0.3"),
    (logistic, [wave(1, 1, 3), wave(0, 1, 1)], dict(max_iter=1, line_search_fn="strong_wolfe"),
     ".max_iterations = 1, .line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE"),
    (mlp, [wave(1, 1.3, 8, 2), wave(2, 0.7, 8), wave(3, 1.9, 1, 8), wave(0, 1, 1)], dict(max_iter=1, line_search_fn="strong_wolfe", history_size=10),
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
