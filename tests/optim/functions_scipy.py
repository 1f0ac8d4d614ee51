#!/usr/bin/env python3
"""Writes functions_scipy.h: for each function of functions.h its value at the start, the values of its known minima, and how many
evaluations SciPy's L-BFGS-B, Newton-CG and trust-ncg (Steihaug's) make until f is first within 1e-10 (1 + |minimum|) of one of them.

usage: functions_scipy.py | clang-format-14 --assume-filename=$PWD/x.h > functions_scipy.h

Made with SciPy 1.10 and PyTorch 1.13, whose derivatives SciPy is given. Minima are computed here, by Newton's method on the exact Hessian from
the points that each run of SciPy reaches and from those listed in MINIMA; a run that ends elsewhere shows -1.
"""
import math
import warnings

import numpy as np
import scipy
import torch
from scipy.optimize import minimize

warnings.simplefilter("ignore")
torch.set_default_dtype(torch.float64)
tensor, exp, pi = torch.tensor, torch.exp, math.pi


def squares(residuals):
    return lambda x: (residuals(x) ** 2).sum()


def rosenbrock(x):
    return torch.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def freudenstein_roth(x):
    return torch.stack([-13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1], -29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1]])


def powell_badly_scaled(x):
    return torch.stack([1e4 * x[0] * x[1] - 1, exp(-x[0]) + exp(-x[1]) - 1.0001])


def brown_badly_scaled(x):
    return torch.stack([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])


def beale(x):
    i = torch.arange(1, 4)
    return tensor([1.5, 2.25, 2.625]) - x[0] * (1 - x[1] ** i)


def jennrich_sampson(x):
    i = torch.arange(1.0, 11)
    return 2 + 2 * i - (exp(i * x[0]) + exp(i * x[1]))


def helical_valley(x):
    angle = torch.atan(x[1] / x[0]) / (2 * pi) + (0.5 if x[0] < 0 else 0)
    return torch.stack([10 * (x[2] - 10 * angle), 10 * (torch.sqrt(x[0] ** 2 + x[1] ** 2) - 1), x[2]])


def bard(x):
    y = tensor([.14, .18, .22, .25, .29, .32, .35, .39, .37, .58, .73, .96, 1.34, 2.10, 4.39])
    u = torch.arange(1.0, 16)
    return y - (x[0] + u / ((16 - u) * x[1] + torch.minimum(u, 16 - u) * x[2]))


def gaussian(x):
    half = [.0009, .0044, .0175, .0540, .1295, .2420, .3521]
    t = (8 - torch.arange(1.0, 16)) / 2
    return x[0] * exp(-x[1] * (t - x[2]) ** 2 / 2) - tensor(half + [.3989] + half[::-1])


def meyer(x):
    y = tensor([34780., 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872])
    return x[0] * exp(x[1] / (50 + 5 * torch.arange(16.0) + x[2])) - y


def powell_singular(x):
    return torch.stack([x[0] + 10 * x[1], 5 ** 0.5 * (x[2] - x[3]), (x[1] - 2 * x[2]) ** 2, 10 ** 0.5 * (x[0] - x[3]) ** 2])


def wood(x):
    a, b, c, d = x
    return torch.stack([10 * (b - a ** 2), 1 - a, 90 ** 0.5 * (d - c ** 2), 1 - c, 10 ** 0.5 * (b + d - 2), 10 ** -0.5 * (b - d)])


def kowalik_osborne(x):
    y = tensor([.1957, .1947, .1735, .1600, .0844, .0627, .0456, .0342, .0323, .0235, .0246])
    u = tensor([4, 2, 1, .5, .25, .167, .125, .1, .0833, .0714, .0625])
    return y - x[0] * (u ** 2 + u * x[1]) / (u ** 2 + u * x[2] + x[3])


def brown_dennis(x):
    t = torch.arange(1.0, 21) / 5
    return (x[0] + t * x[1] - exp(t)) ** 2 + (x[2] + x[3] * torch.sin(t) - torch.cos(t)) ** 2


def osborne1(x):
    y = tensor([.844, .908, .932, .936, .925, .908, .881, .850, .818, .784, .751, .718, .685, .658, .628, .603, .580, .558, .538, .522, .506,
                .490, .478, .467, .457, .448, .438, .431, .424, .420, .414, .411, .406])
    t = 10 * torch.arange(33.0)
    return y - (x[0] + x[1] * exp(-t * x[3]) + x[2] * exp(-t * x[4]))


def biggs_exp6(x):
    t = torch.arange(1.0, 14) / 10
    y = exp(-t) - 5 * exp(-10 * t) + 3 * exp(-4 * t)
    return x[2] * exp(-t * x[0]) - x[3] * exp(-t * x[1]) + x[5] * exp(-t * x[4]) - y


