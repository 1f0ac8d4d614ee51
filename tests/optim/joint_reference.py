#!/usr/bin/env python3
"""Writes joint_reference.h: trajectories, in NumPy and f64, of the optimizers whose step depends on all parameters at once, on the loss, or on
gradients that were observed.

A rule is a function (ps, gs, s, t, lr, options) → ps: the parameters, their gradients, a dict that is empty at first and kept between
steps, the number of the step from 1, the rate. The dict has the loss and, at steps 1, 4, 7, …, gradients to be observed before the step. Start and gradients are those of rules_reference.py.

Over 200 steps they agree, to what rounding makes of them, with the authors' code: konstmish/prodigy 3efb213, facebookresearch/dadaptation c984980, formll/dog 1.0.3,
Liuhong99/Sophia a7e1572, fabian-sp/MoMo 7be52f2, and timm's lamb.py aa4b585 (nvlamb); at β₁ = 0 that of Prodigy differs from its paper, and from this.

usage: joint_reference.py | clang-format-14 --assume-filename=$PWD/x.h > joint_reference.h
"""
from math import cos, inf, sqrt

import numpy as np

from rules_reference import COLUMNS, LAST, LONG_LAST, MATRIX, ROWS, VECTOR, norm, slope, written


def dot(xs, ys):
    return sum(float(np.sum(x * y)) for x, y in zip(xs, ys))


def norm1(xs):
    return sum(float(np.sum(np.abs(x))) for x in xs)


def averages(s, name, beta, xs, share):
    """β s + share x of each, kept in the state."""
    s[name] = [beta * old + share * x for old, x in zip(s.get(name, [np.zeros_like(x) for x in xs]), xs)]
    return s[name]


def adam_rate(t, lr, beta1, beta2, uncorrected):
    return lr if uncorrected else lr * sqrt(1 - beta2**t) / (1 - beta1**t)


# ---- You et al. 2020, as NVIDIA's code and timm's lamb.py have it


def nvlamb(ps, gs, s, t, lr, beta1, beta2, eps, weight_decay=0.0, limit=1.0, trust_clip=False, always_adapt=False, sum=False):
    above = max(1.0, sqrt(dot(gs, gs)) / limit)
    gs = [g / above for g in gs]
    ms = averages(s, "m", beta1, gs, 1.0 if sum else 1 - beta1)
    vs = averages(s, "v", beta2, [g * g for g in gs], 1 - beta2)
    out = []
    for p, m, v in zip(ps, ms, vs):
        u = (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps) + weight_decay * p
        r = norm(p) / norm(u) if weight_decay != 0 or always_adapt else 1.0
        out.append(p - lr * (min(r, 1.0) if trust_clip else r) * u)
    return out


# ---- Mishchenko, Defazio 2024, as the authors' code has it


def prodigy(ps, gs, s, t, lr, beta1, beta2, eps, beta3=0.0, weight_decay=0.0, d0=1e-6, d_coef=1.0, growth=inf, decoupled=True,
            uncorrected=True, safeguard_warmup=False):
    beta3 = beta3 or sqrt(beta2)
    starts = s.setdefault("start", ps)
    d, d_max = s.get("d", d0), s.get("d_max", d0)
    rate = d * adam_rate(t, lr, beta1, beta2, uncorrected)
    if not decoupled:
        gs = [g + weight_decay * p for g, p in zip(gs, ps)]
    s["n"] = beta3 * s.get("n", 0.0) + d / d0 * rate * dot(gs, [p0 - p for p0, p in zip(starts, ps)])
    ms = averages(s, "m", beta1, gs, d * (1 - beta1))
    vs = averages(s, "v", beta2, [g * g for g in gs], d * d * (1 - beta2))
    estimate = d_coef * s["n"] / norm1(averages(s, "s", beta3, gs, d / d0 * (d if safeguard_warmup else rate)))
    if d == d0:
        d = max(d, estimate)
    s["d_max"] = max(d_max, estimate)
    s["d"] = min(s["d_max"], d * growth)
    decay = weight_decay if decoupled else 0.0
    return [p - rate * decay * p - rate * m / (np.sqrt(v) + s["d"] * eps) for p, m, v in zip(ps, ms, vs)]


