"""A text as numbers, and mini-batches, for charlstm_torch.py and tinygpt_torch.py."""
import pathlib

import torch


def read_text(path):
    """The letters of a text, each as its number, and the bytes that the numbers stand for."""
    data = pathlib.Path(path).read_bytes()
    letters = bytes(sorted(set(data)))
    number = {byte: i for i, byte in enumerate(letters)}
    return torch.tensor([number[byte] for byte in data]), letters


def batches(windows, size):
    """Mini-batches without replacement, epoch after epoch, without end."""
    while True:
        order = torch.randperm(len(windows))
        for first in range(0, len(windows) - size + 1, size):
            yield windows[order[first:first + size]]