def watson(x):
    n = len(x)
    t = (torch.arange(1.0, 30) / 29)[:, None]
    j = torch.arange(1.0, n)
    slope = (j * x[1:] * t ** (j - 1)).sum(1)
    value = (x * t ** torch.arange(float(n))).sum(1)
    return torch.cat([slope - value ** 2 - 1, x[:1], x[1:2] - x[:1] ** 2 - 1])


def penalty1(x):
    return torch.cat([1e-5 ** 0.5 * (x - 1), (x ** 2).sum()[None] - 0.25])


def penalty2(x):
    i = torch.arange(1.0, 5)
    e, y = exp(x / 10), exp(i / 10)
    weight = torch.arange(4.0, 0, -1)
    return torch.cat([x[:1] - 0.2, 1e-5 ** 0.5 * (e[1:] + e[:-1] - y[1:] - y[:-1]), 1e-5 ** 0.5 * (e[1:] - math.exp(-0.1)),
                      (weight * x ** 2).sum()[None] - 1])


def osborne2(x):
    y = tensor([1.366, 1.191, 1.112, 1.013, .991, .885, .831, .847, .786, .725, .746, .679, .608, .655, .616, .606, .602, .626, .651, .724,
                .649, .649, .694, .644, .624, .661, .612, .558, .533, .495, .500, .423, .395, .375, .372, .391, .396, .405, .428, .429, .523,
                .562, .607, .653, .672, .708, .633, .668, .645, .632, .591, .559, .597, .625, .739, .710, .729, .720, .636, .581, .428, .292,
                .162, .098, .054])
    t = torch.arange(65.0) / 10
    return y - (x[0] * exp(-t * x[4]) + sum(x[k] * exp(-(t - x[7 + k]) ** 2 * x[4 + k]) for k in (1, 2, 3)))


def chebyquad(x):
    before, now, r = torch.ones_like(x), 2 * x - 1, []
    for i in range(1, len(x) + 1):
        r.append(now.mean() + (0 if i % 2 else 1 / (i * i - 1)))
        before, now = now, 2 * (2 * x - 1) * now - before
    return torch.stack(r)


def himmelblau(x):
    return torch.stack([x[0] ** 2 + x[1] - 11, x[0] + x[1] ** 2 - 7])


def booth(x):
    return torch.stack([x[0] + 2 * x[1] - 7, 2 * x[0] + x[1] - 5])


def branin(x):
    return (x[1] - 5.1 / (4 * pi ** 2) * x[0] ** 2 + 5 / pi * x[0] - 6) ** 2 + 10 * (1 - 1 / (8 * pi)) * torch.cos(x[0]) + 10


def goldstein_price(x):
    a, b = x
    first = 1 + (a + b + 1) ** 2 * (19 - 14 * a + 3 * a ** 2 - 14 * b + 6 * a * b + 3 * b ** 2)
    return first * (30 + (2 * a - 3 * b) ** 2 * (18 - 32 * a + 12 * a ** 2 + 48 * b - 36 * a * b + 27 * b ** 2))


def six_hump_camel(x):
    a, b = x
    return (4 - 2.1 * a ** 2 + a ** 4 / 3) * a ** 2 + a * b + (4 * b ** 2 - 4) * b ** 2


def mccormick(x):
    return torch.sin(x[0] + x[1]) + (x[0] - x[1]) ** 2 - 1.5 * x[0] + 2.5 * x[1] + 1


def styblinski_tang(x):
    return (x ** 4 - 16 * x ** 2 + 5 * x).sum() / 2


def easom(x):
    return -torch.cos(x).prod() * exp(-((x - pi) ** 2).sum())


def rastrigin(x):
    return (x ** 2 - 10 * torch.cos(2 * pi * x) + 10).sum()


def griewank(x):
    return (x ** 2).sum() / 4000 - torch.cos(x / torch.sqrt(torch.arange(1.0, len(x) + 1))).prod() + 1


def ackley(x):
    return -20 * exp(-0.2 * torch.sqrt((x ** 2).mean())) - exp(torch.cos(2 * pi * x).mean()) + 20 + math.e


