#!/usr/bin/env python3
"""Writes print.txt, the tensors that tests/core/print.c prints and what NumPy 1.24 prints for them.

usage: print.py >print.txt

A case is "= dtype extents", the elements on one line (repeated in a cycle until the tensor is full; floats in hexadecimal), and NumPy's text:
each line of it between two bars.
"""
import math
import random

import numpy as np

DTYPES = {"f32": np.float32, "f64": np.float64, "i64": np.int64, "u8": np.uint8}
FLOATS = ("f32", "f64")
SHAPES = ((4,), (2, 3), (40,), (3, 30), (2, 2, 2), (1, 1, 1, 3), (2, 1, 2, 1, 2))
SUMMARIES = ((1001,), (1100,), (1000,), (2, 600), (400, 3), (7, 7, 30), (11, 6, 20), (12, 11, 10), (2, 3, 4, 50), (200, 1, 6))


def case(dtype, shape, values):
    size = math.prod(shape)
    array = np.resize(np.array(values, DTYPES[dtype]), size).reshape(shape) if size else np.zeros(shape, DTYPES[dtype])
    print("=", dtype, *shape)
    given = array.reshape(-1)[:len(values)].tolist()
    print(*(x.hex() if dtype in FLOATS else x for x in given))
    for line in str(array).split("\n"):
        print(f"|{line}|")


def floats(dtype):
    draw = random.Random(11)
    inf, nan = math.inf, math.nan
    lists = [
        [0.0], [-0.0, 0.0, 1.0], [1.0, 2.0, 3.0, 4.0], [0.5, -1.25, 3.0], [1 / 3, 2 / 3, -1.0], [1e8, 1.0], [99999992.0, 1e5], [99999999.5, 1e6],
        [33554432.0, 1e5], [1e-4, 2e-4], [9.9e-5, 1.0], [1000.0, 1.0], [1001.0, 1.0], [0.001, 1.0], [0.1, 1e-20], [1e10, -2.5e-10], [nan, 1.0],
        [inf, 1.5], [-inf, 1.0], [nan, inf, -inf], [nan], [nan, -inf, 1e-9, 12.0], [inf, 123456.75, 1000.0], [0.1, 123456.789, 1e20],
        [1.1754943508222875e-38, 0.1, -3.4028234663852886e38], [2.0 ** -44, 2.0 ** -43], [2.0 ** e for e in range(-30, 31, 3)],
        [2.0 ** e for e in range(-126, -100)], [9.999999999, 0.999999999], [0.123456785, 0.123456775], [1.5e-45, 1.0], [12345.678901, 99999.999999],
        [0.000123456789], [5.0, 1e4, 500.25], [-1.0, 10.0, -100.0],
    ]
    if dtype == "f64":
        lists += [[5e-324, 1e308], [1e-300, 1.0, 1e5], [9007199254740993.0, 1.0], [1e200, nan, -inf], [2.0 ** e for e in range(-1000, 1000, 97)]]
    lists += [[draw.gauss(0, scale) for _ in range(31)] for scale in (1e-12, 1e-3, 0.1, 1, 30, 1e6, 1e15)]
    lists += [[draw.uniform(1, 900) * 10.0 ** power for _ in range(23)] for power in (-4, 0, 4, 5)]
    return lists


def cases():
    for dtype in FLOATS:
        for i, values in enumerate(floats(dtype)):
            case(dtype, (len(values),), values)
            case(dtype, SHAPES[i % len(SHAPES)], values)
            case(dtype, (), values[:1])
        for x in (1e16, 9.9999e15, 1e15, 1e-4, 9e-5, 1.25e-7, 123456789.0, 99999992.0, 0.1, 1e22, -2.5, 3.4e38, 1e-45):
            case(dtype, (), [x])
        for shape in SUMMARIES[:4] if dtype == "f32" else SUMMARIES:
            case(dtype, shape, [0.5 * i for i in range(101)])
            case(dtype, shape, [0.1 * i - 7e4 for i in range(97)])
            case(dtype, shape, [(-1.3) ** i for i in range(37)])
        case(dtype, (1001,), [float(i) for i in range(1001)])
    for dtype, lists in (("i64", ([0], [1, -2, 30], [2 ** 63 - 1, -2 ** 63], list(range(-50, 51)), [7, 123456, -1])),
                         ("u8", ([0], [1, 2, 3], [255, 0, 17], list(range(256))))):
        for values in lists:
            for shape in ((), (len(values),)) + SHAPES + SUMMARIES:
                case(dtype, shape, values if shape else values[:1])
    for dtype in DTYPES:
        for shape in ((0,), (2, 0), (0, 3), (2, 0, 3), (0, 2000)):
            case(dtype, shape, [])
    case("f64", (1,) * 8, [1.5])
    case("f32", (1, 2, 1, 2, 1, 2, 1, 2), [1.5, 2.0, 0.25])
    case("f32", (1, 1, 1, 1, 1, 1, 2, 600), [1.5, 2.0, 0.25])


if __name__ == "__main__":
    if not np.__version__.startswith("1.24."):
        raise SystemExit(f"expected NumPy 1.24, got {np.__version__}")
    cases()
