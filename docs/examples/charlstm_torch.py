"""The same text, network, optimizer and steps as charlstm.c, in PyTorch.

usage: charlstm_torch.py [--text FILE] [--steps N] [--letters N] [--seed N] [--threads N]
"""
import argparse

import torch
from torch import nn
from torch.nn import functional

import text

WINDOW, STRIDE, BATCH, FEATURES, UNITS = 64, 7, 32, 32, 128


class CharLSTM(nn.Module):
    def __init__(self, letters):
        super().__init__()
        self.embed, self.lstm, self.head = nn.Embedding(letters, FEATURES), nn.LSTM(FEATURES, UNITS), nn.Linear(UNITS, letters)

    def forward(self, x, states=None):
        y, states = self.lstm(self.embed(x), states)
        return self.head(y), states


def window_loss(net, windows):
    steps = windows.t()
    logits, _ = net(steps[:-1])
    return functional.cross_entropy(logits.flatten(0, 1), steps[1:].flatten())


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
    letter, states, written = window[:, None], None, b""
    with torch.no_grad():
        for _ in range(count):
            logits, states = net(letter, states)
            letter = torch.multinomial(logits[-1].softmax(-1), 1)
            written += letters[letter.item():letter.item() + 1]
    print(written.decode(errors="replace"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--text", default="/usr/share/common-licenses/GPL-3")
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--letters", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    data, letters = text.read_text(options.text)
    split = len(data) * 9 // 10
    windows, held = data[:split].unfold(0, WINDOW + 1, STRIDE), data[split:].unfold(0, WINDOW + 1, WINDOW)
    net = CharLSTM(len(letters))
    train(net, windows, held, options.steps)
    write_text(net, letters, held[-1], options.letters)


if __name__ == "__main__":
    main()
