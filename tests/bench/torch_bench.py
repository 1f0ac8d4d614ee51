#!/usr/bin/python3
"""wg-bench's workloads in PyTorch 1.13 (Debian 12: python3-torch and, for two threads, libopenblas0-openmp): same shapes, numbers, losses
and optimizers, measured in the same way, one line of JSON per workload, threads and mode.

usage: torch_bench.py [-w WORKLOAD,...|all] [-t THREADS,...] [-m eager,foreach,jit,nhwc] [-s SECONDS] [-p] [--losses]
  eager    optimizers as they are by default
  foreach  optimizers and averages in whole lists (torch._foreach)
  jit      the networks traced, or the function scripted; optimizers as in foreach
  nhwc     images channels-last (W5, W5b, W15)
  -p       peak memory instead of time, as W11 has it
  --losses only the losses of the first four steps, in plain text: losses.txt, which test_workloads.c holds Wengert against

PyTorch is run at its best. It starts itself anew in an environment where glibc neither gives memory back nor maps each large tensor
anew (twice the time on W2, four times on W8_1e7); where OpenBLAS uses PyTorch's OpenMP threads instead of a pool of its own that
fights with them, bound to cores; with OpenBLAS's kernels for AVX-512 on Intel's CPUs, of which it takes those that are newer than itself for old
ones; and, for W8, with PyTorch's own AVX-512 kernels, which are off by default. W11, and any workload with -p, instead has
memory mapped exactly, so that what is resident is what is in use. torch.set_num_threads does not reach OpenBLAS, which is told separately.
"""
import argparse
import copy
import ctypes
import json
import math
import os
import random
import statistics
import sys
import sysconfig
import time

SAMPLE_US, LEAST_SAMPLES, WARM_STEPS, STEPS_TO_RESET = 2000, 7, 5, 250


def start_anew_tuned(names, memory):
    """Replaces this process by one that has the environment, which is read before Python starts."""
    large = str(1 << 34)
    tuned = {
        "LD_LIBRARY_PATH": f"/usr/lib/{sysconfig.get_config_var('MULTIARCH')}/openblas-openmp",
        "OMP_PROC_BIND": "true",
        "MALLOC_TRIM_THRESHOLD_": large,
        "MALLOC_MMAP_THRESHOLD_": "65536" if memory or names == ["W11"] else large,
        "MALLOC_TOP_PAD_": str(1 << 26),
    }
    with open("/proc/cpuinfo") as file:
        cpu = file.read()
    if "avx512f" in cpu and all(name.startswith("W8") for name in names):
        tuned["ATEN_CPU_CAPABILITY"] = "avx512"
    if "avx512f" in cpu and "GenuineIntel" in cpu:
        tuned["OPENBLAS_CORETYPE"] = "SkylakeX"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")} | tuned
    if environment != dict(os.environ):
        os.execve(sys.executable, [sys.executable, *sys.argv], environment)


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0])
    parser.add_argument("-w", default="all")
    parser.add_argument("-t", default="1,2")
    parser.add_argument("-m", default="eager")
    parser.add_argument("-s", type=float, default=2.0)
    parser.add_argument("-p", action="store_true")
    parser.add_argument("--losses", action="store_true")
    return parser.parse_args()


NAMES = "W1 W2 W3 W4 W5 W5b W6 W7a W7b W7c W8_1e6 W8_1e7 W9 W10_grad W10_hvp W10_hess W11 W12 W13 W14 W15".split() + [
    f"W16_{rule}_{n}" for rule in ("sgd", "adam", "adamw", "rmsprop", "lion", "lamb", "adafactor", "muon", "chain_sgd", "chain_adamw") for n in ("1e7", "2e3")] + ["W17", "W18"]
ASKED = arguments()
WANTED = NAMES if ASKED.w == "all" else ASKED.w.split(",")
start_anew_tuned(WANTED, ASKED.p)

import numpy
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)

# ---- numbers: those of workloads.c ----


