#!/usr/bin/env python3
"""Writes rules_reference.h: trajectories of optimizers in NumPy, f64, each rule as its source states it, with branches and loops.

A rule is a function (p, g, s, t, lr, options) → p: the parameter, its gradient, a dict that is empty at first and kept between steps,
the number of the step from 1, the rate. It is called for each parameter by itself.

The authors' own code, run in f64 on these problems, gives the same to 1e-13 for the schedule-free rules (facebookresearch/schedule_free 70785b5),
SOAP (nikhilvyas/SOAP a1e5535), MARS-Lion and MARS-Shampoo (AGI-Arena/MARS) and AdaBelief (adabelief_pytorch 0.2.1).

usage: rules_reference.py | clang-format-14 --assume-filename=$PWD/x.h > rules_reference.h
"""
from math import cos, exp, log, sqrt

import numpy as np

ROWS, COLUMNS, VECTOR, LAST, LONG_LAST = 4, 3, 5, 16, 200
MATRIX = ROWS * COLUMNS


def mean(s, name, beta, x, start=0.0):
    """A moving average β s + (1 - β) x, kept in the state."""
    s[name] = beta * s.get(name, start) + (1 - beta) * x
    return s[name]


def moments(s, g, t, beta1, beta2):
    """Adam's, without bias."""
    return mean(s, "m", beta1, g) / (1 - beta1**t), mean(s, "v", beta2, g * g) / (1 - beta2**t)


def norm(x):
    return sqrt(float(np.sum(x * x)))


# ---- Tieleman, Hinton 2012; Graves 2013


def rmsprop(p, g, s, t, lr, alpha, eps, momentum=0.0, weight_decay=0.0, centered=False):
    g = g + weight_decay * p
    v = mean(s, "v", alpha, g * g)
    if centered:
        v = v - mean(s, "c", alpha, g)**2
    d = g / (np.sqrt(v) + eps)
    s["b"] = momentum * s.get("b", 0) + d
    return p - lr * s["b"]


# ---- Chen et al. 2023, algorithm 2


def lion(p, g, s, t, lr, beta1, beta2, weight_decay=0.0):
    c = beta1 * s.get("m", 0) + (1 - beta1) * g
    p = p - lr * (np.sign(c) + weight_decay * p)
    mean(s, "m", beta2, g)
    return p


# ---- You et al. 2020, algorithm 2


def lamb(p, g, s, t, lr, beta1, beta2, eps, weight_decay):
    m, v = moments(s, g, t, beta1, beta2)
    u = m / (np.sqrt(v) + eps) + weight_decay * p
    ratio = norm(p) / norm(u) if norm(p) > 0 and norm(u) > 0 else 1.0
    return p - lr * ratio * u


# ---- Bernstein et al. 2018, algorithm 2


def signum(p, g, s, t, lr, beta, weight_decay=0.0):
    return p - lr * (np.sign(mean(s, "m", beta, g)) + weight_decay * p)


# ---- Loshchilov, Hutter 2019, algorithm 1; momentum as PyTorch's SGD


def sgdw(p, g, s, t, lr, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False):
    if momentum:
        s["v"] = g if t == 1 else momentum * s["v"] + (1 - dampening) * g
        d = g + momentum * s["v"] if nesterov else s["v"]
    else:
        d = g
    return p - lr * weight_decay * p - lr * d


# ---- Dozat 2016 without a schedule of β₁, with the decay of Loshchilov, Hutter 2019


