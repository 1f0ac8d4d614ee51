#!/usr/bin/env python3
"""Writes kfac_reference.h: steps of K-FAC in NumPy, f64, with sums over samples and windows as the papers write them.

Each network is trained for some steps of plain gradient descent along the preconditioned gradients of a mean square error. Factors: of a linear
layer A = E[a aᵀ], G = E[g gᵀ] (Martens, Grosse, 2015), of a convolution Ω = E[Σ_t a_t a_tᵀ], Γ = E[Σ_t g_t g_tᵀ]/T over its T windows t (Grosse,
Martens, 2016); a and a_t end with 1 if there is a bias; g is the gradient of one sample's loss. Elements of parameters and data are
wave(i) of their number i, times a scale. The gradients after preconditioning stand in the header step by step, parameter by parameter.

usage: kfac_reference.py | clang-format-14 --assume-filename=$PWD/x.h > kfac_reference.h
"""
from math import prod, sqrt

import numpy as np

DAMPING, DECAY, FREQUENCY, RATE, STEPS = 0.02, 0.6, 2, 0.3, 5


def wave(shape, phase, scale):
    return scale * np.sin(1.7 * np.arange(prod(shape)) + 0.3 * np.arange(prod(shape))**2 + phase).reshape(shape)


# ---- layers: forward(x) → y; backward(gy) → gx, with factors and gradients left in the object


class Linear:
    def __init__(self, n_in, n_out, bias, phase):
        self.w, self.b = wave((n_out, n_in), phase, 0.6), wave((n_out,), phase + 1, 0.2) if bias else None

    def forward(self, x):
        self.x = x
        return x @ self.w.T + (self.b if self.b is not None else 0)

    def backward(self, gy):
        samples = len(self.x)
        ones = [[1.0]] if self.b is not None else [[]]
        a = np.hstack([self.x, np.repeat(ones, samples, 0)])
        self.a = [sum(np.outer(r, r) for r in a) / samples]
        self.g = [sum(np.outer(samples * r, samples * r) for r in gy) / samples]
        self.d = [sum(np.outer(g, r) for g, r in zip(gy, a))]
        return gy @ self.w

    def take(self, v):
        self.new = [v[0][:, :self.w.shape[1]]] + ([v[0][:, -1]] if self.b is not None else [])


class Conv:
    def __init__(self, n_in, n_out, size, stride, padding, dilation, groups, bias, phase):
        self.size, self.stride, self.padding, self.dilation, self.groups = size, stride, padding, dilation, groups
        self.w, self.b = wave((n_out, n_in // groups, *size), phase, 0.5), wave((n_out,), phase + 1, 0.2) if bias else None

    def places(self):
        """The windows of a padded image: slices of it, and their places in the result."""
        span = [d * (s - 1) + 1 for d, s in zip(self.dilation, self.size)]
        rows = range(0, self.image[0] + 2 * self.padding[0] - span[0] + 1, self.stride[0])
        columns = range(0, self.image[1] + 2 * self.padding[1] - span[1] + 1, self.stride[1])
        for i, r in enumerate(rows):
            for j, c in enumerate(columns):
                yield i, j, slice(r, r + span[0], self.dilation[0]), slice(c, c + span[1], self.dilation[1])
        self.extent = len(rows), len(columns)

    def forward(self, x):
        self.image, p = x.shape[2:], self.padding
        self.x = np.pad(x, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])))
        windows = list(self.places())
        y = np.zeros((len(x), len(self.w), *self.extent))
        deep, wide = self.w.shape[1], len(self.w) // self.groups
        for n in range(len(x)):
            for o in range(len(self.w)):
                group = o // wide
                for i, j, r, c in windows:
                    y[n, o, i, j] = np.sum(self.x[n, group * deep:(group + 1) * deep, r, c] * self.w[o])
                    y[n, o, i, j] += self.b[o] if self.b is not None else 0
        return y

    def backward(self, gy):
        samples, windows = len(self.x), list(self.places())
        deep, wide, gx = self.w.shape[1], len(self.w) // self.groups, np.zeros_like(self.x)
        self.a, self.g, self.d = [], [], []
        for group in range(self.groups):
            channels, units = slice(group * deep, (group + 1) * deep), slice(group * wide, (group + 1) * wide)
            dim = self.w[0].size + (self.b is not None)
            omega, gamma, d = np.zeros((dim, dim)), np.zeros((wide, wide)), np.zeros((wide, dim))
            for n in range(samples):
                for i, j, r, c in windows:
                    a = np.append(self.x[n, channels, r, c].ravel(), [1.0] if self.b is not None else [])
                    g = gy[n, units, i, j]
                    omega += np.outer(a, a) / samples
                    gamma += np.outer(samples * g, samples * g) / (samples * len(windows))
                    d += np.outer(g, a)
                    gx[n, channels, r, c] += np.einsum("o,oihw->ihw", g, self.w[units])
            self.a.append(omega), self.g.append(gamma), self.d.append(d)
        p, image = self.padding, self.image
        return gx[:, :, p[0]:p[0] + image[0], p[1]:p[1] + image[1]]

    def take(self, v):
        n = self.w[0].size
        self.new = [np.concatenate([m[:, :n] for m in v]).reshape(self.w.shape)]
        self.new += [np.concatenate([m[:, -1] for m in v])] if self.b is not None else []


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, gy):
        return gy * (1 - self.y**2)


