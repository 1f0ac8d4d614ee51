#!/usr/bin/env python3
"""Writes schedules_pytorch.h: the factors of PyTorch's schedulers at steps 0 … 23, each beside the call that must give them.

usage: schedules_pytorch.py | clang-format-14 --assume-filename=$PWD/x.h > schedules_pytorch.h        made with PyTorch 1.13
"""
import warnings

import torch
from torch.optim import lr_scheduler as s

warnings.simplefilter("ignore")
torch.set_default_dtype(torch.float64)
BASE, STEPS = 0.5, 24


def factors(make):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE, momentum=0.9)
    scheduler = make(optimizer)
    values = []
    for _ in range(STEPS):
        values.append(optimizer.param_groups[0]["lr"] / BASE)
        optimizer.step()
        if len(values) == getattr(scheduler, "total_steps", STEPS):  # one cycle, which PyTorch would leave below its lowest rate
            break
        scheduler.step()
    return values


def one_cycle(**options):
    return lambda o: s.OneCycleLR(o, BASE, cycle_momentum=False, **options)


def cyclic(**options):
    return lambda o: s.CyclicLR(o, BASE / 4, BASE, cycle_momentum=False, **options)


CASES = [
    ("wg_lr_constant()", lambda o: s.ConstantLR(o)),
    ("wg_lr_constant(.factor = 0.125, .steps = 7)", lambda o: s.ConstantLR(o, 0.125, 7)),
    ("wg_lr_linear()", lambda o: s.LinearLR(o)),
    ("wg_lr_linear(.start = 0.75, .end = 0.25, .steps = 11)", lambda o: s.LinearLR(o, 0.75, 0.25, 11)),
    ("wg_lr_step(.period = 5)", lambda o: s.StepLR(o, 5)),
    ("wg_lr_step(.period = 1, .gamma = 0.75)", lambda o: s.StepLR(o, 1, 0.75)),
    ("wg_lr_multi_step(.milestones = WG_MILESTONES(3, 8, 9))", lambda o: s.MultiStepLR(o, [3, 8, 9])),
    ("wg_lr_multi_step(.milestones = WG_MILESTONES(12), .gamma = 0.375)", lambda o: s.MultiStepLR(o, [12], 0.375)),
    ("wg_lr_exponential(.gamma = 0.875)", lambda o: s.ExponentialLR(o, 0.875)),
    ("wg_lr_polynomial()", lambda o: s.PolynomialLR(o)),
    ("wg_lr_polynomial(.steps = 13, .power = 2.5)", lambda o: s.PolynomialLR(o, 13, 2.5)),
    ("wg_lr_cosine(.steps = 23)", lambda o: s.CosineAnnealingLR(o, 23)),
    ("wg_lr_cosine(.steps = 7, .min = 0.25)", lambda o: s.CosineAnnealingLR(o, 7, BASE * 0.25)),
    ("wg_lr_cosine_restarts(.period = 6)", lambda o: s.CosineAnnealingWarmRestarts(o, 6)),
    ("wg_lr_cosine_restarts(.period = 3, .multiple = 2, .min = 0.125)",
     lambda o: s.CosineAnnealingWarmRestarts(o, 3, 2, BASE * 0.125)),
    ("wg_lr_one_cycle(.steps = 24)", one_cycle(total_steps=24)),
    ("wg_lr_one_cycle(.steps = 20, .rise = 0.4, .start = 0.1, .end = 0.001, .shape = WG_LR_SHAPE_LINEAR)",
     one_cycle(total_steps=20, pct_start=0.4, div_factor=10, final_div_factor=100, anneal_strategy="linear")),
    ("wg_lr_one_cycle(.steps = 24, .rise = 0.25, .three_phase = true)", one_cycle(total_steps=24, pct_start=0.25, three_phase=True)),
    ("wg_lr_cyclic(.min = 0.25, .up = 4)", cyclic(step_size_up=4)),
    ("wg_lr_cyclic(.min = 0.25, .up = 3, .down = 5, .mode = WG_LR_CYCLE_TRIANGULAR2)",
     cyclic(step_size_up=3, step_size_down=5, mode="triangular2")),
    ("wg_lr_cyclic(.min = 0.25, .up = 5, .mode = WG_LR_CYCLE_EXP_RANGE, .gamma = 0.9375)",
     cyclic(step_size_up=5, mode="exp_range", gamma=0.9375)),
    ("wg_lr_product(wg_lr_linear(.start = 0.25, .steps = 6), wg_lr_exponential(.gamma = 0.9))",
     lambda o: s.ChainedScheduler([s.LinearLR(o, 0.25, 1, 6), s.ExponentialLR(o, 0.9)])),
    ("wg_lr_then(wg_lr_then(wg_lr_linear(.start = 0.5, .steps = 6), 6, wg_lr_cosine(.steps = 8)), 14, wg_lr_constant(.factor = 0.125))",
     lambda o: s.SequentialLR(o, [s.LinearLR(o, 0.5, 1, 6), s.CosineAnnealingLR(o, 8), s.ConstantLR(o, 0.125)], [6, 14])),
]

print(f"""/* Made by schedules_pytorch.py with PyTorch {torch.__version__[:4]}: the factors of its schedulers at steps 0 … {STEPS - 1}, or to the end of a cycle. */""")
for call, make in CASES:
    values = factors(make)
    lines = [", ".join(f"{v:.17g}" for v in values[i:i + 6]) for i in range(0, len(values), 6)]
    print(f"PYTORCH({call},\n        " + ",\n        ".join(lines) + ")")