def nadamw(p, g, s, t, lr, beta1, beta2, eps, weight_decay):
    p = p * (1 - lr * weight_decay)
    m, v = mean(s, "m", beta1, g), mean(s, "v", beta2, g * g)
    ahead = (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
    return p - lr * ahead / (np.sqrt(v / (1 - beta2**t)) + eps)


# ---- Zhuang et al. 2020, algorithm 2


def adabelief(p, g, s, t, lr, beta1, beta2, eps, weight_decay=0.0, rectify=False):
    p = p * (1 - lr * weight_decay)
    m = mean(s, "m", beta1, g)
    mean(s, "v", beta2, (g - m)**2)
    s["v"] = s["v"] + eps
    limit = 2 / (1 - beta2) - 1
    length = limit - 2 * t * beta2**t / (1 - beta2**t)
    if rectify and length > 5:
        size = (1 - beta2**t) * (length - 4) / (limit - 4) * (length - 2) / length * limit / (limit - 2)
        return p - lr * sqrt(size) / (1 - beta1**t) * m / (np.sqrt(s["v"]) + eps)
    if rectify:
        return p - lr * m / (1 - beta1**t)
    return p - lr * m / (1 - beta1**t) / (np.sqrt(s["v"] / (1 - beta2**t)) + eps)


# ---- You, Gitman, Ginsburg 2017; the rate outside the momentum, as in timm


def lars(p, g, s, t, lr, momentum, weight_decay, trust, eps=1e-8, nesterov=False, rate_inside=False):
    if rate_inside:  # optax
        u = g + weight_decay * p
        u = lr * u * (trust * norm(p) / (norm(u) + eps) if norm(p) > 0 and norm(u) > 0 else 1.0)
        s["v"] = u + momentum * s.get("v", 0)
        return p - (u + momentum * s["v"] if nesterov else s["v"])
    ratio = trust * norm(p) / (norm(g) + weight_decay * norm(p) + eps) if norm(p) > 0 and norm(g) > 0 else 1.0
    d = ratio * (g + weight_decay * p)
    s["v"] = momentum * s.get("v", 0) + d
    return p - lr * (d + momentum * s["v"] if nesterov else s["v"])


# ---- Zaheer et al. 2018, with Adam's correction of bias


def yogi(p, g, s, t, lr, beta1, beta2, eps, initial, weight_decay=0.0):
    m = mean(s, "m", beta1, g, initial)
    v = s.get("v", initial)
    s["v"] = v - (1 - beta2) * np.sign(v - g * g) * g * g
    u = m / (1 - beta1**t) / (np.sqrt(s["v"] / (1 - beta2**t)) + eps)
    return p - lr * u - lr * weight_decay * p


# ---- Ziyin, Wang, Ueda 2020, algorithm 1


def laprop(p, g, s, t, lr, beta1, beta2, eps, weight_decay=0.0):
    n = mean(s, "v", beta2, g * g) / (1 - beta2**t)
    m = mean(s, "m", beta1, g / (np.sqrt(n) + eps)) / (1 - beta1**t)
    return p - lr * m - lr * weight_decay * p


# ---- Ma, Yarats 2019


def qhm(p, g, s, t, lr, beta, nu, weight_decay=0.0):
    g = g + weight_decay * p
    return p - lr * ((1 - nu) * g + nu * mean(s, "m", beta, g))


def qhadam(p, g, s, t, lr, beta1, beta2, nu1, nu2, eps, weight_decay=0.0):
    g = g + weight_decay * p
    m, v = moments(s, g, t, beta1, beta2)
    return p - lr * ((1 - nu1) * g + nu1 * m) / (np.sqrt((1 - nu2) * g * g + nu2 * v) + eps)


# ---- Taniguchi et al. 2024, algorithm 2, whose v_0 is the first gradient's square


def adopt(p, g, s, t, lr, beta1, beta2, eps, weight_decay=0.0):
    if t == 1:
        s["v"], s["m"] = g * g, 0
        return p
    limit = (t - 1)**0.25
    m = mean(s, "m", beta1, np.clip(g / np.maximum(np.sqrt(s["v"]), eps), -limit, limit))
    mean(s, "v", beta2, g * g)
    return p * (1 - lr * weight_decay) - lr * m


# ---- Xie et al. 2022, algorithm 1, whose β are 1 minus these


def adan(p, g, s, t, lr, beta1, beta2, beta3, eps, weight_decay=0.0):
    d = g - s["g"] if t > 1 else 0 * g
    m = mean(s, "m", beta1, g) / (1 - beta1**t)
    v = mean(s, "d", beta2, d) / (1 - beta2**t)
    n = mean(s, "n", beta3, (g + beta2 * d)**2) / (1 - beta3**t)
    s["g"] = g
    return (p - lr * (m + beta2 * v) / (np.sqrt(n) + eps)) / (1 + lr * weight_decay)


# ---- Defazio, Jelassi 2021, algorithm 1


def madgrad(p, g, s, t, lr, momentum, eps, weight_decay=0.0):
    if t == 1:
        s["x"], s["s"], s["v"] = p, 0, 0
    g = g + weight_decay * p
    weight = lr * sqrt(t)
    s["s"] = s["s"] + weight * g
    s["v"] = s["v"] + weight * g * g
    z = s["x"] - s["s"] / (np.cbrt(s["v"]) + eps)
    return momentum * p + (1 - momentum) * z


# ---- Ginsburg et al. 2019, algorithm 1


def novograd(p, g, s, t, lr, beta1, beta2, eps, weight_decay=0.0):
    if t == 1:
        s["v"] = norm(g)**2
        s["m"] = g / (sqrt(s["v"]) + eps) + weight_decay * p
    else:
        s["v"] = beta2 * s["v"] + (1 - beta2) * norm(g)**2
        s["m"] = beta1 * s["m"] + (g / (sqrt(s["v"]) + eps) + weight_decay * p)
    return p - lr * s["m"]


# ---- Luo et al. 2019, with Adam's correction of bias as in the authors' code


def adabound(p, g, s, t, lr, beta1, beta2, eps, final, gamma, weight_decay=0.0):
    m, v = mean(s, "m", beta1, g + weight_decay * p), mean(s, "v", beta2, (g + weight_decay * p)**2)
    last = final * lr
    step = lr * sqrt(1 - beta2**t) / (1 - beta1**t)
    return p - np.clip(step / (np.sqrt(v) + eps), last * (1 - 1 / (gamma * t + 1)), last * (1 + 1 / (gamma * t))) * m


# ---- Pagliardini, Ablin, Grangier 2024, algorithm 1, with its schedules of α and β₃


def ademamix(p, g, s, t, lr, beta1, beta2, beta3, slow, eps, weight_decay=0.0, warmup=0):
    alpha = slow
    if warmup:
        x = t / warmup
        alpha = min(x * alpha, alpha)
        beta3 = min(exp(log(beta1) * log(beta3) / ((1 - x) * log(beta3) + x * log(beta1))), beta3) if x < 1 else beta3
    m, v = moments(s, g, t, beta1, beta2)
    return p - lr * ((m + alpha * mean(s, "l", beta3, g)) / (np.sqrt(v) + eps) + weight_decay * p)


# ---- Yuan et al. 2024, algorithm 2 with the gradient before as it was


def mars(p, g, s, t, lr, beta1, beta2, eps, correction, weight_decay=0.0):
    c = g + correction * beta1 / (1 - beta1) * (g - s.get("g", 0))
    s["g"] = g
    if norm(c) > 1:
        c = c / norm(c)
    m, v = moments(s, c, t, beta1, beta2)
    return p - lr * (m / (np.sqrt(v) + eps) + weight_decay * p)


def corrected(g, s, correction, beta):
    c = g + correction * beta / (1 - beta) * (g - s.get("g", 0))
    s["g"] = g
    return c / max(1.0, norm(c))


def mars_lion(p, g, s, t, lr, beta, correction, weight_decay=0.0):
    return p - lr * (np.sign(mean(s, "m", beta, corrected(g, s, correction, beta))) + weight_decay * p)


def mars_shampoo(p, g, s, t, lr, beta, correction, adam_rate, beta1, beta2, eps, weight_decay=0.0):
    if p.ndim == 1:
        m, v = moments(s, g, t, beta1, beta2)
        return p - lr * adam_rate * (m / (np.sqrt(v) + eps) + weight_decay * p)
    x = newton_schulz(mean(s, "m", beta, corrected(g, s, correction, beta)) / (1 - beta), eps)
    return p - lr * (sqrt(max(1, p.shape[0] / p.shape[1])) * x + weight_decay * p)


# ---- Liang et al. 2024; the mean of the mask as in timm


def cautious(u, g):
    mask = np.where(u * g > 0, 1.0, 0.0)
    return u * mask / max(float(np.mean(mask)), 1e-3)


def cautious_adamw(p, g, s, t, lr, beta1, beta2, eps, weight_decay):
    m, v = moments(s, g, t, beta1, beta2)
    return p * (1 - lr * weight_decay) - lr * cautious(m / (np.sqrt(v) + eps), g)


def cautious_lion(p, g, s, t, lr, beta1, beta2, weight_decay=0.0):
    u = np.sign(beta1 * s.get("m", 0) + (1 - beta1) * g)
    mean(s, "m", beta2, g)
    return p * (1 - lr * weight_decay) - lr * cautious(u, g)


# ---- Daskalakis et al. 2018: 2 u - u of the step before, for optimism 1


def optimistic(s, u, optimism):
    d = (1 + optimism) * u - optimism * s.get("u", u)
    s["u"] = u
    return d


def optimistic_sgd(p, g, s, t, lr, optimism):
    return p - lr * optimistic(s, g, optimism)


def optimistic_adam(p, g, s, t, lr, beta1, beta2, eps, optimism):
    m, v = moments(s, g, t, beta1, beta2)
    return p - lr * optimistic(s, m / (np.sqrt(v) + eps), optimism)


# ---- Jordan et al. 2024; Adam for vectors


def newton_schulz(x, eps):
    x = x / (norm(x) + eps)
    if x.shape[0] > x.shape[1]:
        return newton_schulz_wide(x.T).T
    return newton_schulz_wide(x)


def newton_schulz_wide(x):
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x


def muon(p, g, s, t, lr, beta, adam_rate, beta1, beta2, eps, weight_decay=0.0, nesterov=True, match_rms=False):
    if p.ndim == 1:
        m, v = moments(s, g, t, beta1, beta2)
        return p * (1 - lr * adam_rate * weight_decay) - lr * adam_rate * m / (np.sqrt(v) + eps)
    m = mean(s, "m", beta, g)
    x = newton_schulz((1 - beta) * g + beta * m if nesterov else m, 1e-7)
    rows, columns = x.shape
    scale = 0.2 * sqrt(max(rows, columns)) if match_rms else sqrt(max(1, rows / columns))
    return p * (1 - lr * weight_decay) - lr * scale * x


# ---- Shazeer, Stern 2018, algorithms 4 and 5, with the sums of algorithm 4


def adafactor_pytorch(p, g, s, t, lr, decay, eps1, eps2, clip, weight_decay):
    """As PyTorch's documentation states it."""
    rho = min(lr, 1 / sqrt(t))
    alpha = max(eps2, norm(p) / sqrt(p.size)) * rho
    beta, squares = 1 - t**-decay, g * g
    if p.ndim == 2:
        r, c = mean(s, "r", beta, squares.mean(axis=1)), mean(s, "c", beta, squares.mean(axis=0))
        v = np.outer(r, c) / max(r.mean(), eps1)
    else:
        v = mean(s, "v", beta, squares)
    u = g / np.sqrt(np.maximum(v, eps1**2))
    return p * (1 - lr * weight_decay) - alpha * u / max(1.0, norm(u) / sqrt(u.size) / clip)


def adafactor(p, g, s, t, lr, decay, eps1, eps2, clip, weight_decay=0.0, relative=True, clamped=False):
    if clamped:
        return adafactor_pytorch(p, g, s, t, lr, decay, eps1, eps2, clip, weight_decay)
    beta = 1 - t**-decay
    squares = g * g + eps1
    if p.ndim == 2:
        r, c = mean(s, "r", beta, squares.sum(axis=1)), mean(s, "c", beta, squares.sum(axis=0))
        v = np.outer(r, c) / r.sum()
    else:
        v = mean(s, "v", beta, squares)
    u = g / np.sqrt(v)
    u = u / max(1.0, norm(u) / sqrt(u.size) / clip)
    rate = min(lr, 1 / sqrt(t)) * (max(eps2, norm(p) / sqrt(p.size)) if relative else 1)
    return p - rate * u - lr * weight_decay * p


# ---- Defazio et al. 2024, as the authors' reference form, with bias corrected in v̂


def schedule_free(p, s, rate, d, t, beta, r, weight_lr_power):
    if t == 1:
        s["z"], s["x"], s["sum"], s["largest"] = p, p, 0.0, 0.0
    s["largest"] = max(s["largest"], rate)
    weight = t**r * s["largest"]**weight_lr_power
    s["sum"] += weight
    c = weight / s["sum"] if s["sum"] > 0 else 0.0
    s["z"] = s["z"] - rate * d
    s["x"] = (1 - c) * s["x"] + c * s["z"]
    return (1 - beta) * s["z"] + beta * s["x"]


def decay_point(p, s, at_z):
    return s.get("z", p) if at_z else p


def schedule_free_sgd(p, g, s, t, lr, momentum, weight_decay=0.0, decay_at_z=False, warmup=0, r=0.0, weight_lr_power=2.0):
    rate = lr * min(1.0, t / warmup) if warmup else lr
    return schedule_free(p, s, rate, g + weight_decay * decay_point(p, s, decay_at_z), t, momentum, r, weight_lr_power)


def schedule_free_adamw(p, g, s, t, lr, beta1, beta2, eps, weight_decay=0.0, decay_at_z=False, warmup=0, r=0.0, weight_lr_power=2.0):
    rate = lr * min(1.0, t / warmup) if warmup else lr
    d = g / (np.sqrt(mean(s, "v", beta2, g * g) / (1 - beta2**t)) + eps)
    return schedule_free(p, s, rate, d + weight_decay * decay_point(p, s, decay_at_z), t, beta1, r, weight_lr_power)


def schedule_free_radam(p, g, s, t, lr, beta1, beta2, eps, weight_decay=0.0, r=0.0, weight_lr_power=2.0, silent=True):
    limit = 2 / (1 - beta2) - 1
    rho = limit - 2 * t * beta2**t / (1 - beta2**t)
    v = mean(s, "v", beta2, g * g) / (1 - beta2**t)
    if rho > 4:
        rate = lr * sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))
        d = g / (np.sqrt(v) + eps)
    else:
        rate, d = 0.0 if silent else lr, g
    return schedule_free(p, s, rate, d + weight_decay * p, t, beta1, r, weight_lr_power)


