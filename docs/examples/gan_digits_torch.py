"""The same data, networks, losses, optimizers and steps as gan_digits.c, in PyTorch.

usage: gan_digits_torch.py [--steps N] [--seed N] [--threads N]
"""
import argparse
import copy
import math
import time

import torch
from torch import nn
from torch.nn.functional import one_hot, softplus

from digits_torch import HOLD_EVERY, TRAIN, distort, load, train

PIXELS, CLASSES, CODE, HIDDEN, BATCH, LAZY, REPORT, SAMPLES = 64, 10, 32, 128, 64, 4, 1000, 5000
STRENGTH, RATE, DECAY, DISTORTED = 0.05, 1e-3, 0.999, 0.5


def mlp(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, HIDDEN), nn.LeakyReLU(0.01), nn.Linear(HIDDEN, HIDDEN), nn.LeakyReLU(0.01), nn.Linear(HIDDEN, outputs))


def code(y):
    return torch.cat([torch.randn(len(y), CODE), one_hot(y, CLASSES).float()], 1)


def score(critic, x, y):
    return (critic(x) * one_hot(y, CLASSES)).sum(1)


def slope_penalty(scores, x):
    gradient, = torch.autograd.grad(scores.sum(), x, create_graph=True)
    return gradient.square().sum(1).mean() / 2


def critic_loss(critic, generator, x, y, penalised):
    with torch.no_grad():
        fake = generator(code(y)).sigmoid()
    if penalised:
        x, fake = x.detach().requires_grad_(), fake.requires_grad_()
    real_score, fake_score = score(critic, x, y), score(critic, fake, y)
    loss = softplus(fake_score - real_score).mean()
    if penalised:
        loss = loss + STRENGTH * LAZY * (slope_penalty(real_score, x) + slope_penalty(fake_score, fake))
    return loss


def generator_loss(critic, generator, x, y):
    return softplus(score(critic, x, y) - score(critic, generator(code(y)).sigmoid(), y)).mean()


def step(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


@torch.no_grad()
def accuracy(net, x, y):
    return (net(x).argmax(1) == y).double().mean().item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    all_x, all_y = load()
    trained = torch.arange(TRAIN) % HOLD_EVERY != HOLD_EVERY - 1
    x, y = all_x[:TRAIN][trained], all_y[:TRAIN][trained]
    critic, generator = mlp(PIXELS, CLASSES), mlp(CODE + CLASSES, PIXELS)
    average = copy.deepcopy(generator)
    adams = [torch.optim.Adam(net.parameters(), lr=RATE, betas=(0, 0.99)) for net in (critic, generator)]
    per_epoch, begin = len(x) // BATCH, time.process_time()
    for done in range(options.steps):
        if done % per_epoch == 0:
            order = torch.randperm(len(x))
        for adam in adams:
            adam.param_groups[0]["lr"] = RATE * 0.5 * (1 + math.cos(math.pi * done / options.steps))
        rows = order[done % per_epoch * BATCH:][:BATCH]
        batch, digits = distort(x[rows], DISTORTED), y[rows]
        first = critic_loss(critic, generator, batch, digits, done % LAZY == 0)
        step(adams[0], first)
        critic.requires_grad_(False)
        second = generator_loss(critic, generator, batch, digits)
        step(adams[1], second)
        critic.requires_grad_(True)
        with torch.no_grad():
            decay = min(DECAY, (done + 2) / (done + 11)) if done else 0
            for a, p in zip(average.parameters(), generator.parameters()):
                a.lerp_(p, 1 - decay)
        if (done + 1) % REPORT == 0:
            print(f"step {done + 1:5}  {time.process_time() - begin:.2f} s  critic {first.item():.9g}  generator {second.item():.9g}", flush=True)
            begin = time.process_time()
    made_y = torch.arange(SAMPLES) % CLASSES
    with torch.no_grad():
        made = average(code(made_y)).sigmoid()
    real = train(x, y, options.seed, 200)
    student = train(made, made_y, options.seed, 32)
    print(f"recognised {accuracy(real, made, made_y):.4f} of {SAMPLES} generated digits")
    print(f"test accuracy {accuracy(student, all_x[TRAIN:], all_y[TRAIN:]):.4f} after learning from generated digits alone, "
          f"{accuracy(real, all_x[TRAIN:], all_y[TRAIN:]):.4f} from real ones")


if __name__ == "__main__":
    main()