# ---- Defazio, Mishchenko 2023, as the authors' code has them


def d_adapt_adam(ps, gs, s, t, lr, beta1, beta2, eps, weight_decay=0.0, d0=1e-6, growth=inf, decoupled=False, uncorrected=True):
    d, q = s.get("d", d0), sqrt(beta2)
    rate = d * adam_rate(t, lr, beta1, beta2, uncorrected)
    if not decoupled:
        gs = [g + weight_decay * p for g, p in zip(gs, ps)]
    zeros = [np.zeros_like(g) for g in gs]
    change = rate * dot(gs, [x / (np.sqrt(v) + eps) for x, v in zip(s.get("s", zeros), s.get("v", zeros))])
    ms = averages(s, "m", beta1, gs, rate * (1 - beta1))
    vs = averages(s, "v", beta2, [g * g for g in gs], 1 - beta2)
    l1 = norm1(averages(s, "s", q, gs, rate * (1 - q)))
    s["n"] = q * s.get("n", 0.0) + (1 - q) * change
    s["d"] = max(d, min(s["n"] / ((1 - q) * l1), d * growth))
    decay = weight_decay if decoupled else 0.0
    return [p - rate * decay * p - m / (np.sqrt(v) + eps) for p, m, v in zip(ps, ms, vs)]


def d_adapt_sgd(ps, gs, s, t, lr, momentum=0.0, weight_decay=0.0, d0=1e-6, growth=inf):
    d, starts = s.get("d", d0), s.setdefault("start", ps)
    first = s.setdefault("first", sqrt(dot(gs, gs)))
    rate = d * lr / first
    gs = [g + weight_decay * p for g, p in zip(gs, ps)]
    s["n"] = s.get("n", 0.0) + rate * dot(gs, s.get("s", [np.zeros_like(g) for g in gs]))
    sums = averages(s, "s", 1.0, gs, rate)
    s["d"] = max(d, min(2 * s["n"] / sqrt(dot(sums, sums)), d * growth))
    return [momentum * p + (1 - momentum) * (p0 - x) for p, p0, x in zip(ps, starts, sums)]


def d_adapt_adagrad(ps, gs, s, t, lr, momentum=0.0, initial_accumulator=1e-6, eps=1e-6, weight_decay=0.0, d0=1e-6, growth=inf):
    d, starts = s.get("d", d0), s.setdefault("start", ps)
    rate = d * lr
    gs = [g + weight_decay * p for g, p in zip(gs, ps)]
    vs = s["v"] = [v + g * g for v, g in zip(s.get("v", [np.full_like(g, initial_accumulator) for g in gs]), gs)]
    sums = averages(s, "s", 1.0, gs, rate)
    s["noise"] = s.get("noise", 0.0) + rate * rate * dot(gs, [g / (np.sqrt(v) + eps) for g, v in zip(gs, vs)])
    signal = dot(sums, [x / (np.sqrt(v) + eps) for x, v in zip(sums, vs)])
    s["d"] = max(d, min((signal - s["noise"]) / norm1(sums), d * growth))
    return [momentum * p + (1 - momentum) * (p0 - x / (np.sqrt(v) + eps)) for p, p0, x, v in zip(ps, starts, sums, vs)]