# ---- Gupta, Koren, Singer 2018, algorithm 1; grafting and the averages of Shi et al. 2023


def power_of(symmetric, eps, power):
    w, v = np.linalg.eigh(symmetric)
    return (v * (np.maximum(w, 0) + eps)**-power) @ v.T


def statistics(s, name, beta2, t, x):
    if beta2 == 1:
        s[name] = s.get(name, 0) + x
        return s[name]
    return mean(s, name, beta2, x) / (1 - beta2**t)


def shampoo(p, g, s, t, lr, beta1, eps, beta2=1.0, weight_decay=0.0, frequency=1, exponent=0.0, max_dimension=1024, graft_sgd=False,
            graft_adam=False, graft_beta2=0.999, graft_eps=1e-8):
    d = mean(s, "m", beta1, g) / (1 - beta1**t)
    if graft_adam:
        adam = d / (np.sqrt(mean(s, "v", graft_beta2, g * g) / (1 - graft_beta2**t)) + graft_eps)
    kept = [n for n in p.shape if n <= max_dimension] if p.ndim == 2 else []
    if not kept:
        power = exponent or 1 / 2
        u = adam if graft_adam else d * (statistics(s, "diagonal", beta2, t, g * g) + eps)**-power
    else:
        power, u = exponent or 1 / (2 * len(kept)), d
        due = t == 1 or t % frequency == 0
        if p.shape[0] <= max_dimension:
            left = statistics(s, "L", beta2, t, g @ g.T)
            s["left"] = power_of(left, eps, power) if due else s["left"]
            u = s["left"] @ u
        if p.shape[1] <= max_dimension:
            right = statistics(s, "R", beta2, t, g.T @ g)
            s["right"] = power_of(right, eps, power) if due else s["right"]
            u = u @ s["right"]
    if graft_sgd or (graft_adam and kept):
        u = u * norm(adam if graft_adam else d) / norm(u)
    return p * (1 - lr * weight_decay) - lr * u