class Flatten:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, gy):
        return gy.reshape(self.shape)


# ---- K-FAC


def inverses(a, g):
    pi = sqrt((np.trace(a) / len(a)) / (np.trace(g) / len(g)))
    return (np.linalg.inv(a + pi * sqrt(DAMPING) * np.eye(len(a))), np.linalg.inv(g + sqrt(DAMPING) / pi * np.eye(len(g))))


def precondition(layer, k):
    kept = min(1 - 1 / k, DECAY)
    if k == 1:
        layer.mean = list(zip(layer.a, layer.g))
    else:
        layer.mean = [(kept * ma + (1 - kept) * a, kept * mg + (1 - kept) * g) for (ma, mg), a, g in zip(layer.mean, layer.a, layer.g)]
    if k == 1 or k % FREQUENCY == 0:
        layer.inverse = [inverses(a, g) for a, g in layer.mean]
    layer.take([g @ d @ a for (a, g), d in zip(layer.inverse, layer.d)])


def train(net, shape, targets, limit=0.0):
    trained, out = [layer for layer in net if hasattr(layer, "w")], []
    for k in range(1, STEPS + 1):
        h, t = wave(shape, 0.9 * k, 1.0), wave((shape[0], targets), 0.4 * k, 0.8)
        for layer in net:
            h = layer.forward(h)
        g = 2 * (h - t) / h.size
        for layer in reversed(net):
            g = layer.backward(g)
        for layer in trained:
            precondition(layer, k)
        total = 0.0
        for layer in trained:
            old = [np.concatenate([d[:, :layer.w[0].size] for d in layer.d]).reshape(layer.w.shape)]
            old += [np.concatenate([d[:, -1] for d in layer.d])] if layer.b is not None else []
            total += sum(np.sum(v * d) for v, d in zip(layer.new, old))
        scale = min(1.0, sqrt(limit / (RATE**2 * total))) if limit else 1.0
        for layer in trained:
            layer.new = [scale * v for v in layer.new]
            layer.w = layer.w - RATE * layer.new[0]
            if layer.b is not None:
                layer.b = layer.b - RATE * layer.new[1]
            out += [x for v in layer.new for x in v.ravel()]
    return out


def main():
    linear = [Linear(3, 4, True, 0.1), Tanh(), Linear(4, 2, False, 0.7)]
    limited = [Linear(3, 4, True, 0.1), Tanh(), Linear(4, 2, False, 0.7)]
    conv = [Conv(2, 3, (3, 2), (2, 1), (1, 1), (1, 1), 1, True, 0.2), Tanh(), Flatten(), Linear(45, 2, True, 0.5)]
    grouped = [Conv(4, 4, (2, 2), (1, 2), (0, 1), (2, 1), 2, False, 0.3), Tanh(), Flatten(), Linear(36, 2, True, 0.5)]
    runs = {"linear": train(linear, (5, 3), 2), "limited": train(limited, (5, 3), 2, 1e-3),
            "conv": train(conv, (4, 2, 5, 4), 2), "grouped": train(grouped, (3, 4, 5, 4), 2)}
    print("/* Made by kfac_reference.py; do not edit. */")
    for name, value in vars_of():
        print(f"#define REFERENCE_{name} {value}")
    for name, values in runs.items():
        print(f"static const double reference_{name}[] = {{{', '.join(repr(float(x)) for x in values)}}};")


def vars_of():
    return [("DAMPING", DAMPING), ("DECAY", DECAY), ("FREQUENCY", FREQUENCY), ("RATE", RATE), ("STEPS", STEPS)]


if __name__ == "__main__":
    main()