def d_adapt_lion(ps, gs, s, t, lr, beta1, beta2, weight_decay=0.0, d0=1e-6, growth=inf):
    d, q = s.get("d", d0), sqrt(beta2)
    rate = d * lr
    zeros = [np.zeros_like(g) for g in gs]
    us = [np.sign(beta1 * m + (1 - beta1) * g) for m, g in zip(s.get("m", zeros), gs)]
    change = rate * dot(us, s.get("s", zeros))
    averages(s, "m", beta2, gs, rate * (1 - beta2))
    l1 = norm1(averages(s, "s", q, us, rate * (1 - q)))
    s["n"] = q * s.get("n", 0.0) + (1 - q) * change
    s["d"] = max(d, min(s["n"] / ((1 - q) * l1), d * growth))
    return [p * (1 - rate * weight_decay) - rate * u for p, u in zip(ps, us)]


# ---- Ivgi, Hinder, Carmon 2023; Khaled, Mishchenko, Jin 2023


def traveled(ps, s, t, distance):
    starts = s.setdefault("start", ps)
    if t == 1:
        s["r"] = distance * (1 + sqrt(dot(ps, ps)))
    away = [p - p0 for p, p0 in zip(ps, starts)]
    s["r"] = max(s["r"], sqrt(dot(away, away)))
    return s["r"]


def dog(ps, gs, s, t, lr, distance, eps=1e-8, weight_decay=0.0):
    gs = [g + weight_decay * p for g, p in zip(gs, ps)]
    r = traveled(ps, s, t, distance)
    s["G"] = s.get("G", 0.0) + dot(gs, gs)
    return [p - lr * r / sqrt(s["G"] + eps) * g for p, g in zip(ps, gs)]


def dowg(ps, gs, s, t, lr, distance, weight_decay=0.0):
    gs = [g + weight_decay * p for g, p in zip(gs, ps)]
    r = traveled(ps, s, t, distance)
    s["G"] = s.get("G", 0.0) + r * r * dot(gs, gs)
    return [p - lr * r * r / sqrt(s["G"]) * g for p, g in zip(ps, gs)]


# ---- Liu et al. 2024, the first as the authors' code has it; Yao et al. 2021


def sophia_g(ps, gs, s, t, lr, beta1, beta2, curvature, batch, eps=1e-15, weight_decay=0.1):
    if s["observed"]:
        averages(s, "h", beta2, [g * g for g in s["observed"]], 1 - beta2)
    ms = averages(s, "m", beta1, gs, 1 - beta1)
    out = []
    for p, m, h in zip(ps, ms, s["h"]):
        ratio = np.minimum(np.abs(m) / (curvature * batch * h + eps), 1)
        out.append(p * (1 - lr * weight_decay) - lr * np.sign(m) * ratio)
    return out


def sophia_h(ps, gs, s, t, lr, beta1, beta2, curvature, eps=1e-12, weight_decay=0.1):
    if s["observed"]:
        averages(s, "h", beta2, s["observed"], 1 - beta2)
    ms = averages(s, "m", beta1, gs, 1 - beta1)
    return [p * (1 - lr * weight_decay) - lr * np.clip(m / np.maximum(curvature * h, eps), -1, 1) for p, m, h in zip(ps, ms, s["h"])]


def adahessian(ps, gs, s, t, lr, beta1, beta2, eps=1e-4, hessian_power=1.0, weight_decay=0.0):
    if s["observed"]:
        averages(s, "v", beta2, [d * d for d in s["observed"]], 1 - beta2)
        s["n"] = s.get("n", 0) + 1
    ms = averages(s, "m", beta1, gs, 1 - beta1)
    roots = [np.sqrt(v / (1 - beta2**s["n"]))**hessian_power for v in s["v"]]
    return [p - lr * (m / (1 - beta1**t) / (root + eps) + weight_decay * p) for p, m, root in zip(ps, ms, roots)]


# ---- Loizou et al. 2021; Garrigos, Gower, Schaipp 2023


def polyak_sgd(ps, gs, s, t, lr, minimum=0.0, max_rate=1.0):
    rate = min(max_rate, max(0.0, s["loss"] - minimum) / dot(gs, gs))
    return [p - lr * rate * g for p, g in zip(ps, gs)]


