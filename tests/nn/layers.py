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


class Positions(nn.Module):
    def __init__(self, length, features):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(length, features))

    def forward(self, x):
        return x + self.weight[: x.shape[-2]]


def angles(length, features, base):
    return torch.outer(torch.arange(length, dtype=torch.float64), base ** (-torch.arange(0, features, 2) / features))


class Sinusoidal(nn.Module):
    def __init__(self, length, features):
        super().__init__()
        a = angles(length, features, 10000.0)
        self.register_buffer("table", torch.stack([a.sin(), a.cos()], 2).flatten(1))

    def forward(self, x):
        return x + self.table[: x.shape[-2]]


class Rotary(nn.Module):
    def __init__(self, length, features, base=10000.0, halves=False):
        super().__init__()
        a = angles(length, features, base)
        self.halves = halves
        self.register_buffer("cos", a.cos())
        self.register_buffer("sin", a.sin())

    def forward(self, x):
        pairs = x.unflatten(-1, (2, -1)).transpose(-1, -2) if self.halves else x.unflatten(-1, (-1, 2))
        turns = torch.view_as_real(torch.view_as_complex(pairs.contiguous()) * torch.complex(self.cos, self.sin)[: x.shape[-2]])
        return (turns.transpose(-1, -2) if self.halves else turns).flatten(-2)


class RotaryAttention(nn.MultiheadAttention):
    """Causal, with queries and keys rotated."""

    def __init__(self, width, heads, positions):
        super().__init__(width, heads, batch_first=True)
        self.rotary = Rotary(positions, width // heads)

    def forward(self, x):
        rows, length, width = x.shape
        q, k, v = (t.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
                   for t in nn.functional.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, -1))
        scores = self.rotary(q) @ self.rotary(k).transpose(-1, -2) / math.sqrt(q.shape[-1]) + causal(length)
        return self.out_proj((scores.softmax(-1) @ v).transpose(1, 2).flatten(-2))


def causal(n):
    return torch.full((n, n), -math.inf).triu(1)


def encoder_layer(**options):
    return nn.TransformerEncoderLayer(4, 2, 5, **{"dropout": 0, "activation": "gelu", "batch_first": True, **options})


def decoder_layer(**options):
    return nn.TransformerDecoderLayer(4, 2, 5, dropout=0, activation="gelu", batch_first=True, **options)


class Stack(nn.Module):
    def __init__(self, layers):
        super().__init__()
        for i, layer in enumerate(layers):
            self.add_module(str(i), layer)

    def forward(self, x, mask):
        for layer in self.children():
            x = layer(x, mask)
        return x


class GPT(nn.Module):
    def __init__(self, vocabulary, context, width, heads, blocks, tied):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocabulary, width), Positions(context, width)
        self.h = Stack(nn.TransformerEncoderLayer(width, heads, 4 * width, 0, "gelu", batch_first=True, norm_first=True) for _ in range(blocks))
        self.ln_f, self.lm_head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)
        if tied:
            self.lm_head.weight = self.wte.weight

    def forward(self, tokens):
        return self.lm_head(self.ln_f(self.h(self.wpe(self.wte(tokens)), causal(tokens.shape[1]))))


def attend(net, q, k=None, v=None, mask=None):
    return net(q, q if k is None else k, q if v is None else v, attn_mask=mask)


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
    "multi_head_attention": [
        Case(lambda: nn.MultiheadAttention(4, 2, batch_first=True), (2, 3, 4), call=lambda net, x: attend(net, x)[0]),
        Case(lambda: nn.MultiheadAttention(4, 2, batch_first=True), (2, 3, 4), call=lambda net, x: attend(net, x, mask=causal(3))),
        Case(lambda: nn.MultiheadAttention(4, 2, bias=False, kdim=3, vdim=2, batch_first=True), (2, 3, 4), (2, 5, 3), (2, 5, 2),
             call=lambda net, *x: attend(net, *x)[0]),
        Case(lambda: nn.MultiheadAttention(4, 2, batch_first=True), (2, 3, 4), (2, 5, 4), (2, 5, 4), (3, 5), call=attend),
        Case(lambda: nn.MultiheadAttention(4, 2, dropout=0.3, batch_first=True), (2, 3, 4), call=lambda net, x: attend(net, x)[0], random=True),
        Case(lambda: RotaryAttention(4, 2, 6), (1, 4, 4))],
    "learned_positions": [Case(lambda: Positions(5, 4), (2, 3, 4))],
    "sinusoidal_positions": [Case(lambda: Sinusoidal(5, 4), (2, 3, 4))],
    "rotary_positions": [Case(lambda: Rotary(5, 4), (2, 2, 3, 4)), Case(lambda: Rotary(5, 4, 100.0, True), (5, 4))],
    "transformer_encoder_layer": [
        Case(encoder_layer, (2, 3, 4)), Case(lambda: encoder_layer(norm_first=True), (2, 3, 4), call=lambda net, x: net(x, causal(3))),
        Case(encoder_layer, (2, 3, 4), (3, 3)), Case(lambda: encoder_layer(dropout=0.2), (2, 3, 4), random=True)],
    "transformer_decoder_layer": [
        Case(decoder_layer, (2, 3, 4), (2, 5, 4), call=lambda net, x, memory: net(x, memory, causal(3))),
        Case(lambda: decoder_layer(norm_first=True), (2, 3, 4), (2, 5, 4), (3, 3), (3, 5))],
    "transformer_encoder": [Case(lambda: nn.TransformerEncoder(
        nn.TransformerEncoderLayer(4, 2, 3, 0, "gelu", batch_first=True), 2, nn.LayerNorm(4), enable_nested_tensor=False), (2, 3, 4))],
    "gpt": [Case(lambda: GPT(5, 4, 4, 2, 2, True), indices((2, 3), 5)), Case(lambda: GPT(5, 4, 4, 2, 2, False), indices((1, 4), 5))],
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
