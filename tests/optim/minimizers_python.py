#!/usr/bin/env python3
"""Writes minimizers_python.h: where minimizers are after some steps, by rules written here from the papers in plain Python.

usage: minimizers_python.py | clang-format-14 --assume-filename=$PWD/x.h > minimizers_python.h

Derivatives are PyTorch's, and so is the strong Wolfe search (torch.optim.lbfgs). The objectives are those of lbfgs_pytorch.py and their
start; the residuals of least squares are rosenbrock's: 10 (z[i+1] - z[i]²), then 1 - z[i], and f is half of their sum of squares.
"""
import numpy as np
import torch
from torch.optim.lbfgs import _strong_wolfe

torch.set_default_dtype(torch.float64)
STEPS = (1, 2, 3, 5, 8, 12)
START = np.arange(1, 8) * 0.1
START[2], START[5], START[6] = 0.1 * 3, 0.1 * 6, 0.1 * 7


def rosenbrock(z):
    return (100 * (z[1:] - z[:-1] ** 2) ** 2 + (1 - z[:-1]) ** 2).sum()


def softplus(z):
    return torch.log(1 + torch.exp(z - torch.arange(7.0))).sum() + 0.05 * z.sum() ** 2


def residuals(z):
    return torch.cat([10 * (z[1:] - z[:-1] ** 2), 1 - z[:-1]])


class Function:
    def __init__(self, f):
        self.f = f

    def value(self, x):
        return float(self.f(torch.tensor(x)))

    def gradient(self, x):
        return torch.autograd.functional.jacobian(self.f, torch.tensor(x)).numpy()

    def hessian(self, x):
        return torch.autograd.functional.hessian(self.f, torch.tensor(x)).numpy()


# ---- searches ----

def wolfe(f, x, d, first, c2):
    """The accepted t."""
    def at(_, t, direction):
        p = x + float(t) * direction.numpy()
        return f.value(p), torch.tensor(f.gradient(p))
    g = torch.tensor(f.gradient(x))
    direction = torch.tensor(d)
    return float(_strong_wolfe(at, None, torch.tensor(first), direction, f.value(x), g, g.dot(direction), c2=c2, tolerance_change=0, max_ls=40)[2])


def backtrack(f, x, d, t=1.0):
    f0, slope = f.value(x), f.gradient(x) @ d
    while not f.value(x + t * d) <= f0 + 1e-4 * t * slope:
        t /= 2
    return t


# ---- minimizers: each yields x after each step ----

def conjugate_gradient(f, x, beta, c2=0.1, restart=7):
    g, d, t, slope = f.gradient(x), None, None, None
    since = 0
    while True:
        if d is None:
            new, first = -g, min(1, 1 / abs(g).sum())
        else:
            since += 1
            b = 0 if since >= restart else beta(g, before, d)
            since = 0 if b == 0 else since
            new = -g + b * d
            first = t * slope / (new @ g)
        d, slope = new, new @ g
        t = wolfe(f, x, d, first, c2)
        x, before = x + t * d, g
        g = f.gradient(x)
        yield x


BETAS = {
    "FLETCHER_REEVES": lambda g, b, d: g @ g / (b @ b),
    "POLAK_RIBIERE": lambda g, b, d: max(0, g @ (g - b) / (b @ b)),
    "HESTENES_STIEFEL": lambda g, b, d: g @ (g - b) / (d @ (g - b)),
    "DAI_YUAN": lambda g, b, d: g @ g / (d @ (g - b)),
}


def bfgs(f, x, armijo=False):
    b, scaled, g = np.eye(7), False, f.gradient(x)
    while True:
        d = -b @ g
        first = 1.0 if scaled else min(1, 1 / abs(g).sum())
        t = backtrack(f, x, d, first) if armijo else wolfe(f, x, d, first, 0.9)
        s, old = t * d, g
        x = x + s
        g = f.gradient(x)
        y = g - old
        if not scaled:
            b, scaled = y @ s / (y @ y) * np.eye(7), True
        v = np.eye(7) - np.outer(y, s) / (y @ s)
        b = v.T @ b @ v + np.outer(s, s) / (y @ s)
        yield x


def newton(f, x, damping=0.0, fixed=None):
    while True:
        d = -np.linalg.solve(f.hessian(x) + damping * np.eye(7), f.gradient(x))
        assert np.linalg.eigvalsh(f.hessian(x))[0] + damping > 0
        x = x + (fixed or backtrack(f, x, d)) * d
        yield x


def saddle_free(f, x, damping=0.0):
    while True:
        w, v = np.linalg.eigh(f.hessian(x))
        d = -v @ ((v.T @ f.gradient(x)) / np.maximum(abs(w), damping))
        x = x + backtrack(f, x, d) * d
        yield x


