#!/usr/bin/env python3
"""Files of ours in PyTorch: the program fixtures writes models, which are read here from the format's description alone, loaded strictly into
the same modules of PyTorch, and applied to the same inputs. Without PyTorch (python3-torch) the files are only read.

usage: fixtures.py PROGRAM
"""
import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy

DTYPES = {"F32": numpy.float32, "F64": numpy.float64, "I64": numpy.int64, "U8": numpy.uint8}


def read(path):
    """The tensors of a safetensors file, by name; what breaks a rule of the format is an AssertionError."""
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    assert 0 < size <= len(data) - 8 and data[8:9] == b"{"
    header = json.loads(data[8:8 + size], object_pairs_hook=lambda pairs: dict(pairs) if len(dict(pairs)) == len(pairs) else None)
    texts = header.pop("__metadata__", {})
    assert all(isinstance(text, str) for text in texts.values())
    at, tensors = 0, {}
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        dtype = numpy.dtype(DTYPES[entry["dtype"]])
        assert begin == at and end - begin == dtype.itemsize * int(numpy.prod(entry["shape"])), name
        assert (8 + size + begin) % dtype.itemsize == 0, f"{name} is not at a multiple of its size"
        tensors[name] = numpy.frombuffer(data[8 + size + begin:8 + size + end], dtype).reshape(entry["shape"])
        at = end
    assert 8 + size + at == len(data)
    return tensors


def modules(nn, torch):
    """The same networks as in fixtures.c."""
    def double(module):
        return module.double()

    class Tied(nn.Sequential):
        def __init__(self):
            super().__init__(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4))
            self[2].weight = self[0].weight

    return {
        "mlp_bn": nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7), nn.ReLU(), nn.Linear(7, 3)),
        "mlp_bn_64": double(nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7), nn.Tanh(), nn.Linear(7, 3))),
        "embedding_layer_norm_64": double(nn.Sequential(nn.Embedding(11, 6, padding_idx=0), nn.LayerNorm(6), nn.Linear(6, 2))),
        "attention_64": double(nn.MultiheadAttention(8, 2, batch_first=True)),
        "encoder_layer_64": double(nn.TransformerEncoderLayer(8, 2, 16, dropout=0, batch_first=True)),
        "lenet": nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                               nn.Flatten(), nn.Linear(400, 12), nn.ReLU(), nn.Linear(12, 10)),
        "conv_bn_64": double(nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(),
                                           nn.ConvTranspose2d(4, 2, 3, stride=2, output_padding=1))),
        "group_norm_64": double(nn.Sequential(nn.Conv1d(4, 6, 3, padding=1, groups=2), nn.GroupNorm(3, 6), nn.GELU(),
                                              nn.AdaptiveAvgPool1d(2))),
        "lstm": nn.LSTM(4, 6, num_layers=2, batch_first=True),
        "lstm_bidirectional_64": double(nn.LSTM(4, 5, bidirectional=True)),
        "gru_64": double(nn.GRU(4, 6, num_layers=2)),
        "rnn_tanh_64": double(nn.RNN(3, 4)),
        "tied": Tied(),
    }


def flat(outputs):
    return [t for o in outputs for t in flat(o)] if isinstance(outputs, (tuple, list)) else [outputs]


def compare(name, module, tensors, torch):
    state = {k: torch.from_numpy(v.copy()) for k, v in tensors.items() if not k.startswith("test.")}
    module.load_state_dict(state, strict=True)
    module.train(name == "encoder_layer_64")
    inputs = [torch.from_numpy(tensors[f"test.input.{i}"].copy()) for i in range(9) if f"test.input.{i}" in tensors]
    if name == "attention_64":
        inputs = inputs * 3 if len(inputs) == 1 else inputs
    if len(inputs) > 1 and isinstance(module, torch.nn.LSTM):
        inputs = [inputs[0], tuple(inputs[1:])]
    outputs = [t for t in flat(module(*inputs)) if t is not None]
    expected = [tensors[f"test.output.{i}"] for i in range(9) if f"test.output.{i}" in tensors]
    assert len(expected) > 0
    for got, wanted in zip(outputs, expected):
        tolerance = 1e-5 if wanted.dtype == numpy.float32 else 1e-10
        numpy.testing.assert_allclose(got.detach().numpy(), wanted, rtol=tolerance, atol=tolerance)


def main():
    try:
        import torch
    except ImportError:
        torch = None
    names = list(modules(torch.nn, torch)) if torch else ["mlp_bn", "lenet", "lstm", "attention_64", "tied"]
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([sys.argv[1], directory], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        print(f"1..{2 * len(names)}")
        for number, name in enumerate(names):
            for step, what in enumerate(["is read", "gives the same outputs in PyTorch"]):
                line = f"ok {2 * number + step + 1} - {name} {what}"
                try:
                    tensors = read(Path(directory) / f"{name}.safetensors")
                    if step == 1 and torch:
                        compare(name, modules(torch.nn, torch)[name], tensors, torch)
                    print(line + ("" if torch or step == 0 else " # SKIP python3-torch is not installed"))
                except (AssertionError, KeyError, RuntimeError, OSError) as error:
                    print("\n".join("# " + text for text in str(error).splitlines()[:12]))
                    print("not " + line)
                    failed += 1
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
