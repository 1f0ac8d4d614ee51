#!/usr/bin/env python3
"""Writes metrics.txt, the values that metrics.c expects: tests/nn/metrics.py > tests/nn/metrics.txt

From the definitions, by NumPy, with other means than the library's: sets of rows instead of a confusion matrix, sorting for top-k, sums of
numbers of unlimited precision for regression. Where scikit-learn is installed, its values are compared too.
"""
import math
from fractions import Fraction

import numpy as np

rng = np.random.default_rng(7)
IGNORE = 1  # the label that does not count, in the cases that have one


def predicted(scores):
    """The first of the largest; -1 with a NaN."""
    return np.array([-1 if np.isnan(row).any() else int(np.flatnonzero(row == row.max())[0]) for row in scores])


def of_class(guess, labels, c, zero):
    has, said = set(np.flatnonzero(labels == c)), set(np.flatnonzero(guess == c))
    both = len(has & said)
    precision = both / len(said) if said else zero
    recall = both / len(has) if has else zero
    f1 = 2 * both / (len(said) + len(has)) if said or has else zero
    return precision, recall, f1, len(has)


def top_k(scores, labels, k):
    hits = 0
    for row, label in zip(scores, labels):
        order = sorted(range(len(row)), key=lambda c: (-row[c], c))
        hits += not np.isnan(row).any() and label in order[:k]
    return hits / len(labels)


def perplexity(scores, labels):
    total = math.fsum(math.log(math.fsum(math.exp(s - row[label]) for s in row)) for row, label in zip(scores, labels))
    return math.exp(total / len(labels)) if math.isfinite(total) else math.nan


def numbers(values):
    return " ".join("nan" if math.isnan(v) else repr(float(v)) for v in values)


def classification(name, scores, labels, k, ignore=False, zero=0.0):
    n, classes = scores.shape
    print(f"classes {name} {n} {classes} {k} {int(ignore)} {zero}")
    print(numbers(scores.ravel()))
    print(" ".join(map(str, labels)))
    if ignore:
        scores, labels = scores[labels != IGNORE], labels[labels != IGNORE]
    guess = predicted(scores)
    each = np.array([of_class(guess, labels, c, zero) for c in range(classes)])
    weights = each[:, 3]
    said, right = int((guess >= 0).sum()), int((guess == labels).sum())
    micro = [right / said if said else zero, right / len(labels), 2 * right / (said + len(labels))]
    print(numbers([right / len(labels), top_k(scores, labels, k), perplexity(scores, labels)]))
    for j in range(3):  # precision, recall, f1: macro, micro, weighted, each class
        print(numbers([each[:, j].mean(), micro[j], (each[:, j] * weights).sum() / weights.sum(), *each[:, j]]))
    print(" ".join(str(int(((labels == i) & (guess == j)).sum())) for i in range(classes) for j in range(classes)))
    compare(guess, labels, each, zero)


def compare(guess, labels, each, zero):
    try:
        from sklearn.metrics import precision_recall_fscore_support
    except ImportError:
        return
    if (guess >= 0).all():
        theirs = precision_recall_fscore_support(labels, guess, labels=range(len(each)), zero_division=zero)
        assert all(np.allclose(each[:, j], theirs[j]) for j in range(3))


def regression(name, p, t):
    exact_p, exact_t = [Fraction(float(v)) for v in p], [Fraction(float(v)) for v in t]
    n, mean = len(t), sum(exact_t) / len(t)
    errors, spread = sum((a - b) ** 2 for a, b in zip(exact_p, exact_t)), sum((b - mean) ** 2 for b in exact_t)
    r2 = 1 - errors / spread if spread else Fraction(int(errors == 0))
    print(f"reals {name} {n}")
    print(numbers(p))
    print(numbers(t))
    print(numbers([errors / n, sum(abs(a - b) for a, b in zip(exact_p, exact_t)) / n, r2]))


def grid(*shape):
    """Multiples of 1/8, exact in f32, with many ties."""
    return rng.integers(-20, 21, shape) / 8


classification("plain", grid(24, 5), rng.integers(0, 5, 24), 2)
classification("two", grid(24, 2), rng.integers(0, 2, 24), 1)
classification("ties", rng.integers(0, 2, (24, 4)).astype(float), rng.integers(0, 4, 24), 3)
classification("absent", grid(24, 4) - np.array([0, 0, 99, 0]), rng.integers(0, 2, 24), 2)
classification("absent_one", grid(24, 4) - np.array([0, 0, 99, 0]), rng.integers(0, 2, 24), 2, zero=1.0)
classification("ignored", grid(24, 5), rng.integers(0, 5, 24), 3, ignore=True)
with_nan = grid(24, 3)
with_nan[[2, 11], [0, 2]] = math.nan
classification("nan", with_nan, rng.integers(0, 3, 24), 1)
classification("one", grid(24, 1), np.zeros(24, int), 1)
regression("plain", rng.normal(size=24), rng.normal(size=24))
regression("near", 3 + 0.1 * np.arange(24), 3 + 0.1 * np.arange(24) + 0.01 * rng.normal(size=24))
regression("far", 1e8 + rng.normal(size=24), 1e8 + np.arange(24.0))
regression("constant", rng.normal(size=24), np.full(24, 2.5))
regression("exact", np.full(24, 2.5), np.full(24, 2.5))
