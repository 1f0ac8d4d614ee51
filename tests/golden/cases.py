"""The cases of the golden values: op.variant, what PyTorch calls it, its operands. cases.def says the same in Wengert's words."""
from collections import namedtuple

import torch
import torch.nn.functional as F

Operand = namedtuple("Operand", "kind low high extents constant numbers")
Case = namedtuple("Case", "name function operands outputs_only")
CASES = []


def case(name, function, *operands, outputs_only=False):
    """outputs_only: long ones, whose gradients would fill the file."""
    CASES.append(Case(name, function, operands, outputs_only))


def kind(name, low, high, constant=False):
    def operand(*extents, low=low, high=high, constant=constant):
        return Operand(name, low, high, extents, constant, ())
    return operand


real = kind("real", -1, 1)           # any numbers between low and high
whole = kind("whole", -4, 5)         # floats that are integers, from low up to below high: ties
label = kind("label", 0, 3, True)    # i64, from low up to below high
mask = kind("mask", 0, 2, True)      # u8, 0 or 1
definite = kind("definite", -1, 1)   # the last two axes, n by n: symmetric, n added to the diagonal
dominant = kind("dominant", -1, 1)   # m by n: n added to the diagonal
spread = kind("spread", -1, 1)       # n by n: symmetric, 2 i added to the i-th of the diagonal


def given(*numbers):
    return Operand("given", 0, 0, (len(numbers),), False, tuple(map(float, numbers)))


INF, NAN = float("inf"), float("nan")

# ---- arithmetic, element by element ----

case("copy.plain", lambda x: x.clone(), real(2, 3))
case("add.plain", torch.add, real(2, 3), real(2, 3))
case("add.rows", torch.add, real(3, 4), real(4))
case("add.both", torch.add, real(3, 1), real(1, 4))
case("add.scalar", torch.add, real(), real(2, 3))
case("sub.plain", torch.sub, real(2, 3), real(2, 3))
case("sub.both", torch.sub, real(2, 3, 1), real(4))
case("mul.plain", torch.mul, real(2, 3), real(2, 3))
case("mul.both", torch.mul, real(3, 1), real(1, 4))
case("mul.scalar", torch.mul, real(2, 3), real())
case("mul.itself", lambda x: x * x, real(2, 3))
case("div.plain", torch.div, real(2, 3), real(2, 3, low=0.5, high=2))
case("div.both", torch.div, real(3, 1), real(4, low=-2, high=-0.5))
case("neg.plain", torch.neg, real(2, 3))
case("add_scalar.plain", lambda x: x + 0.75, real(2, 3))
case("mul_scalar.plain", lambda x: x * -1.25, real(2, 3))
case("fma.plain", lambda a, b, d: torch.addcmul(d, a, b), real(2, 3), real(2, 3), real(2, 3))
case("fma.broadcast", lambda a, b, d: torch.addcmul(d, a, b), real(2, 3), real(3), real(2, 1))
case("lerp.plain", torch.lerp, real(2, 3), real(2, 3), real(2, 3, low=0))
case("lerp.broadcast", lambda a, b, w: a + w * (b - a), real(2, 3), real(3), real(2, 1))
case("pow.plain", torch.pow, real(2, 3, low=0.5, high=2), real(2, 3, low=-2, high=2))
case("pow.broadcast", torch.pow, real(3, 1, low=0.5, high=2), real(4, low=-2, high=2))
case("pow.negative_base", torch.pow, real(2, 3, low=-2, high=-0.5), whole(3, constant=True))
case("pow_scalar.fraction", lambda x: x**2.5, real(2, 3, low=0.5, high=2))
case("pow_scalar.cube", lambda x: x**3, real(2, 3))
case("pow_scalar.negative", lambda x: x**-1.5, real(2, 3, low=0.5, high=2))
case("pow_scalar.one", lambda x: x**1, real(2, 3))
case("pow_scalar.zero", lambda x: x**0, real(2, 3))
case("reciprocal.plain", torch.reciprocal, real(2, 3, low=0.5, high=2))
case("reciprocal.negative", torch.reciprocal, real(2, 3, low=-2, high=-0.5))
case("rsqrt.plain", torch.rsqrt, real(2, 3, low=0.5, high=2))
case("maximum.plain", torch.maximum, real(2, 3), real(2, 3))
case("maximum.broadcast", torch.maximum, real(3, 1), real(4))
case("minimum.plain", torch.minimum, real(2, 3), real(2, 3))
case("minimum.broadcast", torch.minimum, real(3, 1), real(4))
case("square.plain", torch.square, real(2, 3))
case("sqrt.plain", torch.sqrt, real(2, 3, low=0.25, high=2))
case("abs.plain", torch.abs, real(2, 3))
case("sign.plain", torch.sign, real(2, 3))
case("sign.zero", torch.sign, whole(8, low=-1, high=2))
case("clamp.plain", lambda x: x.clamp(-0.5, 0.25), real(3, 4))
case("clamp.above", lambda x: x.clamp(-INF, 0.25), real(3, 4))
case("hardtanh.plain", lambda x: F.hardtanh(x, -1, 1), real(3, 4, low=-2, high=2))
case("floor.plain", torch.floor, real(2, 4, low=-4, high=4))
case("ceil.plain", torch.ceil, real(2, 4, low=-4, high=4))
case("round.plain", torch.round, real(2, 4, low=-4, high=4))
case("round.ties", torch.round, given(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5))
case("straight_through.round", lambda x: x.round().detach() + x - x.detach(), real(2, 3, low=-4, high=4))
case("straight_through.square", lambda v, x: v.detach() + x**2 - (x**2).detach(), real(2, 3), real(2, 3))
case("cast.integer", lambda x: x.to(torch.int64), real(2, 4, low=-4, high=4))
case("cast.narrow_and_back", lambda x: x.float().double() ** 2, real(2, 3))
case("cast.labels", lambda n: n.to(torch.float64), label(2, 3))

# ---- masks ----

for name in ["eq", "ne", "lt", "le", "gt", "ge"]:
    function = getattr(torch, name)
    case(f"{name}.ties", function, whole(3, 4, low=0, high=3), whole(4, low=0, high=3))
    case(f"{name}.labels", function, label(2, 4), label(2, 1))
    case(f"{name}.nan", function, given(NAN, NAN, 1, INF, -INF, 0), given(NAN, 1, NAN, INF, INF, -0.0))
case("logical_and.broadcast", torch.logical_and, mask(3, 4), mask(4))
case("logical_or.broadcast", torch.logical_or, mask(3, 4), mask(4))
case("logical_xor.broadcast", torch.logical_xor, mask(3, 4), mask(4))
case("logical_not.plain", torch.logical_not, mask(2, 4))
case("is_nan.plain", torch.isnan, given(NAN, INF, -INF, 0, 1.5))
case("is_inf.plain", torch.isinf, given(NAN, INF, -INF, 0, 1.5))
case("is_finite.plain", torch.isfinite, given(NAN, INF, -INF, 0, 1.5))
case("where.plain", lambda m, a, b: torch.where(m.bool(), a, b), mask(2, 4), real(2, 4), real(2, 4))
case("where.broadcast", lambda m, a, b: torch.where(m.bool(), a, b), mask(4), real(3, 1), real(3, 4))
case("where.safe", lambda x: torch.where(x > 0, torch.where(x > 0, x, torch.ones(())).log(), x), real(2, 4))

# ---- exponentials and activations ----

