#!/usr/bin/env python3
"""Orders of epochs, from the description of the generator alone: Philox4x32-10 (Salmon et al., 2011), the shuffle of Fisher and Yates with integers
by Lemire's method (2019), inversion of sums of weights, and keys -ln u / w (Efraimidis and Spirakis, 2006).

usage: order.py > order.txt
A line: kind, seed, epoch, rows, samples, and the rows in the order in which they come. The weight of row i is 7 i mod 5.
"""
import bisect
import math

WORD = 0xFFFFFFFF
STREAM_ORDER = 2 << 56


def philox(seed, stream, block):
    counter = [block & WORD, block >> 32, stream & WORD, stream >> 32]
    key = [seed & WORD, seed >> 32]
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * counter[0], 1 << 32)
        high1, low1 = divmod(0xCD9E8D57 * counter[2], 1 << 32)
        counter = [high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0]
        key = [(key[0] + 0x9E3779B9) & WORD, (key[1] + 0xBB67AE85) & WORD]
    return counter


def numbers(seed, stream):
    """64 bits each, the first word of a pair above the second."""
    block = 0
    while True:
        a, b, c, d = philox(seed, stream, block)
        yield a << 32 | b
        yield c << 32 | d
        block += 1


def below(source, n):
    threshold = (1 << 64) % n
    while True:
        high, low = divmod(next(source) * n, 1 << 64)
        if low >= threshold:
            return high


def uniform(source):
    return (next(source) >> 11) * 2.0**-53


def shuffle(source, rows):
    order = list(range(rows))
    for i in range(rows - 1, 0, -1):
        k = below(source, i + 1)
        order[i], order[k] = order[k], order[i]
    return order


def weights(rows):
    return [float(7 * i % 5) for i in range(rows)]


def order(kind, source, rows, samples):
    if kind == "shuffle":
        return shuffle(source, rows)[:samples]
    if kind == "replacement":
        return [below(source, rows) for _ in range(samples)]
    if kind == "weights":
        keys = []
        for i, w in enumerate(weights(rows)):
            u = 1 - uniform(source)
            if w > 0:
                keys.append((-math.log(u) / w, i))
        return [i for _, i in sorted(keys)][:samples]
    sums, total = [], 0.0
    for w in weights(rows):
        total += w
        sums.append(total)
    return [bisect.bisect_right(sums, uniform(source) * total) for _ in range(samples)]


def main():
    for kind, samples in [("shuffle", 23), ("shuffle", 7), ("replacement", 40), ("weights", 18), ("weights", 5), ("weights_replacement", 40)]:
        for seed, epoch in [(3, 0), (3, 1), (0x123456789ABCDEF0, 70000)]:
            print(kind, seed, epoch, 23, samples, *order(kind, numbers(seed, STREAM_ORDER + epoch), 23, samples))


main()
