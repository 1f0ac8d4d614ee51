"""The same equation, measurements without noise, and L-BFGS as in ode.c, in PyTorch.

usage: ode_torch.py [--steps N]
"""
import argparse

import torch

POINTS, SUBSTEPS, INTERVAL = 40, 4, 0.5
TRUTH, GUESS = (1.1, 0.4, 0.4, 0.1), (0.8, 0.3, 0.6, 0.15)


def slope(state, p):
    x, y = state
    return torch.stack([p[0] * x - p[1] * x * y, p[3] * x * y - p[2] * y])


def runge_kutta(state, p, h):
    k1 = slope(state, p)
    k2 = slope(state + h / 2 * k1, p)
    k3 = slope(state + h / 2 * k2, p)
    k4 = slope(state + h * k3, p)
    return state + h / 6 * (k1 + 2 * (k2 + k3) + k4)


def solve(p, substeps):
    state, states = torch.tensor([10.0, 5.0], dtype=torch.float64), []
    for _ in range(POINTS):
        for _ in range(substeps):
            state = runge_kutta(state, p, INTERVAL / substeps)
        states.append(state)
    return torch.stack(states)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    torch.set_num_threads(1)
    measured = solve(torch.tensor(TRUTH, dtype=torch.float64), 2 * SUBSTEPS)
    p = torch.tensor(GUESS, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([p], max_iter=options.steps, line_search_fn="strong_wolfe")
    solutions = 0

    def distance():
        nonlocal solutions
        solutions += 1
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(solve(p, SUBSTEPS), measured)
        loss.backward()
        return loss

    optimizer.step(distance)
    print(f"{optimizer.state[p]['n_iter']} steps, {solutions} solutions, mean square {distance().item():.9g}")
    for name, found, true in zip("abcd", p.tolist(), TRUTH):
        print(f"{name} = {found:.9f}, true {true:g}, {found / true - 1:+.1e} of it away")


if __name__ == "__main__":
    main()