class Numbers:
    """Each call takes the next stream of SplitMix64's upper 24 bits."""

    def __init__(self):
        self.stream = 0

    def fractions(self, n):
        with numpy.errstate(over="ignore"):
            z = (numpy.arange(n, dtype=numpy.uint64) + numpy.uint64((self.stream << 32) + 1)) * numpy.uint64(0x9E3779B97F4A7C15)
            z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        self.stream += 1
        return ((z ^ (z >> numpy.uint64(31))) >> numpy.uint64(40)) / 2.0**24

    def drawn(self, *shape, low=-math.sqrt(3), high=math.sqrt(3), dtype=torch.float32):
        numbers = low + (high - low) * self.fractions(math.prod(shape))
        return torch.from_numpy(numbers).to(dtype).reshape(shape)

    def labels(self, n, classes):
        return torch.from_numpy((classes * self.fractions(n)).astype(numpy.int64))

    def into_parameters(self, net):
        params = list(net.named_parameters())
        for (_, weight), (name, bias) in zip(params, params[1:]):
            if weight.dim() >= 2:
                bound = 1 / math.sqrt(weight[0].numel())
                for p in [weight, bias] if "bias" in name else [weight]:
                    p.data.copy_(self.drawn(*p.shape, low=-bound, high=bound))
        return net


# ---- classifiers ----


def mlp(*sizes, batch_norm=False):
    layers = []
    for i, (n_in, n_out) in enumerate(zip(sizes, sizes[1:])):
        layers.append(nn.Linear(n_in, n_out))
        if i < len(sizes) - 2:
            layers += [nn.BatchNorm1d(n_out), nn.ReLU()] if batch_norm else [nn.ReLU()]
    return nn.Sequential(*layers)


def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), *mlp(400, 120, 84, 10))


def small_cifar():
    return nn.Sequential(nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                         nn.Linear(64 * 8 * 8, 10))


class Block(nn.Module):
    """Two convolutions; where the stride is 2 the shortcut has zeros for new channels."""

    def __init__(self, channels, out, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)
        self.conv2, self.bn2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
        self.stride, self.more = stride, (out - channels) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)), inplace=True)))
        if self.stride > 1:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more, self.more))
        return F.relu(y.add_(x), inplace=True)


class ResNet(nn.Module):
    """ResNet-20 for CIFAR's images."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        widths = [16] * 4 + [32] * 3 + [64] * 3
        self.blocks = nn.Sequential(*(Block(a, b, b // a) for a, b in zip(widths, widths[1:])))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = self.blocks(F.relu(self.bn1(self.conv1(x)), inplace=True))
        return self.fc(x.mean((2, 3)))


def adam(params, lists):
    return torch.optim.Adam(params, lr=1e-3, foreach=lists)


def sgd(params, lists):
    return torch.optim.SGD(params, lr=0.01, foreach=lists)


def momentum(params, lists):
    return torch.optim.SGD(params, lr=0.01, momentum=0.9, foreach=lists)


class Loss(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x, labels):
        return F.cross_entropy(self.net(x), labels)


class Workload:
    """step() computes once and returns the loss, or what else it made; state holds what training changes."""

    def __init__(self, step, params=(), optimizers=(), counted=None, **shown):
        self.step, self.params, self.optimizers, self.counted, self.shown = step, list(params), optimizers, counted, shown
        self.initial = [p.detach().clone() for p in self.params]

    @torch.no_grad()
    def reset(self):
        for p, initial in zip(self.params, self.initial):
            p.copy_(initial)
        for optimizer in self.optimizers:
            for state in optimizer.state.values():
                for value in state.values():
                    if torch.is_tensor(value):
                        value.zero_()


def lists(mode):
    return mode in ("foreach", "jit")


def classifier(mode, net, optimizer, shape, classes=10):
    numbers = Numbers()
    net = numbers.into_parameters(net)
    x, labels = numbers.drawn(*shape), numbers.labels(shape[0], classes)
    if mode == "nhwc":
        net, x = net.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    params = list(net.parameters())
    update = optimizer(params, lists(mode)) if optimizer else None
    loss_of = Loss(net)
    if mode == "jit":
        loss_of = torch.jit.trace(loss_of, (x, labels))

    def step():
        for p in params:
            p.grad = None
        loss = loss_of(x, labels)
        loss.backward()
        if update:
            update.step()
        return loss

    return Workload(step, params if update else [], [update] if update else [])


# ---- a recurrent network ----


class Characters(nn.Module):
    """An LSTM of 64 units over 76 characters, and what comes next at each step."""

    def __init__(self):
        super().__init__()
        self.lstm, self.out = nn.LSTM(76, 64), nn.Linear(64, 76)

    def forward(self, x, labels):
        return F.cross_entropy(self.out(self.lstm(x)[0]).flatten(0, 1), labels)


def characters(mode):
    numbers, net = Numbers(), Characters()
    for p in net.parameters():
        p.data.copy_(numbers.drawn(*p.shape, low=-0.125, high=0.125))
    x = F.one_hot(numbers.labels(32 * 32, 76), 76).float().reshape(32, 32, 76)
    labels, params = numbers.labels(32 * 32, 76), list(net.parameters())
    update = adam(params, lists(mode))

    def step():
        for p in params:
            p.grad = None
        loss = net(x, labels)
        loss.backward()
        update.step()
        return loss

    return Workload(step, params, [update])


class Sequence(nn.Module):
    """An LSTM of 128 units whose outputs are to follow given ones."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(128, 128)

    def draw_weights(self, numbers):
        bound = 1 / math.sqrt(128)
        for p in self.parameters():
            p.data.copy_(numbers.drawn(*p.shape, low=-bound, high=bound))

    def forward(self, x, target):
        return F.mse_loss(self.lstm(x)[0], target)


