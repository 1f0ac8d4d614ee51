#!/usr/bin/env python3
"""Reads the event files and the CSV that `train_log --write FOLDER` makes, by the description of the formats; TAP.

usage: train_log.py TRAIN_LOG

A file of events is records: u64 length, u32 masked CRC-32C of these eight bytes, the data, u32 masked CRC-32C of the data, all
little-endian. The data is a protocol-buffer message: Event {1: wall_time, double; 2: step, int64; 3: file_version, string; 5: Summary; 7:
SessionLog}, Summary {1: repeated Value {1: tag, string; 2: simple_value, float}}, SessionLog {1: status, an enumeration}.
"""
import csv
import math
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

results = []


def check(what, good, why=""):
    results.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(results)} - {what}")
    if not good:
        print("\n".join("# " + line for line in str(why).splitlines()))


TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    TABLE.append(n)


def crc(data):
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def masked(data):
    value = crc(data)
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    at = 0
    while at < len(data):
        length, head = struct.unpack_from("<QI", data, at)
        body = data[at + 12:at + 12 + length]
        (tail,) = struct.unpack_from("<I", data, at + 12 + length)
        if head != masked(data[at:at + 8]) or tail != masked(body):
            raise ValueError(f"a CRC at {at} is wrong")
        yield body
        at += 16 + length


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    """(number, value): an integer, or the bytes of a field of 4, 8 or any number of bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(kind)
            if kind == 2:
                size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        yield key >> 3, value


def event(data):
    found = {"step": 0}
    for number, value in fields(data):
        if number == 1:
            found["time"] = struct.unpack("<d", value)[0]
        elif number == 2:
            found["step"] = value
        elif number == 3:
            found["version"] = value.decode()
        elif number == 5:
            found["values"] = {}
            for _, one in fields(value):
                tag = dict(fields(one))
                found["values"][tag[1].decode()] = struct.unpack("<f", tag[2])[0]
        elif number == 7:
            found["session"] = dict(fields(value)).get(1, 0)
        else:
            raise ValueError(f"a field {number}")
    return found


def valid(files):
    """What TensorBoard keeps: a session's start ends the events of its step and of later ones that were read before."""
    kept = []
    for e in [e for f in files for e in f]:
        if e.get("session") == 1:
            kept = [k for k in kept if k["step"] < e["step"]]
        elif "values" in e:
            kept.append(e)
    return kept


def near(got, wanted):
    return math.isnan(got) if math.isnan(wanted) else got == struct.unpack("<f", struct.pack("<f", wanted))[0]


check("the CRC-32C of 123456789 is the published one", crc(b"123456789") == 0xE3069283)
with tempfile.TemporaryDirectory() as folder:
    before = time.time()
    done = subprocess.run([sys.argv[1], "--write", folder], capture_output=True, text=True)
    check("the logs are written", done.returncode == 0, done)
    paths = sorted(Path(folder, "events").glob("events.out.tfevents.*"))
    check("each of two runs has its event file, named for the time and the host", len(paths) == 2 and
          all(abs(int(p.name.split(".")[3]) - before) < 60 and f".{socket.gethostname()}." in p.name for p in paths), paths)
    files = [[event(r) for r in records(p.read_bytes())] for p in paths]
    check("a file begins with its version, then a session's start", all(f[0].get("version") == "brain.Event:2" and f[1].get("session") == 1
                                                                   for f in files), files)
    check("events have the time of writing, in order", all(before - 1 <= e["time"] <= time.time() + 1 for f in files for e in f) and
          all(a["time"] <= b["time"] for f in files for a, b in zip(f, f[1:])), files)
    rows = valid(files)
    check("read together, the two runs give each epoch once", [e["step"] for e in rows] == [1, 2, 3, 4, 5, 6], rows)
    with open(Path(folder, "log.csv"), newline="") as stream:
        table = list(csv.reader(stream))
    names, lines = table[0], [[float(v) for v in line] for line in table[1:]]
    check("so does the CSV", names[0] == "epoch" and [line[0] for line in lines] == [1, 2, 3, 4, 5, 6], table)
    wanted = [[1 / epoch, -epoch * 1e-300, 0.1 + 0.2 * epoch, math.inf if epoch == 2 else math.nan if epoch == 3 else 1e22] for epoch in range(1, 7)]
    check("numbers of the CSV read back exactly", all(a == b or (math.isnan(a) and math.isnan(b)) for line, row in zip(lines, wanted)
                                                      for a, b in zip(line[1:], row)), lines)
    check("scalars are the values in f32, by their names", [list(e["values"]) for e in rows] == [names[1:]] * 6 and
          all(near(e["values"][n], v) for e, row in zip(rows, wanted) for n, v in zip(names[1:], row)), rows)

print(f"1..{len(results)}")
sys.exit(not all(results))
