#!/usr/bin/env python3
"""Writes layers.txt, the values of PyTorch for the samples of each layer: tests/nn/layers.py > tests/nn/layers.txt

An entry of LAYERS is a layer's name, and a case for each of its samples: the same module in PyTorch and the shapes of its inputs. Elements of
inputs and parameters follow the formulas in list.c. A layer that PyTorch has not stands here as a module of a few lines.
"""
import math

import torch
from torch import nn

torch.set_default_dtype(torch.float64)


class Case:
    """make: a function that makes the module. inputs: shapes, or indices(shape, below). call: how it is applied, if otherwise than net(*inputs).
    random: what it computes in training depends on draws."""

    def __init__(self, make, *inputs, call=None, random=False):
        self.make, self.inputs, self.random = make, inputs, random
        self.call = call or (lambda net, *x: net(*x))


class indices(tuple):
    """A shape of indices below a number."""

    def __new__(cls, shape, below):
        made = super().__new__(cls, shape)
        made.below = below
        return made


# ---- layers that PyTorch 1.13 has not ----


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *x):
        return self.function(*x)


class LayerNorm(nn.LayerNorm):
    """Without a bias."""

    def __init__(self, features):
        super().__init__(features)
        self.register_parameter("bias", None)


class RMSNorm(nn.Module):
    def __init__(self, features, eps, affine):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(features)) if affine else 1

    def forward(self, x):
        return self.weight * x / torch.sqrt((x * x).mean(-1, keepdim=True) + self.eps)


def maxout(x, axis, pieces):
    return x.unflatten(axis, (-1, pieces)).amax(axis + 1 if axis >= 0 else axis)


def straight_through_sign(x):
    through = x.clamp(-1, 1)
    return through + (x.sign() - through).detach()


def packed(net, x, *rest):
    """A recurrent layer on rows of the lengths that are the last input, 0 among them, which PyTorch packs only if they are above 0."""
    *states, lengths = rest
    rows, time = (0, 1) if net.batch_first else (1, 0)
    some = lengths > 0
    d = 2 if net.bidirectional else 1
    blank = torch.zeros(net.num_layers * d, x.shape[rows], net.hidden_size)
    states = states or ([blank, blank] if isinstance(net, nn.LSTM) else [blank])
    some_states = [s[:, some] for s in states]
    sequence = nn.utils.rnn.pack_padded_sequence(x[some] if rows == 0 else x[:, some], lengths[some], net.batch_first, False)
    y, final = net(sequence, tuple(some_states) if len(states) > 1 else some_states[0])
    y, _ = nn.utils.rnn.pad_packed_sequence(y, net.batch_first, total_length=x.shape[time])
    place = some.nonzero().flatten()
    y = torch.zeros(*x.shape[:2], y.shape[2]).index_copy(rows, place, y)
    return y, *(s.index_copy(1, place, f) for s, f in zip(states, final if len(states) > 1 else (final,)))


def lstm(net, x, *states):
    y, (h, c) = net(x, states or None)
    return y, h, c


