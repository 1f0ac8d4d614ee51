#!/usr/bin/env python3
"""Episodes of Gymnasium's Pendulum-v1, MountainCarContinuous-v0 and CartPole-v1 with a continuous force, from their formulas, in plain Python
floats: f64 with the C library's sin, cos and pow.

usage: rl_traces.py RL_TRACES       compares with what the program computes, bit by bit; TAP
       rl_traces.py --write         prints single steps, which tests/nn/rl_traces.txt holds

Conventions. Pendulum: ** 2 is pow. Mountain car: the new state is rounded to f32, all else is f64, as with NumPy 1; the reward is of the
action before it is clipped. Cart pole: np.square is x * x; Euler's rule with the old speeds. NumPy's own sin and cos may differ from the C
library's in the last digits; here they are the C library's.

Controls: each formula once more with a constant that is one unit of the last place larger, or another order or form of a product, must
give other bits.
"""
import math
import random
import struct
import subprocess
import sys

STEPS, SEEDS = 300, 12
# Numbers whose square by pow is not x * x; none, where the C library rounds all squares right.
ODD = [x for x in (0.5 + k / 65537 / 2 for k in range(65537)) if x ** 2 != x * x]


def up(x):
    return math.nextafter(x, math.inf)


def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def clip(x, low, high):
    return min(max(x, low), high)


def pendulum(state, a, g=10.0, dt=0.05, square=lambda x: x ** 2):
    th, thdot = state
    m = l = 1.0
    u = clip(a, -2.0, 2.0)
    wrapped = ((th + math.pi) % (2 * math.pi)) - math.pi
    cost = square(wrapped) + 0.1 * square(thdot) + 0.001 * square(u)
    newthdot = thdot + (3 * g / (2 * l) * math.sin(th) + 3.0 / (m * l ** 2) * u) * dt
    newthdot = clip(newthdot, -8.0, 8.0)
    return (th + newthdot * dt, newthdot), -cost, False


def mountain_car(state, a, power=0.0015, gravity=0.0025, rounded=f32, order=False, square=lambda x: math.pow(x, 2)):
    position, velocity = state
    force = min(max(a, -1.0), 1.0)
    if order:
        velocity = velocity + force * power - gravity * math.cos(3 * position)
    else:
        velocity += force * power - gravity * math.cos(3 * position)
    velocity = clip(velocity, -0.07, 0.07)
    position += velocity
    position = clip(position, -1.2, 0.6)
    if position == -1.2 and velocity < 0:
        velocity = 0.0
    done = position >= 0.45 and velocity >= 0
    reward = 100.0 if done else 0
    reward -= square(a) * 0.1
    return (rounded(position), rounded(velocity)), reward, done


def mountain_car_f64(state, a, **other):
    return mountain_car(state, a, rounded=lambda x: x, **other)


def cart_pole(state, a, tau=0.02, gravity=9.8, order=False):
    x, x_dot, theta, theta_dot = state
    masscart, masspole, length = 1.0, 0.1, 0.5
    total_mass, polemass_length = masspole + masscart, masspole * length
    force = 30.0 * clip(a, -1.0, 1.0)
    costheta, sintheta = math.cos(theta), math.sin(theta)
    square = polemass_length * theta_dot * theta_dot if order else polemass_length * (theta_dot * theta_dot)
    temp = (force + square * sintheta) / total_mass
    thetaacc = (gravity * sintheta - costheta * temp) / (length * (4.0 / 3.0 - masspole * (costheta * costheta) / total_mass))
    xacc = temp - polemass_length * thetaacc * costheta / total_mass
    x = x + tau * x_dot
    x_dot = x_dot + tau * xacc
    theta = theta + tau * theta_dot
    theta_dot = theta_dot + tau * thetaacc
    limit = 12 * 2 * math.pi / 360
    return (x, x_dot, theta, theta_dot), 1.0, x < -2.4 or x > 2.4 or theta < -limit or theta > limit


def pendulum_start(rng):
    return rng.uniform(-math.pi, math.pi), rng.uniform(-1, 1)


def car_start(rng):
    return rng.uniform(-0.6, -0.4), 0.0


def pole_start(rng):
    return tuple(rng.uniform(-0.05, 0.05) for _ in range(4))


