#!/usr/bin/env python3
"""Writes wrappers.txt, PyTorch's values for weight norm and spectral norm: tests/nn/wrappers.py > tests/nn/wrappers.txt

Each case is three steps of SGD on Σ c y, then a call in evaluation mode. Elements follow the formula in wrappers.c: parameters of the wrapped
module before it is wrapped, then u and v of spectral norm, which are scaled to length 1.
"""
import math

import torch
from torch import nn
from torch.nn.utils import spectral_norm, weight_norm

torch.set_default_dtype(torch.float64)

LINEAR = (lambda: nn.Linear(3, 4), (5, 3))
CONV = (lambda: nn.Conv2d(2, 4, 3, padding=1), (1, 2, 4, 3))
CASES = {
    "weight_norm linear": (*LINEAR, weight_norm),
    "weight_norm conv2d": (*CONV, weight_norm),
    "weight_norm conv2d axis 1": (*CONV, lambda m: weight_norm(m, dim=1)),
    "weight_norm linear whole": (*LINEAR, lambda m: weight_norm(m, dim=None)),
    "weight_norm linear bias": (*LINEAR, lambda m: weight_norm(m, "bias")),
    "spectral_norm linear": (*LINEAR, spectral_norm),
    "spectral_norm conv2d": (*CONV, spectral_norm),
    "spectral_norm conv2d axis 1": (*CONV, lambda m: spectral_norm(m, dim=1, n_power_iterations=3)),
}


def filled(shape, k):
    n = math.prod(shape)
    return torch.tensor([math.sin(k + 1 + 0.7 * i) for i in range(n)]).reshape(shape)


def write(case, what, tensor):
    print(f"{case}, {what}:", *(f"{v:.17g}" for v in tensor.detach().flatten().tolist()))


for case, (make, shape, wrap) in CASES.items():
    net, x = make(), filled(shape, 0).requires_grad_()
    with torch.no_grad():
        for k, parameter in enumerate(net.parameters()):
            parameter.copy_(filled(parameter.shape, 10 * (k + 1)))
    net = wrap(net)
    with torch.no_grad():
        for k, buffer in enumerate(net.buffers()):
            buffer.copy_(nn.functional.normalize(filled(buffer.shape, 30 + k), dim=0))
    sgd = torch.optim.SGD(net.parameters(), lr=0.1)
    for step in (1, 2, 3):
        y = net(x)
        x.grad = None
        sgd.zero_grad()
        (y * filled(y.shape, 5)).sum().backward()
        sgd.step()
        if step == 2:
            continue
        write(case, f"result {step}", y)
        write(case, f"gradient of x {step}", x.grad)
        for name, parameter in net.named_parameters():
            write(case, f"gradient of {name} {step}", parameter.grad)
        for name, tensor in net.state_dict().items():
            write(case, f"{name} {step}", tensor)
    net.eval()
    write(case, "evaluation", net(x))
