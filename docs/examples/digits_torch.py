"""The same network, data, distortion and settings as digits.c, in PyTorch: for comparing accuracies.

    python3 docs/examples/digits_torch.py [--seeds N] [--epochs N]

Prints the test accuracy of each seed, then their mean and its standard error.
"""
import argparse
import gzip
import math
import pathlib

import numpy
import torch
from torch import nn
from torch.nn import functional

TRAIN, SIDE, HOLD_EVERY = 898, 8, 10
TURN, SLANT, STRETCH, SHIFT = 0.2, 0.2, 0.15, 0.6
BATCH, RATE, DECAY = 16, 3e-3, 0.1


def load():
    path = pathlib.Path(__file__).parent / "data" / "digits.csv.gz"
    with gzip.open(path) as file:
        table = numpy.loadtxt(file, delimiter=",")
    x = torch.tensor(table[:, :64] / 16, dtype=torch.float32)
    return x, torch.tensor(table[:, 64], dtype=torch.int64)


def distort(x, share=1):
    """x: (n,64), by a share of the strengths above. Output pixel (row, column), counted from the middle, reads the input at the turned, slanted, stretched, shifted place."""
    n = len(x)
    turn, slant, wide, high, dx, dy = (share * (torch.rand(6, n) * 2 - 1)).unbind()
    turn, slant = turn * TURN, slant * SLANT
    wide, high = 1 + wide * STRETCH, 1 + high * STRETCH
    cosine, sine = turn.cos(), turn.sin()
    to_grid = 2 / SIDE  # affine_grid counts from -1 to 1
    column = torch.stack([wide * cosine, wide * (slant - sine), dx * SHIFT * to_grid], 1)
    row = torch.stack([high * sine, high * cosine, dy * SHIFT * to_grid], 1)
    grid = functional.affine_grid(torch.stack([column, row], 1), (n, 1, SIDE, SIDE), align_corners=False)
    y = functional.grid_sample(x.view(n, 1, SIDE, SIDE), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return y.view(n, SIDE * SIDE)


def train(x, y, seed, epochs):
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(64, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 64), nn.BatchNorm1d(64), nn.ReLU(),
                        nn.Linear(64, 10))
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    per_epoch = len(x) // BATCH
    steps = per_epoch * epochs
    for step in range(steps):
        if step % per_epoch == 0:
            order = torch.randperm(len(x))
        for group in optimizer.param_groups:
            group["lr"] = RATE * 0.5 * (1 + math.cos(math.pi * step / steps))
        at = step % per_epoch * BATCH
        rows = order[at:at + BATCH]
        loss = functional.cross_entropy(net(distort(x[rows])), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.eval()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=200)
    options = parser.parse_args()
    torch.set_num_threads(1)
    x, y = load()
    trained = torch.arange(TRAIN) % HOLD_EVERY != HOLD_EVERY - 1
    scores = []
    for seed in range(options.seeds):
        net = train(x[:TRAIN][trained], y[:TRAIN][trained], seed, options.epochs)
        with torch.no_grad():
            right = net(x[TRAIN:]).argmax(1) == y[TRAIN:]
        scores.append(right.double().mean().item())
        print(f"seed {seed}: test accuracy {scores[-1]:.4f}")
    error = numpy.std(scores, ddof=1) / math.sqrt(len(scores)) if len(scores) > 1 else math.nan
    print(f"mean {numpy.mean(scores):.4f}, standard error {error:.4f}")


if __name__ == "__main__":
    main()