def newton_cg(f, x, forcing=0.5, sample=None, most=70):
    while True:
        g, h = f.gradient(x), (sample or f).hessian(x)
        tolerance = min(forcing, np.linalg.norm(g) ** 0.5) * np.linalg.norm(g)
        d, r, p, first = np.zeros(7), g.copy(), -g, 1.0
        for _ in range(most):
            if np.linalg.norm(r) <= tolerance:
                break
            curvature = p @ h @ p
            if curvature <= 0:
                if not d.any():
                    d, first = p, min(1, 1 / abs(g).sum())
                break
            a = r @ r / curvature
            d, new = d + a * p, r + a * (h @ p)
            p = -new + new @ new / (r @ r) * p
            r = new
        x = x + backtrack(f, x, d, first) * d
        yield x


def steihaug(g, h, radius, forcing, most=70):
    """The step, and whether it ends at the edge."""
    tolerance = min(forcing, np.linalg.norm(g) ** 0.5) * np.linalg.norm(g)
    p, r, d, edge = np.zeros(7), g.copy(), -g, False
    while np.linalg.norm(r) > tolerance and not edge and most > 0:
        most -= 1
        a, b, c = d @ d, 2 * p @ d, p @ p - radius ** 2
        to_edge = (-b + (b * b - 4 * a * c) ** 0.5) / (2 * a)
        curvature = d @ h @ d
        step = r @ r / curvature if curvature > 0 else np.inf
        edge = step >= to_edge
        p = p + min(step, to_edge) * d
        if not edge:
            new = r + step * (h @ d)
            d = -new + new @ new / (r @ r) * d
            r = new
    return p, edge


def trust_region(f, x, radius=1.0, forcing=0.5, most=70):
    while True:
        g, h = f.gradient(x), f.hessian(x)
        p, edge = steihaug(g, h, radius, forcing, most)
        ratio = (f.value(x) - f.value(x + p)) / (-g @ p - p @ h @ p / 2)
        if ratio > 0.15:
            x = x + p
        if ratio < 0.25:
            radius = np.linalg.norm(p) / 4
        elif ratio > 0.75 and edge:
            radius = min(2 * radius, 1000)
        yield x


def jacobian(x):
    t = torch.tensor(x)
    return residuals(t).numpy(), torch.autograd.functional.jacobian(residuals, t).numpy()


def gauss_newton(f, x, damping=0.0, fixed=None):
    half = Function(lambda z: (residuals(z) ** 2).sum() / 2)
    while True:
        r, j = jacobian(x)
        d = np.linalg.solve(j.T @ j + damping * np.eye(7), -j.T @ r)
        x = x + (fixed or backtrack(half, x, d)) * d
        yield x


def levenberg_marquardt(f, x, scaled=True, weight=1e-3):
    growth, scale = 2, np.zeros(7)
    while True:
        r, j = jacobian(x)
        scale = np.maximum(scale, np.linalg.norm(j, axis=0)) if scaled else np.ones(7)
        d = np.linalg.solve(j.T @ j + weight * np.diag(scale ** 2), -j.T @ r)
        now, after, model = r @ r / 2, (jacobian(x + d)[0] ** 2).sum() / 2, ((r + j @ d) ** 2).sum() / 2
        ratio = (now - after) / (now - model)
        if ratio > 1e-4:
            x = x + d
            weight *= max(1 / 3, 1 - (2 * min(ratio, 1) - 1) ** 3)
            growth = 2
        else:
            weight *= growth
            growth *= 2
        yield x


def coordinate_descent(f, x, greedy=False):
    i = 0
    while True:
        g = f.gradient(x)
        if greedy:
            i = int(abs(g).argmax())
        d = np.zeros(7)
        curvature = f.hessian(x)[i, i]
        d[i] = -g[i] / curvature if curvature > 0 else -np.sign(g[i])
        x = x + backtrack(f, x, d) * d
        i = (i + 1) % 7
        yield x


def stochastic_quasi_newton(f, x, sample, lr, decay, period, history):
    pairs, total, before, k = [], np.zeros(7), None, 0
    while True:
        total += x
        g = f.gradient(x)
        h = np.eye(7)
        if pairs:
            s, y = pairs[-1]
            h = s @ y / (y @ y) * np.eye(7)
        for s, y in pairs:
            v = np.eye(7) - np.outer(y, s) / (y @ s)
            h = v.T @ h @ v + np.outer(s, s) / (y @ s)
        x = x - lr / (1 + decay * k) * h @ g
        k += 1
        if k % period == 0:
            mean, total = total / period, np.zeros(7)
            if before is not None:
                s = mean - before
                pairs = (pairs + [(s, sample.hessian(mean) @ s)])[-history:]
            before = mean
        yield x


def stochastic_trust_region(f, x, sample, radius, accept=0.1, gradient_ratio=0.001, growth=2.0, forcing=0.5):
    while True:
        g, h = f.gradient(x), sample.hessian(x)
        p, _ = steihaug(g, h, radius, forcing)
        ratio = (f.value(x) - f.value(x + p)) / (-g @ p - p @ h @ p / 2)
        if ratio >= accept and np.linalg.norm(g) >= gradient_ratio * radius:
            x, radius = x + p, min(growth * radius, 1000)
        else:
            radius /= growth
        yield x