LAYERS = {
    "linear": [Case(lambda: nn.Linear(3, 4), (5, 3)), Case(lambda: nn.Linear(2, 3, bias=False), (2, 3, 2))],
    "bilinear": [Case(lambda: nn.Bilinear(3, 2, 4), (5, 3), (5, 2)), Case(lambda: nn.Bilinear(3, 2, 4, bias=False), (2, 2, 3), (2, 2, 2))],
    "embedding": [Case(lambda: nn.Embedding(5, 3), indices((2, 4), 5)), Case(lambda: nn.Embedding(5, 3, padding_idx=2), indices((6,), 5)),
                  Case(lambda: nn.Embedding(5, 3, max_norm=1.0), indices((2, 3), 3))],
    "conv2d": [Case(lambda: nn.Conv2d(2, 4, 3, padding=1), (2, 2, 5, 4)),
               Case(lambda: nn.Conv2d(2, 4, 2, stride=(2, 1), padding=(0, 1), dilation=(1, 2), groups=2, bias=False), (3, 2, 6, 5))],
    "batch_norm": [Case(lambda: nn.BatchNorm1d(4), (6, 4)), Case(lambda: nn.BatchNorm2d(3, eps=0.01, momentum=0.3), (2, 3, 4, 2)),
                   Case(lambda: nn.BatchNorm1d(3, momentum=None, affine=False), (2, 3, 4)),
                   Case(lambda: nn.BatchNorm1d(2, track_running_stats=False), (5, 2))],
    "layer_norm": [Case(lambda: nn.LayerNorm(5), (2, 3, 5)), Case(lambda: LayerNorm(5), (4, 5)),
                   Case(lambda: nn.LayerNorm(5, eps=0.1, elementwise_affine=False), (4, 5))],
    "group_norm": [Case(lambda: nn.GroupNorm(2, 4), (2, 4, 3, 2)), Case(lambda: nn.GroupNorm(2, 4, eps=0.1, affine=False), (3, 4))],
    "instance_norm": [Case(lambda: nn.InstanceNorm2d(3, affine=True), (2, 3, 3, 2)), Case(lambda: nn.InstanceNorm1d(3, eps=0.1), (2, 3, 4))],
    "rms_norm": [Case(lambda: RMSNorm(5, 1e-6, True), (2, 3, 5)), Case(lambda: RMSNorm(5, 0.1, False), (4, 5))],
    "dropout": [Case(lambda: nn.Dropout(0.4), (4, 5), random=True), Case(lambda: nn.Dropout(0), (3,))],
    "dropout_channels": [Case(nn.Dropout2d, (2, 4, 2, 3), random=True)],
    "dropout_alpha": [Case(lambda: nn.AlphaDropout(0.4), (4, 5), random=True)],
    "noise": [Case(nn.Identity, (4, 5), random=True), Case(nn.Identity, (2, 3, 2, 2), random=True)],
    "rnn": [Case(lambda: nn.RNN(3, 4), (4, 2, 3)),
            Case(lambda: nn.RNN(3, 4, 2, nonlinearity="relu", bias=False, batch_first=True, bidirectional=True), (3, 3, 3), (4, 3, 4), indices((3,), 4),
                 call=packed)],
    "lstm": [Case(lambda: nn.LSTM(3, 2), (4, 2, 3), call=lambda net, x: net(x)[0]),
             Case(lambda: nn.LSTM(3, 2, 2, batch_first=True, bidirectional=True), (3, 3, 3), (4, 3, 2), (4, 3, 2), indices((3,), 4), call=packed),
             Case(lambda: nn.LSTM(3, 2, 2, bias=False, dropout=0.3), (2, 2, 3), (2, 2, 2), (2, 2, 2), call=lstm, random=True),
             Case(lambda: nn.LSTM(3, 2), (4, 5, 3), indices((5,), 5), call=lambda *x: packed(*x)[:2]),
             Case(lambda: nn.LSTM(3, 2), (1, 2, 3), call=lstm)],
    "gru": [Case(lambda: nn.GRU(3, 2), (4, 2, 3)),
            Case(lambda: nn.GRU(3, 2, 2, batch_first=True, bidirectional=True), (3, 3, 3), (4, 3, 2), indices((3,), 4), call=packed),
            Case(lambda: nn.GRU(3, 2, bias=False), (4, 5, 3), indices((5,), 5), call=packed)],
    "rnn_cell": [Case(lambda: nn.RNNCell(3, 2), (4, 3), (4, 2)), Case(lambda: nn.RNNCell(3, 2, False, "relu"), (3,))],
    "lstm_cell": [Case(lambda: nn.LSTMCell(3, 2), (4, 3), (4, 2), (4, 2), call=lambda net, x, *states: net(x, states)),
                  Case(lambda: nn.LSTMCell(3, 2, False), (3,), call=lambda net, x: net(x)[0])],
    "gru_cell": [Case(lambda: nn.GRUCell(3, 2), (4, 3), (4, 2)), Case(lambda: nn.GRUCell(3, 2, False), (3,))],
    "relu": [Case(nn.ReLU, (3, 4))],
    "tanh": [Case(nn.Tanh, (3, 4))],
    "sigmoid": [Case(nn.Sigmoid, (3, 4))],
    "selu": [Case(nn.SELU, (3, 4))],
    "gelu": [Case(nn.GELU, (3, 4))],
    "gelu_tanh": [Case(lambda: nn.GELU("tanh"), (3, 4))],
    "silu": [Case(nn.SiLU, (3, 4))],
    "mish": [Case(nn.Mish, (3, 4))],
    "softplus": [Case(nn.Softplus, (3, 4))],
    "log_sigmoid": [Case(nn.LogSigmoid, (3, 4))],
    "leaky_relu": [Case(lambda: nn.LeakyReLU(0.1), (3, 4))],
    "elu": [Case(lambda: nn.ELU(0.7), (3, 4))],
    "hardtanh": [Case(lambda: nn.Hardtanh(-0.5, 0.25), (3, 4))],
    "prelu": [Case(nn.PReLU, (3, 4)), Case(lambda: nn.PReLU(3), (2, 3, 4))],
    "sign": [Case(lambda: Function(torch.sign), (3, 4)), Case(lambda: Function(straight_through_sign), (3, 4))],
    "maxout": [Case(lambda: Function(lambda x: maxout(x, 1, 2)), (2, 6, 2)), Case(lambda: Function(lambda x: maxout(x, -1, 3)), (2, 6))],
    "softmax": [Case(lambda: nn.Softmax(-1), (3, 4)), Case(lambda: nn.Softmax(1), (2, 3, 2))],
    "log_softmax": [Case(lambda: nn.LogSoftmax(-1), (3, 4)), Case(lambda: nn.LogSoftmax(1), (2, 3, 2))],
}