# ---- Vyas et al. 2024, algorithm 3, with m in the parameter's coordinates, as the authors' code


def soap(p, g, s, t, lr, beta1, beta2, beta3, eps, weight_decay=0.0, frequency=10, max_dimension=10000):
    sides = [i for i in range(2) if p.ndim == 2 and p.shape[i] <= max_dimension]
    products = (lambda: g @ g.T, lambda: g.T @ g)
    if t == 1:
        for i in sides:
            s[i] = (1 - beta3) * products[i]()
            s["Q", i] = np.linalg.eigh(s[i])[1][:, ::-1]
        return p
    q = [s.get(("Q", i), np.eye(p.shape[i])) for i in range(p.ndim)]
    into = (lambda x: q[0].T @ x @ q[1]) if p.ndim == 2 else lambda x: x
    back = (lambda x: q[0] @ x @ q[1].T) if p.ndim == 2 else lambda x: x
    m, v = mean(s, "m", beta1, g), mean(s, "v", beta2, into(g)**2)
    adam = t - 1
    p = p - lr * sqrt(1 - beta2**adam) / (1 - beta1**adam) * back(into(m) / (np.sqrt(v) + eps))
    p = p - lr * weight_decay * p
    for i in sides:
        s[i] = beta3 * s[i] + (1 - beta3) * products[i]()
        if adam % frequency == 0:
            product = s[i] @ q[i]
            order = np.argsort(-np.sum(q[i] * product, axis=0), kind="stable")
            s["v"] = np.take(s["v"], order, axis=i)
            s["Q", i] = np.linalg.qr(product[:, order])[0]
    return p


