"""The golden values: what PyTorch gives for the cases of cases.py, written to values.txt, which test_golden.c reads.

    python3 tests/golden/make.py            writes tests/golden/values.txt anew
    python3 tests/golden/make.py NAME…      prints the records of those cases instead ("sum" stands for all of sum's)

It needs PyTorch 1.13, Debian 12's python3-torch. The tests do not: values.txt is committed, and made anew only when cases change.
Then `git diff` shows what else did: on another machine last digits may.

For each case, in f64: the outputs y; the gradients g_i of Σ_j ⟨c_j, y_j⟩ by each float operand x_i; and the derivatives of
Σ_i ⟨d_i, g_i⟩ by each x_i. c_j and d_i are as fixed as the operands: all come from draws() below, which test_golden.c has too, so
that only results are stored. Every drawn number is exact in f32.

A record of values.txt:
    case NAME
    in KIND LOW HIGH EXTENT…        an operand ("constant" for "in": no gradient is asked by it); given: then "=" and its numbers
    out EXTENT… = NUMBER…           an output, row-major
    grad I = NUMBER…                g_I, of operand I's shape; "zero" if all are 0
    second I = NUMBER…
"""
import pathlib
import sys

import numpy
import torch

sys.dont_write_bytecode = True
import cases

MASK = 2**64 - 1


def draws(key, n, low, high):
    """n numbers inside (low, high), none of them its middle: the upper 16 bits of a linear congruential generator (Knuth's MMIX),
    which starts from the hash of key (FNV-1a)."""
    state = 0xCBF29CE484222325
    for byte in key.encode():
        state = (state ^ byte) * 0x100000001B3 & MASK
    numbers = numpy.empty(n)
    for i in range(n):
        state = (state * 6364136223846793005 + 1442695040888963407) & MASK
        numbers[i] = low + (high - low) * (2 * (state >> 48) + 1) / 2**17
    return numbers


def make(key, operand):
    """The operand's value, by its kind; see cases.py."""
    kind, low, high, extents = operand.kind, operand.low, operand.high, operand.extents
    if kind == "given":
        return torch.tensor(operand.numbers)
    numbers = draws(key, int(numpy.prod(extents)), low, high)
    if kind in ("whole", "label", "mask"):
        numbers = numpy.floor(numbers)
    x = torch.from_numpy(numbers).reshape(extents)
    if kind in ("definite", "spread"):
        x = x.tril() + x.tril(-1).mT
    if kind in ("definite", "dominant"):
        x = x + extents[-1] * torch.eye(*extents[-2:])
    if kind == "spread":
        x = x + torch.diag(2.0 * torch.arange(extents[-1]))
    assert kind not in ("real", "definite", "dominant", "spread") or torch.equal(x.float().double(), x), key
    return x.to({"label": torch.int64, "mask": torch.uint8}.get(kind, torch.float64))


def derivatives(root, x):
    """By each of x, with a graph; zeros where root does not depend on it."""
    if not root.requires_grad:
        return [torch.zeros_like(t) for t in x]
    g = torch.autograd.grad(root, x, create_graph=True, allow_unused=True)
    return [torch.zeros_like(t) if d is None or d._is_zerotensor() else d for t, d in zip(x, g)]


def along(name, letter, tensors):
    """Σ_i ⟨t_i, direction i⟩; at kinks Σ_i Σ t_i, so that the gradients can be read."""
    total = torch.zeros(())
    for i, t in enumerate(tensors):
        if t.is_floating_point():
            direction = draws(f"{name}/{letter}{i}", t.numel(), -1, 1)
            total = total + (t.sum() if name.startswith("kink.") else (t * torch.from_numpy(direction).reshape(t.shape)).sum())
    return total


def text(t):
    numbers = t.detach().double().flatten().tolist()
    return "zero" if numbers and not any(numbers) else " ".join(f"{number:.17g}" for number in numbers)


def record(case):
    x = [make(f"{case.name}/x{i}", operand) for i, operand in enumerate(case.operands)]
    lines = [f"case {case.name}"]
    for operand, value in zip(case.operands, x):
        line = [operand.kind, f"{operand.low:.17g}", f"{operand.high:.17g}", *operand.extents]
        line += ["=", text(value)] if operand.kind == "given" else []
        lines.append(" ".join(map(str, ["constant" if operand.constant else "in", *line])))
    wanted = {i: t.requires_grad_() for i, t in enumerate(x) if t.is_floating_point() and not case.operands[i].constant}
    y = case.function(*x)
    y = y if isinstance(y, tuple) else (y,)
    for t in y:
        assert t.isfinite().all() or case.name.startswith("kink."), case.name
        lines.append(" ".join(["out", *map(str, t.shape), "=", text(t)]))
    root = along(case.name, "c", y)
    if root.requires_grad and not case.outputs_only:
        first = derivatives(root, list(wanted.values()))
        lines += [f"grad {i} = {text(g)}" for i, g in zip(wanted, first)]
        if not case.name.startswith("kink."):
            second = derivatives(along(case.name, "d", first), list(wanted.values()))
            lines += [f"second {i} = {text(g)}" for i, g in zip(wanted, second)]
            assert all(g.isfinite().all() for g in first + second), case.name
    return "\n".join(lines) + "\n"


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    names = [case.name for case in cases.CASES]
    assert len(set(names)) == len(names), "two cases of one name"
    if len(sys.argv) > 1:
        print("".join(record(case) for case in cases.CASES if {case.name, case.name.split(".")[0]} & set(sys.argv[1:])), end="")
    else:
        path = pathlib.Path(__file__).parent / "values.txt"
        path.write_text(f"# PyTorch {torch.__version__}, by make.py\n" + "".join(record(case) for case in cases.CASES))


if __name__ == "__main__":
    main()