case("exp.plain", torch.exp, real(2, 4, low=-3, high=3))
case("log.plain", torch.log, real(2, 4, low=0.25, high=4))
case("log.tiny", torch.log, real(2, 3, low=2**-20, high=2**-18))
case("expm1.plain", torch.expm1, real(2, 4, low=-3, high=3))
case("expm1.tiny", torch.expm1, real(2, 3, low=-(2**-20), high=2**-20))
case("log1p.plain", torch.log1p, real(2, 4, low=-0.75, high=4))
case("log1p.tiny", torch.log1p, real(2, 3, low=-(2**-20), high=2**-20))
case("log2.plain", torch.log2, real(2, 4, low=0.25, high=4))
case("sin.plain", torch.sin, real(2, 4, low=-4, high=4))
case("cos.plain", torch.cos, real(2, 4, low=-4, high=4))
case("tan.plain", torch.tan, real(2, 4))
case("asin.plain", torch.asin, real(2, 4, low=-0.875, high=0.875))
case("acos.plain", torch.acos, real(2, 4, low=-0.875, high=0.875))
case("atan.plain", torch.atan, real(2, 4, low=-4, high=4))
case("atan2.plain", torch.atan2, real(3, 4), real(3, 4))
case("atan2.broadcast", torch.atan2, real(3, 1), real(4))
case("sinh.plain", torch.sinh, real(2, 4, low=-3, high=3))
case("cosh.plain", torch.cosh, real(2, 4, low=-3, high=3))
case("erf.plain", torch.erf, real(2, 4, low=-3, high=3))
# PyTorch's polygamma(1, x), which lgamma's and digamma's derivatives go through, is right to 4e-10 only.
case("lgamma.plain", torch.lgamma, real(2, 4, low=0.5, high=8))
case("lgamma.negative", torch.lgamma, real(2, 3, low=-2.75, high=-2.25))
case("digamma.plain", torch.digamma, real(2, 4, low=0.5, high=8))
case("digamma.negative", torch.digamma, real(2, 3, low=-2.75, high=-2.25))
case("polygamma.first", lambda x: torch.polygamma(1, x), real(2, 4, low=0.5, high=8))
case("polygamma.fourth", lambda x: torch.polygamma(4, x), real(2, 3, low=0.5, high=8))
case("tanh.plain", torch.tanh, real(2, 4, low=-3, high=3))
case("tanh.wide", torch.tanh, real(2, 4, low=-8, high=8))
case("sigmoid.plain", torch.sigmoid, real(2, 4, low=-4, high=4))
case("sigmoid.far", torch.sigmoid, real(2, 3, low=-40, high=-30))
case("relu.plain", torch.relu, real(2, 4))
case("softplus.plain", F.softplus, real(2, 4, low=-4, high=4))
case("softplus.far", F.softplus, real(2, 3, low=-40, high=-30))
case("log_sigmoid.plain", F.logsigmoid, real(2, 4, low=-4, high=4))
case("log_sigmoid.far", lambda x: -F.softplus(-x), real(2, 3, low=30, high=40))  # F.logsigmoid's second derivative cancels
case("leaky_relu.plain", lambda x: F.leaky_relu(x, 0.125), real(2, 4))
case("elu.plain", lambda x: F.elu(x, 1.5), real(2, 4, low=-2, high=2))
case("elu.scaled", lambda x: 0.5 * F.elu(x, 0.75), real(2, 4, low=-2, high=2))
case("selu.plain", F.selu, real(2, 4, low=-2, high=2))
case("gelu.plain", F.gelu, real(2, 4, low=-3, high=3))
case("gelu_tanh.plain", lambda x: F.gelu(x, approximate="tanh"), real(2, 4, low=-3, high=3))
case("mish.plain", F.mish, real(2, 4, low=-4, high=4))
case("silu.plain", F.silu, real(2, 4, low=-4, high=4))
case("maxout.last", lambda x: x.reshape(2, 2, 3).amax(2), real(2, 6))
case("maxout.first", lambda x: x.reshape(3, 2, 3).amax(1), real(6, 3))

# ---- reductions ----

case("sum.all", torch.sum, real(2, 3))
case("sum.axis", lambda x: x.sum(1), real(2, 3, 2))
case("sum.axes_kept", lambda x: x.square().sum((0, 2), keepdim=True), real(2, 3, 2))
case("sum.ten_thousand", torch.sum, real(10000, low=0), outputs_only=True)
case("sum.long_axis", lambda x: x.sum(0), real(5000, 2, low=0), outputs_only=True)
case("sum.long_gradient", lambda x: x.expand(1000, 5).square().sum(), real(5))
case("mean.all", torch.mean, real(2, 3))
case("mean.axis", lambda x: x.square().mean(-1), real(2, 3))
case("mean.axes_kept", lambda x: x.mean((0, 1), keepdim=True), real(2, 3, 2))
case("mean.ten_thousand", torch.mean, real(10000, low=0), outputs_only=True)
for name in ["max", "min"]:
    function = getattr(torch, f"a{name}")
    case(f"{name}.all", function, real(2, 3))
    case(f"{name}.axis", lambda x, function=function: function(x, 1).square(), real(2, 3, 2))
    case(f"{name}.axes_kept", lambda x, function=function: function(x, (0, 2), keepdim=True), real(2, 3, 2))
case("prod.all", torch.prod, real(2, 3))
case("prod.axis", lambda x: x.prod(1), real(2, 3, 2))
case("prod.axes_kept", lambda x: x.permute(1, 0, 2).reshape(3, 4).prod(1).reshape(1, 3, 1), real(2, 3, 2))
case("prod.zeros", lambda x: x.prod(1), whole(4, 3, low=-1, high=3))
for name in ["var", "std"]:
    function = getattr(torch, name)
    case(f"{name}.all", function, real(2, 3))
    case(f"{name}.axis", lambda x, f=function: f(x, dim=1, correction=1), real(2, 4))
    case(f"{name}.biased", lambda x, f=function: f(x, dim=0, correction=0), real(4, 2))
    case(f"{name}.axes_kept", lambda x, f=function: f(x, dim=(0, 2), correction=1, keepdim=True), real(2, 2, 3))
    case(f"{name}.ten_thousand", function, real(10000, low=3, high=5), outputs_only=True)
case("logsumexp.all", lambda x: x.logsumexp((0, 1)), real(2, 3, low=-2, high=2))
case("logsumexp.axis", lambda x: x.logsumexp(1), real(3, 4, low=-2, high=2))
case("logsumexp.kept", lambda x: x.logsumexp((0, 2), keepdim=True), real(2, 2, 3, low=-2, high=2))
case("logsumexp.wide", lambda x: x.logsumexp(1), real(2, 4, low=-2000, high=2000))
case("logsumexp.ten_thousand", lambda x: x.logsumexp(0), real(10000), outputs_only=True)
case("sum_squares.all", lambda x: (x * x).sum(), real(2, 3))
case("sum_squares.axis_kept", lambda x: (x * x).sum(1, keepdim=True), real(2, 3))
case("sum_abs.all", lambda x: x.abs().sum(), real(2, 3))
case("sum_abs.axis_kept", lambda x: x.abs().sum(1, keepdim=True), real(2, 3))
case("norm2.all", torch.linalg.vector_norm, real(2, 3))
case("norm2.axis_kept", lambda x: torch.linalg.vector_norm(x, 2, 1, keepdim=True), real(2, 3))
case("norm2.ten_thousand", torch.linalg.vector_norm, real(10000), outputs_only=True)
case("norm.one", lambda x: torch.linalg.vector_norm(x, 1), real(2, 3))
case("norm.one_axis", lambda x: torch.linalg.vector_norm(x, 1, 0), real(2, 3))
case("norm.frobenius", torch.linalg.matrix_norm, real(2, 3))
case("norm.two_axes_kept", lambda x: torch.linalg.vector_norm(x, 2, (0, 2), keepdim=True), real(2, 2, 2))
case("norm.infinite", lambda x: torch.linalg.vector_norm(x, INF, 1).square(), real(2, 4))
for name in ["argmax", "argmin"]:
    function = getattr(torch, name)
    case(f"{name}.all", function, real(3, 4))
    case(f"{name}.axis", lambda x, function=function: function(x, 1), real(3, 4))
    case(f"{name}.kept", lambda x, function=function: function(x, 0, keepdim=True), real(4, 3))