class TransformerBlock(nn.Module):
    """A block of a GPT whose outputs are to follow given ones."""

    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(256, 4, 1024, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
        self.register_buffer("mask", torch.full((128, 128), -math.inf).triu(1))

    def draw_weights(self, numbers):
        numbers.into_parameters(self)

    def forward(self, x, target):
        return F.mse_loss(self.layer(x, self.mask), target)


def sequence(mode, net, shape):
    numbers = Numbers()
    net.draw_weights(numbers)
    params, x, target = list(net.parameters()), numbers.drawn(*shape), numbers.drawn(*shape, low=-1, high=1)
    update = adam(params, lists(mode))

    def step():
        for p in params:
            p.grad = None
        loss = net(x, target)
        loss.backward()
        update.step()
        return loss

    return Workload(step, params, [update])


# ---- DDPG ----


class Actor(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = mlp(3, 256, 256, 1)

    def forward(self, state):
        return torch.tanh(self.net(state))


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = mlp(4, 256, 256, 1)

    def forward(self, state, action):
        return self.net(torch.cat([state, action], 1))


def ddpg_networks(mode, numbers):
    """Actor and critic, and an update by tensors (state, action, reward, next state) and γ or 0 for each of their rows."""
    rate = 0.005
    actor, critic = numbers.into_parameters(Actor()), numbers.into_parameters(Critic())
    target_actor, target_critic = copy.deepcopy(actor), copy.deepcopy(critic)
    actor_params, critic_params = list(actor.parameters()), list(critic.parameters())
    source = actor_params + critic_params
    target = [p.requires_grad_(False) for net in (target_actor, target_critic) for p in net.parameters()]
    actor_update, critic_update = adam(actor_params, lists(mode)), adam(critic_params, lists(mode))
    if mode == "jit":
        state, action = torch.zeros(256, 3), torch.zeros(256, 1)
        actor, target_actor = torch.jit.trace(actor, state), torch.jit.trace(target_actor, state)
        critic, target_critic = (torch.jit.trace(net, (state, action)) for net in (critic, target_critic))

    def descend(loss, params, update):
        for p in params:
            p.grad = None
        loss.backward()
        update.step()

    def learn(state, action, reward, next_state, discount):
        with torch.no_grad():
            estimate = reward + discount * target_critic(next_state, target_actor(next_state))
        loss = F.mse_loss(critic(state, action), estimate)
        descend(loss, critic_params, critic_update)
        for p in critic_params:
            p.requires_grad_(False)
        descend(-critic(state, actor(state)).mean(), actor_params, actor_update)
        for p in critic_params:
            p.requires_grad_(True)
        with torch.no_grad():
            if lists(mode):
                torch._foreach_mul_(target, 1 - rate)
                torch._foreach_add_(target, source, alpha=rate)
            else:
                for t, p in zip(target, source):
                    t.mul_(1 - rate).add_(p, alpha=rate)
        return loss

    return actor, learn, source + target, [actor_update, critic_update]


def ddpg(mode):
    batch, discount, numbers = 256, 0.99, Numbers()
    _, learn, params, optimizers = ddpg_networks(mode, numbers)
    state, action, reward = numbers.drawn(batch, 3), numbers.drawn(batch, 1, low=-1, high=1), numbers.drawn(batch, 1)
    next_state, done = numbers.drawn(batch, 3), torch.zeros(batch, 1)
    return Workload(lambda: learn(state, action, reward, next_state, discount * (1 - done)), params, optimizers)


# ---- the loop of DDPG on the pendulum ----


def philox(seed, stream, block):
    """Philox4x32-10 (Salmon and others, 2011): two numbers of 64 bits."""
    c, k = [block & 0xFFFFFFFF, block >> 32, stream & 0xFFFFFFFF, stream >> 32], [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [q >> 32 ^ c[1] ^ k[0], q & 0xFFFFFFFF, p >> 32 ^ c[3] ^ k[1], p & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c[0] << 32 | c[1], c[2] << 32 | c[3]


class Draws:
    """Wengert's draws of the first four steps, so that these have its losses; Python's and NumPy's own ones behind them, which are faster."""

    FIRST = 4

    def __init__(self, rows, batch, sigma, seed):
        self.rows, self.batch, self.sigma, self.next = rows, batch, sigma, numpy.random.default_rng(seed)
        self.indices, self.noises = [], []
        for step in range(self.FIRST):
            pairs = [philox(seed, (10 << 56) + step, block) for block in range(batch // 2)]
            self.indices.append(numpy.array([bits * rows >> 64 for pair in pairs for bits in pair]))
            u, angle = (bits >> 11 for bits in philox(seed, (12 << 56) + step, 0))
            self.noises.append(sigma * math.sqrt(-2 * math.log((u + 1) / 2**53)) * math.cos(2 * math.pi * angle / 2**53))
        self.start = [low + (high - low) * ((philox(seed, 9 << 56, block)[0] >> 11) / 2**53)
                      for block, (low, high) in enumerate(((-math.pi, math.pi), (-1, 1)))]

    def index(self, step):
        return self.indices[step] if step < self.FIRST else self.next.integers(0, self.rows, self.batch)

    def noise(self, step):
        return self.noises[step] if step < self.FIRST else random.gauss(0, self.sigma)


class Pendulum:
    """Gymnasium's Pendulum-v1 in plain Python, which for one copy is faster than NumPy."""

    def __init__(self, angle, speed):
        self.initial = angle, speed
        self.begin(angle, speed)

    def begin(self, angle, speed):
        self.angle, self.speed, self.steps = angle, speed, 0

    def step(self, torque):
        """Reward, and whether the episode was truncated."""
        angle, speed = self.angle, self.speed
        off = (angle + math.pi) % (2 * math.pi) - math.pi
        cost = off * off + 0.1 * speed * speed + 0.001 * torque * torque
        faster = speed + (15 * math.sin(angle) + 3 * torque) * 0.05
        self.speed = -8.0 if faster < -8 else 8.0 if faster > 8 else faster
        self.angle = angle + self.speed * 0.05
        self.steps += 1
        return -cost, self.steps == 200

    def observe(self):
        return math.cos(self.angle), math.sin(self.angle), self.speed


class Loop(Workload):
    """The buffer is one array, of a row for each transition (state, action, reward, next state, discount), so that a sample is one gather into an
    array that the tensors share; columns of it are operands of products as they are."""

    def __init__(self, mode):
        rows, batch, discount, numbers = 50000, 256, 0.99, Numbers()
        self.actor, self.learn, params, optimizers = ddpg_networks(mode, numbers)
        shapes = ((rows, 3), {}), ((rows, 1), {"low": -1, "high": 1}), ((rows, 1), {}), ((rows, 3), {})
        self.store = torch.cat([numbers.drawn(*shape, **bounds) for shape, bounds in shapes] + [torch.full((rows, 1), discount)], 1).numpy()
        self.first, self.rows, self.discount = self.store[:STEPS_TO_RESET * 8].copy(), rows, discount
        self.sample = numpy.zeros((batch, 9), numpy.float32)
        self.columns = torch.from_numpy(self.sample).split((3, 1, 1, 3, 1), 1)
        self.seen = torch.zeros(1, 3)
        self.seen_array = self.seen.numpy()
        self.draws = Draws(rows, batch, 0.1, 1)
        self.env, self.at = Pendulum(*self.draws.start), 0
        super().__init__(self.take_step, params, optimizers)

    def reset(self):
        super().reset()
        self.store[:len(self.first)] = self.first
        self.env.begin(*self.env.initial)
        self.at = 0

    def take_step(self):
        env, at, seen = self.env, self.at, self.env.observe()
        self.seen_array[0] = seen
        with torch.no_grad():
            action = self.actor(self.seen).item() + self.draws.noise(at)
        action = -1.0 if action < -1 else 1.0 if action > 1 else action
        reward, truncated = env.step(2 * action)
        self.store[at % self.rows] = (*seen, action, reward, *env.observe(), self.discount)
        if truncated:
            env.begin(random.uniform(-math.pi, math.pi), random.uniform(-1, 1))
        self.store.take(self.draws.index(at), 0, self.sample, "clip")
        self.at = at + 1
        return self.learn(*self.columns)


# ---- optimizers ----


class Lion(torch.optim.Optimizer):
    """PyTorch has none: by its lists of operations, which are the fastest that it offers."""

    def __init__(self, params, lists):
        super().__init__(params, {"lr": 1e-4})
        self.params = self.param_groups[0]["params"]
        for p in self.params:
            self.state[p]["m"] = torch.zeros_like(p)

    @torch.no_grad()
    def step(self):
        p, g, m = self.params, [p.grad for p in self.params], [self.state[p]["m"] for p in self.params]
        u = torch._foreach_mul(m, 0.9)
        torch._foreach_add_(u, g, alpha=0.1)
        for x in u:
            x.sign_()
        torch._foreach_mul_(p, 1 - 1e-4 * 0.01)
        torch._foreach_add_(p, u, alpha=-1e-4)
        torch._foreach_mul_(m, 0.99)
        torch._foreach_add_(m, g, alpha=0.01)


class Lamb(torch.optim.Optimizer):
    def __init__(self, params, lists):
        super().__init__(params, {"lr": 1e-3})
        self.params, self.t = self.param_groups[0]["params"], 0
        for p in self.params:
            self.state[p].update(m=torch.zeros_like(p), v=torch.zeros_like(p))

    @torch.no_grad()
    def step(self):
        p, g = self.params, [p.grad for p in self.params]
        m, v = ([self.state[q][name] for q in p] for name in "mv")
        self.t += 1
        torch._foreach_mul_(m, 0.9)
        torch._foreach_add_(m, g, alpha=0.1)
        torch._foreach_mul_(v, 0.999)
        torch._foreach_addcmul_(v, g, g, 0.001)
        root = torch._foreach_sqrt(v)
        torch._foreach_div_(root, math.sqrt(1 - 0.999**self.t))
        torch._foreach_add_(root, 1e-6)
        u = torch._foreach_div(m, root)
        torch._foreach_div_(u, 1 - 0.9**self.t)
        torch._foreach_add_(u, p, alpha=0.01)
        ratio = [-1e-3 * a / b for a, b in zip(torch._foreach_norm(p), torch._foreach_norm(u))]
        for q, x, r in zip(p, u, ratio):
            q.add_(x * r)


class Adafactor(torch.optim.Optimizer):
    """As wg_optim_adafactor's defaults: the paper's, without momentum."""

    def __init__(self, params, lists):
        super().__init__(params, {"lr": 0.01})
        self.params, self.t = self.param_groups[0]["params"], 0
        for p in self.params:
            self.state[p].update(rows=torch.zeros_like(p[:, :1]), columns=torch.zeros_like(p[:1]))

    @torch.no_grad()
    def step(self):
        self.t += 1
        taken = self.t**-0.8
        for p in self.params:
            rows, columns = self.state[p]["rows"], self.state[p]["columns"]
            squares = p.grad.square().add_(1e-30)
            rows.lerp_(squares.mean(1, keepdim=True), taken)
            columns.lerp_(squares.mean(0, keepdim=True), taken)
            u = p.grad / (rows / rows.mean(0, keepdim=True)).sqrt_()
            u.div_(columns.sqrt())
            u.div_((u.norm() / math.sqrt(u.numel())).clamp_(min=1))
            size = (p.norm() / math.sqrt(p.numel())).clamp_(min=1e-3)
            p.sub_(u.mul_(size * min(0.01, self.t**-0.5)))


class Muon(torch.optim.Optimizer):
    """As wg_optim_muon's defaults, for square matrices."""

    def __init__(self, params, lists):
        super().__init__(params, {"lr": 0.02})
        self.params = self.param_groups[0]["params"]
        for p in self.params:
            self.state[p]["m"] = torch.zeros_like(p)

    @torch.no_grad()
    def step(self):
        g, m = [p.grad for p in self.params], [self.state[p]["m"] for p in self.params]
        torch._foreach_mul_(m, 0.95)
        torch._foreach_add_(m, g, alpha=0.05)
        u = torch._foreach_mul(m, 0.95)
        torch._foreach_add_(u, g, alpha=0.05)
        for p, x in zip(self.params, u):
            x = x / (x.norm() + 1e-7)
            for _ in range(5):
                a = x @ x.t()
                x = torch.addmm(x, torch.addmm(a, a, a, beta=-4.7750, alpha=2.0315), x, beta=3.4445)
            p.add_(x, alpha=-0.02)


RULES = {
    "sgd": lambda params, lists: torch.optim.SGD(params, lr=0.01, momentum=0.9, foreach=lists),
    "adam": lambda params, lists: torch.optim.Adam(params, foreach=lists),
    "adamw": lambda params, lists: torch.optim.AdamW(params, foreach=lists),
    "rmsprop": lambda params, lists: torch.optim.RMSprop(params, lr=1e-3, foreach=lists),
    "lion": Lion,
    "lamb": Lamb,
    "adafactor": Adafactor,
    "muon": Muon,
}
RULES.update(chain_sgd=RULES["sgd"], chain_adamw=RULES["adamw"])  # how a rule is written does not matter here


def optimizing(mode, rule, tensors, *shape):
    numbers = Numbers()
    params = []
    for _ in range(tensors):
        params.append(numbers.drawn(*shape).requires_grad_())
        params[-1].grad = numbers.drawn(*shape)
    update = RULES[rule](params, lists(mode))
    report = [False]

    def step():
        if report[0]:
            loss = params[0].detach().sum()
            update.step()
            return loss
        return update.step()

    workload = Workload(step, params, [update], counted=("parameters", "ns_per_parameter", tensors * math.prod(shape)))

    def loss():
        report[0] = True
        found = step()
        report[0] = False
        return found

    workload.loss = loss
    return workload


# ---- scalars, long vectors, chains ----


def by_all(function, x, **shown):
    """The function and its gradient by each of x."""

    def step():
        y = function()
        torch.autograd.grad(y, x)
        return y

    return Workload(step, **shown)


def variables(numbers):
    return [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in numbers]


def product():
    x = variables(0.9 + (1.1 - 0.9) * Numbers().fractions(1000))
    return by_all(lambda: math.prod(x[1:], start=x[0]), x, counted=("operations", "ns_per_op", 999))


def rosenbrock():
    """Of 1,000 variables, not 100,000, which would take a quarter of a minute a step: what an operation costs is the same."""
    x = variables(2.0 * i / 999 - 1 for i in range(1000))
    terms = lambda: (100 * (v - u * u) ** 2 + (1 - u) ** 2 for u, v in zip(x, x[1:]))
    return by_all(lambda: sum(terms()), x, counted=("operations", "ns_per_op", 8 * 999 - 1), variables=1000)


def perceptron():
    inputs, hidden, numbers = 16, 32, Numbers()
    inner = variables(-0.25 + 0.5 * numbers.fractions(hidden * (inputs + 1)))
    outer = variables(-0.2 + 0.4 * numbers.fractions(hidden + 1))
    x = [torch.tensor((i + 0.5) / inputs, dtype=torch.float64) for i in range(inputs)]

    def unit(w, x):
        y = w[0]
        for weight, value in zip(w[1:], x):
            y = y + weight * value
        return y

    def output():
        at = range(0, len(inner), inputs + 1)
        return unit(outer, [torch.tanh(unit(inner[i:i + inputs + 1], x)) for i in at])

    return by_all(output, inner + outer, counted=("operations", "ns_per_op", 2 * hidden * (inputs + 1) + hidden))


def passes(a, b, c):
    return (torch.tanh(a * b + c) * torch.sigmoid(a)).sum()


def long_vectors(mode, n):
    numbers = Numbers()
    x = [numbers.drawn(n).requires_grad_() for _ in range(3)]
    function = torch.jit.script(passes) if mode == "jit" else passes
    return by_all(lambda: function(*x), x, counted=("elements", "ns_per_element", n))


def links(x, n: int):
    for _ in range(n):
        x = x * 0.999 + 0.001
    return x.sum()


def chain(mode):
    x = Numbers().drawn(16).requires_grad_()
    function = torch.jit.script(links) if mode == "jit" else links
    return by_all(lambda: function(x, 10000), [x], counted=("nodes", "ns_per_node", 20000))


# ---- second derivatives ----


def hessian_product():
    numbers = Numbers()
    net = numbers.into_parameters(mlp(784, 256, 128, 10))
    x, labels, params = numbers.drawn(128, 784), numbers.labels(128, 10), list(net.parameters())
    v = [numbers.drawn(*p.shape) for p in params]

    def step():
        loss = F.cross_entropy(net(x), labels)
        gradient = torch.autograd.grad(loss, params, create_graph=True)
        torch.autograd.grad(gradient, params, v)
        return loss

    return Workload(step)


def hessian():
    numbers = Numbers()
    points, targets, p = (numbers.drawn(*shape, low=-bound, high=bound, dtype=torch.float64)
                          for shape, bound in (((64, 2), 1), ((64, 1), 1), ((41,), 0.9)))

    def error(p):
        h = torch.tanh(points @ p[:20].view(2, 10) + p[20:30])
        return ((h @ p[30:40].view(10, 1) + p[40] - targets) ** 2).mean()

    def step():
        torch.autograd.functional.hessian(error, p, vectorize=True)

    workload = Workload(step)
    workload.loss = lambda: error(p)
    return workload


def critic(mode):
    numbers = Numbers()
    sizes = (2, 64, 64, 64, 1)
    layers = [layer for i in range(4) for layer in (nn.Linear(sizes[i], sizes[i + 1]), nn.LeakyReLU(0.2))][:-1]
    net = numbers.into_parameters(nn.Sequential(*layers))
    real, made, between = (numbers.drawn(256, 2) for _ in range(3))
    params = list(net.parameters())
    update = torch.optim.Adam(params, lr=1e-4, betas=(0.5, 0.9), foreach=lists(mode))

    def step():
        for p in params:
            p.grad = None
        point = between.detach().requires_grad_()
        slope, = torch.autograd.grad(net(point).sum(), point, create_graph=True)
        loss = net(made).mean() - net(real).mean() + 10 * ((slope.norm(dim=1) - 1) ** 2).mean()
        loss.backward()
        update.step()
        return loss

    return Workload(step, params, [update])


MAKE = {
    "W1": lambda mode: classifier(mode, mlp(64, 32, 10), sgd, (32, 64)),
    "W2": lambda mode: classifier(mode, mlp(784, 256, 128, 10), adam, (128, 784)),
    "W3": lambda mode: classifier(mode, mlp(1024, 1024, 1024, 1024, 10), momentum, (256, 1024)),
    "W4": lambda mode: classifier(mode, mlp(784, 256, 128, 10, batch_norm=True), adam, (128, 784)),
    "W5": lambda mode: classifier(mode, lenet(), adam, (64, 1, 28, 28)),
    "W5b": lambda mode: classifier(mode, small_cifar(), adam, (32, 3, 32, 32)),
    "W6": ddpg,
    "W7a": lambda mode: product(),
    "W7b": lambda mode: rosenbrock(),
    "W7c": lambda mode: perceptron(),
    "W8_1e6": lambda mode: long_vectors(mode, 10**6),
    "W8_1e7": lambda mode: long_vectors(mode, 10**7),
    "W9": chain,
    "W10_grad": lambda mode: classifier(mode, mlp(784, 256, 128, 10), None, (128, 784)),
    "W10_hvp": lambda mode: hessian_product(),
    "W10_hess": lambda mode: hessian(),
    "W11": lambda mode: classifier(mode, mlp(*[1024] * 17), sgd, (1024, 1024), 1024),
    "W12": characters,
    "W13": lambda mode: sequence(mode, Sequence(), (32, 32, 128)),
    "W14": lambda mode: sequence(mode, TransformerBlock(), (8, 128, 256)),
    "W15": lambda mode: classifier(mode, ResNet(), momentum, (32, 3, 32, 32)),
    **{f"W16_{rule}_1e7": lambda mode, rule=rule: optimizing(mode, rule, *((10, 1024, 1024) if rule == "muon" else (40, 500, 500))) for rule in RULES},
    **{f"W16_{rule}_2e3": lambda mode, rule=rule: optimizing(mode, rule, 20, 10, 10) for rule in RULES},
    "W17": critic,
    "W18": Loop,
}

# ---- measuring ----


def first_losses(workload):
    losses = [(workload.loss if hasattr(workload, "loss") else workload.step)().item() for _ in range(4)]
    workload.reset()
    return losses


def time_steps(workload, seconds):
    def take(n):
        start = time.perf_counter()
        for _ in range(n):
            workload.step()
        return (time.perf_counter() - start) * 1e6

    start, n = time.perf_counter(), 0
    while n < WARM_STEPS or time.perf_counter() - start < min(0.3, seconds / 4):
        take(1)
        n += 1
    block = max(1, int(SAMPLE_US / ((time.perf_counter() - start) * 1e6 / n)))
    samples, since_reset = [], STEPS_TO_RESET
    start = time.perf_counter()
    while len(samples) < LEAST_SAMPLES or time.perf_counter() - start < seconds:
        if workload.params and since_reset >= STEPS_TO_RESET:
            workload.reset()
            take(2)
            since_reset = 0
        since_reset += block
        samples.append(take(block) / block)
    median = statistics.median(samples)
    times = {"min_us": min(samples), "median_us": median, "max_us": max(samples)}
    times = {name: round(value, 3) for name, value in times.items()} | {"samples": len(samples), "inner": block}
    if workload.counted:
        what, per, count = workload.counted
        times |= {what: count, per: round(median * 1e3 / count, 2)}
    return times


def status_line(name):
    with open("/proc/self/status") as status:
        return int(next(line for line in status if line.startswith(name + ":")).split()[1])


def measure_memory(workload):
    """How far the first steps rise above parameters and input, in KiB; a small product has made OpenBLAS take its own memory before."""
    small = torch.ones(64, 64, requires_grad=True)
    (small @ small).sum().backward()
    resident, above, us = [], [], []
    for _ in range(3):
        with open("/proc/self/clear_refs", "w") as peak:
            peak.write("5")
        resident.append(status_line("VmRSS"))
        start = time.perf_counter()
        workload.step()
        us.append(round((time.perf_counter() - start) * 1e6))
        above.append(status_line("VmHWM") - resident[-1])
    return {"baseline_rss_KiB": resident, "peak_minus_baseline_KiB": above, "step_us": us}


def measure(name, threads, mode):
    torch.set_num_threads(threads)
    try:
        ctypes.CDLL("libopenblas.so.0").openblas_set_num_threads(threads)
    except OSError:
        pass  # another BLAS, which has its own ways
    result = {"peer": "torch-" + torch.__version__, "workload": name, "threads": threads, "mode": mode}
    try:
        if mode == "nhwc" and name not in ("W5", "W5b", "W15"):
            raise ValueError("nhwc is for images")
        workload = MAKE[name](mode)
        if name == "W11" or ASKED.p:
            return result | measure_memory(workload)
        losses = first_losses(workload)
        return result | workload.shown | {"loss0": losses[0], "loss3": losses[3]} | time_steps(workload, ASKED.s)
    except Exception as error:  # told in the result: the other workloads go on
        return result | {"error": f"{type(error).__name__}: {error}"[:300]}


def main():
    if ASKED.losses:
        print("# torch_bench.py --losses, PyTorch", torch.__version__)
        for name in WANTED:
            print(name, *(f"{loss:.9g}" for loss in first_losses(MAKE[name]("eager"))))
        return
    for threads in map(int, ASKED.t.split(",")):
        for mode in ASKED.m.split(","):
            for name in WANTED:
                print(json.dumps(measure(name, threads, mode)), flush=True)


main()