# ---- mistakes, which the test must see


def rmsprop_inside(p, g, s, t, lr, alpha, eps):
    return p - lr * g / np.sqrt(mean(s, "v", alpha, g * g) + eps)


def lion_one_mean(p, g, s, t, lr, beta1, beta2):
    return p - lr * np.sign(mean(s, "m", beta1, g))


def lamb_without_bias_correction(p, g, s, t, lr, beta1, beta2, eps, weight_decay):
    u = mean(s, "m", beta1, g) / (np.sqrt(mean(s, "v", beta2, g * g)) + eps) + weight_decay * p
    return p - lr * norm(p) / norm(u) * u


def sgdw_coupled(p, g, s, t, lr, momentum, weight_decay):
    return sgdw(p, g + weight_decay * p, s, t, lr, momentum)


def nadamw_is_adamw(p, g, s, t, lr, beta1, beta2, eps, weight_decay):
    m, v = moments(s, g, t, beta1, beta2)
    return p - lr * (m / (np.sqrt(v) + eps) + weight_decay * p)


def adabelief_of_gradients(p, g, s, t, lr, beta1, beta2, eps):
    m, v = moments(s, g, t, beta1, beta2)
    return p - lr * m / (np.sqrt(v) + eps)


def adopt_new_square(p, g, s, t, lr, beta1, beta2, eps):
    m, v = mean(s, "m", beta1, g), mean(s, "v", beta2, g * g)
    return p - lr * m / np.maximum(np.sqrt(v), eps)


def muon_square(p, g, s, t, lr, beta, adam_rate, beta1, beta2, eps):
    if p.ndim == 1:
        return muon(p, g, s, t, lr, beta, adam_rate, beta1, beta2, eps)
    scale = sqrt(p.shape[0] / p.shape[1])
    return p + (muon(p, g, s, t, lr, beta, adam_rate, beta1, beta2, eps) - p) / scale


def adafactor_unclipped(p, g, s, t, lr, decay, eps1, eps2, clip):
    return adafactor(p, g, s, t, lr, decay, eps1, eps2, 1e9)


def schedule_free_sgd_evaluated(p, g, s, t, lr, momentum):
    schedule_free_sgd(p, g, s, t, lr, momentum)
    return s["x"]