# ---- Schaipp et al. 2024, as the authors' code has them


def momo(ps, gs, s, t, lr, beta, minimum=0.0, weight_decay=0.0):
    s.setdefault("m", gs), s.setdefault("gamma", dot(gs, ps)), s.setdefault("L", s["loss"])
    ms = averages(s, "m", beta, gs, 1 - beta)
    s["gamma"] = beta * s["gamma"] + (1 - beta) * dot(gs, ps)
    s["L"] = beta * s["L"] + (1 - beta) * s["loss"]
    a = 1 + lr * weight_decay
    rate = min(lr, max(0.0, a * (s["L"] - minimum) + dot(ms, ps) - a * s["gamma"]) / dot(ms, ms))
    return [(p - rate * m) / a for p, m in zip(ps, ms)]


def momo_adam(ps, gs, s, t, lr, beta1, beta2, eps, minimum=0.0, weight_decay=0.0):
    ms = averages(s, "m", beta1, gs, 1 - beta1)
    us = [m / (np.sqrt(v / (1 - beta2**t)) + eps) for m, v in zip(ms, averages(s, "v", beta2, [g * g for g in gs], 1 - beta2))]
    s["gamma"] = beta1 * s.get("gamma", 0.0) + (1 - beta1) * dot(gs, ps)
    s["L"] = beta1 * s.get("L", 0.0) + (1 - beta1) * s["loss"]
    a, rho = 1 + lr * weight_decay, 1 - beta1**t
    rate = min(lr / rho, max(0.0, a * (s["L"] - rho * minimum) + dot(ms, ps) - a * s["gamma"]) / dot(ms, us))
    return [(p - rate * u) / a for p, u in zip(ps, us)]


# ---- mistakes, which the test must see


def each_alone(rule):
    """Sums over each parameter by itself."""

    def alone(ps, gs, s, *arguments, **options):
        for i in range(len(ps)):
            s.setdefault(i, {})["loss"] = s["loss"]
        return [rule([p], [g], s[i], *arguments, **options)[0] for i, (p, g) in enumerate(zip(ps, gs))]

    return alone


def prodigy_new_rate(ps, gs, s, t, lr, **options):
    """A step by the new d."""
    before = s.get("d", options["d0"])
    return [p + (q - p) * s["d"] / before for p, q in zip(ps, prodigy(ps, gs, s, t, lr, **options))]


def sophia_g_of_one(ps, gs, s, *arguments, batch, **options):
    return sophia_g(ps, gs, s, *arguments, batch=1.0, **options)


def sophia_h_latest(ps, gs, s, *arguments, **options):
    """The latest estimate for their average."""
    s["h"] = s["observed"] or s["h"]
    s["observed"] = None
    return sophia_h(ps, gs, s, *arguments, **options)


def adahessian_by_steps(ps, gs, s, t, *arguments, **options):
    """The correction of bias by the steps, not the observations."""
    s["n"] = t - 1 if s["observed"] else t
    return adahessian(ps, gs, s, t, *arguments, **options)


