#!/usr/bin/env python3
"""Writes rl.txt, PyTorch's values of DDPG's and TD3's updates: tests/nn/rl.py > tests/nn/rl.txt

Each line is a name and the elements of all parameters of a network after UPDATES updates. Parameter k of network m (actor, critic, second
critic) begins with 0.5 sin(100 m + 10 k + 1 + 0.7 i), as formula.h fills tensors; batches likewise. TD3's targets are not smoothed.
"""
import math

import torch
from torch import nn

torch.set_default_dtype(torch.float64)
N, OBSERVATION, ACTION, HIDDEN, UPDATES = 6, 3, 2, 5, 7


def filled(shape, k, size=1.0):
    n = math.prod(shape)
    return torch.tensor([size * math.sin(k + 1 + 0.7 * i) for i in range(n)]).reshape(shape)


def network(m, sizes, *last):
    layers = [nn.Linear(sizes[0], sizes[1]), nn.Tanh(), nn.Linear(sizes[1], sizes[2]), *last]
    net = nn.Sequential(*layers)
    with torch.no_grad():
        for k, p in enumerate(net.parameters()):
            p.copy_(filled(p.shape, 100 * m + 10 * k, 0.5))
    return net


def batch(u):
    k = 1000 + 60 * u
    discount = 0.9 * (filled((N, 1), k + 40) > 0)
    return (filled((N, OBSERVATION), k), filled((N, ACTION), k + 10), filled((N, 1), k + 20), filled((N, OBSERVATION), k + 30), discount,
            filled((N, 1), k + 50).abs())


def follow(target, net, tau):
    with torch.no_grad():
        for t, p in zip(target.parameters(), net.parameters()):
            t.mul_(1 - tau).add_(tau * p)


def copy(net):
    import copy
    return copy.deepcopy(net)


def run(name, n_critics, delay, tau=0.1, average=0.05):
    actor = network(0, (OBSERVATION, HIDDEN, ACTION), nn.Tanh())
    critics = [network(1 + i, (OBSERVATION + ACTION, HIDDEN, 1)) for i in range(n_critics)]
    targets, target_actor, mean = [copy(c) for c in critics], copy(actor), copy(actor)
    actor_optim = torch.optim.Adam(actor.parameters(), lr=0.01)
    critic_optim = torch.optim.Adam([p for c in critics for p in c.parameters()], lr=0.02)
    value = lambda c, s, a: c(torch.cat([s, a], 1))
    for u in range(UPDATES):
        s, a, r, next_s, discount, w = batch(u)
        with torch.no_grad():
            next_a = target_actor(next_s)
            y = r + discount * torch.min(torch.stack([value(t, next_s, next_a) for t in targets]), 0).values
        errors = [value(c, s, a) - y for c in critics]
        loss = sum((w * e ** 2).mean() for e in errors)
        critic_optim.zero_grad()
        loss.backward()
        critic_optim.step()
        if (u + 1) % delay == 0:
            actor_loss = -value(critics[0], s, actor(s)).mean()
            actor_optim.zero_grad()
            actor_loss.backward()
            actor_optim.step()
            for t, c in zip(targets + [target_actor], critics + [actor]):
                follow(t, c, tau)
            follow(mean, actor, average)
    nets = [("actor", actor), ("target_actor", target_actor), ("average", mean)]
    nets += [(f"critic{i}", c) for i, c in enumerate(critics)] + [(f"target_critic{i}", t) for i, t in enumerate(targets)]
    for label, net in nets:
        print(f"{name} {label}:", *(f"{x:.17g}" for p in net.parameters() for x in p.detach().flatten().tolist()))
    print(f"{name} losses:", f"{loss.item():.17g} {actor_loss.item():.17g}")
    print(f"{name} errors:", *(f"{x:.17g}" for x in errors[0].detach().flatten().tolist()))


run("ddpg", 1, 1)
run("td3", 2, 2)
