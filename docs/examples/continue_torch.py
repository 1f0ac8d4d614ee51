"""The same steps as continue_torch.c, in PyTorch.

usage: continue_torch.py [--steps N] >continue_torch.txt     prints each step's loss
       continue_torch.py --check FILE                        compares a file that continue_torch.c saved with the model after the steps

PyTorch's package for safetensors is not in Debian; the format takes a few lines.
"""
import argparse
import json
import pathlib
import struct

import torch
from torch import nn
from torch.nn import functional

ROWS, FEATURES, CLASSES = 16, 5, 3
MODEL = pathlib.Path(__file__).parents[2] / "tests/nn/fixtures/mlp_bn_64.safetensors"
DTYPES = {"F64": torch.float64, "F32": torch.float32, "I64": torch.int64}


def load_file(path):
    """{name: tensor}: eight bytes that say how long the header is, the header, which is JSON, and the data."""
    data = pathlib.Path(path).read_bytes()
    length, = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, entry in json.loads(data[8:8 + length]).items():
        if name != "__metadata__":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            tensors[name] = torch.frombuffer(bytearray(data[begin:end]), dtype=DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def train(steps, show):
    net = nn.Sequential(nn.Linear(FEATURES, 7), nn.BatchNorm1d(7), nn.Tanh(), nn.Linear(7, CLASSES)).double()
    net.load_state_dict({name: t for name, t in load_file(MODEL).items() if not name.startswith("test.")})
    x = torch.tensor([[(i * 7 + j * 5) % 11 / 5 - 1 for j in range(FEATURES)] for i in range(ROWS)], dtype=torch.float64)
    y = torch.arange(ROWS) % CLASSES
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for step in range(steps):
        loss = functional.cross_entropy(net(x), y)
        show(f"{step:2} {loss.item():.17g}")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--check")
    options = parser.parse_args()
    net = train(options.steps, (lambda line: None) if options.check else print)
    if options.check:
        saved = load_file(options.check)
        for name, t in net.state_dict().items():
            torch.testing.assert_close(saved[name].to(t.dtype), t, rtol=1e-10, atol=1e-10)
        net.load_state_dict(saved)
        print(f"{len(saved)} tensors agree, and load")


if __name__ == "__main__":
    main()