def filled(shape, k):
    if isinstance(shape, indices):
        return torch.tensor([7 * i % shape.below for i in range(math.prod(shape))]).reshape(shape)
    return torch.tensor([math.sin(k + 1 + 0.7 * i) for i in range(math.prod(shape))]).reshape(shape)


def results(case, net, x):
    y = case.call(net, *x)
    return y if isinstance(y, (tuple, list)) else [y]


class Writer:
    def __init__(self, layer, sample):
        self.name = f"{layer} {sample}"

    def write(self, what, tensor, random=False):
        values = "random" if random else " ".join(f"{v:.17g}" for v in tensor.detach().flatten().tolist())
        print(f"{self.name} {what}: {values}")

    def write_results(self, mode, y, random=False):
        for i, tensor in enumerate(y):
            self.write(f"{mode} {i}" if i else mode, tensor, random)


def write_case(layer, number, case):
    to, net = Writer(layer, number), case.make()
    x = [filled(shape, i) for i, shape in enumerate(case.inputs)]
    leaves = [t.requires_grad_() if t.is_floating_point() else t for t in x]
    with torch.no_grad():
        for k, parameter in enumerate(net.parameters()):
            parameter.copy_(filled(parameter.shape, 10 * (k + 1)))
    y = results(case, net, leaves)
    to.write_results("training", y, case.random)
    sum((t * filled(t.shape, 5 + i)).sum() for i, t in enumerate(y)).backward()
    for i, t in enumerate(leaves):
        if t.is_floating_point():
            to.write(f"gradient of input {i}" if i else "gradient of x", t.grad, case.random)
    for name, parameter in net.named_parameters():
        to.write(f"gradient of {name}", parameter.grad, case.random)
    for name, buffer in net.named_buffers():
        to.write(name, buffer, case.random)
    net.eval()
    to.write_results("evaluation", results(case, net, x))


if __name__ == "__main__":
    for layer, cases in LAYERS.items():
        for number, case in enumerate(cases):
            write_case(layer, number, case)
