#!/usr/bin/env python3
"""Writes layers.txt, the values of PyTorch for the samples of each layer: tests/nn/layers.py > tests/nn/layers.txt

An entry of LAYERS is a layer's name, and a case for each of its samples: the same module in PyTorch and the shapes of its inputs. Elements of
inputs and parameters follow the formulas in list.c. A layer that PyTorch has not stands here as a module of a few lines.
"""
import math

import torch
from torch import nn
from torch.nn import functional

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


def convolution(channels_in, channels_out, size=3, stride=1):
    return nn.Conv2d(channels_in, channels_out, size, stride, size // 2, bias=False)


class BasicBlock(nn.Module):
    """Of residual networks for small images; project: option B, else A."""

    def __init__(self, channels_in, channels_out, stride=1, project=False):
        super().__init__()
        self.conv1, self.bn1 = convolution(channels_in, channels_out, stride=stride), nn.BatchNorm2d(channels_out)
        self.conv2, self.bn2 = convolution(channels_out, channels_out), nn.BatchNorm2d(channels_out)
        self.stride, self.new = stride, channels_out - channels_in
        if project and (stride != 1 or self.new):
            self.downsample = nn.Sequential(convolution(channels_in, channels_out, 1, stride), nn.BatchNorm2d(channels_out))

    def shortcut(self, x):
        if hasattr(self, "downsample"):
            return self.downsample(x)
        before = self.new // 2
        return functional.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, before, self.new - before))

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self, blocks, classes=10, channels=3, width=16, project=False):
        super().__init__()
        self.conv1, self.bn1 = convolution(channels, width), nn.BatchNorm2d(width)
        for i in range(3):
            widths = [max(width, width << i >> 1)] + blocks * [width << i]
            stage = [BasicBlock(a, b, 2 if i and not k else 1, project) for k, (a, b) in enumerate(zip(widths, widths[1:]))]
            setattr(self, f"layer{i + 1}", nn.Sequential(*stage))
        self.fc = nn.Linear(4 * width, classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(torch.relu(self.bn1(self.conv1(x))))))
        return self.fc(x.mean((2, 3)))


