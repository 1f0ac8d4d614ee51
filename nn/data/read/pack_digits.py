#!/usr/bin/env python3
"""Writes the digits of docs/examples/data/digits.csv.gz as nn/data/read/digits.c includes them: for each row 64 pixels of five bits and
the label, four bits.

usage: pack_digits.py DIGITS_CSV_GZ OUTPUT
"""
import gzip
import sys

with gzip.open(sys.argv[1], "rt", encoding="ascii") as file:
    rows = [[int(value) for value in line.split(",")] for line in file]
assert len(rows) == 1797 and all(len(row) == 65 and max(row[:64]) <= 16 and row[64] <= 9 for row in rows)
bits = "".join("".join(f"{pixel:05b}" for pixel in row[:64]) + f"{row[64]:04b}" for row in rows)
packed = int(bits, 2) << -len(bits) % 8
values = packed.to_bytes((len(bits) + 7) // 8, "big")
with open(sys.argv[2], "w", encoding="ascii") as file:
    for at in range(0, len(values), 32):
        file.write(",".join(str(value) for value in values[at:at + 32]) + ",\n")
