"""Problems whose data and starts are waves, sin(a + b i) at the i-th element in row-major order; waves.h has them in C.

  matrix      ½ ‖A W - B‖², A (6, 5), W (5, 4)
  logistic    mean log(1 + e^(-y (X w + b))) + 0.005 ‖w‖², X (20, 3), y = ±1 the sign of X (1, -2, 0.5) + 0.3 wave
  mlp         mean (W₂ tanh(W₁ x + b₁) + b₂ - y)², 2, 8 and 1 units, 12 points
"""
import torch

torch.set_default_dtype(torch.float64)


def wave(a, b, *shape):
    return torch.sin(a + b * torch.arange(float(torch.Size(shape).numel()))).reshape(shape)


def matrix(w):
    return 0.5 * ((wave(1, 2.3, 6, 5) @ w - wave(2, 1.7, 6, 4)) ** 2).sum()


def logistic(w, b):
    x = wave(0, 1.3, 20, 3)
    y = torch.sign(x @ torch.tensor([1, -2, 0.5]) + 0.3 * wave(1, 5.1, 20))
    return torch.log(1 + torch.exp(-y * (x @ w + b))).mean() + 0.005 * (w ** 2).sum()


def mlp(w1, b1, w2, b2):
    x, y = wave(0.5, 1.9, 12, 2), wave(0.2, 2.7, 12, 1)
    return ((torch.tanh(x @ w1.T + b1) @ w2.T + b2 - y) ** 2).mean()


STARTS = {
    matrix: [wave(3, 1.1, 5, 4)],
    logistic: [wave(1, 1, 3), wave(0, 1, 1)],
    mlp: [wave(1, 1.3, 8, 2), wave(2, 0.7, 8), wave(3, 1.9, 1, 8), wave(0, 1, 1)],
}
