#!/usr/bin/env python3
"""Writes the files that fuzzers of readers begin with, tests/fuzz/corpus/NAME/: small ones of each kind, as NumPy writes them or as the formats
say, and some that are nearly right.

usage: seeds.py
"""
import io
import json
import struct
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np

CORPUS = Path(__file__).parents[1] / "corpus"


def seed(reader, name, data):
    (CORPUS / reader).mkdir(parents=True, exist_ok=True)
    (CORPUS / reader / name).write_bytes(data)


def npy(array, version=None):
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.lib.format.write_array(file, array, version=version)
    return file.getvalue()


def bare_npy(header, data=b"", version=1):
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + data


def write_npy():
    for code in "|b1 |i1 <i2 >i4 <i8 |u1 <u2 >u4 <u8 <f2 <f4 >f8".split():
        seed("npy", code[1:], npy(np.arange(6).reshape(2, 3).astype(code)))
    seed("npy", "fortran", npy(np.asfortranarray(np.ones((2, 3), "<f4"))))
    seed("npy", "scalar", npy(np.array(1, "<f4")))
    seed("npy", "none", npy(np.zeros((0, 3), "<f8")))
    seed("npy", "version2", npy(np.ones(2, "<f4"), (2, 0)))
    seed("npy", "version3", npy(np.ones(2, "<f4"), (3, 0)))
    seed("npy", "structure", npy(np.zeros(1, [("a", "<f4")])))
    head = b"{'descr': '<f4', 'fortran_order': False, 'shape': "
    seed("npy", "short", bare_npy(head + b"(1,)}\n", bytes(4)))
    seed("npy", "product", bare_npy(head + b"(4294967296, 4294967296)}\n"))
    seed("npy", "quotes", bare_npy(b'{"shape":(1,),"descr":"=f4","fortran_order":True,}\n', bytes(4)))
    seed("npy", "4gib", b"\x93NUMPY\x02\x00\xff\xff\xff\xff")


def write_npz():
    def archive(write=np.savez, **arrays):
        file = io.BytesIO()
        write(file, **arrays)
        return file.getvalue()
    seed("npz", "two", archive(a=np.ones(2, "<f4"), b=np.zeros((2, 0), "|u1")))
    seed("npz", "none", archive())
    seed("npz", "utf8", archive(**{"größe": np.array(1.0)}))
    seed("npz", "compressed", archive(np.savez_compressed, a=np.ones(2, "<f4")))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as z:
        z.writestr(zipfile.ZipInfo("a.npy"), bare_npy(b"{'descr': '|u1', 'fortran_order': False, 'shape': (1,)}\n", b"\1"))
    seed("npz", "small", file.getvalue())
    small = file.getvalue()
    end = len(small) - 22
    directory = small.index(b"PK\1\2")
    large = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, end - directory, directory)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    record = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, 0)
    seed("npz", "zip64", small[:end] + large + locator + record)


def write_idx():
    for code, dtype in {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}.items():
        seed("idx", f"type{code}", struct.pack(">BBBBII", 0, 0, code, 2, 2, 3) + np.arange(6).astype(dtype).tobytes())
    seed("idx", "scalar", bytes([0, 0, 8, 0, 5]))
    seed("idx", "eight", bytes([0, 0, 8, 8]) + struct.pack(">8I", *[1] * 8) + b"\1")
    seed("idx", "product", bytes([0, 0, 8, 3]) + struct.pack(">3I", 1 << 31, 1 << 31, 4))
    seed("idx", "gzip", zlib.compress(b"", 1))
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    seed("idx", "images.gz", packer.compress(bytes([0, 0, 8, 3]) + struct.pack(">3I", 2, 3, 3) + bytes(18)) + packer.flush())


def write_cifar():
    pixels = bytes(i * 7 % 256 for i in range(3072))
    seed("cifar", "ten", b"\3" + pixels)
    seed("cifar", "two", b"\3" + pixels + b"\11" + pixels)
    seed("cifar", "hundred", b"\3\143" + pixels)
    seed("cifar", "label", b"\12" + pixels)


