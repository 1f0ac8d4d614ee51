#!/usr/bin/env python3
"""Writes gan.txt, PyTorch's values for objectives and penalties: tests/nn/gan.py > tests/nn/gan.txt

Each line is a name and numbers. Elements follow the formula of formula.h: parameter number k of a critic begins at 10 (k + 1).
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)


def filled(shape, k, size=1.0):
    n = math.prod(shape)
    return torch.tensor([size * math.sin(k + 1 + 0.7 * i) for i in range(n)]).reshape(shape)


def write(name, *tensors):
    print(f"{name}:", *(f"{v:.17g}" for t in tensors for v in t.detach().flatten().tolist()))


def bce(logits, label):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def mse(scores, label):
    return F.mse_loss(scores, torch.full_like(scores, label)) / 2


CRITIC = {
    "wasserstein": lambda r, f: f.mean() - r.mean(),
    "minimax": lambda r, f: bce(r, 1.0) + bce(f, 0.0),
    "non_saturating": lambda r, f: bce(r, 1.0) + bce(f, 0.0),
    "least_squares": lambda r, f: mse(r, 1.0) + mse(f, 0.0),
    "hinge": lambda r, f: F.relu(1 - r).mean() + F.relu(1 + f).mean(),
    "relativistic": lambda r, f: bce(r - f, 1.0),
}
GENERATOR = {
    "wasserstein": lambda r, f: -f.mean(),
    "minimax": lambda r, f: -bce(f, 0.0),
    "non_saturating": lambda r, f: bce(f, 1.0),
    "least_squares": lambda r, f: mse(f, 1.0),
    "hinge": lambda r, f: -f.mean(),
    "relativistic": lambda r, f: bce(f - r, 1.0),
}

for player, losses in (("critic", CRITIC), ("generator", GENERATOR)):
    for name, loss in losses.items():
        r, f = filled((6, 1), 0, 30.0).requires_grad_(), filled((6, 1), 7, 3.0).requires_grad_()
        value = loss(r, f)
        gr, gf = torch.autograd.grad(value, (r, f), allow_unused=True)
        write(f"{player} {name}", value, torch.zeros_like(r) if gr is None else gr, gf)


def mlp(activation):
    return nn.Sequential(nn.Linear(2, 8), activation, nn.Linear(8, 8), activation, nn.Linear(8, 1))


def conv():
    return nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(3, 2, 3, stride=2), nn.Tanh(), nn.Flatten(),
                         nn.Linear(8, 1))


def gradient_of_sum(net, x):
    point = x.clone().requires_grad_()
    return torch.autograd.grad(net(point).sum(), point, create_graph=True)[0].flatten(1)


PENALTIES = {
    "two_sided": lambda g: ((g.norm(dim=1) - 1) ** 2).mean(),
    "target 0.5": lambda g: ((g.norm(dim=1) - 0.5) ** 2).mean(),
    "one_sided": lambda g: (F.relu(g.norm(dim=1) - 1) ** 2).mean(),
    "r1": lambda g: g.square().sum(1).mean() / 2,
}
CRITICS = {
    "relu": (lambda: mlp(nn.ReLU()), (5, 2), 1),
    "tanh": (lambda: mlp(nn.Tanh()), (5, 2), 1),
    "softplus": (lambda: mlp(nn.Softplus()), (5, 2), 1.5),
    "conv": (conv, (3, 2, 5, 5), 0.4),
}

for name, (make, shape, size) in CRITICS.items():
    net = make()
    with torch.no_grad():
        for k, parameter in enumerate(net.parameters()):
            parameter.copy_(filled(parameter.shape, 10 * (k + 1), size))
    for kind, penalty in PENALTIES.items():
        value = penalty(gradient_of_sum(net, filled(shape, 3)))
        gradients = torch.autograd.grad(value, list(net.parameters()), allow_unused=True)
        write(f"{name} {kind}", value, *(torch.zeros_like(p) if g is None else g for g, p in zip(gradients, net.parameters())))