def lenet(classes=10, channels=1, width1=6, width2=16, hidden1=120, hidden2=84, extent=28):
    side = (extent // 2 - 4) // 2
    return nn.Sequential(nn.Conv2d(channels, width1, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(width1, width2, 5), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(width2 * side * side, hidden1), nn.ReLU(), nn.Linear(hidden1, hidden2),
                         nn.ReLU(), nn.Linear(hidden2, classes))


def double_conv(channels_in, channels_out):
    return nn.Sequential(convolution(channels_in, channels_out), nn.BatchNorm2d(channels_out), nn.ReLU(),
                         convolution(channels_out, channels_out), nn.BatchNorm2d(channels_out), nn.ReLU())


def unet_down(channels_in, channels_out):
    return nn.Sequential(nn.MaxPool2d(2), double_conv(channels_in, channels_out))


class UNetUp(nn.Module):
    def __init__(self, channels_in, channels_out):
        super().__init__()
        self.up = nn.ConvTranspose2d(channels_in, channels_in // 2, 2, stride=2)
        self.conv = double_conv(channels_in, channels_out)

    def forward(self, x, skip):
        x = self.up(x)
        rows, columns = skip.shape[2] - x.shape[2], skip.shape[3] - x.shape[3]
        x = functional.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
        return self.conv(torch.cat([skip, x], 1))


class UNet(nn.Module):
    def __init__(self, channels_in, channels_out, width, levels):
        super().__init__()
        self.levels = levels
        self.inc = double_conv(channels_in, width)
        for i in range(levels):
            setattr(self, f"down{i + 1}", unet_down(width << i, width << i + 1))
        for i in range(levels):
            setattr(self, f"up{i + 1}", UNetUp(width << levels - i, width << levels - i - 1))
        self.outc = nn.Conv2d(width, channels_out, 1)

    def forward(self, x):
        skipped = [self.inc(x)]
        for i in range(self.levels):
            skipped.append(getattr(self, f"down{i + 1}")(skipped[-1]))
        y = skipped.pop()
        for i in range(self.levels):
            y = getattr(self, f"up{i + 1}")(y, skipped.pop())
        return self.outc(y)


def fourier_features(x, count, keep=True, scale=1.0):
    angles = torch.cat([x * (scale * math.pi / 2 * 2**k) for k in range(count)], -1)
    return torch.cat([x] * keep + [torch.sin(angles), torch.cos(angles)], -1)


def minibatch_deviation(x, group, eps=1e-8):
    """As in ProGAN: the members of a group are a stride apart."""
    groups = x.reshape(min(group or len(x), len(x)), -1, *x.shape[1:])
    deviation = (groups.var(0, unbiased=False) + eps).sqrt().flatten(1).mean(1)
    channel = deviation.repeat(groups.shape[0]).reshape(-1, *[1] * (x.dim() - 1)).expand(-1, 1, *x.shape[2:])
    return torch.cat([x, channel], 1)


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
               Case(lambda: nn.Conv2d(2, 4, 2, stride=(2, 1), padding=(0, 1), dilation=(1, 2), groups=2, bias=False), (3, 2, 6, 5)),
               Case(lambda: nn.Conv2d(2, 4, (3, 2), stride=(2, 1), padding=(1, 2), padding_mode="reflect"), (2, 2, 4, 4)),
               Case(lambda: nn.Conv2d(2, 4, (1, 3), padding=(0, 1), padding_mode="replicate", bias=False), (2, 2, 2, 3))],
    "conv1d": [Case(lambda: nn.Conv1d(2, 4, 3, padding=1), (2, 2, 5)),
               Case(lambda: nn.Conv1d(2, 4, 2, stride=2, padding=1, dilation=2, groups=2, bias=False), (3, 2, 6)),
               Case(lambda: nn.Conv1d(2, 4, 3, padding=2, padding_mode="circular"), (2, 2, 4))],
    "conv3d": [Case(lambda: nn.Conv3d(2, 4, 2, padding=(1, 0, 1)), (2, 2, 2, 3, 2)),
               Case(lambda: nn.Conv3d(2, 4, (2, 1, 3), (1, 2, 1), (1, 0, 1), (2, 1, 1), 2, False, "circular"), (1, 2, 3, 3, 2))],
    "conv_transpose1d": [Case(lambda: nn.ConvTranspose1d(2, 4, 3, stride=2, padding=1, output_padding=1), (2, 2, 3)),
                         Case(lambda: nn.ConvTranspose1d(2, 4, 2, dilation=2, groups=2, bias=False), (3, 2, 3))],
    "conv_transpose2d": [Case(lambda: nn.ConvTranspose2d(2, 4, 3, stride=2, padding=1, output_padding=(1, 0)), (2, 2, 3, 2)),
                         Case(lambda: nn.ConvTranspose2d(2, 4, (2, 3), (1, 2), (0, 1), dilation=(2, 1), groups=2, bias=False), (1, 2, 2, 3))],
    "conv_transpose3d": [Case(lambda: nn.ConvTranspose3d(2, 4, 2, (2, 1, 2), (0, 0, 1), (1, 0, 0)), (1, 2, 2, 1, 2)),
                         Case(lambda: nn.ConvTranspose3d(2, 4, (2, 1, 2), (1, 2, 1), (1, 0, 0), dilation=(2, 1, 1), groups=2, bias=False),
                              (2, 2, 2, 2, 2))],
    "max_pool1d": [Case(lambda: nn.MaxPool1d(2), (2, 2, 5)), Case(lambda: nn.MaxPool1d(3, 2, 1, 2, ceil_mode=True), (1, 2, 8))],
    "max_pool2d": [Case(lambda: nn.MaxPool2d(2), (2, 2, 4, 5)),
                   Case(lambda: nn.MaxPool2d((3, 2), (2, 1), (1, 0), (2, 1), ceil_mode=True), (1, 2, 8, 5)),
                   Case(lambda: nn.MaxPool2d(2, ceil_mode=True), (1, 2, 1, 3))],
    "max_pool3d": [Case(lambda: nn.MaxPool3d(2), (1, 2, 2, 4, 3)),
                   Case(lambda: nn.MaxPool3d((2, 3, 2), (1, 2, 3), (1, 1, 0), (1, 1, 2), ceil_mode=True), (1, 1, 3, 4, 6))],
    "avg_pool1d": [Case(lambda: nn.AvgPool1d(2), (2, 2, 5)), Case(lambda: nn.AvgPool1d(3, 2, 1, True, False), (1, 2, 8)),
                   Case(lambda: nn.AvgPool1d(3, ceil_mode=True), (1, 2, 2))],
    "avg_pool2d": [Case(lambda: nn.AvgPool2d(2), (2, 2, 4, 5)), Case(lambda: nn.AvgPool2d((3, 2), (2, 1), (1, 0), True, False), (1, 2, 8, 5))],
    "avg_pool3d": [Case(lambda: nn.AvgPool3d(2), (1, 2, 2, 4, 3)),
                   Case(lambda: nn.AvgPool3d((2, 3, 2), (1, 2, 3), (1, 1, 0), True, False), (1, 1, 3, 4, 6))],
    "adaptive_max_pool1d": [Case(lambda: nn.AdaptiveMaxPool1d(1), (2, 3, 5)), Case(lambda: nn.AdaptiveMaxPool1d(3), (2, 3, 5))],
    "adaptive_max_pool2d": [Case(lambda: nn.AdaptiveMaxPool2d(1), (2, 2, 4, 3)), Case(lambda: nn.AdaptiveMaxPool2d((3, 2)), (2, 2, 4, 3))],
    "adaptive_max_pool3d": [Case(lambda: nn.AdaptiveMaxPool3d(1), (1, 2, 2, 4, 3)),
                            Case(lambda: nn.AdaptiveMaxPool3d((2, 3, 2)), (1, 2, 2, 4, 3))],
    "adaptive_avg_pool1d": [Case(lambda: nn.AdaptiveAvgPool1d(1), (2, 3, 5)), Case(lambda: nn.AdaptiveAvgPool1d(3), (2, 3, 5))],
    "adaptive_avg_pool2d": [Case(lambda: nn.AdaptiveAvgPool2d(1), (2, 2, 4, 3)), Case(lambda: nn.AdaptiveAvgPool2d((3, 2)), (2, 2, 4, 3))],
    "adaptive_avg_pool3d": [Case(lambda: nn.AdaptiveAvgPool3d(1), (1, 2, 2, 4, 3)),
                            Case(lambda: nn.AdaptiveAvgPool3d((2, 3, 2)), (1, 2, 2, 4, 3))],
    "flatten": [Case(nn.Flatten, (2, 3, 2, 2)), Case(lambda: nn.Flatten(-3, 2), (2, 3, 2, 2))],
    "unflatten": [Case(lambda: nn.Unflatten(1, (2, 1, 3)), (2, 6)), Case(lambda: nn.Unflatten(1, (2, 2)), (2, 4, 3))],
    "upsample": [Case(lambda: nn.Upsample(scale_factor=2), (2, 2, 2, 3)),
                 Case(lambda: nn.Upsample((5, 3), mode="bilinear", align_corners=True), (1, 2, 3, 2)),
                 Case(lambda: nn.Upsample(scale_factor=1.5, mode="linear"), (2, 2, 4)),
                 Case(lambda: nn.Upsample(scale_factor=2, mode="bicubic"), (1, 1, 3, 2)),
                 Case(lambda: nn.Upsample((3, 2, 4), mode="trilinear"), (1, 1, 2, 2, 3))],
    "pixel_shuffle": [Case(lambda: nn.PixelShuffle(2), (2, 8, 2, 3)), Case(lambda: nn.PixelShuffle(3), (1, 9, 1, 2))],
    "pixel_unshuffle": [Case(lambda: nn.PixelUnshuffle(2), (2, 1, 4, 6)), Case(lambda: nn.PixelUnshuffle(3), (1, 2, 3, 3))],
    "lenet": [Case(lambda: lenet(3, 1, 2, 3, 5, 4, 12), (2, 1, 12, 12))],
    "basic_block": [Case(lambda: BasicBlock(2, 2), (2, 2, 4, 3)), Case(lambda: BasicBlock(2, 4, 2), (2, 2, 5, 4)),
                    Case(lambda: BasicBlock(2, 3, 2, True), (2, 2, 4, 4))],
    "resnet": [Case(lambda: ResNet(1, 3, 1, 1), (2, 1, 6, 5)), Case(lambda: ResNet(2, 2, 2, 1, True), (2, 2, 6, 5))],
    "double_conv": [Case(lambda: double_conv(2, 3), (2, 2, 4, 3))],
    "unet_down": [Case(lambda: unet_down(2, 3), (2, 2, 5, 4))],
    "unet_up": [Case(lambda: UNetUp(2, 2), (2, 2, 2, 2), (2, 1, 5, 4))],
    "unet": [Case(lambda: UNet(1, 2, 1, 2), (2, 1, 7, 6))],
    "fourier_features": [Case(lambda: Function(lambda x: fourier_features(x, 3)), (4, 2)),
                         Case(lambda: Function(lambda x: fourier_features(x, 2, False, 0.25)), (2, 3, 1))],
    "minibatch_deviation": [Case(lambda: Function(lambda x: minibatch_deviation(x, 2)), (4, 3)),
                            Case(lambda: Function(lambda x: minibatch_deviation(x, 0, 0.1)), (3, 2, 2, 3)),
                            Case(lambda: Function(lambda x: minibatch_deviation(x, 4)), (3, 2))],
    "batch_norm": [Case(lambda: nn.BatchNorm1d(4), (6, 4)), Case(lambda: nn.BatchNorm2d(3, eps=0.01, momentum=0.3), (2, 3, 4, 2)),
                   Case(lambda: nn.BatchNorm1d(3, momentum=None, affine=False), (2, 3, 4)),
                   Case(lambda: nn.BatchNorm1d(2, track_running_stats=False), (5, 2))],
    "layer_norm": [Case(lambda: nn.LayerNorm(5), (2, 3, 5)), Case(lambda: LayerNorm(5), (4, 5)),
                   Case(lambda: nn.LayerNorm(5, eps=0.1, elementwise_affine=False), (4, 5))],
    "group_norm": [Case(lambda: nn.GroupNorm(2, 4), (2, 4, 3, 2)), Case(lambda: nn.GroupNorm(2, 4, eps=0.1, affine=False), (3, 4))],
    "instance_norm": [Case(lambda: nn.InstanceNorm2d(3, affine=True), (2, 3, 3, 2)), Case(lambda: nn.InstanceNorm1d(3, eps=0.1), (2, 3, 4)),
                      Case(lambda: nn.InstanceNorm2d(3, momentum=0.3, affine=True, track_running_stats=True), (3, 3, 2, 2))],
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
