#!/usr/bin/env python3
"""Files that NumPy writes, for tests/nn/readers_numpy.c to read; and NumPy's view of the files that the test wrote.

usage: readers.py                 writes tests/nn/readers/
       readers.py --check FOLDER  reads what the test wrote there, and compares
       readers.py --same FOLDER   reads pairs N.npy, N.ours.npy there, and compares

Element i of each array, in row-major order, is (7i - 40) / 4 for real dtypes, 7i - 40 for signed and 7i for unsigned integers, i % 2 for bools.
"""
import io
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np

SHAPE = (2, 3, 4)
CODES = ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]


def values(dtype, shape=SHAPE):
    i = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    kind = np.dtype(dtype).kind
    return {"b": i % 2, "i": 7 * i - 40, "u": 7 * i, "f": (7 * i - 40) / 4}[kind].astype(dtype)


def save(path, array, version=None):
    with open(path, "wb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore") # of versions above 1
        np.lib.format.write_array(file, array, version=version)


def write(folder):
    folder.mkdir(exist_ok=True)
    for code in CODES:
        save(folder / f"{code}.npy", values("<" + code))
        save(folder / f"{code}.fortran.npy", np.asfortranarray(values("<" + code)))
        if code[1] != "1":
            save(folder / f"{code}.big.npy", values(">" + code))
    for major in 2, 3:
        save(folder / f"version{major}.npy", values("<f4"), (major, 0))
    save(folder / "scalar.npy", values("<f8", ()))
    save(folder / "one.npy", values("<i4", (5,)))
    save(folder / "none.npy", values("<f4", (3, 0, 2)))
    save(folder / "eight.npy", values("<f4", (1, 2, 1, 3, 1, 1, 2, 1)))
    save(folder / "nine.npy", values("<f4", (1,) * 9))
    # what has no counterpart
    save(folder / "large.npy", np.array([1, 1 << 63], "<u8"))
    save(folder / "complex.npy", np.array([1j], "<c16"))
    save(folder / "text.npy", np.array(["ab"], "<U2"))
    save(folder / "structure.npy", np.zeros(2, [("a", "<f4"), ("b", "<i4")]))
    with open(folder / "object.npy", "wb") as file:
        np.save(file, np.array([None, {}], object), allow_pickle=True)
    # archives
    arrays = {code: values("<" + code) for code in CODES} | {"größe": values("<f4", (2,)), "a/b": values("<f8", ())}
    np.savez(folder / "all.npz", **arrays)
    np.savez(folder / "empty.npz")
    np.savez_compressed(folder / "compressed.npz", a=values("<f4"))
    with zipfile.ZipFile(folder / "other.npz", "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.txt"), b"no array")

    class Pipe(io.RawIOBase): # one that cannot seek back to a header
        def __init__(self, file): self.file = file
        def writable(self): return True
        def write(self, data): return self.file.write(data)
    with open(folder / "pipe.npz", "wb") as file:
        np.savez(Pipe(file), a=values("<f4", (2,)))


def check(folder):
    for code, dtype in {"f4": "<f4", "f8": "<f8", "i8": "<i8", "u1": "|u1"}.items():
        for name, shape in {"scalar": (), "one": (5,), "three": SHAPE, "none": (3, 0, 2)}.items():
            got = np.load(folder / f"{code}.{name}.npy", allow_pickle=False)
            assert got.dtype == np.dtype(dtype) and got.shape == shape and (got == values(dtype, shape)).all(), (code, name)
    header = (folder / "f4.three.npy").read_bytes()
    assert len(header) == 128 + 4 * 24 and header[127:128] == b"\n"
    with np.load(folder / "ours.npz", allow_pickle=False) as archive:
        assert archive.files == ["f4", "größe", "a/b", "none"], archive.files
        assert (archive["f4"] == values("<f4")).all() and (archive["größe"] == values("<i8", (2,))).all()
        assert archive["a/b"] == values("<f8", ()) and archive["none"].shape == (0,)
    with zipfile.ZipFile(folder / "ours.npz") as archive:
        assert archive.testzip() is None


def same(folder):
    count = 0
    for ours in sorted(folder.glob("*.ours.npy")):
        theirs = np.load(str(ours).replace(".ours", ""), allow_pickle=False)
        got = np.load(ours, allow_pickle=False)
        assert got.shape == theirs.shape and np.array_equal(got.astype(theirs.dtype), theirs, equal_nan=theirs.dtype.kind == "f"), ours
        count += 1
    assert count > 0
    print(count, "files read alike")


if len(sys.argv) == 3 and sys.argv[1] in ("--check", "--same"):
    {"--check": check, "--same": same}[sys.argv[1]](Path(sys.argv[2]))
else:
    write(Path(__file__).parent / "readers")
