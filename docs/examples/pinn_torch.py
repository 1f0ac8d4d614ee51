"""The same problem, network and L-BFGS as in pinn.c, in PyTorch.

usage: pinn_torch.py [--steps N] [--seed N]
"""
import argparse
import math

import torch
from torch import nn

MEASURED, POINTS, CONDUCTIVITY, NOISE = 100, 256, 0.05, 0.01


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    torch.set_default_dtype(torch.float64)
    at = torch.rand(MEASURED, 2)
    t, x = at[:, :1], at[:, 1:]
    u = sum(a * torch.exp(-CONDUCTIVITY * (k * math.pi) ** 2 * t) * torch.sin(k * math.pi * x) for k, a in ((1, 1), (3, 0.5)))
    u = u + NOISE * torch.randn_like(u)
    t, x = (torch.rand(POINTS, 1, requires_grad=True) for _ in range(2))
    net = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
    log_d = torch.zeros((), requires_grad=True)
    optimizer = torch.optim.LBFGS([log_d, *net.parameters()], max_iter=options.steps, line_search_fn="strong_wolfe")

    def residual():
        y = net(torch.cat([t, x], 1))
        y_t, y_x = torch.autograd.grad(y.sum(), [t, x], create_graph=True)
        y_xx, = torch.autograd.grad(y_x.sum(), x, create_graph=True)
        return y_t - log_d.exp() * y_xx

    def loss():
        optimizer.zero_grad()
        value = (net(at) - u).square().mean() + residual().square().mean()
        value.backward()
        return value

    optimizer.step(loss)
    d = log_d.exp().item()
    print(f"{optimizer.state[log_d]['n_iter']} steps, loss {loss().item():.9g}")
    print(f"D = {d:.9f}, true {CONDUCTIVITY:g}, {100 * (d / CONDUCTIVITY - 1):+.2f} % away")


if __name__ == "__main__":
    main()