def schedule_free_adamw_equal_weights(p, g, s, t, lr, beta1, beta2, eps, warmup):
    return schedule_free_adamw(p, g, s, t, lr, beta1, beta2, eps, warmup=warmup, weight_lr_power=0.0)


def shampoo_half_roots(p, g, s, t, lr, beta1, eps):
    """With the exponent 1/k, as pytorch_optimizer has it."""
    return shampoo(p, g, s, t, lr, beta1, eps, exponent=0.5)


def soap_unsorted(p, g, s, t, lr, **options):
    """Second moments stay where they are when the columns are sorted: of row 0 and 1 they are exchanged once more."""
    p = soap(p, g, s, t, lr, **options)
    if t == 4 and p.ndim == 2:
        s["v"] = s["v"][[1, 0, 2, 3]]
    return p


def soap_decay_before(p, g, s, t, lr, weight_decay, **options):
    return soap(p * (1 - lr * weight_decay), g, s, t, lr, **options)


CASES = [
    (rmsprop, dict(lr=0.03, alpha=0.9, eps=1e-3)),
    (rmsprop, dict(lr=0.01, alpha=0.8, eps=1e-2, momentum=0.7, weight_decay=0.1, centered=True)),
    (lion, dict(lr=0.02, beta1=0.85, beta2=0.95)),
    (lion, dict(lr=0.02, beta1=0.6, beta2=0.9, weight_decay=0.3)),
    (lamb, dict(lr=0.02, beta1=0.8, beta2=0.95, eps=1e-3, weight_decay=0.2)),
    (signum, dict(lr=0.02, beta=0.8, weight_decay=0.2)),
    (signum, dict(lr=0.02, beta=0.0)),
    (sgdw, dict(lr=0.05, momentum=0.8, dampening=0.3, weight_decay=0.3)),
    (sgdw, dict(lr=0.05, momentum=0.7, weight_decay=0.2, nesterov=True)),
    (sgdw, dict(lr=0.05, weight_decay=0.2)),
    (nadamw, dict(lr=0.02, beta1=0.8, beta2=0.95, eps=1e-3, weight_decay=0.2)),
    (adabelief, dict(lr=0.02, beta1=0.8, beta2=0.95, eps=1e-4)),
    (adabelief, dict(lr=0.01, beta1=0.7, beta2=0.9, eps=1e-3, weight_decay=0.2)),
    (lars, dict(lr=0.5, momentum=0.8, weight_decay=0.2, trust=0.05)),
    (lars, dict(lr=0.5, momentum=0.7, weight_decay=0.0, trust=0.05, eps=1e-2, nesterov=True)),
    (yogi, dict(lr=0.02, beta1=0.8, beta2=0.9, eps=1e-2, initial=1e-3)),
    (yogi, dict(lr=0.02, beta1=0.7, beta2=0.95, eps=1e-3, initial=0.5, weight_decay=0.2)),
    (laprop, dict(lr=0.02, beta1=0.8, beta2=0.9, eps=1e-3, weight_decay=0.2)),
    (qhm, dict(lr=0.05, beta=0.9, nu=0.6, weight_decay=0.1)),
    (qhadam, dict(lr=0.02, beta1=0.9, beta2=0.95, nu1=0.6, nu2=0.9, eps=1e-3, weight_decay=0.1)),
    (adopt, dict(lr=0.02, beta1=0.8, beta2=0.9, eps=1e-3, weight_decay=0.2)),
    (adopt, dict(lr=0.02, beta1=0.8, beta2=0.9, eps=0.7)),
    (adan, dict(lr=0.02, beta1=0.9, beta2=0.8, beta3=0.95, eps=1e-3, weight_decay=0.2)),
    (madgrad, dict(lr=0.02, momentum=0.8, eps=1e-3, weight_decay=0.1)),
    (madgrad, dict(lr=0.02, momentum=0.0, eps=1e-6)),
    (novograd, dict(lr=0.02, beta1=0.8, beta2=0.9, eps=1e-3, weight_decay=0.1)),
    (adabound, dict(lr=0.02, beta1=0.8, beta2=0.9, eps=1e-3, final=2.0, gamma=0.3, weight_decay=0.1)),
    (ademamix, dict(lr=0.01, beta1=0.8, beta2=0.95, beta3=0.99, slow=3.0, eps=1e-3, weight_decay=0.2)),
    (ademamix, dict(lr=0.01, beta1=0.8, beta2=0.95, beta3=0.99, slow=3.0, eps=1e-3, warmup=10)),
    (mars, dict(lr=0.02, beta1=0.9, beta2=0.95, eps=1e-3, correction=0.05, weight_decay=0.1)),
    (cautious_adamw, dict(lr=0.02, beta1=0.9, beta2=0.95, eps=1e-3, weight_decay=0.1)),
    (cautious_lion, dict(lr=0.02, beta1=0.9, beta2=0.95, weight_decay=0.1)),
    (muon, dict(lr=0.03, beta=0.8, adam_rate=0.5, beta1=0.8, beta2=0.9, eps=1e-3, weight_decay=0.2)),
    (muon, dict(lr=0.03, beta=0.7, adam_rate=0.2, beta1=0.9, beta2=0.95, eps=1e-4, nesterov=False, match_rms=True)),
    (adafactor, dict(lr=0.4, decay=0.7, eps1=1e-4, eps2=0.01, clip=0.8, weight_decay=0.1)),
    (adafactor, dict(lr=0.02, decay=0.8, eps1=1e-30, eps2=1e-3, clip=1.0, relative=False)),
    (optimistic_sgd, dict(lr=0.05, optimism=0.7)),
    (optimistic_adam, dict(lr=0.02, beta1=0.6, beta2=0.9, eps=1e-3, optimism=0.8)),
    (schedule_free_sgd, dict(lr=0.05, momentum=0.8)),
    (schedule_free_sgd, dict(lr=0.08, momentum=0.7, weight_decay=0.2, decay_at_z=True, warmup=5, r=1.5, weight_lr_power=1.5)),
    (schedule_free_adamw, dict(lr=0.02, beta1=0.9, beta2=0.95, eps=1e-3, weight_decay=0.2, warmup=7)),
    (schedule_free_adamw, dict(lr=0.03, beta1=0.6, beta2=0.9, eps=1e-3, weight_decay=0.2, decay_at_z=True, r=0.5, weight_lr_power=0.0)),
    (schedule_free_radam, dict(lr=0.02, beta1=0.9, beta2=0.95, eps=1e-3, weight_decay=0.2, r=1.0)),
    (schedule_free_radam, dict(lr=0.02, beta1=0.8, beta2=0.9, eps=1e-3, weight_lr_power=1.0, silent=False)),
    (schedule_free_radam, dict(lr=0.02, beta1=0.8, beta2=0.9, eps=1e-3, weight_lr_power=0.0)),
    (shampoo, dict(lr=0.05, beta1=0.0, eps=1e-3)),
    (shampoo, dict(lr=0.02, beta1=0.8, beta2=0.9, eps=1e-2, weight_decay=0.2, frequency=3)),
    (shampoo, dict(lr=0.02, beta1=0.8, eps=1e-2, frequency=5, graft_adam=True, graft_beta2=0.95, graft_eps=1e-3)),
    (shampoo, dict(lr=0.02, beta1=0.8, eps=1e-2, exponent=0.5, graft_sgd=True)),
    (shampoo, dict(lr=0.02, beta1=0.8, eps=1e-3, max_dimension=3)),
    (shampoo, dict(lr=0.02, beta1=0.8, beta2=0.9, eps=1e-3, max_dimension=2, exponent=0.4)),
    (adabelief, dict(lr=0.02, beta1=0.8, beta2=0.9, eps=1e-3, weight_decay=0.2, rectify=True)),
    (adabelief, dict(lr=0.02, beta1=0.8, beta2=0.5, eps=1e-3, rectify=True)),
    (lars, dict(lr=0.5, momentum=0.8, weight_decay=0.2, trust=0.05, rate_inside=True)),
    (lars, dict(lr=0.5, momentum=0.7, weight_decay=0.3, trust=0.05, eps=1e-2, nesterov=True, rate_inside=True)),
    (adafactor, dict(lr=0.4, decay=0.7, eps1=0.1, eps2=0.01, clip=0.8, weight_decay=0.1, clamped=True)),
    (adafactor, dict(lr=0.4, decay=0.8, eps1=1e-7, eps2=0.5, clip=1.0, clamped=True)),
    (mars_lion, dict(lr=0.02, beta=0.9, correction=0.05, weight_decay=0.2)),
    (mars_shampoo, dict(lr=0.02, beta=0.9, correction=0.05, adam_rate=0.5, beta1=0.8, beta2=0.9, eps=1e-3, weight_decay=0.2)),
    (soap, dict(lr=0.02, beta1=0.9, beta2=0.95, beta3=0.8, eps=1e-3, weight_decay=0.2, frequency=3)),
    (soap, dict(lr=0.02, beta1=0.8, beta2=0.9, beta3=0.9, eps=1e-3, weight_decay=0.0, frequency=1)),
    (soap, dict(lr=0.02, beta1=0.8, beta2=0.9, beta3=0.9, eps=1e-3, weight_decay=0.0, frequency=4, max_dimension=3)),
]