CASES = [
    (nvlamb, dict(lr=0.02, beta1=0.8, beta2=0.95, eps=1e-3, weight_decay=0.2)),
    (nvlamb, dict(lr=0.02, beta1=0.8, beta2=0.95, eps=1e-3, weight_decay=0.0, limit=0.5)),
    (nvlamb, dict(lr=0.02, beta1=0.8, beta2=0.9, eps=1e-3, weight_decay=0.0, trust_clip=True, always_adapt=True, sum=True)),
    (prodigy, dict(lr=1.0, beta1=0.8, beta2=0.95, eps=1e-3, d0=1e-2)),
    (prodigy, dict(lr=0.5, beta1=0.8, beta2=0.95, eps=1e-3, d0=1e-3, beta3=0.9, weight_decay=0.1, d_coef=2.0, growth=1.5,
                   uncorrected=False, safeguard_warmup=True)),
    (prodigy, dict(lr=0.5, beta1=0.0, beta2=0.9, eps=1e-3, d0=1e-2, weight_decay=0.1, decoupled=False)),
    (d_adapt_adam, dict(lr=1.0, beta1=0.8, beta2=0.95, eps=1e-3, d0=1e-2)),
    (d_adapt_adam, dict(lr=0.5, beta1=0.8, beta2=0.9, eps=1e-2, d0=1e-2, weight_decay=0.1, growth=1.1, decoupled=True,
                        uncorrected=False)),
    (d_adapt_adam, dict(lr=0.5, beta1=0.7, beta2=0.9, eps=1e-2, d0=1e-2, weight_decay=0.1)),
    (d_adapt_sgd, dict(lr=1.0, d0=1e-2)),
    (d_adapt_sgd, dict(lr=0.5, momentum=0.8, d0=1e-1, weight_decay=0.1, growth=1.2)),
    (d_adapt_adagrad, dict(lr=1.0, d0=1e-2)),
    (d_adapt_adagrad, dict(lr=0.5, momentum=0.8, d0=1e-1, initial_accumulator=0.1, eps=1e-2, weight_decay=0.1, growth=1.2)),
    (d_adapt_lion, dict(lr=1.0, beta1=0.8, beta2=0.9, d0=1e-2)),
    (d_adapt_lion, dict(lr=0.5, beta1=0.8, beta2=0.95, d0=1e-2, weight_decay=0.2, growth=1.1)),
    (dog, dict(lr=1.0, distance=1e-3)),
    (dog, dict(lr=0.5, distance=1e-2, eps=1.0, weight_decay=0.1)),
    (dowg, dict(lr=1.0, distance=1e-3)),
    (dowg, dict(lr=0.5, distance=1e-2, weight_decay=0.1)),
    (sophia_g, dict(lr=0.02, beta1=0.8, beta2=0.9, curvature=0.5, batch=8.0)),
    (sophia_g, dict(lr=0.02, beta1=0.9, beta2=0.8, curvature=0.1, batch=3.0, eps=0.1, weight_decay=0.0)),
    (sophia_h, dict(lr=0.02, beta1=0.8, beta2=0.9, curvature=2.0)),
    (sophia_h, dict(lr=0.02, beta1=0.9, beta2=0.8, curvature=5.0, eps=0.1, weight_decay=0.0)),
    (adahessian, dict(lr=0.02, beta1=0.8, beta2=0.9)),
    (adahessian, dict(lr=0.02, beta1=0.9, beta2=0.95, eps=0.1, hessian_power=0.5, weight_decay=0.1)),
    (polyak_sgd, dict(lr=1.0, minimum=0.25)),
    (polyak_sgd, dict(lr=0.5, minimum=-0.5, max_rate=0.1)),
    (momo, dict(lr=1.0, beta=0.8, minimum=0.1)),
    (momo, dict(lr=0.1, beta=0.7, minimum=-0.2, weight_decay=0.3)),
    (momo_adam, dict(lr=1.0, beta1=0.8, beta2=0.9, eps=1e-3, minimum=0.1)),
    (momo_adam, dict(lr=0.02, beta1=0.7, beta2=0.9, eps=1e-3, minimum=-0.2, weight_decay=0.3)),
]

