"""The same data, networks, optimizer and epochs as vae.c, in PyTorch.

usage: vae_torch.py [--epochs N] [--seed N] [--threads N]
"""
import argparse
import gzip
import pathlib

import numpy
import torch
from torch import nn
from torch.nn import functional

TRAIN, PIXELS, CODE, HIDDEN, BATCH = 1500, 64, 8, 128, 32


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(PIXELS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2 * CODE))
        self.decoder = nn.Sequential(nn.Linear(CODE, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, PIXELS))

    def elbo(self, x):
        mean, log_variance = self.encoder(x).chunk(2, 1)
        code = mean + (log_variance / 2).exp() * torch.randn_like(mean)
        misfit = functional.binary_cross_entropy_with_logits(self.decoder(code), x, reduction="sum")
        return -(misfit + (log_variance.exp() + mean ** 2 - 1 - log_variance).sum() / 2) / len(x)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    with gzip.open(pathlib.Path(__file__).parent / "data" / "digits.csv.gz") as file:
        x = torch.tensor(numpy.loadtxt(file, delimiter=",")[:, :PIXELS] / 16, dtype=torch.float32)
    vae = VAE()
    adam = torch.optim.Adam(vae.parameters(), lr=1e-3)
    for epoch in range(1, options.epochs + 1):
        order, total, steps = torch.randperm(TRAIN), 0, TRAIN // BATCH
        for step in range(steps):
            bound = vae.elbo(x[order[step * BATCH:(step + 1) * BATCH]])
            total += bound.item()
            adam.zero_grad()
            (-bound).backward()
            adam.step()
        with torch.no_grad():
            print(f"epoch {epoch:3}  ELBO {total / steps:.4f}  held out {vae.elbo(x[TRAIN:]).item():.9g}")


if __name__ == "__main__":
    main()