# Cases of 200 steps.
LONG = [
    (shampoo, dict(lr=0.05, beta1=0.9, eps=1e-4)),
    (shampoo, dict(lr=0.01, beta1=0.9, beta2=0.95, eps=1e-4, weight_decay=0.1, frequency=10, graft_adam=True, graft_beta2=0.99)),
    (soap, dict(lr=0.01, beta1=0.95, beta2=0.95, beta3=0.95, eps=1e-8, weight_decay=0.1, frequency=10)),
    (schedule_free_sgd, dict(lr=0.05, momentum=0.9, weight_decay=0.1, warmup=20)),
    (schedule_free_adamw, dict(lr=0.02, beta1=0.9, beta2=0.95, eps=1e-3, weight_decay=0.1, warmup=20, r=0.5)),
    (schedule_free_radam, dict(lr=0.02, beta1=0.9, beta2=0.99, eps=1e-3, weight_decay=0.1)),
]

MISTAKES = [
    ("rmsprop", rmsprop_inside, dict(lr=0.03, alpha=0.9, eps=1e-3)),
    ("lion", lion_one_mean, dict(lr=0.02, beta1=0.85, beta2=0.95)),
    ("lamb", lamb_without_bias_correction, dict(lr=0.02, beta1=0.8, beta2=0.95, eps=1e-3, weight_decay=0.2)),
    ("sgdw", sgdw_coupled, dict(lr=0.05, momentum=0.8, weight_decay=0.3)),
    ("nadamw", nadamw_is_adamw, dict(lr=0.02, beta1=0.8, beta2=0.95, eps=1e-3, weight_decay=0.2)),
    ("adopt", adopt_new_square, dict(lr=0.02, beta1=0.8, beta2=0.9, eps=1e-3)),
    ("muon", muon_square, dict(lr=0.03, beta=0.8, adam_rate=0.5, beta1=0.8, beta2=0.9, eps=1e-3)),
    ("adafactor", adafactor_unclipped, dict(lr=0.4, decay=0.7, eps1=1e-4, eps2=0.01, clip=0.8)),
    ("adabelief", adabelief_of_gradients, dict(lr=0.02, beta1=0.8, beta2=0.95, eps=1e-4)),
    ("schedule_free_sgd", schedule_free_sgd_evaluated, dict(lr=0.05, momentum=0.8)),
    ("shampoo", shampoo_half_roots, dict(lr=0.05, beta1=0.0, eps=1e-3)),
    ("soap", soap_unsorted, dict(lr=0.02, beta1=0.9, beta2=0.95, beta3=0.8, eps=1e-3, weight_decay=0.2, frequency=3)),
    ("soap", soap_decay_before, dict(lr=0.02, beta1=0.9, beta2=0.95, beta3=0.8, eps=1e-3, weight_decay=0.2, frequency=3)),
    ("schedule_free_adamw", schedule_free_adamw_equal_weights, dict(lr=0.02, beta1=0.9, beta2=0.95, eps=1e-3, warmup=7)),
]