STARTS = {
    "rosenbrock": [-1.2, 1], "freudenstein_roth": [0.5, -2], "powell_badly_scaled": [0, 1], "brown_badly_scaled": [1, 1], "beale": [1, 1],
    "jennrich_sampson": [0.3, 0.4], "helical_valley": [-1, 0, 0], "bard": [1, 1, 1], "gaussian": [0.4, 1, 0],
    "meyer": [0.02, 4000, 250], "powell_singular": [3, -1, 0, 1], "wood": [-3, -1, -3, -1], "kowalik_osborne": [0.25, 0.39, 0.415, 0.39],
    "brown_dennis": [25, 5, -5, -1], "osborne1": [0.5, 1.5, -1, 0.01, 0.02], "biggs_exp6": [1, 2, 1, 1, 1, 1], "watson6": [0] * 6,
    "watson9": [0] * 9, "penalty1": [1, 2, 3, 4], "penalty2": [0.5] * 4,
    "osborne2": [1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5], "chebyquad": [j / 9 for j in range(1, 9)],
    "himmelblau": [0, 0], "booth": [0, 0], "branin": [2.5, 7.5], "goldstein_price": [0.5, -0.5], "six_hump_camel": [-0.5, 1],
    "mccormick": [0, 0], "styblinski_tang": [-1, -1], "easom": [2.5, 2.5], "rastrigin": [0.2, -0.1], "griewank": [1, 1],
    "ackley": [0.3, -0.2],
}
PLAIN = ("branin", "goldstein_price", "six_hump_camel", "mccormick", "styblinski_tang", "easom", "rastrigin", "griewank", "ackley")
# Values of minima that are 0, or that f64 is too narrow to polish (Meyer's: Gauss-Newton with 50 digits); points near others; local minima stand behind the global one.
MINIMA = {
    "rosenbrock": [0.0], "freudenstein_roth": [0.0, (11.41, -0.8968)], "powell_badly_scaled": [0.0], "brown_badly_scaled": [0.0],
    "beale": [0.0], "jennrich_sampson": [(0.2578, 0.2578)], "helical_valley": [0.0], "meyer": [87.945855170851121], "powell_singular": [0.0], "wood": [0.0],
    "biggs_exp6": [0.0, 5.655649925e-3], "himmelblau": [0.0], "booth": [0.0], "branin": [(pi, 2.275)],
    "goldstein_price": [(0, -1), (1.2, 0.8), (1.8, 0.2), (-0.6, -0.4)], "six_hump_camel": [(0.0898, -0.7126), (1.7, -0.8), (-1.6, -0.57)],
    "mccormick": [(-0.547, -1.547)], "styblinski_tang": [(-2.9035, -2.9035)], "easom": [(pi, pi)], "rastrigin": [0.0], "griewank": [0.0],
    "ackley": [0.0],
}


def polish(f, x):
    """The value at the stationary point by Newton's method, or None."""
    x = tensor(x, dtype=torch.float64)
    for _ in range(50):
        g = torch.autograd.functional.jacobian(f, x)
        step = torch.linalg.lstsq(torch.autograd.functional.hessian(f, x), g).solution
        if not torch.isfinite(step).all():
            return None
        x = x - step
    return float(f(x)) if float(g.abs().max()) < 1e-6 * (1 + abs(float(f(x)))) else None


class Counted:
    """The function as SciPy calls it. Every evaluation is recorded: what was computed before f was first within the tolerance."""

    def __init__(self, f):
        self.f, self.n, self.seen = f, [0, 0, 0], []

    def value(self, x):
        self.n[0] += 1
        value = float(self.f(tensor(x)))
        self.seen.append((value, tuple(self.n)))
        return value

    def gradient(self, x):
        self.n[1] += 1
        return torch.autograd.functional.jacobian(self.f, tensor(x)).numpy()

    def product(self, x, v):
        self.n[2] += 1
        return torch.autograd.functional.hvp(self.f, tensor(x), tensor(v))[1].numpy()

    def counts(self, minima):
        for value, n in self.seen:
            if any(abs(value - m) <= 1e-10 * (1 + abs(m)) for m in minima):
                return n
        return (-1, -1, -1)


METHODS = {
    "L-BFGS-B": dict(options=dict(maxcor=100, ftol=0, gtol=1e-12, maxiter=10000, maxfun=20000)),
    "Newton-CG": dict(options=dict(xtol=1e-14, maxiter=10000)),
    "trust-ncg": dict(options=dict(gtol=1e-12, maxiter=10000)),
}

print(f"/* Made by functions_scipy.py with SciPy {scipy.__version__}: FUNCTION(name, value at the start, evaluations of f, gradients and products of")
print("   L-BFGS-B, Newton-CG and trust-ncg until f is within 1e-10 of a minimum, or -1, and the minima, the global one first). */")
for name, start in STARTS.items():
    function = globals()[name.rstrip("69") if name.startswith("watson") else name]
    f = function if name in PLAIN else squares(function)
    runs = []
    for method, options in METHODS.items():
        counted = Counted(f)
        hess = {} if method == "L-BFGS-B" else dict(hessp=counted.product)
        result = minimize(counted.value, np.array(start, dtype=float), method=method, jac=counted.gradient, **hess, **options)
        runs.append((counted, result.x))
    minima = [m if isinstance(m, float) else polish(f, m) for m in MINIMA.get(name, [])]
    minima = [m for m in minima if m is not None]
    for _, x in runs:
        m = polish(f, x)
        if m is not None and all(abs(m - other) > 1e-10 * (1 + abs(m)) for other in minima) and (not minima or name not in MINIMA):
            minima.append(m)
    numbers = [n for counted, _ in runs for n in counted.counts(minima)]
    print(f"FUNCTION({name}, {float(f(tensor(start, dtype=torch.float64))):.17g}, {', '.join(map(str, numbers))}, "
          f"{', '.join(f'{m:.17g}' for m in sorted(minima))})")
