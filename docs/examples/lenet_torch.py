"""The same data, networks, optimizer and epochs as lenet.c, in PyTorch.

usage: lenet_torch.py [--model lenet|mlp] [--data FOLDER] [--epochs N] [--seed N] [--threads N]
"""
import argparse
import gzip
import pathlib
import time

import numpy
import torch
from torch import nn
from torch.nn import functional

BATCH = 64


def read_part(folder, name):
    def read(kind, offset):
        with gzip.open(pathlib.Path(folder) / f"{name}-{kind}-ubyte.gz") as file:
            return torch.from_numpy(numpy.frombuffer(file.read(), numpy.uint8, offset=offset).copy())
    return read("images-idx3", 16).float().view(-1, 1, 28, 28) / 255, read("labels-idx1", 8).long()


def lenet():
    return nn.Sequential(nn.Conv2d(1, 12, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(12, 24, 5), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(600, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


def accuracy(net, x, y):
    with torch.no_grad():
        return sum((net(a).argmax(1) == b).sum().item() for a, b in zip(x.split(1000), y.split(1000))) / len(y)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", choices=["lenet", "mlp"], default="lenet")
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    (x, y), test = read_part(options.data, "train"), read_part(options.data, "t10k")
    net = lenet() if options.model == "lenet" else mlp()
    adam = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.1)
    steps = len(x) // BATCH
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, options.epochs * steps)
    for epoch in range(1, options.epochs + 1):
        begin, total, order = time.process_time(), 0, torch.randperm(len(x))
        for rows in order[:steps * BATCH].split(BATCH):
            mirrored = (torch.rand(BATCH) < 0.5).view(-1, 1, 1, 1)
            loss = functional.cross_entropy(net(torch.where(mirrored, x[rows].flip(3), x[rows])), y[rows])
            adam.zero_grad()
            loss.backward()
            adam.step()
            schedule.step()
            total += loss.item()
        seconds = time.process_time() - begin
        print(f"epoch {epoch:2}  {seconds:.2f} s  loss {total / steps:.9g}  test accuracy {accuracy(net, *test):.4f}", flush=True)


if __name__ == "__main__":
    main()
