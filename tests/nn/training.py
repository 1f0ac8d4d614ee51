#!/usr/bin/env python3
"""Writes training.txt, the losses of ten training steps of each model in PyTorch: tests/nn/training.py > tests/nn/training.txt

training.c trains the same models from the same weights, which follow the formulas here, on the same batch.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

import layers  # sets f64

STEPS, LR, MOMENTUM = 10, 0.05, 0.9


class LSTM(nn.Module):
    """Classes of the last state."""

    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(6, 16), nn.Linear(16, 5)

    def forward(self, x):
        return self.head(self.lstm(x)[0][-1])


class Rows(nn.Module):
    """A language model whose logits are rows, one for each token."""

    def __init__(self, gpt):
        super().__init__()
        self.gpt = gpt

    def forward(self, tokens):
        return self.gpt(tokens).flatten(0, 1)


def mlp(*between):
    return nn.Sequential(nn.Linear(12, 20), *between, nn.ReLU(), nn.Linear(20, 5))


# A model: how it is made, its input, and how many labels of how many classes.
MODELS = {
    "mlp": (mlp, (8, 12), 8, 5),
    "mlp_batch_norm": (lambda: mlp(nn.BatchNorm1d(20)), (8, 12), 8, 5),
    "lenet": (layers.lenet, (8, 1, 28, 28), 8, 10),
    "resnet": (lambda: layers.ResNet(3), (8, 3, 32, 32), 8, 10),
    "lstm": (LSTM, (7, 4, 6), 4, 5),
    "gpt": (lambda: Rows(layers.GPT(11, 8, 12, 3, 2, True)), layers.indices((3, 8), 11), 24, 11),
}


def initial(name, parameter, k):
    """Weights have the size that keeps variances, biases are small, and the weights of normalisations are near 1."""
    values = layers.filled(tuple(parameter.shape), k)
    if "bias" in name:
        return 0.1 * values
    return values / math.sqrt(parameter.numel() / parameter.shape[0]) if parameter.dim() > 1 else 1 + 0.1 * values


for name, (make, shape, n, classes) in MODELS.items():
    net = make()
    with torch.no_grad():
        for k, (of, parameter) in enumerate(net.named_parameters()):
            parameter.copy_(initial(of, parameter, k))
    x, labels = layers.filled(shape, 0), layers.filled(layers.indices((n,), classes), 0)
    opt, losses = torch.optim.SGD(net.parameters(), lr=LR, momentum=MOMENTUM), []
    for _ in range(STEPS):
        opt.zero_grad()
        loss = F.cross_entropy(net(x), labels)
        loss.backward()
        opt.step()
        losses.append(loss.item())
    print(f"{name}:", *(f"{v:.17g}" for v in losses))
