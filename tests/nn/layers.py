#!/usr/bin/env python3
"""Writes layers.txt, PyTorch's values for the samples of each layer: tests/nn/layers.py > tests/nn/layers.txt

An entry is the layer's name, and a function for each of its samples that makes the same module in PyTorch and the shape of its input. Elements
follow the formula in list.c. A layer that PyTorch has not: an entry of list "elsewhere" with the function of a plain implementation.
"""
import math

import torch
from torch import nn

torch.set_default_dtype(torch.float64)

LAYERS = {
    "linear": [(lambda: nn.Linear(3, 4), (5, 3)), (lambda: nn.Linear(2, 3, bias=False), (2, 3, 2))],
    "conv2d": [(lambda: nn.Conv2d(2, 4, 3, padding=1), (2, 2, 5, 4)),
               (lambda: nn.Conv2d(2, 4, 2, stride=(2, 1), padding=(0, 1), dilation=(1, 2), groups=2, bias=False), (3, 2, 6, 5))],
    "batch_norm": [(lambda: nn.BatchNorm1d(4), (6, 4)), (lambda: nn.BatchNorm2d(3, eps=0.01, momentum=0.3), (2, 3, 4, 2))],
    "relu": [(nn.ReLU, (3, 4))],
    "tanh": [(nn.Tanh, (3, 4))],
    "sigmoid": [(nn.Sigmoid, (3, 4))],
}


def filled(shape, k):
    n = math.prod(shape)
    return torch.tensor([math.sin(k + 1 + 0.7 * i) for i in range(n)]).reshape(shape)


def write(layer, sample, what, tensor):
    print(f"{layer} {sample} {what}:", *(f"{v:.17g}" for v in tensor.detach().flatten().tolist()))


for layer, samples in LAYERS.items():
    for number, (make, shape) in enumerate(samples):
        net, x = make(), filled(shape, 0).requires_grad_()
        with torch.no_grad():
            for k, parameter in enumerate(net.parameters()):
                parameter.copy_(filled(parameter.shape, 10 * (k + 1)))
        y = net(x)
        write(layer, number, "training", y)
        (y * filled(y.shape, 5)).sum().backward()
        write(layer, number, "gradient of x", x.grad)
        for name, parameter in net.named_parameters():
            write(layer, number, f"gradient of {name}", parameter.grad)
        for name, buffer in net.named_buffers():
            if buffer.dtype == torch.float64:
                write(layer, number, name, buffer)
        net.eval()
        write(layer, number, "evaluation", net(x))
