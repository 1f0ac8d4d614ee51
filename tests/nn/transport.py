#!/usr/bin/env python3
"""Writes transport.txt, the values that transport.c expects: tests/nn/transport.py > tests/nn/transport.txt

By SciPy (linprog, linear_sum_assignment, wasserstein_distance, energy_distance) and by PyTorch with its autograd, in f64. Each set is
    set N M D P UNIFORM
    x, y          coordinates
    a, b          whole numbers; the weights are these over their sum
    exact         the least cost, Σ plan |x - y|^P: by linprog and, for uniform sets of one size, by linear_sum_assignment, which agree
    line          of the first coordinates, with the weights: W_1, and W_2² by linprog
    means         of the first coordinates without weights scipy's energy distance, squared; of all the energy distance, its unbiased form, MMD² with
                  the bandwidths 0.5 and 2, its unbiased form
    sinkhorn      ε = 0.5, 30 iterations: the value for P, then the divergence
    gradients     by x, of: the exact cost with linprog's plan, the energy distance, MMD², the value of sinkhorn, the divergence
"""
import numpy as np
import scipy.sparse
import torch
from scipy.optimize import linear_sum_assignment, linprog
from scipy.stats import energy_distance, wasserstein_distance

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(16)


def least_cost(cost, a, b):
    """The value and the plan, by HiGHS' dual simplex."""
    n, m = cost.shape
    rows = scipy.sparse.kron(scipy.sparse.eye(n), np.ones((1, m)))
    columns = scipy.sparse.kron(np.ones((1, n)), scipy.sparse.eye(m))
    constraints = scipy.sparse.vstack([rows, columns]).tocsr()[:-1]  # the last one follows from the others
    solution = linprog(cost.ravel(), A_eq=constraints, b_eq=np.concatenate([a, b])[:-1], method="highs-ds")
    assert solution.status == 0
    return solution.fun, solution.x.reshape(n, m)


def distances(x, y):
    """|x_i - y_j|, whose gradient is 0 at 0."""
    squares = ((x[:, None] - y[None]) ** 2).sum(2)
    zero = squares == 0
    return torch.where(zero, 0.0, torch.where(zero, 1.0, squares).sqrt())


def within(pairs, unbiased):
    n = len(pairs)
    return (pairs.sum() - pairs.diag().sum()) / (n * (n - 1)) if unbiased else pairs.mean()


def energy(x, y, unbiased=False):
    return 2 * distances(x, y).mean() - within(distances(x, x), unbiased) - within(distances(y, y), unbiased)


def kernel(x, y):
    squares = ((x[:, None] - y[None]) ** 2).sum(2)
    return sum(torch.exp(-squares / (2 * s * s)) for s in (0.5, 2.0)) / 2


def mmd(x, y, unbiased=False):
    return within(kernel(x, x), unbiased) + within(kernel(y, y), unbiased) - 2 * kernel(x, y).mean()


def sinkhorn(x, y, a, b, p, eps=0.5, iterations=30):
    cost = distances(x, y) ** p
    g = torch.zeros(len(y))
    for _ in range(iterations):
        f = -eps * torch.logsumexp(b.log() + (g - cost) / eps, 1)
        g = -eps * torch.logsumexp((a.log() + (f - cost.T) / eps), 1)
    return a @ f + b @ g


def divergence(x, y, a, b, p):
    return sinkhorn(x, y, a, b, p) - (sinkhorn(x, x, a, a, p) + sinkhorn(y, y, b, b, p)) / 2


def numbers(name, values):
    print(name, *(repr(float(v)) for v in values))


def gradient(f, x):
    leaf = x.clone().requires_grad_(True)
    return torch.autograd.grad(f(leaf), leaf)[0].ravel().tolist()


def one(index):
    n, m, d, p = int(rng.integers(2, 10)), int(rng.integers(2, 10)), int(rng.integers(1, 4)), 1 + index % 3
    uniform = index % 5 == 0
    m = n if uniform else m
    x, y = rng.integers(-128, 129, (n, d)) / 64, rng.integers(-128, 129, (m, d)) / 64 + 0.5
    whole = [np.ones(k) if uniform else rng.integers(0 if k > 2 else 1, 8, k).astype(float) for k in (n, m)]
    whole = [w if (w > 0).sum() > 1 else np.ones(len(w)) for w in whole]
    a, b = (w / w.sum() for w in whole)
    cost = np.sqrt(((x[:, None] - y[None]) ** 2).sum(2)) ** p
    value, plan = least_cost(cost, a, b)
    if uniform:
        i, j = linear_sum_assignment(cost)
        assert abs(cost[i, j].mean() - value) < 1e-12
    print("set", n, m, d, p, int(uniform))
    numbers("x", x.ravel()), numbers("y", y.ravel()), numbers("a", whole[0]), numbers("b", whole[1])
    numbers("exact", [value])
    u, v = x[:, 0], y[:, 0]
    numbers("line", [wasserstein_distance(u, v, a, b), least_cost((u[:, None] - v[None]) ** 2, a, b)[0]])
    X, Y, A, B = (torch.tensor(t) for t in (x, y, a, b))
    numbers("means", [energy_distance(u, v) ** 2, energy(X, Y), energy(X, Y, True), mmd(X, Y), mmd(X, Y, True)])
    numbers("sinkhorn", [sinkhorn(X, Y, A, B, p), divergence(X, Y, A, B, p)])
    of_exact = gradient(lambda t: (torch.tensor(plan) * distances(t, Y) ** p).sum(), X)
    of_sinkhorn = gradient(lambda t: sinkhorn(t, Y, A, B, p), X)
    of_divergence = gradient(lambda t: divergence(t, Y, A, B, p), X)
    numbers("gradients", of_exact + gradient(lambda t: energy(t, Y), X) + gradient(lambda t: mmd(t, Y), X) + of_sinkhorn + of_divergence)


for k in range(50):
    one(k)