case("argmax.ties", torch.argmax, given(1, 3, 3, 2))
case("argmin.nan", torch.argmin, given(1, NAN, 0, NAN))
for name in ["any", "all"]:
    function = getattr(torch, name)
    case(f"{name}.all", lambda m, function=function: function(m.bool()), mask(2, 3))
    case(f"{name}.axis", lambda m, function=function: function(m.bool(), 1), mask(6, 2))
    case(f"{name}.kept", lambda m, function=function: function(m.bool(), 0, keepdim=True), mask(2, 6))
case("cumsum.first", lambda x: x.cumsum(0), real(4, 2))
case("cumsum.last", lambda x: x.square().cumsum(1), real(2, 4))
case("cumsum.reverse", lambda x: x.flip(1).cumsum(1).flip(1), real(2, 4))
case("cumsum.ten_thousand", lambda x: x.cumsum(0)[-3:], real(10000, low=0), outputs_only=True)
case("sort.rising", lambda x: tuple(torch.sort(x, 1)), real(2, 5))
case("sort.falling", lambda x: tuple(torch.sort(x.square(), 0, descending=True)), real(4, 2))
case("sort.ties", lambda x: tuple(torch.sort(x, dim=0, stable=True)), whole(12))
case("sort.ties_falling", lambda x: tuple(torch.sort(x, dim=0, stable=True, descending=True)), whole(12))
case("sort.nan", lambda x: torch.sort(x, stable=True)[1], given(NAN, -INF, NAN, INF))
case("topk.largest", lambda x: tuple(torch.topk(x, 2, 1)), real(2, 5))
case("topk.smallest", lambda x: tuple(torch.topk(x.square(), 3, 0, largest=False)), real(5, 2))

# ---- shapes ----

case("reshape.plain", lambda x: x.reshape(3, 2).square(), real(2, 3))
case("reshape.of_transposed", lambda x: x.T.reshape(-1), real(2, 3))
case("permute.plain", lambda x: x.permute(2, 0, 1), real(2, 3, 2))
case("slice.steps", lambda x: x[:, 1:6:2], real(2, 7))
case("slice.from_the_end", lambda x: x[-3:-1].square(), real(5, 2))
case("slice.backward", lambda x: x.flip(1)[:, 1::2], real(2, 6))
case("slice.backward_from_the_end", lambda x: x.flip(0)[1:4], real(6, 2))
case("slice.clipped", lambda x: x[1:100], real(3, 2))
case("slice.overlapping", lambda x: x[0:3] * x[1:4] * x[2:5], real(5, 2))
case("select.middle", lambda x: x.select(1, 2).square(), real(2, 3, 2))
case("select.from_the_end", lambda x: x.select(-1, -2), real(2, 3))
case("select.steps", lambda x: ((x.select(0, 0).tanh() + x.select(0, 1)).tanh() + x.select(0, 2)).tanh(), real(3, 2))
case("transpose.outer", lambda x: x.transpose(0, -1).square(), real(2, 3, 4))
case("broadcast_to.plain", lambda x: x.broadcast_to(2, 3, 4), real(3, 1))
case("expand.plain", lambda x: x.expand(2, -1, 4), real(3, 1))
case("squeeze.axis", lambda x: x.squeeze(1), real(2, 1, 3, 1))
case("squeeze.all", lambda x: x.squeeze(), real(1, 2, 1, 3))
case("unsqueeze.inner", lambda x: x.unsqueeze(1), real(2, 3))
case("unsqueeze.last", lambda x: x.unsqueeze(-1), real(2, 3))
case("flip.plain", lambda x: x.flip(1), real(2, 3))
case("concat.first", lambda *x: torch.cat(x, 0), real(1, 3), real(2, 3), real(1, 3))
case("concat.last", lambda *x: torch.cat(x, -1).square(), real(2, 1), real(2, 3))
case("stack.first", lambda *x: torch.stack(x, 0), real(2, 3), real(2, 3))
case("stack.last", lambda *x: torch.stack(x, -1), real(2, 3), real(2, 3), real(2, 3))
case("repeat.plain", lambda x: x.repeat(2, 3), real(2, 2))
case("repeat.zero", lambda x: x.repeat(2, 0), real(2, 2))
case("pad.plain", lambda x: F.pad(x, (2, 0, 0, 1), value=0.5), real(2, 3))
case("gather.first", lambda x, i: x.gather(0, i), real(3, 4), label(2, 4))
case("gather.last", lambda x, i: x.square().gather(1, i), real(4, 3), label(3, 5))
case("scatter_add.first", lambda x, i, s: x.scatter_add(0, i, s), real(3, 4), label(5, 4), real(5, 4))
case("scatter_add.last", lambda x, i, s: x.scatter_add(1, i, s), real(3, 4), label(2, 3), real(2, 3))
case("index_select.first", lambda x, i: x.index_select(0, i), real(3, 2), label(5))
case("index_select.last", lambda x, i: x.square().index_select(1, i), real(2, 3), label(4))
case("index_add.first", lambda x, i, s: x.index_add(0, i, s), real(3, 2), label(4), real(4, 2))
case("index_add.last", lambda x, i, s: x.index_add(1, i, s), real(2, 3), label(4), real(2, 4))
case("embedding.vector", lambda w, i: F.embedding(i, w), real(3, 2), label(5))
case("embedding.matrix", lambda w, i: F.embedding(i, w).square(), real(3, 2), label(2, 3))
case("diagonal.plain", lambda x: x.diagonal(0, -2, -1), real(3, 4))
case("diagonal.two", lambda x: x.diagonal() * x.diagonal(1), real(3, 4))
case("diagonal.batch_below", lambda x: x.diagonal(-1, -2, -1).square(), real(2, 4, 3))
case("diagonal_grad.above", lambda y: torch.zeros(2, 3, 4).diagonal_scatter(y, 1, -2, -1), real(2, 3))
case("diag.of_vector", lambda x: torch.diag(x, -1), real(3))
case("diag.of_matrix", lambda x: torch.diag(x, 1), real(3, 4))
case("tril.plain", torch.tril, real(3, 3))
case("tril.batch_above", lambda x: x.square().tril(1), real(2, 3, 4))
case("triu.plain", torch.triu, real(3, 3))
case("triu.batch_below", lambda x: x.square().triu(-1), real(2, 4, 3))
case("one_hot.plain", lambda i: F.one_hot(i, 4), label(2, 3))
case("detach.factor", lambda x: x.detach() * x.square(), real(2, 3))

# ---- products ----

