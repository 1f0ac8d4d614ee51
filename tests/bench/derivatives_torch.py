"""derivatives.c in PyTorch (1.13).   usage: /usr/bin/python3 derivatives_torch.py [THREADS]"""
import statistics
import sys
import time

import torch
from torch.autograd import functional

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
RUNS = 300


def median_of(what):
    samples = []
    for _ in range(RUNS):
        start = time.perf_counter()
        what()
        samples.append((time.perf_counter() - start) * 1e6)
    return statistics.median(samples)


def split(flat, shapes):
    parts, at = [], 0
    for shape in shapes:
        n = torch.Size(shape).numel()
        parts.append(flat[at:at + n].view(shape))
        at += n
    return parts


points, targets = 0.05 * torch.randn(64, 2, dtype=torch.float64), 0.05 * torch.randn(64, 1, dtype=torch.float64)
flat = 0.05 * torch.randn(41, dtype=torch.float64)


def small_network(flat):
    w1, b1, w2, b2 = split(flat, [(10, 2), (10,), (1, 10), (1,)])
    h = torch.tanh(torch.nn.functional.linear(points, w1, b1))
    return torch.mean((torch.nn.functional.linear(h, w2, b2) - targets) ** 2)


print(f"Hessian, 41 parameters      {median_of(lambda: functional.hessian(small_network, flat, vectorize=True)):8.1f} us")

x, labels = 0.05 * torch.randn(128, 784), torch.zeros(128, dtype=torch.int64)
width = [784, 256, 128, 10]
shapes = [s for i in range(3) for s in ((width[i + 1], width[i]), (width[i + 1],))]
p = [(0.05 * torch.randn(*s)).requires_grad_() for s in shapes]
v = [0.05 * torch.randn(*s) for s in shapes]


def classifier():
    h = x
    for i in range(3):
        h = torch.nn.functional.linear(h, p[2 * i], p[2 * i + 1])
        h = torch.relu(h) if i < 2 else h
    return torch.nn.functional.cross_entropy(h, labels)


def gradient():
    return torch.autograd.grad(classifier(), p)


def product():
    g = torch.autograd.grad(classifier(), p, create_graph=True)
    return torch.autograd.grad(g, p, grad_outputs=v)


one, two = median_of(gradient), median_of(product)
print(f"gradient, 784-256-128-10    {one:8.1f} us")
print(f"Hessian-vector product      {two:8.1f} us   {two / one:.2f} gradients")
