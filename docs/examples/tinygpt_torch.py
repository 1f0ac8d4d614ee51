"""The same text, network, optimizer and steps as tinygpt.c, in PyTorch.

usage: tinygpt_torch.py [--text FILE] [--steps N] [--letters N] [--seed N] [--threads N]
"""
import argparse

import torch
from torch import nn
from torch.nn import functional

import text

WINDOW, STRIDE, BATCH, WIDTH, HEADS, BLOCKS = 64, 7, 32, 64, 4, 2


class TinyGPT(nn.Module):
    def __init__(self, letters):
        super().__init__()
        self.embed, self.positions, self.head = nn.Embedding(letters, WIDTH), nn.Embedding(WINDOW, WIDTH), nn.Linear(WIDTH, letters)
        layers = [nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, 0, "gelu", batch_first=True, norm_first=True) for _ in range(BLOCKS)]
        self.layers, self.norm = nn.ModuleList(layers), nn.LayerNorm(WIDTH) # nn.TransformerEncoder would begin all layers with equal weights
        self.register_buffer("mask", torch.triu(torch.full((WINDOW, WINDOW), -torch.inf), 1))

    def forward(self, x):
        x = self.embed(x) + self.positions.weight
        for layer in self.layers:
            x = layer(x, self.mask)
        return self.head(self.norm(x))


def window_loss(net, windows):
    return functional.cross_entropy(net(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten())


def train(net, windows, held, steps):
    adam = torch.optim.Adam(net.parameters(), lr=3e-3)
    batches = text.batches(windows, BATCH)
    for step in range(1, steps + 1):
        loss = window_loss(net, next(batches))
        adam.zero_grad()
        loss.backward()
        adam.step()
        if step % 100 == 0 or step == steps:
            with torch.no_grad():
                print(f"step {step:4}  loss {loss.item():.4f}  held out {window_loss(net, held).item():.9g}")


def write_text(net, letters, window, count):
    last = window[None, 1:]
    written = b""
    with torch.no_grad():
        for _ in range(count):
            letter = torch.multinomial(net(last)[0, -1].softmax(-1), 1)
            last = torch.cat([last[:, 1:], letter[None]], 1)
            written += letters[letter.item():letter.item() + 1]
    print(written.decode(errors="replace"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--text", default="/usr/share/common-licenses/GPL-3")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--letters", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    data, letters = text.read_text(options.text)
    split = len(data) * 9 // 10
    windows, held = data[:split].unfold(0, WINDOW + 1, STRIDE), data[split:].unfold(0, WINDOW + 1, WINDOW)
    net = TinyGPT(len(letters))
    train(net, windows, held, options.steps)
    write_text(net, letters, held[-1], options.letters)


if __name__ == "__main__":
    main()