case("matmul.plain", torch.matmul, real(3, 4), real(4, 2))
case("matmul.vector_left", torch.matmul, real(4), real(4, 2))
case("matmul.vector_right", torch.matmul, real(3, 4), real(4))
case("matmul.vectors", torch.matmul, real(4), real(4))
case("matmul.batches", torch.matmul, real(2, 1, 2, 3), real(2, 3, 2))
case("matmul.vector_of_batches", torch.matmul, real(3), real(2, 3, 2))
case("matmul.transposed", lambda a, b: a.T @ b.T, real(4, 2), real(3, 4))
case("matmul.two_thousand", torch.matmul, real(2, 2000), real(2000, 2), outputs_only=True)
case("matmul.chain", lambda x, a, b: torch.tanh(x @ a) @ b, real(2, 40), real(40, 70, constant=True), real(70, 3, constant=True))
case("addmm.plain", torch.addmm, real(3, 2), real(3, 4), real(4, 2))
case("linear.plain", F.linear, real(3, 4), real(2, 4), real(2))
case("linear.rank_3", F.linear, real(2, 2, 3), real(2, 3), real(2))
case("linear.no_bias", F.linear, real(3, 4), real(2, 4))
for name, *shapes in [("plain", (3, 4), (5, 4), (5,)), ("rank_3", (2, 2, 3), (4, 3), (4,)), ("no_bias", (3, 4), (5, 4))]:
    case(f"linear_relu.{name}", lambda *x: torch.relu(F.linear(*x)), *[real(*shape) for shape in shapes])
case("dot.plain", torch.dot, real(5), real(5))
case("outer.plain", torch.outer, real(3), real(4))
for name, equation, shapes in [
        ("matmul", "ij,jk->ik", [(2, 3), (3, 2)]), ("batches", "bij,bkj->bik", [(2, 2, 3), (2, 2, 3)]), ("trace", "ii", [(3, 3)]),
        ("diagonal", "ii->i", [(3, 3)]), ("transpose", "ij->ji", [(2, 3)]), ("row_sums", "ij->i", [(2, 3)]),
        ("outer", "i,j", [(2,), (3,)]), ("inner", "ij,ij->", [(2, 3), (2, 3)]), ("implicit", "ba,cb", [(2, 3), (2, 2)]),
        ("ellipsis", "...ij,...jk->...ik", [(2, 1, 2, 3), (2, 3, 2)]), ("bilinear", "bi,oij,bj->bo", [(2, 2), (2, 2, 3), (2, 3)])]:
    case(f"einsum.{name}", lambda *x, equation=equation: torch.einsum(equation, *x), *(real(*shape) for shape in shapes))

# ---- linear algebra: what depends on the choice of signs is made not to ----


def qr(a):
    q, r = torch.linalg.qr(a)
    signs = r.diagonal(0, -2, -1).sign().detach()
    return q * signs.unsqueeze(-2), r * signs.unsqueeze(-1)


def exponential(a):
    w, v = torch.linalg.eigh(a)
    return w, v * torch.exp(w / 4).unsqueeze(-2) @ v.mT


case("cholesky.plain", torch.linalg.cholesky, definite(3, 3))
case("cholesky.batch", torch.linalg.cholesky, definite(2, 2, 2))
solve_triangular = torch.linalg.solve_triangular
case("triangular_solve.lower", lambda a, b: solve_triangular(a, b, upper=False), dominant(3, 3), real(3, 2))
case("triangular_solve.upper", lambda a, b: solve_triangular(a, b, upper=True), dominant(3, 3), real(3, 2))
case("triangular_solve.lower_transposed", lambda a, b: solve_triangular(a.mT, b, upper=True), dominant(3, 3), real(3, 2))
case("triangular_solve.upper_transposed", lambda a, b: solve_triangular(a.mT, b, upper=False), dominant(3, 3), real(3, 2))
case("triangular_solve.broadcast", lambda a, b: solve_triangular(a, b, upper=False), dominant(2, 1, 2, 2), real(3, 2, 1))
case("solve.plain", torch.linalg.solve, dominant(3, 3), real(3, 2))
case("solve.batch", torch.linalg.solve, dominant(2, 2, 2), real(2, 2, 3))
case("solve.broadcast", lambda a, b: torch.linalg.inv(a) @ b, dominant(2, 1, 2, 2), real(3, 2, 1))
case("solve.pivots", lambda a, b: torch.linalg.solve(a.flip(0), b), dominant(4, 4), real(4, 1))
case("inverse.plain", torch.linalg.inv, dominant(3, 3))
case("inverse.batch", torch.linalg.inv, dominant(2, 2, 2))
case("inverse.pivots", lambda a: torch.linalg.inv(a.flip(0)), dominant(3, 3))
case("logdet.plain", torch.logdet, dominant(3, 3))
case("logdet.batch", torch.logdet, dominant(2, 2, 2))
case("logdet.pivots", lambda a: torch.logdet(a.flip(0)), dominant(4, 4))
case("qr.tall", qr, dominant(4, 3))
case("qr.square", qr, dominant(3, 3))
case("qr.batch", qr, dominant(2, 3, 2))
case("qr.flipped", lambda a: qr(a.flip(0)), dominant(3, 3))
case("eigh.plain", exponential, spread(3, 3))
case("eigh.batch", exponential, spread(2, 2, 2))
case("eigh.values", lambda a: torch.linalg.eigvalsh(a), spread(4, 4))

# ---- convolution and pooling ----

case("conv2d.plain", F.conv2d, real(1, 2, 4, 3), real(2, 2, 2, 2), real(2))
case("conv2d.no_bias", F.conv2d, real(2, 1, 3, 3), real(2, 1, 2, 2))
case("conv2d.stride", lambda x, w: F.conv2d(x, w, stride=(2, 1)), real(1, 1, 5, 4), real(2, 1, 2, 2))
case("conv2d.padding", lambda x, w: F.conv2d(x, w, padding=(1, 2)), real(1, 1, 3, 2), real(1, 1, 3, 3))
case("conv2d.dilation", lambda x, w: F.conv2d(x, w, dilation=(2, 1)), real(1, 1, 5, 3), real(2, 1, 2, 2))
case("conv2d.groups", lambda x, w, b: F.conv2d(x, w, b, groups=2), real(1, 4, 3, 2), real(4, 2, 2, 1), real(4))
case("conv2d.depthwise", lambda x, w: F.conv2d(x, w, padding=(1, 0), groups=2), real(1, 2, 3, 2), real(4, 1, 2, 2))
case("conv2d.everything", lambda x, w, b: F.conv2d(x, w, b, (2, 1), (1, 2), (1, 2), 2), real(1, 2, 5, 3), real(2, 1, 2, 2), real(2))
case("conv2d_relu.plain", lambda *x: torch.relu(F.conv2d(*x, (1, 2), (1, 0))), real(2, 2, 3, 4), real(3, 2, 2, 2), real(3))
case("conv2d_relu.no_bias", lambda x, w: torch.relu(F.conv2d(x, w, groups=2)), real(2, 4, 3, 3), real(4, 2, 2, 2))
case("channel_sum.images", lambda x: x.square().sum((0, 2, 3)), real(2, 3, 2, 2))
case("channel_sum.matrix", lambda x: x.square().sum(0), real(4, 3))
case("conv2d.long", F.conv2d, real(1, 16, 12, 12), real(1, 16, 11, 11), outputs_only=True)
case("conv1d.plain", F.conv1d, real(2, 2, 4), real(2, 2, 2), real(2))
case("conv1d.everything", lambda x, w: F.conv1d(x, w, None, 2, 2, 2, 2), real(1, 4, 5), real(2, 2, 3))
case("conv_transpose2d.plain", F.conv_transpose2d, real(1, 2, 2, 3), real(2, 2, 2, 2), real(2))
case("conv_transpose2d.stride", lambda x, w: F.conv_transpose2d(x, w, None, (2, 3), (1, 0), (1, 2)),
     real(1, 1, 2, 2), real(1, 2, 3, 2))
case("conv_transpose2d.everything", lambda x, w, b: F.conv_transpose2d(x, w, b, (2, 1), (1, 1), (1, 0), 2, (1, 2)),
     real(1, 2, 2, 2), real(2, 1, 2, 2), real(2))