LIMIT = 12 * 2 * math.pi / 360
REST = 0.0025 * math.cos(3 * 0.45)  # the speed that a step without force takes away at the goal
# Starts at the bounds of clips and of ends, each with its actions.
EDGES = {
    "pendulum": [((1.5, 7.99), [2.0, -2.0, 3.0]), ((-1.5, -8.0), [-2.0, -2.5]), ((math.pi, 0.0), [0.0]), ((-math.pi, -0.5), [2.0]), ((40.0, 3.0), [1.0] * 5),
                 ((-40.0, -3.0), [1.0] * 5), ((0.0, -0.0), [0.0])],
    "mountain_car": [((0.45, REST), [0.0, 0.0]), ((0.45, up(REST)), [0.0]), ((0.45, REST * (1 - 2 ** -52)), [0.0]), ((-1.19, -0.05), [-1.0, -1.0, 1.0]), ((-1.2, 0.0), [-1.0, 1.0]),
                     ((0.0, 0.08), [1.0]), ((0.0, -0.08), [-1.0]), ((0.59, 0.06), [1.0]), ((0.4, 0.05), [1.0, 1.0]), ((0.5, -0.06), [1.0])],
    "cart_pole": [((2.4, 0.0, 0.0, 0.0), [0.0]), ((-2.4, 0.0, 0.0, 0.0), [0.0]), ((up(2.4), 0.0, 0.0, 0.0), [0.0]), ((-up(2.4), 0.0, 0.0, 0.0), [0.0]),
                  ((0.0, 0.0, LIMIT, 0.0), [0.0]), ((0.0, 0.0, -LIMIT, 0.0), [0.0]), ((0.0, 0.0, up(LIMIT), 0.0), [0.0]), ((0.0, 0.0, -up(LIMIT), 0.0), [0.0])],
}

# Name, dynamics, first state, range of actions (wider than the bounds, where clipping shows), changes that must be seen.
ENVIRONMENTS = [
    ("pendulum", pendulum, pendulum_start, 2.5,
     [("g one unit larger", {"g": up(10.0)}), ("the step one unit longer", {"dt": up(0.05)}), ("x * x", {"square": lambda x: x * x})]),
    ("mountain_car_continuous", mountain_car, car_start, 1.3, [("no rounding", {"rounded": lambda x: x}), ("x * x", {"square": lambda x: x * x})]),
    ("mountain_car_f64", mountain_car_f64, car_start, 1.3,
     [("the power one unit larger", {"power": up(0.0015)}), ("gravity one unit larger", {"gravity": up(0.0025)}), ("another order of the sum", {"order": True})]),
    ("cart_pole_continuous", cart_pole, pole_start, 1.2,
     [("the step one unit longer", {"tau": up(0.02)}), ("g one unit larger", {"gravity": up(9.8)}), ("another order of the product", {"order": True})]),
]


def actions_of(rng, most):
    """Some held for a while, so that episodes lead somewhere, some new at each step; 0 among them."""
    held, out = 0.0, []
    for step in range(STEPS):
        if step % rng.choice((1, 7, 25)) == 0:
            held = rng.choice((0.0, 1.0, -1.0, rng.uniform(-most, most), rng.uniform(-most, most)))
        out.append(ODD[step % len(ODD)] if step % 50 == 49 and ODD else held)
    return out


def trace(dynamics, start, actions, **changed):
    """An episode goes on behind its end: dynamics are functions."""
    state, rows = start, []
    for a in actions:
        state, reward, done = dynamics(state, a, **changed)
        rows.append((*state, float(reward), float(done)))
    return rows


def of_program(program, name, start, actions):
    text = f"{name} {len(actions)} {' '.join(x.hex() for x in start)} {' '.join(a.hex() for a in actions)}\n"
    out = subprocess.run([program, "--trace"], input=text, text=True, capture_output=True, check=True).stdout
    return [tuple(float.fromhex(x) for x in line.split()) for line in out.splitlines()]


def differences(a, b):
    return sum(struct.pack("d", x) != struct.pack("d", y) for p, q in zip(a, b) for x, y in zip(p, q)) + 10 ** 6 * (len(a) != len(b))


def compare(program):
    print(f"1..{sum(1 + len(e[4]) for e in ENVIRONMENTS)}")
    number = failed = 0

    def check(what, good):
        nonlocal number, failed
        number += 1
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {what}")

    for name, dynamics, start_of, most, changes in ENVIRONMENTS:
        cases = []
        for seed in range(SEEDS):
            rng = random.Random(f"{name} {seed}")
            start, actions = start_of(rng), actions_of(rng, most)
            cases.append((start, actions, of_program(program, name, start, actions)))
        edges = next(e for n, e in EDGES.items() if name.startswith(n))
        cases += [(start, actions, of_program(program, name, start, actions)) for start, actions in edges]
        found = sum(differences(trace(dynamics, s, a), rows) for s, a, rows in cases)
        check(f"{name}: {found} differences in {sum(len(a) for _, a, _ in cases)} states and rewards", found == 0)
        for text, changed in changes:
            found = sum(differences(trace(dynamics, s, a, **changed), rows) for s, a, rows in cases)
            check(f"{name}: with {text}, {found} differences", found > 0 or (text == "x * x" and not ODD))
    return 1 if failed else 0


def write():
    print("# Made by rl_traces.py --write: name, state, action, the new state, reward, end.")
    for name, dynamics, start_of, most, _ in ENVIRONMENTS:
        for seed in range(3):
            rng = random.Random(f"{name} {seed}")
            state = start_of(rng)
            for step, a in enumerate(actions_of(rng, most)):
                after, reward, done = dynamics(state, a)
                if step % 10 == 0:
                    print(name, *(x.hex() for x in (*state, a, *after, float(reward))), int(done))
                state = after


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    else:
        sys.exit(compare(sys.argv[1]))
