"""Wengert from Python, by ctypes and nothing else: a forward pass, backward, a gradient.   usage: gradient.py LIBRARY [OTHER]; TAP

OTHER is a library that has taken most of the memory that threads' variables of the initial-exec model share; it is loaded first."""
import ctypes as c
import sys

if len(sys.argv) > 2:
    c.CDLL(sys.argv[2])
wg = c.CDLL(sys.argv[1])
said = failed = 0


def is_(right, what):
    global said, failed
    said += 1
    failed += not right
    print("ok" if right else "not ok", said, "-", what)


class Shape(c.Structure):
    _fields_ = [("rank", c.c_int), ("extent", c.c_int64 * 8)]


class TapeOptions(c.Structure):
    _fields_ = [("trace", c.c_bool)]


class BackwardOptions(c.Structure):
    _fields_ = [("retain", c.c_bool), ("grad", c.c_void_p)]


class ReduceOptions(c.Structure):
    _fields_ = [("axis", c.c_int), ("count", c.c_int), ("axes", c.c_int8 * 8), ("keepdims", c.c_bool), ("correction", c.c_double),
                ("p", c.c_double)]


def function(name, result, *arguments):
    f = getattr(wg, name)
    f.restype, f.argtypes = result, arguments
    return f


tensor = c.c_void_p
from_bytes = function("wg_from_bytes", tensor, c.c_void_p, c.c_int, Shape)
require_grad = function("wg_set_requires_grad", tensor, tensor, c.c_bool)
mul = function("wg_mul", tensor, tensor, tensor)
total = function("wg_sum_with", tensor, tensor, ReduceOptions)
item = function("wg_item", c.c_double, tensor)
tape_open = function("wg_tape_open_with", c.c_void_p, TapeOptions)
tape_close = function("wg_tape_close", c.c_int, c.c_void_p)
backward = function("wg_backward_with", c.c_int, tensor, BackwardOptions)
gradient = function("wg_gradient", tensor, tensor)
read = function("wg_read_raw", c.c_int, tensor, c.c_void_p)
free = function("wg_free", None, tensor)
none = c.addressof(c.c_char.in_dll(wg, "wg_none_"))
F64, ALL = 1, 127

numbers = (c.c_double * 3)(1, 2, 3)
x = require_grad(from_bytes(numbers, F64, Shape(1, (c.c_int64 * 8)(3))), True)
tape = tape_open(TapeOptions(False))
loss = total(mul(x, x), ReduceOptions(ALL, 0, (c.c_int8 * 8)(), False, 1, 2))
is_(item(loss) == 14, "1 + 4 + 9")
is_(backward(loss, BackwardOptions(False, none)) == 0, "backward")
back = (c.c_double * 3)()
is_(read(gradient(x), back) == 0 and list(back) == [2, 4, 6], "the gradient of the sum of squares is 2x")
is_(tape_close(tape) == 0, "the tape is closed")
free(x)
print(f"1..{said}")
sys.exit(failed != 0)