case("max_pool2d.plain", lambda x: F.max_pool2d(x, 2), real(1, 2, 4, 4))
case("max_pool2d.overlapping", lambda x: F.max_pool2d(x, (3, 2), (1, 2), (1, 1)).square(), real(1, 1, 4, 5))
case("max_pool2d.dilation", lambda x: F.max_pool2d(x, 2, 1, 0, (2, 1)), real(1, 1, 4, 4))
case("avg_pool2d.plain", lambda x: F.avg_pool2d(x, 2), real(1, 2, 4, 4))
case("avg_pool2d.overlapping", lambda x: F.avg_pool2d(x, (3, 2), (1, 2), (1, 1)).square(), real(1, 1, 4, 5))
case("adaptive_max_pool2d.plain", lambda x: F.adaptive_max_pool2d(x, (2, 3)).square(), real(1, 1, 5, 4))
case("adaptive_avg_pool2d.plain", lambda x: F.adaptive_avg_pool2d(x, (2, 3)).square(), real(1, 1, 5, 4))
case("adaptive_avg_pool2d.global", lambda x: F.adaptive_avg_pool2d(x, 1), real(2, 2, 3, 2))
case("conv3d.plain", F.conv3d, real(1, 2, 3, 2, 3), real(2, 2, 2, 2, 2), real(2))
case("conv3d.everything", lambda x, w, b: F.conv3d(x, w, b, (2, 1, 2), (1, 0, 1), (1, 2, 1), 2), real(1, 2, 3, 3, 2), real(4, 1, 2, 2, 2), real(4))
case("conv_transpose1d.plain", F.conv_transpose1d, real(2, 2, 3), real(2, 3, 2), real(3))
case("conv_transpose1d.everything", lambda x, w: F.conv_transpose1d(x, w, None, 3, 1, 2, 2, 2), real(1, 4, 3), real(4, 1, 3))
case("conv_transpose3d.plain", F.conv_transpose3d, real(1, 2, 2, 1, 2), real(2, 2, 2, 2, 1), real(2))
case("conv_transpose3d.everything", lambda x, w, b: F.conv_transpose3d(x, w, b, (2, 1, 2), (1, 0, 1), (1, 0, 1), 2, (1, 2, 1)),
     real(1, 2, 2, 2, 2), real(2, 2, 2, 2, 2), real(4))
case("max_pool1d.plain", lambda x: F.max_pool1d(x, 2).square(), real(2, 2, 5))
case("max_pool1d.everything", lambda x: F.max_pool1d(x, 3, 2, 1, 2, True).square(), real(1, 2, 8))
case("max_pool2d.ceil", lambda x: F.max_pool2d(x, 2, ceil_mode=True).square(), real(1, 1, 5, 3))
case("max_pool2d.ceil_beyond", lambda x: F.max_pool2d(x, 2, 3, 1, ceil_mode=True).square(), real(1, 1, 4, 5))
case("max_pool3d.plain", lambda x: F.max_pool3d(x, 2).square(), real(1, 2, 3, 2, 4))
case("max_pool3d.everything", lambda x: F.max_pool3d(x, (2, 3, 2), (1, 2, 3), (1, 1, 0), (1, 1, 2), True).square(), real(1, 1, 3, 4, 6))
case("avg_pool1d.plain", lambda x: F.avg_pool1d(x, 2).square(), real(2, 2, 5))
case("avg_pool1d.everything", lambda x: F.avg_pool1d(x, 3, 2, 1, True, False).square(), real(1, 2, 6))
case("avg_pool2d.ceil", lambda x: F.avg_pool2d(x, 3, 2, 1, True).square(), real(1, 1, 4, 6))
case("avg_pool2d.without_padding", lambda x: F.avg_pool2d(x, (3, 2), (2, 1), 1, False, False).square(), real(1, 1, 4, 3))
case("avg_pool2d.everything", lambda x: F.avg_pool2d(x, (2, 3), (3, 2), (1, 0), True, False).square(), real(1, 1, 4, 6))
case("avg_pool3d.plain", lambda x: F.avg_pool3d(x, 2).square(), real(1, 2, 3, 2, 4))
case("avg_pool3d.everything", lambda x: F.avg_pool3d(x, (2, 3, 2), (1, 2, 3), (1, 1, 0), True, False).square(), real(1, 1, 3, 4, 6))
case("avg_pool3d.ceil", lambda x: F.avg_pool3d(x, 3, 2, 1, True).square(), real(1, 1, 4, 3, 4))
case("adaptive_max_pool1d.plain", lambda x: F.adaptive_max_pool1d(x, 3).square(), real(2, 2, 5))
case("adaptive_max_pool3d.plain", lambda x: F.adaptive_max_pool3d(x, (2, 1, 3)).square(), real(1, 1, 3, 2, 4))
case("adaptive_avg_pool1d.plain", lambda x: F.adaptive_avg_pool1d(x, 3).square(), real(2, 2, 5))
case("adaptive_avg_pool3d.plain", lambda x: F.adaptive_avg_pool3d(x, (2, 1, 3)).square(), real(1, 1, 3, 2, 4))
case("adaptive_avg_pool3d.global", lambda x: F.adaptive_avg_pool3d(x, 1).square(), real(2, 2, 2, 2, 2))


def interpolated(name, *extents, **options):
    case(f"interpolate.{name}", lambda x: F.interpolate(x, **options).square(), real(*extents))


interpolated("nearest", 1, 2, 5, size=8)
interpolated("nearest_fewer", 1, 1, 7, 3, size=(3, 4))
interpolated("nearest_scale", 1, 1, 3, 2, 4, scale_factor=1.6)
interpolated("nearest_exact", 1, 1, 5, 7, size=(8, 3), mode="nearest-exact")
interpolated("linear", 1, 2, 4, size=9, mode="linear")
interpolated("linear_corners", 1, 2, 4, size=7, mode="linear", align_corners=True)
interpolated("bilinear", 1, 1, 3, 4, size=(5, 3), mode="bilinear")
interpolated("bilinear_scale", 1, 1, 3, 4, scale_factor=1.7, mode="bilinear")
interpolated("bilinear_corners", 1, 1, 3, 2, scale_factor=2, mode="bilinear", align_corners=True)
interpolated("bilinear_to_one", 1, 1, 3, 2, size=(1, 4), mode="bilinear", align_corners=True)
interpolated("trilinear", 1, 1, 2, 3, 2, size=(3, 2, 4), mode="trilinear")
interpolated("bicubic", 1, 1, 4, 3, size=(6, 7), mode="bicubic")
interpolated("bicubic_fewer", 1, 1, 6, 5, scale_factor=0.6, mode="bicubic")
interpolated("bicubic_corners", 1, 1, 4, 5, size=(7, 3), mode="bicubic", align_corners=True)
case("pad_mode.reflect", lambda x: F.pad(x, (1, 2, 0, 1), "reflect").square(), real(1, 2, 3, 4))
case("pad_mode.replicate", lambda x: F.pad(x, (3, 1, 0, 2), "replicate").square(), real(1, 1, 3, 2))
case("pad_mode.circular", lambda x: F.pad(x, (2, 3, 1, 0), "circular").square(), real(1, 1, 2, 3))
case("pad_mode.circular_volume", lambda x: F.pad(x, (1, 0, 0, 1, 2, 1), "circular").square(), real(1, 1, 2, 2, 2))
case("pad_mode.zeros", lambda x: F.pad(x, (1, 0, 0, 2)).square(), real(2, 3))
case("unfold.plain", lambda x: F.unfold(x, 2).square(), real(2, 2, 2, 3))
case("unfold.everything", lambda x: F.unfold(x, (3, 2), (1, 2), (1, 0), (2, 1)).square(), real(1, 2, 3, 3))
case("fold.plain", lambda x: F.fold(x, (3, 4), 2).square(), real(2, 4, 6))
case("fold.everything", lambda x: F.fold(x, (4, 3), (3, 2), (1, 2), (1, 0), (2, 1)).square(), real(1, 12, 2))
case("pixel_shuffle.plain", lambda x: F.pixel_shuffle(x, 2).square(), real(1, 8, 2, 1))
case("pixel_unshuffle.plain", lambda x: F.pixel_unshuffle(x, 2).square(), real(1, 2, 2, 4))
case("resample.windows", lambda x: x.unfold(1, 3, 2).flatten(1).square(), real(2, 7))
case("resample.axis", lambda x: F.interpolate(x.mT, size=5, mode="linear").mT.square(), real(2, 3, 2))