def slope(p, first, step):
    n = p.size
    flat = p.reshape(n)
    scale = 0.2 if first < MATRIX else 1
    return np.array([scale * ((0.5 + 0.3 * i) * (flat[i - first] - 0.1 * (i % 4)) + 0.25 * flat[i - first] * flat[(i - first + 1) % n] +
                              0.5 * cos(1.7 * step + i)) for i in range(first, first + n)]).reshape(p.shape)


def trajectory(rule, lr, last=LAST, noise=0.0, **options):
    start = np.array([0.3 * (i % 7) - 0.8 for i in range(MATRIX + VECTOR)])
    start = start * (1 + noise * np.random.default_rng(1).standard_normal(start.size))
    matrix, vector, of_matrix, of_vector, values = start[:MATRIX].reshape(ROWS, COLUMNS), start[MATRIX:], {}, {}, []
    for t in range(1, last + 1):
        matrix = rule(matrix, slope(matrix, 0, t), of_matrix, t, lr, **options)
        vector = rule(vector, slope(vector, MATRIX, t), of_vector, t, lr, **options)
        if t in (1, 2, last):
            values += [*matrix.reshape(MATRIX), *vector]
    assert np.all(np.isfinite(values)) and np.max(np.abs(values)) < 10
    return np.array(values)


def sensitivity(rule, options):
    """By how much a start that is off by 1e-15 moves the values of a long trajectory, relative to them."""
    exact, moved = trajectory(rule, **options, last=LONG_LAST), trajectory(rule, **options, last=LONG_LAST, noise=1e-15)
    return float(np.max(np.abs(moved - exact) / (np.abs(exact) + 1e-6)))


def written(options):
    return ", ".join(f".{name} = {str(value).lower()}" for name, value in options.items())


def main():
    print("/* Made by rules_reference.py. */")
    for kind, name, rule, options in [("CASE", rule.__name__, rule, options) for rule, options in CASES] + [("WRONG", *m) for m in MISTAKES]:
        values = ", ".join(f"{v:.17g}" for v in trajectory(rule, **options))
        print(f"{kind}({name}, ({written(options)}), {values})")
    for rule, options in LONG:
        values = ", ".join(f"{v:.17g}" for v in trajectory(rule, **options, last=LONG_LAST))
        print(f"LONG({rule.__name__}, ({written(options)}), {sensitivity(rule, options):.1e}, {values})")


if __name__ == "__main__":
    main()