# Cases of 200 steps, with the defaults where these begin small.
LONG = [
    (nvlamb, dict(lr=0.01, beta1=0.9, beta2=0.99, eps=1e-6, weight_decay=0.1)),
    (prodigy, dict(lr=1.0, beta1=0.9, beta2=0.99, eps=1e-8, d0=1e-3)),
    (prodigy, dict(lr=1.0, beta1=0.9, beta2=0.999, eps=1e-8)),
    (d_adapt_adam, dict(lr=1.0, beta1=0.9, beta2=0.99, eps=1e-6)),
    (d_adapt_sgd, dict(lr=1.0, momentum=0.5)),
    (d_adapt_adagrad, dict(lr=1.0)),
    (d_adapt_lion, dict(lr=1.0, beta1=0.9, beta2=0.99)),
    (dog, dict(lr=1.0, distance=1e-6)),
    (dowg, dict(lr=1.0, distance=1e-6)),
    (sophia_g, dict(lr=0.01, beta1=0.965, beta2=0.99, curvature=0.04, batch=100.0)),
    (sophia_h, dict(lr=0.01, beta1=0.96, beta2=0.99, curvature=1.0)),
    (adahessian, dict(lr=0.01, beta1=0.9, beta2=0.999)),
    (polyak_sgd, dict(lr=1.0)),
    (momo, dict(lr=0.5, beta=0.9)),
    (momo_adam, dict(lr=0.1, beta1=0.9, beta2=0.99, eps=1e-6, weight_decay=0.1)),
]

MISTAKES = [(rule, each_alone(rule), options) for rule, options in CASES if "d0" in options or "distance" in options or rule in (nvlamb, polyak_sgd, momo, momo_adam)]
MISTAKES += [(sophia_g, sophia_g_of_one, dict(lr=0.02, beta1=0.8, beta2=0.9, curvature=0.5, batch=8.0)),
             (sophia_h, sophia_h_latest, dict(lr=0.02, beta1=0.8, beta2=0.9, curvature=2.0)),
             (adahessian, adahessian_by_steps, dict(lr=0.02, beta1=0.8, beta2=0.9))]
MISTAKES += [(prodigy, prodigy_new_rate, dict(lr=1.0, beta1=0.8, beta2=0.95, eps=1e-3, d0=1e-2))]


def trajectory(rule, lr, last=LAST, noise=0.0, **options):
    start = np.array([0.3 * (i % 7) - 0.8 for i in range(MATRIX + VECTOR)])
    start = start * (1 + noise * np.random.default_rng(1).standard_normal(start.size))
    ps, s, values = [start[:MATRIX].reshape(ROWS, COLUMNS), start[MATRIX:]], {}, []
    for t in range(1, last + 1):
        s["loss"] = 0.3 + 0.2 * cos(t) + 0.05 * dot(ps, ps)
        s["observed"] = [slope(ps[0], 0, t + 1000), slope(ps[1], MATRIX, t + 1000)] if t % 3 == 1 else None
        ps = rule(ps, [slope(ps[0], 0, t), slope(ps[1], MATRIX, t)], s, t, lr, **options)
        if t in (1, 2, last):
            values += [*ps[0].reshape(MATRIX), *ps[1]]
    assert np.all(np.isfinite(values)) and np.max(np.abs(values)) < 10, (rule, np.max(np.abs(values)))
    return np.array(values)


def sensitivity(rule, options, last):
    """By how much a start that is off by 1e-15 moves the values, relative to them."""
    exact, moved = trajectory(rule, **options, last=last), trajectory(rule, **options, last=last, noise=1e-15)
    return float(np.max(np.abs(moved - exact) / (np.abs(exact) + 1e-6)))


def print_case(kind, name, rule, options, last, *sensitivities):
    values = ", ".join(f"{v:.17g}" for v in trajectory(rule, **options, last=last))
    print(f"{kind}({name}, ({written(options)}), {''.join(f'{x:.1e}, ' for x in sensitivities)}{values})")


def main():
    print("/* Made by joint_reference.py. */")
    for rule, options in CASES:
        print_case("CASE", rule.__name__, rule, options, LAST)
    for rule, mistake, options in MISTAKES:
        print_case("WRONG", rule.__name__, mistake, options, LAST)
    for rule, options in LONG:
        print_case("LONG", rule.__name__, rule, options, LONG_LAST, sensitivity(rule, options, LONG_LAST))


if __name__ == "__main__":
    main()