# ---- softmax and losses ----

case("softmax.last", lambda x: x.softmax(1), real(2, 4, low=-2, high=2))
case("softmax.first", lambda x: x.softmax(0), real(3, 2, low=-2, high=2))
case("softmax.inner", lambda x: x.softmax(1), real(2, 3, 2, low=-2, high=2))
case("softmax.wide", lambda x: x.softmax(0), real(4, low=-40, high=40), outputs_only=True)
case("softmax.ten_thousand", lambda x: x.softmax(0)[:4], real(10000), outputs_only=True)
case("log_softmax.last", lambda x: x.log_softmax(1), real(2, 4, low=-2, high=2))
case("log_softmax.first", lambda x: x.log_softmax(0), real(3, 2, low=-2, high=2))
case("log_softmax.wide", lambda x: x.log_softmax(0), real(4, low=-400, high=400), outputs_only=True)

soft = [real(3, 4, low=-2, high=2), real(3, 4, low=0)]
hard = [real(4, 3, low=-2, high=2), label(4)]
weighted = [*hard, real(3, low=0.25, high=1, constant=True)]
positions = [real(2, 3, 2, low=-2, high=2), label(2, 2)]
cross_entropy = F.cross_entropy
case("cross_entropy.labels", cross_entropy, *hard)
case("cross_entropy.sum", lambda x, t: cross_entropy(x, t, reduction="sum"), *hard)
case("cross_entropy.each", lambda x, t: cross_entropy(x, t, reduction="none"), *hard)
case("cross_entropy.smoothing", lambda x, t: cross_entropy(x, t, label_smoothing=0.25), *hard)
case("cross_entropy.ignore", lambda x, t: cross_entropy(x, t, ignore_index=2), *hard)
case("cross_entropy.ignore_each", lambda x, t: cross_entropy(x, t, ignore_index=2, reduction="none"), *hard)
case("cross_entropy.weight", lambda x, t, w: cross_entropy(x, t, w), *weighted)
case("cross_entropy.everything", lambda x, t, w: cross_entropy(x, t, w, ignore_index=1, label_smoothing=0.125), *weighted)
case("cross_entropy.everything_each",
     lambda x, t, w: cross_entropy(x, t, w, ignore_index=1, label_smoothing=0.125, reduction="none"), *weighted)
case("cross_entropy.positions", lambda x, t: cross_entropy(x, t), *positions)
case("cross_entropy.positions_everything",
     lambda x, t, w: cross_entropy(x, t, w, ignore_index=0, label_smoothing=0.125), *positions, weighted[2])
case("cross_entropy.probabilities", cross_entropy, *soft)
case("cross_entropy.probabilities_each", lambda x, t: cross_entropy(x, t, reduction="none", label_smoothing=0.25), *soft)
case("cross_entropy.probabilities_weight", lambda x, t, w: cross_entropy(x, t, w, label_smoothing=0.25), *soft,
     real(4, low=0.25, high=1, constant=True))
case("cross_entropy.probabilities_positions", cross_entropy, real(2, 3, 2, low=-2, high=2), real(2, 3, 2, low=0))
case("cross_entropy_labels.plain", cross_entropy, *hard)
case("nll.plain", F.nll_loss, *hard)
case("nll.weight", lambda x, t, w: F.nll_loss(x, t, w), *weighted)
case("nll.weight_sum", lambda x, t, w: F.nll_loss(x, t, w, reduction="sum"), *weighted)
case("nll.everything_each", lambda x, t, w: F.nll_loss(x, t, w, ignore_index=1, reduction="none"), *weighted)
case("nll.positions_ignore", lambda x, t: F.nll_loss(x.log_softmax(1), t, ignore_index=0), *positions)
pairs = [real(3, 4, low=-3, high=-0.5), real(3, 4, low=0.125, high=1)]
for ours, theirs in [("mean", "mean"), ("sum", "sum"), ("batch_mean", "batchmean"), ("each", "none")]:
    case(f"kl_div.{ours}", lambda q, p, reduction=theirs: F.kl_div(q, p, reduction=reduction), *pairs)
for ours, theirs in [("mean", "mean"), ("sum", "sum"), ("each", "none")]:
    case(f"huber.{ours}", lambda x, t, reduction=theirs: F.huber_loss(x, t, reduction, 0.5), real(3, 4), real(3, 4))
    case(f"mse.{ours}", lambda x, t, reduction=theirs: F.mse_loss(x, t, reduction=reduction), real(2, 3), real(2, 3))
case("huber_terms.broadcast", lambda x, t: F.huber_loss(x.expand(3, 4), t.expand(3, 4), "none", 0.5), real(3, 1), real(4))
case("bce_with_logits.plain", F.binary_cross_entropy_with_logits, real(2, 4, low=-4, high=4), real(2, 4, low=0))
case("bce_with_logits.hard", F.binary_cross_entropy_with_logits, real(2, 3, low=-40, high=40), whole(2, 3, low=0, high=2))
import losses  # noqa: E402, F401  the cases of the other losses: losses.py

# ---- normalisation; PyTorch gives no gradient of the mean and 1/√(σ² + ε) that it can return, so these are worked out ----


def statistics(x, axes, eps):
    return x.mean(axes), torch.rsqrt(x.var(axes, unbiased=False) + eps)


def batch_norm(x, gamma, beta):
    return F.batch_norm(x, None, None, gamma, beta, True, 0, 1e-3)


case("batch_norm.matrix", batch_norm, real(4, 2), real(2), real(2))
case("batch_norm.images", batch_norm, real(2, 2, 2, 2), real(2), real(2))
case("batch_norm.statistics", lambda x, gamma, beta: (batch_norm(x, gamma, beta), *statistics(x, 0, 1e-3)),
     real(4, 2), real(2), real(2))
case("batch_norm_relu.matrix", lambda *x: torch.relu(batch_norm(*x)), real(6, 2), real(2), real(2))
case("batch_norm_relu.images", lambda *x: torch.relu(batch_norm(*x)), real(3, 2, 2, 3), real(2), real(2))
case("layer_norm.plain", lambda x, gamma, beta: F.layer_norm(x, (4,), gamma, beta, 1e-3), real(2, 4), real(4), real(4))
case("layer_norm.bare", lambda x: F.layer_norm(x, (4,), eps=1e-3), real(2, 1, 4))
case("layer_norm.statistics", lambda x, gamma, beta: (F.layer_norm(x, (4,), gamma, beta, 1e-3), *statistics(x, -1, 1e-3)),
     real(2, 4), real(4), real(4))