class Sampled(Function):
    """softplus + c/2 Σ (z - 1)², where c stands for the sample: 0.1 (k mod 5) at step k, counted from 0."""
    c = 0.2

    def __init__(self):
        super().__init__(lambda z: softplus(z) + self.c / 2 * ((z - 1) ** 2).sum())


SAMPLED = [
    (stochastic_quasi_newton, (0.2, 0.0, 10, 10), ".lr = 0.2"),
    (stochastic_quasi_newton, (0.3, 0.02, 4, 3), ".lr = 0.3, .decay = 0.02, .period = 4, .history = 3"),
    (stochastic_trust_region, (0.5,), ".radius = 0.5"),
    (stochastic_trust_region, (4.0, 0.9, 0.5, 1.5, 0.1), ".radius = 4, .accept = 0.9, .gradient_ratio = 0.5, .growth = 1.5, .forcing = 0.1"),
    (newton_cg, (), ".max_iterations = 1"),
]
SAMPLED_STEPS = (1, 9, 20, 21, 33, 50)

CASES = [(rosenbrock, conjugate_gradient, (beta,), f".beta = WG_MINIMIZE_BETA_{name}") for name, beta in BETAS.items()] + [
    (softplus, conjugate_gradient, (BETAS["POLAK_RIBIERE"], 0.4, 3), ".c2 = 0.4, .restart = 3"),
    (rosenbrock, bfgs, (), ""),
    (softplus, bfgs, (), ""),
    (softplus, newton, (), ""),
    (softplus, newton, (0.5, 0.25), ".damping = 0.5, .lr = 0.25, .line_search = WG_MINIMIZE_SEARCH_NONE"),
    (rosenbrock, newton, (120.0,), ".damping = 120"),
    (rosenbrock, saddle_free, (), ""),
    (rosenbrock, saddle_free, (30.0,), ".damping = 30"),
    (rosenbrock, newton_cg, (), ""),
    (softplus, newton_cg, (0.1,), ".forcing = 0.1"),
    (rosenbrock, trust_region, (), ""),
    (softplus, trust_region, (0.05, 0.1), ".radius = 0.05, .forcing = 0.1"),
    (rosenbrock, coordinate_descent, (), ""),
    (rosenbrock, coordinate_descent, (True,), ".order = WG_MINIMIZE_ORDER_GREEDY"),
    (residuals, gauss_newton, (), ""),
    (residuals, gauss_newton, (20.0,), ".damping = 20"),
    (residuals, gauss_newton, (20.0, 0.5), ".damping = 20, .lr = 0.5, .line_search = WG_MINIMIZE_SEARCH_NONE"),
    (softplus, newton_cg, (0.5, None, 2), ".max_products = 2"),
    (softplus, trust_region, (1.0, 0.5, 2), ".max_products = 2"),
    (softplus, bfgs, (True,), ".line_search = WG_MINIMIZE_SEARCH_BACKTRACKING"),
    (residuals, levenberg_marquardt, (), ""),
    (residuals, levenberg_marquardt, (False, 10.0), ".scaled = false, .lambda = 10"),
]

print(f"/* Made by minimizers_python.py: the parameters after {', '.join(map(str, STEPS))} steps. */")
for function, method, arguments, options in CASES:
    run = method(Function(function), START, *arguments)
    points = [next(run) for _ in range(max(STEPS))]
    rows = ["{" + ", ".join(f"{v:.17g}" for v in points[k - 1]) + "}" for k in STEPS]
    call = f"wg_minimize_{method.__name__}(list, {', '.join(['.max_iterations = steps'] + [options] * bool(options))})"
    print(f"PYTHON({function.__name__}, {call},\n    " + ",\n    ".join(rows) + ")")
for method, arguments, options in SAMPLED:
    f, x, points = Sampled(), START, []
    run = method(f, START, *((0.5, Sampled()) if method is newton_cg else (Sampled(),) + arguments))
    for k in range(max(SAMPLED_STEPS)):
        f.c = 0.1 * (k % 5)
        points.append(next(run))
    rows = ["{" + ", ".join(f"{v:.17g}" for v in points[k - 1]) + "}" for k in SAMPLED_STEPS]
    print(f"SAMPLED(wg_minimize_{method.__name__}(list, {options}),\n    " + ",\n    ".join(rows) + ")")

for at in (0.3, 2.0, 40.0):  # the strong Wolfe search on φ(t) = (t - at)² + wave sin(5 t)
    for wave in (0.0, 0.1, 0.35):
        for first in (0.01, 1.0, 30.0):
            for c2 in (0.9, 0.1, 0.001):
                calls = []

                def phi(_, t, d):
                    t = float(t)
                    calls.append(t)
                    return (t - at) ** 2 + wave * np.sin(5 * t), torch.tensor([2 * (t - at) + 5 * wave * np.cos(5 * t)])

                slope = torch.tensor([-2 * at + 5 * wave])
                if slope >= 0:
                    continue
                found = _strong_wolfe(phi, None, torch.tensor(first), torch.ones(1), at * at, slope, slope[0], c2=c2)
                print(f"WOLFE({at}, {wave}, {first}, {c2}, {float(found[2]):.17g}, {len(calls)})")
