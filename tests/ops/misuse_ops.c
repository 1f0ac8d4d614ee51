/* Misuse of the ops. The table is generated from ops.def, so an op without a check does not compile. */
#include "misuse.h"

#define SHAPES_DIFFER "f32 [2, 3] x f32 [5, 7]"
#define DTYPES_DIFFER "f32 [2, 3] x f64 [2, 3]"

/* ---- the families ---- */

#define WG_UNARY(op)                \
    static void misuse_##op(void)   \
    {                               \
        REFUSED(#op, wg_##op(bad)); \
    }
#define WG_BINARY(op)                                                                             \
    static void misuse_##op(void)                                                                 \
    {                                                                                             \
        REFUSED(#op, wg_##op(bad, fx.y));                                                         \
        REFUSED(#op, wg_##op(fx.y, bad));                                                         \
        assert_null_and_error(wg_##op(fx.y, fx.odd), WG_E_SHAPE, #op ": ");                       \
        assert_null(wg_##op(fx.y, fx.odd));                                                       \
        expect_error(WG_E_SHAPE, SHAPES_DIFFER);                                                  \
        assert_null(wg_##op(fx.y, fx.wide));                                                      \
        expect_error(WG_E_DTYPE, #op ": dtypes differ, and nothing is promoted: " DTYPES_DIFFER); \
        assert_null_and_error(wg_##op(fx.bytes, fx.bytes), WG_E_DTYPE, #op ": ");                 \
    }
#define MISUSE_REDUCTION(op)                                                                  \
    static void misuse_##op(void)                                                             \
    {                                                                                         \
        REFUSED(#op, wg_##op(bad));                                                           \
        REFUSED(#op, wg_##op(bad, .axis = 1));                                                \
        assert_null_and_error(wg_##op(fx.x, .axis = 2), WG_E_ARGUMENT, #op ": ");             \
        assert_null_and_error(wg_##op(fx.x, .axis = -3), WG_E_ARGUMENT, #op ": ");            \
        assert_null_and_error(wg_##op(fx.x, .axes = WG_AXES(0, 0)), WG_E_ARGUMENT, #op ": "); \
        assert_null_and_error(wg_##op(fx.x, .axes = {.count = 9}), WG_E_ARGUMENT, #op ": ");  \
        assert_null_and_error(wg_##op(fx.x, .axes = {.count = -1}), WG_E_ARGUMENT, #op ": "); \
        assert_null_and_error(wg_##op(fx.x, .axis = 0, .axes = WG_AXES(1)), WG_E_ARGUMENT,    \
                              #op ": expected .axis or .axes, got both");                     \
        assert_null_and_error(wg_##op(fx.labels), WG_E_DTYPE, #op ": ");                      \
    }
#define WG_REDUCTION(op) MISUSE_REDUCTION(op)
#define WG_OP(op, arguments)
#define WG_OP_WITH(op, operands, options)
#define WG_OP_MANY(op, arguments)
#define WG_CORE(op)
#include "wengert/ops.def"
#undef WG_UNARY
#undef WG_BINARY
#undef WG_REDUCTION
#undef WG_OP
#undef WG_OP_WITH
#undef WG_OP_MANY

MISUSE_REDUCTION(var)
MISUSE_REDUCTION(std)
MISUSE_REDUCTION(norm)

/* ---- element-wise ops and their gradients ---- */

static void misuse_add_scalar(void)
{
    REFUSED("add_scalar", wg_add_scalar(bad, 1));
    assert_null_and_error(wg_add_scalar(fx.labels, 1), WG_E_DTYPE, "add_scalar: expected f32 or f64: i64 [2]");
}

static void misuse_mul_scalar(void)
{
    REFUSED("mul_scalar", wg_mul_scalar(bad, 1));
    assert_null_and_error(wg_mul_scalar(fx.labels, 1), WG_E_DTYPE, "mul_scalar: expected f32 or f64: i64 [2]");
}

#define MISUSE_ROUTE(op)                                                                   \
    static void misuse_##op(void)                                                          \
    {                                                                                      \
        REFUSED(#op, wg_##op(bad, fx.y, fx.y, 0));                                         \
        REFUSED(#op, wg_##op(fx.y, bad, fx.y, 0));                                         \
        REFUSED(#op, wg_##op(fx.y, fx.y, bad, 1));                                         \
        assert_null_and_error(wg_##op(fx.y, fx.y, fx.y, 2), WG_E_ARGUMENT, #op ": ");      \
        assert_null_and_error(wg_##op(fx.y, fx.y, fx.y, -1), WG_E_ARGUMENT, #op ": ");     \
        assert_null_and_error(wg_##op(fx.y, fx.odd, fx.y, 0), WG_E_SHAPE, SHAPES_DIFFER);  \
        assert_null_and_error(wg_##op(fx.y, fx.wide, fx.y, 0), WG_E_DTYPE, DTYPES_DIFFER); \
    }
MISUSE_ROUTE(maximum_grad)
MISUSE_ROUTE(minimum_grad)

#define MISUSE_EXTREMUM(op)                                                          \
    static void misuse_##op(void)                                                    \
    {                                                                                \
        wg_tensor *y = made(wg_max(fx.y, .axis = 1, .keepdims = true));              \
        REFUSED(#op, wg_##op(bad, y, y));                                            \
        REFUSED(#op, wg_##op(fx.y, bad, y));                                         \
        REFUSED(#op, wg_##op(fx.y, y, bad));                                         \
        assert_null_and_error(wg_##op(fx.y, fx.odd, y), WG_E_SHAPE, SHAPES_DIFFER);  \
        assert_null_and_error(wg_##op(fx.y, fx.wide, y), WG_E_DTYPE, DTYPES_DIFFER); \
    }
MISUSE_EXTREMUM(extremum_grad)
MISUSE_EXTREMUM(extremum_pick)

/* ---- shapes ---- */

static void misuse_reshape(void)
{
    REFUSED("reshape", wg_reshape(bad, WG_SHAPE(6)));
    assert_null_and_error(wg_reshape(fx.x, WG_SHAPE(7)), WG_E_SHAPE, "reshape: [2, 3] to [7]");
    assert_null_and_error(wg_reshape(fx.x, WG_SHAPE(-1, -1)), WG_E_SHAPE, "reshape: [2, 3] to [-1, -1]");
    assert_null_and_error(wg_reshape(fx.x, WG_SHAPE(-2, -3)), WG_E_SHAPE, "reshape: negative extent in [-2, -3]");
    assert_null_and_error(wg_reshape(fx.x, WG_SHAPE(-1, 0)), WG_E_SHAPE, "reshape: ");
    assert_null_and_error(wg_reshape(fx.x, WG_SHAPE(INT64_MAX, 2)), WG_E_SHAPE, "reshape: [9223372036854775807, 2] is too large");
    assert_null_and_error(wg_reshape(fx.x, (wg_shape){.rank = 9}), WG_E_SHAPE, "reshape: rank 9 is not in 0..8");
    assert_null_and_error(wg_reshape(fx.x, (wg_shape){.rank = -1}), WG_E_SHAPE, "reshape: ");
    assert_null_and_error(wg_reshape(fx.x, WG_SHAPE((int64_t)1 << 62, 4, 6)), WG_E_SHAPE, "reshape: ");
}

static void misuse_permute(void)
{
    REFUSED("permute", wg_permute(bad, WG_AXES(1, 0)));
    assert_null_and_error(wg_permute(fx.x, WG_AXES(0)), WG_E_ARGUMENT,
                          "permute: expected an order of 2 axes for [2, 3], got one of 1");
    assert_null_and_error(wg_permute(fx.x, WG_AXES(0, 1, 2)), WG_E_ARGUMENT, "got one of 3");
    assert_null_and_error(wg_permute(fx.x, (wg_axes){.count = -1}), WG_E_ARGUMENT, "got one of -1");
    assert_null_and_error(wg_permute(fx.x, WG_AXES(0, 0)), WG_E_ARGUMENT, "permute: ");
    assert_null_and_error(wg_permute(fx.x, WG_AXES(0, 2)), WG_E_ARGUMENT, "permute: ");
}

static void misuse_transpose(void)
{
    REFUSED("transpose", wg_transpose(bad, 0, 1));
    assert_null_and_error(wg_transpose(fx.x, 0, 2), WG_E_ARGUMENT, "transpose: ");
    assert_null_and_error(wg_transpose(fx.x, -3, 0), WG_E_ARGUMENT, "transpose: ");
    assert_null_and_error(wg_transpose(fx.scalar, 0, 0), WG_E_ARGUMENT, "transpose: ");
}

static void misuse_select(void)
{
    REFUSED("select", wg_select(bad, 0, 0));
    assert_null_and_error(wg_select(fx.x, 2, 0), WG_E_ARGUMENT, "select: ");
    assert_null_and_error(wg_select(fx.scalar, 0, 0), WG_E_ARGUMENT, "select: ");
    assert_null_and_error(wg_select(fx.y, 0, 2), WG_E_ARGUMENT, "select: index 2 is not in an axis of extent 2");
    assert_null_and_error(wg_select(fx.y, 0, -3), WG_E_ARGUMENT, "select: index -3 is not in an axis of extent 2");
    assert_null_and_error(wg_select(fx.y, 1, INT64_MIN), WG_E_ARGUMENT, "select: ");
    assert_null_and_error(wg_select(fx.y, 1, INT64_MAX), WG_E_ARGUMENT, "select: ");
}

static void misuse_slice(void)
{
    REFUSED("slice", wg_slice(bad, 0, 0, 1, 1));
    assert_null_and_error(wg_slice(fx.x, 2, 0, 1, 1), WG_E_ARGUMENT, "slice: ");
    assert_null_and_error(wg_slice(fx.x, -3, 0, 1, 1), WG_E_ARGUMENT, "slice: ");
    assert_null_and_error(wg_slice(fx.x, 0, 0, 1, 0), WG_E_ARGUMENT, "slice: ");
    assert_int_equal(wg_extent(made(wg_slice(fx.x, 0, INT64_MIN, INT64_MAX, INT64_MAX)), 0), 1);
    assert_int_equal(wg_extent(made(wg_slice(fx.x, 0, INT64_MAX, INT64_MIN, INT64_MIN)), 0), 1);
}

static void misuse_slice_grad(void)
{
    REFUSED("slice_grad", wg_slice_grad(bad, 3, 0, 0, 1));
    assert_null_and_error(wg_slice_grad(fx.y, 2, 4, 0, 1), WG_E_ARGUMENT, "slice_grad: ");
    assert_null(wg_slice_grad(fx.y, 1, 0, 0, 1)); /* one row cannot come from two */
    expect_error(wg_error_first()->code, "slice_grad: ");
    assert_null(wg_slice_grad(fx.y, 3, 0, 2, 1));
    expect_error(wg_error_first()->code, "slice_grad: ");
    assert_null(wg_slice_grad(fx.y, -1, 0, 0, 1));
    expect_error(wg_error_first()->code, "slice_grad: ");
    assert_null(wg_slice_grad(fx.y, 3, 0, 0, INT64_MAX));
    expect_error(wg_error_first()->code, "slice_grad: ");
    assert_null(wg_slice_grad(fx.y, 3, 0, 0, 0));
    expect_error(wg_error_first()->code, "slice_grad: ");
}

static void misuse_broadcast_to(void)
{
    REFUSED("broadcast_to", wg_broadcast_to(bad, WG_SHAPE(4, 2, 3)));
    assert_null_and_error(wg_broadcast_to(fx.x, WG_SHAPE(2, 4)), WG_E_SHAPE, "broadcast_to: ");
    assert_null_and_error(wg_broadcast_to(fx.x, WG_SHAPE(3)), WG_E_SHAPE, "broadcast_to: ");
    assert_null_and_error(wg_broadcast_to(fx.x, WG_SHAPE(-1, 3)), WG_E_SHAPE, "broadcast_to: ");
    assert_null_and_error(wg_broadcast_to(fx.x, (wg_shape){.rank = 9}), WG_E_SHAPE, "broadcast_to: ");
    assert_null_and_error(wg_broadcast_to(fx.scalar, WG_SHAPE((int64_t)1 << 40, (int64_t)1 << 40)), WG_E_SHAPE, "broadcast_to: ");
}

static void misuse_concat(void)
{
    REFUSED("concat", wg_concat((wg_tensor *[]){bad, fx.y}, 2, 0));
    REFUSED("concat", wg_concat((wg_tensor *[]){fx.y, bad}, 2, 0));
    assert_null_and_error(wg_concat(NULL, 2, 0), WG_E_NULL, "concat: ");
    assert_null_and_error(wg_concat((wg_tensor *[]){fx.y}, 0, 0), WG_E_ARGUMENT, "concat: ");
    assert_null_and_error(wg_concat((wg_tensor *[]){fx.y, fx.y}, 2, 2), WG_E_ARGUMENT, "concat: ");
    assert_null_and_error(wg_concat((wg_tensor *[]){fx.y, fx.odd}, 2, 0), WG_E_SHAPE, SHAPES_DIFFER);
    assert_null_and_error(wg_concat((wg_tensor *[]){fx.y, fx.vector}, 2, 0), WG_E_SHAPE, "f32 [2, 3] x f32 [3]");
    assert_null_and_error(wg_concat((wg_tensor *[]){fx.y, fx.wide}, 2, 0), WG_E_DTYPE, DTYPES_DIFFER);
}

/* ---- products ---- */

static void misuse_matmul(void)
{
    REFUSED("matmul", wg_matmul(bad, fx.y));
    REFUSED("matmul", wg_matmul(fx.y, bad));
    assert_null_and_error(wg_matmul(fx.y, fx.odd), WG_E_SHAPE, SHAPES_DIFFER);
    assert_null_and_error(wg_matmul(fx.y, fx.scalar), WG_E_SHAPE, "f32 [2, 3] x f32 []");
    assert_null_and_error(wg_matmul(fx.y, fx.wide), WG_E_DTYPE, DTYPES_DIFFER);
    assert_null_and_error(wg_matmul(fx.bytes, fx.bytes), WG_E_DTYPE, "matmul: ");
}

static void misuse_addmm(void)
{
    wg_tensor *a = made(wg_ones(WG_F32, WG_SHAPE(2, 4))), *b = made(wg_ones(WG_F32, WG_SHAPE(4, 3)));
    REFUSED("addmm", wg_addmm(bad, a, b));
    REFUSED("addmm", wg_addmm(fx.y, bad, b));
    REFUSED("addmm", wg_addmm(fx.y, a, bad));
    assert_null_and_error(wg_addmm(fx.odd, a, b), WG_E_SHAPE, "f32 [5, 7] x f32 [2, 4] x f32 [4, 3]");
    assert_null_and_error(wg_addmm(fx.y, b, a), WG_E_SHAPE, "addmm: ");
    assert_null_and_error(wg_addmm(fx.y, a, fx.vector), WG_E_SHAPE, "addmm: ");
    assert_null_and_error(wg_addmm(fx.wide, a, b), WG_E_DTYPE, "addmm: ");
}

#define MISUSE_LAYER(op)                                                                                     \
    static void misuse_##op(void)                                                                            \
    {                                                                                                        \
        wg_tensor *w = made(wg_ones(WG_F32, WG_SHAPE(4, 3))), *b = made(wg_ones(WG_F32, WG_SHAPE(4)));       \
        REFUSED(#op, wg_##op(bad, w, b));                                                                    \
        REFUSED(#op, wg_##op(fx.y, bad, b));                                                                 \
        REFUSED_BUT_NONE(#op, wg_##op(fx.y, w, bad));                                                        \
        assert_null_and_error(wg_##op(fx.y, fx.odd, WG_NONE), WG_E_SHAPE, SHAPES_DIFFER);                    \
        assert_null_and_error(wg_##op(fx.y, w, fx.vector), WG_E_SHAPE, "f32 [2, 3] x f32 [4, 3] x f32 [3]"); \
        assert_null_and_error(wg_##op(fx.scalar, w, b), WG_E_SHAPE, #op ": ");                               \
        assert_null_and_error(wg_##op(fx.y, fx.vector, b), WG_E_SHAPE, #op ": ");                            \
        assert_null_and_error(wg_##op(fx.y, fx.wide, WG_NONE), WG_E_DTYPE, DTYPES_DIFFER);                   \
    }
MISUSE_LAYER(linear)
MISUSE_LAYER(linear_relu)

static void misuse_relu_bias_grad(void)
{
    wg_tensor *g = fx.x, *gb = fx.x;
    REFUSED_STATUS("relu_bias_grad", wg_relu_bias_grad(bad, fx.y, &g, &gb));
    REFUSED_STATUS("relu_bias_grad", wg_relu_bias_grad(fx.y, bad, &g, &gb));
    assert_fails(wg_relu_bias_grad(fx.y, fx.odd, &g, &gb), WG_E_SHAPE, SHAPES_DIFFER);
    assert_fails(wg_relu_bias_grad(fx.vector, fx.vector, &g, &gb), WG_E_SHAPE, "relu_bias_grad: ");
    assert_fails(wg_relu_bias_grad(fx.y, fx.wide, &g, &gb), WG_E_DTYPE, DTYPES_DIFFER);
    assert_ptr_equal(g, fx.x);
    assert_ptr_equal(gb, fx.x);
}

/* ---- softmax and losses ---- */

#define MISUSE_SOFTMAX(op)                                                             \
    static void misuse_##op(void)                                                      \
    {                                                                                  \
        REFUSED(#op, wg_##op(bad));                                                    \
        REFUSED(#op, wg_##op(bad, .axis = 0));                                         \
        assert_null_and_error(wg_##op(fx.x, .axis = 2), WG_E_ARGUMENT, #op ": ");      \
        assert_null_and_error(wg_##op(fx.x, .axis = -3), WG_E_ARGUMENT, #op ": ");     \
        assert_null_and_error(wg_##op(fx.scalar, .axis = 0), WG_E_ARGUMENT, #op ": "); \
        assert_null_and_error(wg_##op(fx.scalar), WG_E_ARGUMENT, #op ": ");            \
        assert_null_and_error(wg_##op(fx.labels), WG_E_DTYPE, #op ": ");               \
    }
MISUSE_SOFTMAX(softmax)
MISUSE_SOFTMAX(log_softmax)

#define MISUSE_SOFTMAX_GRAD(op)                                                      \
    static void misuse_##op(void)                                                    \
    {                                                                                \
        REFUSED(#op, wg_##op(bad, fx.y, 0));                                         \
        REFUSED(#op, wg_##op(fx.y, bad, 0));                                         \
        assert_null_and_error(wg_##op(fx.y, fx.y, 2), WG_E_ARGUMENT, #op ": ");      \
        assert_null_and_error(wg_##op(fx.y, fx.odd, 0), WG_E_SHAPE, SHAPES_DIFFER);  \
        assert_null_and_error(wg_##op(fx.y, fx.wide, 0), WG_E_DTYPE, DTYPES_DIFFER); \
    }
MISUSE_SOFTMAX_GRAD(softmax_grad)
MISUSE_SOFTMAX_GRAD(log_softmax_grad)

static void misuse_cross_entropy_labels(void)
{
    wg_tensor *far = made(wg_from(((const int64_t[]){0, 3}), WG_SHAPE(2))),
              *below = made(wg_from(((const int64_t[]){-1, 0}), WG_SHAPE(2)));
    REFUSED("cross_entropy_labels", wg_cross_entropy_labels(bad, fx.labels));
    REFUSED("cross_entropy_labels", wg_cross_entropy_labels(fx.x, bad));
    assert_null_and_error(wg_cross_entropy_labels(fx.x, far), WG_E_ARGUMENT, "cross_entropy_labels: ");
    assert_null_and_error(wg_cross_entropy_labels(fx.x, below), WG_E_ARGUMENT, "cross_entropy_labels: ");
    assert_null_and_error(wg_cross_entropy_labels(fx.odd, fx.labels), WG_E_SHAPE, "f32 [5, 7] x i64 [2]");
    assert_null_and_error(wg_cross_entropy_labels(fx.vector, fx.labels), WG_E_SHAPE, "f32 [3] x i64 [2]");
    assert_null_and_error(wg_cross_entropy_labels(fx.x, fx.vector), WG_E_DTYPE, "f32 [2, 3] x f32 [3]");
    assert_null_and_error(wg_cross_entropy_labels(fx.labels, fx.labels), WG_E_DTYPE, "cross_entropy_labels: ");
}

static void misuse_cross_entropy_grad(void)
{
    wg_tensor *far = made(wg_from(((const int64_t[]){0, 3}), WG_SHAPE(2)));
    REFUSED("cross_entropy_grad", wg_cross_entropy_grad(bad, fx.labels, fx.scalar));
    REFUSED("cross_entropy_grad", wg_cross_entropy_grad(fx.y, bad, fx.scalar));
    REFUSED("cross_entropy_grad", wg_cross_entropy_grad(fx.y, fx.labels, bad));
    assert_null_and_error(wg_cross_entropy_grad(fx.y, far, fx.scalar), WG_E_ARGUMENT, "cross_entropy_grad: ");
    assert_null_and_error(wg_cross_entropy_grad(fx.y, fx.labels, fx.odd), WG_E_SHAPE, "cross_entropy_grad: ");
    assert_null_and_error(wg_cross_entropy_grad(fx.odd, fx.labels, fx.scalar), WG_E_SHAPE, "f32 [5, 7] x i64 [2]");
    assert_null_and_error(wg_cross_entropy_grad(fx.y, fx.y, fx.scalar), WG_E_DTYPE, "cross_entropy_grad: ");
}

/* ---- normalisation ---- */

#define MISUSE_BATCH_NORM(op)                                                                                    \
    static void misuse_##op(void)                                                                                \
    {                                                                                                            \
        REFUSED(#op, wg_##op(bad, .weight = fx.vector, .bias = fx.vector));                                      \
        REFUSED_BUT_NONE(#op, wg_##op(fx.y, .weight = bad, .bias = fx.vector));                                  \
        REFUSED_BUT_NONE(#op, wg_##op(fx.y, .weight = fx.vector, .bias = bad));                                  \
        assert_null_and_error(wg_##op(fx.y, .weight = fx.odd, .bias = fx.vector), WG_E_SHAPE,                    \
                              "f32 [2, 3] x f32 [5, 7] x f32 [3]");                                              \
        assert_null_and_error(wg_##op(fx.vector, .weight = fx.vector, .bias = fx.vector), WG_E_SHAPE, #op ": "); \
        assert_null_and_error(wg_##op(fx.wide, .weight = fx.vector, .bias = fx.vector), WG_E_DTYPE,              \
                              "f64 [2, 3] x f32 [3] x f32 [3]");                                                 \
        assert_null_and_error(wg_##op(fx.y, .weight = fx.vector, .eps = -1), WG_E_ARGUMENT, #op ": ");           \
        assert_null_and_error(wg_##op(fx.y, .bias = fx.vector, .eps = (double)NAN), WG_E_ARGUMENT, #op ": ");    \
    }
MISUSE_BATCH_NORM(batch_norm)
MISUSE_BATCH_NORM(batch_norm_relu)

static void misuse_batch_norm_grad(void)
{
    wg_tensor *c = fx.vector, *gx = fx.x, *ggamma = fx.x, *gbeta = fx.x;
    REFUSED_STATUS("batch_norm_grad", wg_batch_norm_grad(bad, c, c, c, fx.y, WG_NONE, &gx, &ggamma, &gbeta));
    REFUSED_STATUS_BUT_NONE("batch_norm_grad", wg_batch_norm_grad(fx.y, bad, c, c, fx.y, WG_NONE, &gx, &ggamma, &gbeta));
    REFUSED_STATUS("batch_norm_grad", wg_batch_norm_grad(fx.y, c, bad, c, fx.y, WG_NONE, &gx, &ggamma, &gbeta));
    REFUSED_STATUS("batch_norm_grad", wg_batch_norm_grad(fx.y, c, c, bad, fx.y, WG_NONE, &gx, &ggamma, &gbeta));
    REFUSED_STATUS("batch_norm_grad", wg_batch_norm_grad(fx.y, c, c, c, bad, WG_NONE, &gx, &ggamma, &gbeta));
    REFUSED_STATUS_BUT_NONE("batch_norm_grad", wg_batch_norm_grad(fx.y, c, c, c, fx.y, bad, &gx, &ggamma, &gbeta));
    assert_fails(wg_batch_norm_grad(fx.y, c, c, c, fx.odd, WG_NONE, &gx, &ggamma, &gbeta), WG_E_SHAPE, "f32 [5, 7]");
    assert_fails(wg_batch_norm_grad(fx.y, c, c, c, fx.y, fx.odd, &gx, &ggamma, &gbeta), WG_E_SHAPE, "f32 [5, 7]");
    assert_fails(wg_batch_norm_grad(fx.y, c, c, c, fx.wide, WG_NONE, &gx, &ggamma, &gbeta), WG_E_DTYPE, "f64 [2, 3]");
    assert_fails(wg_batch_norm_grad(fx.y, c, fx.scalar, c, fx.y, WG_NONE, &gx, &ggamma, &gbeta), WG_E_SHAPE, "batch_norm_grad: ");
}

static void misuse_mish(void)
{
    REFUSED("mish", wg_mish(bad));
}

static void misuse_rms_norm(void)
{
    REFUSED("rms_norm", wg_rms_norm(bad, .weight = fx.vector));
    REFUSED_BUT_NONE("rms_norm", wg_rms_norm(fx.y, .weight = bad));
    assert_null_and_error(wg_rms_norm(fx.y, .weight = fx.odd), WG_E_SHAPE, "rms_norm: expected a weight");
    assert_null_and_error(wg_rms_norm(fx.scalar), WG_E_SHAPE, "rms_norm: ");
    assert_null_and_error(wg_rms_norm(fx.y, .eps = -1), WG_E_ARGUMENT, "rms_norm: expected eps");
}

/* ---- random draws ---- */

#define MISUSE_DRAW(op, ...)                                                                                            \
    static void misuse_##op(void)                                                                                       \
    {                                                                                                                   \
        REFUSED(#op, wg_##op(bad, WG_F32, WG_SHAPE(2), __VA_ARGS__));                                                   \
        assert_null_and_error(wg_##op(fx.y, WG_F32, WG_SHAPE(2), __VA_ARGS__), WG_E_DTYPE, #op ": ");                   \
        assert_null_and_error(wg_##op(fx.labels, WG_F32, WG_SHAPE(2), __VA_ARGS__), WG_E_SHAPE, #op ": ");              \
        assert_null_and_error(wg_##op(fx.generator, (wg_dtype)77, WG_SHAPE(2), __VA_ARGS__), WG_E_DTYPE, #op ": ");     \
        assert_null_and_error(wg_##op(fx.generator, WG_F32, WG_SHAPE(-2), __VA_ARGS__), WG_E_SHAPE, #op ": ");          \
        assert_null_and_error(wg_##op(fx.generator, WG_F32, (wg_shape){.rank = 9}, __VA_ARGS__), WG_E_SHAPE, #op ": "); \
        misuse_of_numbers_##op();                                                                                       \
    }

static void misuse_of_numbers_uniform(void)
{
    assert_null_and_error(wg_uniform(fx.generator, WG_I64, WG_SHAPE(2), 0, 1), WG_E_DTYPE, "uniform: ");
    assert_null_and_error(wg_uniform(fx.generator, WG_F32, WG_SHAPE(2), 1, 0), WG_E_ARGUMENT, "uniform: ");
    assert_null_and_error(wg_uniform(fx.generator, WG_F32, WG_SHAPE(2), 0, (double)NAN), WG_E_ARGUMENT, "uniform: ");
}

static void misuse_of_numbers_normal(void)
{
    assert_null_and_error(wg_normal(fx.generator, WG_U8, WG_SHAPE(2), 0, 1), WG_E_DTYPE, "normal: ");
    assert_null_and_error(wg_normal(fx.generator, WG_F32, WG_SHAPE(2), 0, -1), WG_E_ARGUMENT, "normal: ");
    assert_null_and_error(wg_normal(fx.generator, WG_F32, WG_SHAPE(2), (double)NAN, 1), WG_E_ARGUMENT, "normal: ");
}

static void misuse_of_numbers_truncated_normal(void)
{
    const char *op = "truncated_normal: ";
    assert_null_and_error(wg_truncated_normal(fx.generator, WG_U8, WG_SHAPE(2), 0, 1, -2, 2), WG_E_DTYPE, op);
    assert_null_and_error(wg_truncated_normal(fx.generator, WG_F32, WG_SHAPE(2), 0, 0, -2, 2), WG_E_ARGUMENT, op);
    assert_null_and_error(wg_truncated_normal(fx.generator, WG_F32, WG_SHAPE(2), 0, 1, 2, 2), WG_E_ARGUMENT, op);
    assert_null_and_error(wg_truncated_normal(fx.generator, WG_F32, WG_SHAPE(2), 0, 1, -2, (double)NAN), WG_E_ARGUMENT, op);
    assert_null_and_error(wg_truncated_normal(fx.generator, WG_F32, WG_SHAPE(2), 0, 1, 50, 51), WG_E_ARGUMENT, "probability");
}

static void misuse_of_numbers_bernoulli(void)
{
    assert_null_and_error(wg_bernoulli(fx.generator, WG_F32, WG_SHAPE(2), 1.5), WG_E_ARGUMENT, "bernoulli: ");
    assert_null_and_error(wg_bernoulli(fx.generator, WG_F32, WG_SHAPE(2), -0.5), WG_E_ARGUMENT, "bernoulli: ");
    assert_null_and_error(wg_bernoulli(fx.generator, WG_F32, WG_SHAPE(2), (double)NAN), WG_E_ARGUMENT, "bernoulli: ");
}

MISUSE_DRAW(uniform, 0, 1)
MISUSE_DRAW(normal, 0, 1)
MISUSE_DRAW(truncated_normal, 0, 1, -2, 2)
MISUSE_DRAW(bernoulli, 0.5)

static void misuse_permutation(void)
{
    REFUSED("permutation", wg_permutation(bad, 5));
    assert_null_and_error(wg_permutation(fx.generator, -1), WG_E_ARGUMENT, "permutation: ");
    assert_null_and_error(wg_permutation(fx.y, 5), WG_E_DTYPE, "permutation: ");
    assert_null_and_error(wg_permutation(fx.labels, 5), WG_E_SHAPE, "permutation: ");
}

/* ---- updates ---- */

static void misuse_assign(void)
{
    REFUSED_STATUS("assign", wg_assign(bad, fx.y));
    REFUSED_STATUS("assign", wg_assign(fx.x, bad));
    assert_fails(wg_assign(fx.x, fx.odd), WG_E_SHAPE, "assign: ");
    assert_fails(wg_assign(fx.x, fx.vector), WG_E_SHAPE, "f32 [2, 3] x f32 [3]");
    assert_fails(wg_assign(fx.x, fx.wide), WG_E_DTYPE, DTYPES_DIFFER);
}

static void misuse_accumulate(void)
{
    REFUSED_STATUS("accumulate", wg_accumulate(bad, fx.y));
    REFUSED_STATUS("accumulate", wg_accumulate(fx.x, bad));
    assert_fails(wg_accumulate(fx.x, fx.odd), WG_E_SHAPE, SHAPES_DIFFER);
    assert_fails(wg_accumulate(fx.x, fx.wide), WG_E_DTYPE, DTYPES_DIFFER);
    assert_fails(wg_accumulate(made(wg_broadcast_to(fx.vector, WG_SHAPE(2, 3))), fx.y), WG_E_ARGUMENT, "accumulate: ");
}

static void misuse_ema_update(void)
{
    REFUSED_STATUS("ema_update", wg_ema_update(bad, fx.y, 0.1));
    REFUSED_STATUS("ema_update", wg_ema_update(fx.x, bad, 0.1));
    assert_fails(wg_ema_update(fx.x, fx.odd, 0.1), WG_E_SHAPE, SHAPES_DIFFER);
    assert_fails(wg_ema_update(fx.x, fx.wide, 0.1), WG_E_DTYPE, DTYPES_DIFFER);
}

static void misuse_running_variance_update(void)
{
    REFUSED_STATUS("running_variance_update", wg_running_variance_update(bad, fx.vector, 0.1, 4));
    REFUSED_STATUS("running_variance_update", wg_running_variance_update(fx.vector, bad, 0.1, 4));
    assert_fails(wg_running_variance_update(fx.vector, fx.odd, 0.1, 4), WG_E_SHAPE, "f32 [3] x f32 [5, 7]");
    assert_fails(wg_running_variance_update(fx.y, fx.wide, 0.1, 4), WG_E_DTYPE, DTYPES_DIFFER);
    assert_fails(wg_running_variance_update(fx.vector, fx.vector, 0.1, 0), WG_E_ARGUMENT, "running_variance_update: ");
}

static void misuse_increment(void)
{
    REFUSED_STATUS("increment", wg_increment(bad));
    assert_fails(wg_increment(fx.scalar), WG_E_DTYPE, "increment: ");
    assert_fails(wg_increment(fx.wide), WG_E_SHAPE, "increment: ");
}

static void misuse_sgd_update(void)
{
    wg_tensor *p = fx.x, *g = fx.y, *r = fx.rate;
    REFUSED_STATUS("sgd_update", wg_sgd_update(bad, WG_NONE, g, r, r, 0, 0, 0, false));
    REFUSED_STATUS_BUT_NONE("sgd_update", wg_sgd_update(p, bad, g, r, r, 0.9, 0, 0, false));
    REFUSED_STATUS("sgd_update", wg_sgd_update(p, WG_NONE, bad, r, r, 0, 0, 0, false));
    REFUSED_STATUS("sgd_update", wg_sgd_update(p, WG_NONE, g, bad, r, 0, 0, 0, false));
    REFUSED_STATUS("sgd_update", wg_sgd_update(p, WG_NONE, g, r, bad, 0, 0, 0, false));
    assert_fails(wg_sgd_update(p, WG_NONE, fx.odd, r, r, 0, 0, 0, false), WG_E_SHAPE, "f32 [2, 3] x none x f32 [5, 7]");
    assert_fails(wg_sgd_update(p, fx.odd, g, r, r, 0.9, 0, 0, false), WG_E_SHAPE, "f32 [2, 3] x f32 [5, 7]");
    assert_fails(wg_sgd_update(p, WG_NONE, fx.wide, r, r, 0, 0, 0, false), WG_E_DTYPE, "sgd_update: ");
    assert_fails(wg_sgd_update(p, WG_NONE, g, fx.scalar, r, 0, 0, 0, false), WG_E_DTYPE, "sgd_update: ");
    assert_fails(wg_sgd_update(p, WG_NONE, g, fx.wide, r, 0, 0, 0, false), WG_E_SHAPE, "sgd_update: ");
}

static void misuse_adam_update(void)
{
    wg_tensor *p = fx.x, *m = made(wg_zeros(WG_F32, WG_SHAPE(2, 3))), *g = fx.y, *r = fx.rate;
    REFUSED_STATUS("adam_update", wg_adam_update(bad, m, m, g, r, r, 0.9, 0.999, 1e-8, 0, false));
    REFUSED_STATUS("adam_update", wg_adam_update(p, bad, m, g, r, r, 0.9, 0.999, 1e-8, 0, false));
    REFUSED_STATUS("adam_update", wg_adam_update(p, m, bad, g, r, r, 0.9, 0.999, 1e-8, 0, false));
    REFUSED_STATUS("adam_update", wg_adam_update(p, m, m, bad, r, r, 0.9, 0.999, 1e-8, 0, false));
    REFUSED_STATUS("adam_update", wg_adam_update(p, m, m, g, bad, r, 0.9, 0.999, 1e-8, 0, false));
    REFUSED_STATUS("adam_update", wg_adam_update(p, m, m, g, r, bad, 0.9, 0.999, 1e-8, 0, false));
    assert_fails(wg_adam_update(p, fx.odd, m, g, r, r, 0.9, 0.999, 1e-8, 0, false), WG_E_SHAPE, SHAPES_DIFFER);
    assert_fails(wg_adam_update(p, m, m, fx.wide, r, r, 0.9, 0.999, 1e-8, 0, false), WG_E_DTYPE, "adam_update: ");
    assert_fails(wg_adam_update(p, m, m, g, fx.scalar, r, 0.9, 0.999, 1e-8, 0, false), WG_E_DTYPE, "adam_update: ");
}

/* Further groups, one file each. */
#include "misuse_ops/attention_losses_norms.h"
#include "misuse_ops/convolution.h"
#include "misuse_ops/elementwise.h"
#include "misuse_ops/functions.h"
#include "misuse_ops/indexing.h"
#include "misuse_ops/linear_algebra.h"
#include "misuse_ops/losses.h"
#include "misuse_ops/recurrent.h"
#include "misuse_ops/reductions.h"

static const struct misuse table[] = {
#define WG_UNARY(op) {"wg_" #op, misuse_##op},
#define WG_BINARY(op) {"wg_" #op, misuse_##op},
#define WG_REDUCTION(op) {"wg_" #op "_with", misuse_##op},
#define WG_OP(op, arguments) {"wg_" #op, misuse_##op},
#define WG_OP_WITH(op, operands, options) {"wg_" #op "_with", misuse_##op},
#define WG_OP_MANY(op, arguments) {"wg_" #op, misuse_##op},
#include "wengert/ops.def"
    {"wg_chunk", misuse_chunk},
    {"wg_split", misuse_split},
    {"wg_unbind", misuse_unbind},
};

MISUSE_MAIN(table)
