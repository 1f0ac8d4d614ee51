#!/usr/bin/env python3
"""Values of rl_exact.txt, by NumPy: a finite decision process under a policy and at its optimum; and by mpmath, in 40 digits: linear dynamics with
a quadratic cost. Optima are found by value iteration, and sums over time are added term by term.

usage: rl_exact.py > rl_exact.txt
"""
import numpy as np
from mpmath import mp

mp.dps = 40


def formula(k, *shape):
    """sin(k + 1 + 0.7 i), in row-major order, as tests/support/formula.h has it."""
    n = int(np.prod(shape))
    return np.sin(k + 1 + 0.7 * np.arange(n)).reshape(shape)


def rows(x):
    return x / x.sum(axis=-1, keepdims=True)


def show(name, x):
    print(name + ":", *(mp.nstr(value if isinstance(value, mp.mpf) else mp.mpf(float(value)), 17) for value in (x if isinstance(x, mp.matrix) else np.ravel(x))))


def mdp():
    states, actions, gamma = 5, 3, 0.9
    p, r = rows(1.1 + formula(0, states, actions, states)), formula(3, states, actions)
    pi, start = rows(1.1 + formula(7, states, actions)), rows(1.1 + formula(11, states))
    chain, reward = np.einsum("sa,sat->st", pi, p), (pi * r).sum(1)
    v = np.linalg.inv(np.eye(states) - gamma * chain) @ reward
    show("mdp_v", v)
    show("mdp_q", r + gamma * p @ v)
    show("mdp_j", start @ v)
    rho, at, factor = np.zeros(states), start, 1.0
    for _ in range(1000):  # the sum itself, not a solution
        rho, at, factor = rho + factor * at, at @ chain, factor * gamma
    show("mdp_rho", rho)
    best = np.zeros(states)
    for _ in range(1000):
        best = (r + gamma * p @ best).max(1)
    show("mdp_best", best)
    show("mdp_action", (r + gamma * p @ best).argmax(1))


def exactly(k, rows, columns):
    """formula, in 40 digits"""
    return mp.matrix([[mp.sin(k + 1 + mp.mpf(7) / 10 * (i * columns + j)) for j in range(columns)] for i in range(rows)])


def total(f, s):
    """Σ (fᵀ)ᵏ s fᵏ, term by term."""
    x, term = s, s
    for _ in range(1500):
        term = f.T * term * f
        x += term
    return x


def greedy(p, a, b, r, gamma):
    return (r + gamma * b.T * p * b) ** -1 * (gamma * b.T * p * a)


def optimum(a, b, q, r, gamma):
    """Value iteration from 0."""
    p = q
    for _ in range(1500):
        p = q + gamma * a.T * p * (a - b * greedy(p, a, b, r, gamma))
    return greedy(p, a, b, r, gamma), p


def lqr(name, gamma):
    n, m = 4, 2
    a, b = mp.mpf(8) / 10 * exactly(0, n, n) + mp.mpf(9) / 10 * mp.eye(n), exactly(5, n, m)
    root_q, root_r = exactly(9, n, n), exactly(13, m, m)
    q, r = root_q.T * root_q, root_r.T * root_r + mp.eye(m)
    gain, p = optimum(a, b, q, r, gamma)
    show(name + "_gain", gain)
    show(name + "_value", p)
    other = gain + exactly(2, m, n) / 10
    f = mp.sqrt(gamma) * (a - b * other)
    x0 = mp.eye(n) + mp.ones(n, n) / 10
    w = mp.eye(n) / 100
    source = x0 + gamma / (1 - gamma) * w if gamma < 1 else w
    value, moment = total(f, q + other.T * r * other), total(f.T, source)
    show(name + "_other", value)
    show(name + "_moment", moment)
    show(name + "_cost", [sum((value * source)[i, i] for i in range(n))])
    show(name + "_gradient", 2 * ((r + gamma * b.T * value * b) * other - gamma * b.T * value * a) * moment)
    show(name + "_radius", [max(abs(x) for x in mp.eig(f)[0])])


def cart_pole():
    """The cart and pole near θ = 0, by explicit Euler steps of 0.02 s; Q = I, R = 1."""
    step, share = mp.mpf(2) / 100, mp.mpf(1) / 11
    c = 2 / (mp.mpf(4) / 3 - share)
    angle, force = mp.mpf(98) / 10 * c, -c * 10 / 11
    a = mp.matrix([[1, step, 0, 0], [0, 1, -step * angle / 22, 0], [0, 0, 1, step], [0, 0, step * angle, 1]])
    b = mp.matrix([0, step * (mp.mpf(10) / 11 - force / 22), 0, step * force])
    show("cart_pole_gain", optimum(a, b, mp.eye(4), mp.eye(1), 1)[0])


mdp()
lqr("discounted", mp.mpf(95) / 100)
lqr("average", mp.mpf(1))
cart_pole()