def write_csv():
    for i, text in enumerate(["1,2,3\n4,5,6\n", "\xef\xbb\xbf1;2\r\n3;4", "-1.5e3, +.25 ,7\n", "nan,inf,-inf\n", "1\n2\n", "1,2\n3\n", "0x1,2\n",
                              "1e400,2\n", "\n", "9223372036854775807,9223372036854775808\n", "1,,2\n", "a b\tc\n"]):
        seed("csv", f"{i:02}", text.encode("latin1"))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, colour, rows, interlace=0, extra=b""):
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)) + extra + chunk(
        b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def write_png():
    for colour, samples in {0: 1, 2: 3, 4: 2, 6: 4}.items():
        for depth in 8, 16:
            row = b"\0" + bytes(i * 41 % 256 for i in range(3 * samples * depth // 8))
            seed("png", f"colour{colour}depth{depth}", png(3, 2, depth, colour, row * 2))
    for depth in 1, 2, 4:
        seed("png", f"gray{depth}", png(3, 2, depth, 0, (b"\0" + bytes(-(-3 * depth // 8))) * 2))
    palette = chunk(b"PLTE", bytes(range(6)))
    seed("png", "palette", png(3, 2, 8, 3, b"\0\0\1\0" * 2, 0, palette))
    seed("png", "transparent", png(3, 2, 1, 3, b"\0\x40" * 2, 0, palette + chunk(b"tRNS", b"\x33")))
    # passes of an image of 3x3: columns and rows that each has
    passes = [(1, 1), (0, 0), (1, 0), (1, 1), (2, 1), (1, 2), (3, 1)]
    seed("png", "interlaced", png(3, 3, 8, 0, b"".join(b"\0" * (w + 1) * h for w, h in passes if w and h), 1))
    seed("png", "text", png(1, 1, 8, 0, b"\0\1", 0, chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1000)))))
    seed("png", "large", png(16384, 16384, 16, 6, b""))


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def write_safetensors():
    for dtype, size in {"BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "U16": 2, "I32": 4, "U32": 4, "I64": 8, "F16": 2, "BF16": 2, "F32": 4, "F64": 8, "C64": 8}.items():
        seed("safetensors", dtype, safetensors({"a": {"dtype": dtype, "shape": [2], "data_offsets": [0, 2 * size]}}, bytes(2 * size)))
    two = {"__metadata__": {"epoch": "1"}, "w": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]}, "b": {"dtype": "F32", "shape": [], "data_offsets": [8, 12]}}
    seed("safetensors", "two", safetensors(two, bytes(12)))
    seed("safetensors", "padded", safetensors(b"{}      "))
    seed("safetensors", "none", safetensors({"a": {"dtype": "F32", "shape": [0, 3], "data_offsets": [0, 0]}}))
    seed("safetensors", "product", safetensors({"a": {"dtype": "F32", "shape": [1 << 32, 1 << 32], "data_offsets": [0, 0]}}))
    seed("safetensors", "overlap", safetensors({"a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]}, "b": {"dtype": "U8", "shape": [2], "data_offsets": [1, 3]}}, bytes(3)))
    seed("safetensors", "deep", safetensors(b'{"a":{"b":{"c":{"d":{}}}}}'))
    seed("safetensors", "twice", safetensors(b'{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', b"1"))


def write_gzip():
    def gzip(data, level=9):
        packer = zlib.compressobj(level, zlib.DEFLATED, 31)
        return packer.compress(data) + packer.flush()
    text = b"so much depends upon a red wheel barrow"
    for name, data in {"text": gzip(text), "stored": gzip(text, 0), "none": gzip(b""), "two": gzip(text[:9]) + gzip(text[9:]), "tail": gzip(text) + b"x",
                       "zeros": gzip(bytes(60000)), "large": gzip(bytes(70000)), "cut": gzip(text)[:-9], "plain": text,
                       "named": b"\x1f\x8b\x08\x1f" + bytes(6) + b"\2\0xxa\0b\0\0\0" + gzip(text)[10:]}.items():
        seed("gzip", name, data)


for write in write_gzip, write_npy, write_npz, write_idx, write_cifar, write_csv, write_png, write_safetensors:
    write()
