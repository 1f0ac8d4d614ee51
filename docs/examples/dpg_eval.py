#!/usr/bin/env python3
"""Judges a policy that dpg.c saved for the pendulum, with nothing of Wengert: dpg_eval.py POLICY.safetensors...

Dynamics are those of Gymnasium's Pendulum-v1 in f64, without rounding observations to f32; the network is relu, relu, tanh, times 2. The 1,000 starts are the
points (i/g, i/g²) mod 1, g³ = g + 1, i = 1 … 1000, of the square of angles -π … π and speeds -1 … 1. Writes the mean return, its error and the least return.
"""
import json
import struct
import sys

import numpy as np


def load(path):
    with open(path, "rb") as file:
        data = file.read()
    size = struct.unpack("<Q", data[:8])[0]
    header, body = json.loads(data[8 : 8 + size]), data[8 + size :]
    return {name: np.frombuffer(body[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"]).astype(np.float64)
            for name, entry in header.items() if name != "__metadata__"}


def starts(n):
    g = 1.32471795724474602596
    i = np.arange(1, n + 1)
    x, y = (0.5 + i / g) % 1, (0.5 + i / (g * g)) % 1
    return np.pi * (2 * x - 1), 2 * y - 1


def policy(net, observation):
    h = np.maximum(observation @ net["0.weight"].T + net["0.bias"], 0)
    h = np.maximum(h @ net["2.weight"].T + net["2.bias"], 0)
    return 2 * np.tanh(h @ net["4.weight"].T + net["4.bias"])[:, 0]


def returns(net, n=1000, steps=200):
    angle, speed = starts(n)
    total = np.zeros(n)
    for _ in range(steps):
        u = np.clip(policy(net, np.stack([np.cos(angle), np.sin(angle), speed], 1)), -2, 2)
        wrapped = (angle + np.pi) % (2 * np.pi) - np.pi
        total -= wrapped**2 + 0.1 * speed**2 + 0.001 * u**2
        speed = np.clip(speed + (15 * np.sin(angle) + 3 * u) * 0.05, -8, 8)
        angle = angle + speed * 0.05
    return total


for path in sys.argv[1:]:
    total = returns(load(path))
    print(f"{path}: {total.mean():.2f} ± {total.std(ddof=1) / len(total) ** 0.5:.2f}, least {total.min():.2f}")