case("layer_norm.ten_thousand", lambda x: F.layer_norm(x, (10000,))[:4], real(10000, low=3, high=5), outputs_only=True)
case("group_norm.plain", lambda x, gamma, beta: F.group_norm(x, 2, gamma, beta, 1e-3), real(2, 4, 2), real(4), real(4))
case("rms_norm.plain", lambda x, gamma: gamma * x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-3), real(2, 4), real(4))
case("rms_norm.bare", lambda x: x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6), real(2, 4))
case("group_norm.bare", lambda x: F.group_norm(x, 1, eps=1e-3), real(2, 2, 2))

# ---- cells of recurrent networks ----


def lstm(gates, c):
    i, f, g, o = gates.chunk(4, -1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    c = f * c + i * g
    return o * c.tanh(), c, torch.cat([i, f, g, o], -1)


def lstm_sequence(x, w, h, c, reverse=False):
    steps = [None] * len(x)
    for t in sorted(range(len(x)), reverse=reverse):
        steps[t] = h, c, _ = lstm(x[t] + h @ w.T, c)
    return tuple(torch.stack(states) for states in zip(*steps))


def lstm_gradient(x, w, h, c, gy, gcells):
    x, h, c = (t.clone().requires_grad_() for t in (x, h, c))
    y, cells, _ = lstm_sequence(x, w, h, c)
    return torch.autograd.grad((y * gy).sum() + (cells * gcells).sum(), (x, h, c))


def gru(x, s, h):
    (xr, xz, xn), (sr, sz, sn) = x.chunk(3, -1), s.chunk(3, -1)
    r, z = (xr + sr).sigmoid(), (xz + sz).sigmoid()
    n = (xn + r * sn).tanh()
    return (1 - z) * n + z * h, torch.cat([r, z, n, sn], -1)


case("lstm_cell.network", lambda x, h, c, w, u, b: torch.lstm_cell(x, (h, c), w, u, b, b),
     real(2, 3), real(2, 2), real(2, 2), real(8, 3), real(8, 2), real(8))
case("lstm_cell.gates", lambda x, s, c: lstm(x + s, c), real(2, 8), real(2, 8), real(2, 2))
case("lstm_cell.no_state", lambda x, c: lstm(x, c)[0], real(3, 4), real(3, 1))
case("lstm.sequence", lstm_sequence, real(3, 2, 8), real(8, 2), real(2, 2), real(2, 2))
case("lstm_grad.sequence", lstm_gradient, *(real(*shape, constant=True) for shape in
                                            ((3, 2, 8), (8, 2), (2, 2), (2, 2), (3, 2, 2), (3, 2, 2))))
case("lstm.reverse", lambda x, w, c: lstm_sequence(x, w, 0 * c, c, True)[0], real(4, 2, 8), real(8, 2), real(2, 2))
case("gru_cell.network", lambda x, h, w, u, a, b: torch.gru_cell(x, h, w, u, a, b),
     real(2, 3), real(2, 2), real(6, 3), real(6, 2), real(6), real(6))
case("gru_cell.gates", gru, real(2, 6), real(2, 6), real(2, 2))
case("gru_cell.no_state", lambda x, h: gru(x, 0 * x, h)[0], real(2, 6), real(2, 2))

# ---- attention ----


def attention(q, k, v, added=None):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    return (scores if added is None else scores + added).softmax(-1) @ v


def forbidden(allowed):
    return torch.zeros(allowed.shape).masked_fill(~allowed, -INF)


def past(n):
    return forbidden(torch.ones(n, n).tril().bool())


qkv = [real(2, 3, 2, low=-2, high=2), real(2, 3, 2, low=-2, high=2), real(2, 3, 2)]
case("attention.plain", attention, *qkv)
case("attention.lengths", attention, real(2, 2, low=-2, high=2), real(4, 2, low=-2, high=2), real(4, 3))
case("attention.causal", lambda q, k, v: attention(q, k, v, past(3)), *qkv)
case("attention.mask", lambda q, k, v: attention(q, k, v, forbidden(torch.tensor([1, 0, 1]).bool())), *qkv)
case("attention.added", attention, *qkv, real(3, 3))


def scaled_attention(q, k, v):
    scores = 0.3 * q @ k.mT
    return scores.softmax(-1) @ v, scores.logsumexp(-1, True)


def attention_gradient(q, k, v, gy):
    operands = [t.clone().requires_grad_() for t in (q, k, v)]
    return torch.autograd.grad((attention(*operands) * gy).sum(), operands)


case("attention.log_sum_exp", scaled_attention, *qkv)
case("attention_grad.lengths", attention_gradient, *(real(*shape, constant=True) for shape in ((2, 2), (4, 2), (4, 3), (2, 3))))
case("attention_weights.causal", lambda q, k: (q @ k.mT / 2 ** 0.5 + past(3)).softmax(-1), *qkv[:2])

# ---- long rows and many images: gradients by the few numbers s of what is made of a + s b, a and b constant ----


def long(name, function):
    rows = [real(3, 400, constant=True) for _ in range(2)]
    case(f"{name}.long_gradient", lambda s, a, b: function(a + s * b), real(3, 1), *rows)


def weigh(y):
    """Each column by another number."""
    return y @ torch.arange(400).div(256).sub(0.5)


long("mean", lambda x: x.square().mean(1))
long("var", lambda x: x.var(1))
long("std", lambda x: x.std(1))
long("logsumexp", lambda x: x.logsumexp(1))
long("norm2", lambda x: torch.linalg.vector_norm(x, 2, 1))
long("norm", lambda x: torch.linalg.vector_norm(x, 1, 1).square())
long("prod", lambda x: (1 + x / 64).prod(1))
long("max", lambda x: x.square().amax(1))
long("cumsum", lambda x: weigh(x.cumsum(1).square()))
long("sort", lambda x: weigh(x.sort(1).values.square()))
long("topk", lambda x: weigh(F.pad(x.topk(100).values.square(), (0, 300))))
long("softmax", lambda x: weigh(x.softmax(1)))
long("log_softmax", lambda x: weigh(x.log_softmax(1)))
long("layer_norm", lambda x: weigh(F.layer_norm(x, (400,))))
long("batch_norm", lambda x: weigh(batch_norm(x.T, torch.ones(3), torch.zeros(3)).T))
long("gather", lambda x: weigh(x.square().gather(1, torch.arange(400).mul(7).remainder(400).expand(3, 400))))
long("matmul", lambda x: x @ x.T)
long("attention", lambda x: weigh(attention(x.T, x.T, x.T, past(400)).T))
long("einsum", lambda x: torch.einsum("ij,kj->ik", x, x))


def many(name, function):
    images = [real(67, 2, 4, 5, constant=True) for _ in range(2)]
    case(f"{name}.many_images", lambda s, a, b, w: function(a + s * b, w).square().mean((0, 2, 3)), real(2, 1, 1), *images,
         real(2, 2, 3, 3))


many("conv2d", lambda x, w: F.conv2d(x, w, padding=1))
many("conv_transpose2d", lambda x, w: F.conv_transpose2d(x, w, stride=2))
many("max_pool2d", lambda x, w: F.max_pool2d(F.conv2d(x, w, padding=1), 3, 2, 1))
many("avg_pool2d", lambda x, w: F.avg_pool2d(F.conv2d(x, w, padding=1), 3, 2, 1))
case("conv2d.wide", lambda s, a, b, w: F.conv2d(a + s * b, w, stride=(1, 2)).square().mean((0, 2)), real(1, 3, 1),
     real(1, 1, 3, 150, constant=True), real(1, 1, 3, 150, constant=True), real(2, 1, 2, 3))
case("cross_entropy.many", lambda x, labels, w: cross_entropy(x @ w, labels),
     real(300, 2, constant=True), label(300, high=20), real(2, 20))

# ---- networks: losses, their gradients and products with their Hessians ----


def perceptron(x, w1, b1, w2, b2):
    return F.mse_loss(F.linear(torch.tanh(F.linear(x, w1, b1)), w2, b2), x[:, :1].square())


def convolutional(x, labels, w, gamma, beta, last):
    maps = F.relu(F.batch_norm(F.conv2d(x, w, padding=1), None, None, gamma, beta, True, 0, 1e-3))
    return cross_entropy(F.max_pool2d(maps, 2).flatten(1) @ last, labels)


def transformer(x, gamma, beta, wq, wv):
    h = F.layer_norm(x, (4,), gamma, beta, 1e-3)
    return F.gelu(x + attention(h @ wq, h, h @ wv)).mean(0).logsumexp(0)


case("linear.network", perceptron, real(16, 3, constant=True), real(5, 3), real(5), real(1, 5), real(1))
case("conv2d.network", convolutional, real(3, 1, 4, 4, constant=True), label(3), real(2, 1, 3, 3), real(2, low=0.5, high=1.5),
     real(2), real(8, 3))
case("attention.network", transformer, real(3, 4), real(4, low=0.5, high=1.5), real(4), real(4, 4), real(4, 4))

# ---- draws and effects, as far as they are no draws ----

case("dropout.none", lambda x: F.dropout(x, 0.0, True), real(2, 3))
case("mask_scale.plain", lambda x, m: x * m * 1.25, real(2, 4), mask(2, 4))


def updated(p, gradients, make, **settings):
    """p after a step on each of the gradients, by an optimizer of PyTorch's."""
    p = p.clone().detach()
    optimizer = make([p], **settings)
    for g in gradients:
        p.grad = g.clone()
        optimizer.step()
    return p


steps = [real(5, constant=True) for _ in range(4)]
for name, settings in [("plain", {}), ("decay", {"weight_decay": 0.25}), ("momentum", {"momentum": 0.75, "dampening": 0.5}),
                       ("nesterov", {"momentum": 0.75, "nesterov": True, "weight_decay": 0.25})]:
    case(f"sgd_update.{name}", lambda p, *g, s=settings: updated(p, g, torch.optim.SGD, lr=0.125, **s), *steps)
for name, make, settings in [("plain", torch.optim.Adam, {}), ("decay", torch.optim.Adam, {"weight_decay": 0.25}),
                             ("decoupled", torch.optim.AdamW, {"weight_decay": 0.25})]:
    settings |= {"betas": (0.75, 0.875), "eps": 1e-3}
    case(f"adam_update.{name}", lambda p, *g, m=make, s=settings: updated(p, g, m, lr=0.125, **s), *steps)


def running(x):
    mean, variance = torch.zeros(2), torch.ones(2)
    F.batch_norm(x, mean, variance, training=True, momentum=0.25)
    return mean, variance


case("ema_update.batch_norm", lambda x: running(x)[0], real(4, 2, constant=True))
case("running_variance_update.batch_norm", lambda x: running(x)[1], real(4, 2, constant=True))
case("assign.plain", lambda t, v: t.copy_(v), real(2, 3, constant=True), real(2, 3, constant=True))
case("accumulate.plain", lambda t, v: t.add_(v), real(2, 3, constant=True), real(2, 3, constant=True))
case("increment.plain", lambda t: t.add_(1), whole(constant=True))

# ---- kinks: the gradient of the sum of the results, at places that are given ----

case("kink.abs", torch.abs, given(0))
case("kink.relu", torch.relu, given(0))
case("kink.leaky_relu", lambda x: F.leaky_relu(x, 0.125), given(0))
case("kink.elu", lambda x: F.elu(x, 1.5), given(0))
case("kink.selu", F.selu, given(0))
case("kink.relu_of_nan", torch.relu, given(NAN))
case("kink.clamp", lambda x: x.clamp(-1, 1), given(-1, 1))
case("kink.clamp_of_nan", lambda x: x.clamp(-1, 1), given(NAN))
case("kink.hardtanh", F.hardtanh, given(-1, 1))
case("kink.maximum", lambda x: torch.maximum(x, x.detach()), given(2))
case("kink.maximum_second", lambda x: torch.maximum(x.detach(), x), given(2))
case("kink.minimum", lambda x: torch.minimum(x, x.detach()), given(2))
case("kink.minimum_second", lambda x: torch.minimum(x.detach(), x), given(2))
case("kink.amax", torch.amax, given(1, 3, 3, 2))
case("kink.amin", torch.amin, given(1, 1, 3, 2))
case("kink.max_along_axis", lambda x: x.max(0).values, given(1, 3, 3, 2))
case("kink.min_along_axis", lambda x: x.min(0).values, given(1, 1, 3, 2))
case("kink.max_of_all", torch.max, given(1, 3, 3, 2))
case("kink.amax_of_nan", torch.amax, given(1, NAN, 2, NAN))
case("kink.max_pool2d", lambda x: F.max_pool2d(x.reshape(1, 1, 2, 2), 2), given(1, 3, 3, 2))
case("kink.sort", lambda x: torch.sort(x, stable=True).values[-1:], given(1, 3, 3, 2))
case("kink.norm2", torch.linalg.vector_norm, given(0, 0))
case("kink.norm_one", lambda x: torch.linalg.vector_norm(x, 1), given(0, 2))
case("kink.norm_infinite", lambda x: torch.linalg.vector_norm(x, INF), given(-3, 1, 3))
case("kink.norm_infinite_at_zero", lambda x: torch.linalg.vector_norm(x, INF), given(0, 0))
case("kink.var", torch.var, given(2, 2))
case("kink.std", torch.std, given(2, 2))
case("kink.sqrt", torch.sqrt, given(0))
case("kink.pow_base", lambda x: x**torch.tensor([0.0, 1.0, 2.0]), given(0, 0, 0))
case("kink.pow_exponent", lambda x: torch.zeros(2)**x, given(0, 2))
case("kink.pow_exponent_of_negative", lambda x: torch.full((1,), -2.0)**x, given(3))
case("kink.pow_scalar", lambda x: x**0, given(0))
case("kink.pow_scalar_half", lambda x: x**0.5, given(0))
case("kink.rsqrt", torch.rsqrt, given(0))
case("kink.log", torch.log, given(0))
case("kink.atan2", lambda x: torch.atan2(x, torch.zeros(1)), given(0))
case("kink.logsumexp", lambda x: x.logsumexp(0), given(-INF, -INF))
case("kink.logsumexp_infinite", lambda x: x.logsumexp(0), given(INF, 0))
case("kink.huber", lambda x: F.huber_loss(x, torch.zeros(3), reduction="sum"), given(-1, 0, 1))
case("kink.bce_with_logits", lambda x: F.binary_cross_entropy_with_logits(x, torch.zeros(1)), given(0))
case("kink.kl_div", lambda p: F.kl_div(torch.full((1,), -1.0), p, reduction="sum"), given(0))
case("kink.prod", torch.prod, given(0, 0, 2))
case("kink.asin", torch.asin, given(1))
case("kink.softplus_above_20", F.softplus, given(21))
case("kink.abs_of_nan", torch.abs, given(NAN))
case("kink.elu_of_nan", F.elu, given(NAN))
case("kink.selu_of_nan", F.selu, given(NAN))
case("kink.maximum_with_nan", lambda x: torch.maximum(x, torch.full((1,), NAN)), given(2))
case("kink.minimum_with_nan", lambda x: torch.minimum(x, torch.full((1,), NAN)), given(2))
case("kink.gelu_at_infinity", F.gelu, given(INF))
case("kink.gelu_tanh_at_infinity", lambda x: F.gelu(x, approximate="tanh"), given(INF))
case("kink.silu_at_infinity", F.silu, given(INF))
