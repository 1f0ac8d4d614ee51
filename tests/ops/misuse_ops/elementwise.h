/* Misuse of activations, masks and rounding; included by misuse_ops.c. */

#define REFUSES_LABELS(op, ...) assert_null_and_error(wg_##op(__VA_ARGS__), WG_E_DTYPE, #op ": expected f32 or f64: i64 [2]")

/* ---- clamp and similar ops ---- */

static void misuse_clamp(void)
{
    REFUSED("clamp", wg_clamp(bad, 0, 1));
    REFUSES_LABELS(clamp, fx.labels, 0, 1);
    assert_null_and_error(wg_clamp(fx.x, 1, 0), WG_E_ARGUMENT, "clamp: expected high in [1, inf], got 0");
    assert_null_and_error(wg_clamp(fx.x, (double)NAN, 0), WG_E_ARGUMENT, "clamp: expected low in [-inf, inf], got nan");
    assert_null_and_error(wg_clamp(fx.x, 0, (double)NAN), WG_E_ARGUMENT, "clamp: expected high in [0, inf], got nan");
}

static void misuse_hardtanh(void)
{
    REFUSED("hardtanh", wg_hardtanh(bad));
    assert_null_and_error(wg_hardtanh(fx.labels), WG_E_DTYPE, "hardtanh: expected f32 or f64: i64 [2]");
    assert_null_and_error(wg_hardtanh(fx.x, .low = 1, .high = -1), WG_E_ARGUMENT, "hardtanh: expected high in [1, inf], got -1");
}

/* Gradient ops of two operands, followed by valid numbers. */
#define MISUSE_GRADIENT(op, ...)                                                                          \
    static void misuse_##op(void)                                                                         \
    {                                                                                                     \
        REFUSED(#op, wg_##op(bad, fx.y, __VA_ARGS__));                                                    \
        REFUSED(#op, wg_##op(fx.y, bad, __VA_ARGS__));                                                    \
        assert_null_and_error(wg_##op(fx.y, fx.odd, __VA_ARGS__), WG_E_SHAPE, #op ": ");                  \
        assert_null_and_error(wg_##op(fx.odd, fx.y, __VA_ARGS__), WG_E_SHAPE, "f32 [5, 7] x f32 [2, 3]"); \
        assert_null_and_error(wg_##op(fx.y, fx.wide, __VA_ARGS__), WG_E_DTYPE, DTYPES_DIFFER);            \
        assert_null_and_error(wg_##op(fx.bytes, fx.bytes, __VA_ARGS__), WG_E_DTYPE, #op ": ");            \
    }
MISUSE_GRADIENT(clamp_grad, 0, 1)
MISUSE_GRADIENT(leaky_relu_grad, 0.1)
MISUSE_GRADIENT(elu_grad, 1, 1)

static void misuse_leaky_relu(void)
{
    REFUSED("leaky_relu", wg_leaky_relu(bad, .slope = 0.1));
    REFUSES_LABELS(leaky_relu, fx.labels, .slope = 0.1);
}

static void misuse_elu(void)
{
    REFUSED("elu", wg_elu(bad));
    REFUSES_LABELS(elu, fx.labels, .alpha = 1, .scale = 1);
}

static void misuse_maxout(void)
{
    wg_tensor *deep = made(wg_ones(WG_F32, WG_SHAPE(1, 1, 1, 1, 1, 1, 1, 2)));
    REFUSED("maxout", wg_maxout(bad, 0, 1));
    assert_null_and_error(wg_maxout(fx.x, 2, 1), WG_E_ARGUMENT, "maxout: there is no axis 2 in [2, 3]");
    assert_null_and_error(wg_maxout(fx.x, -3, 1), WG_E_ARGUMENT, "maxout: ");
    assert_null_and_error(wg_maxout(fx.scalar, 0, 1), WG_E_ARGUMENT, "maxout: ");
    assert_null_and_error(wg_maxout(fx.x, 1, 2), WG_E_SHAPE,
                          "maxout: expected pieces of at least 1 that divide the axis: f32 [2, 3]");
    assert_null_and_error(wg_maxout(fx.x, 1, 0), WG_E_ARGUMENT, "maxout: ");
    assert_null_and_error(wg_maxout(fx.x, 1, INT64_MIN), WG_E_ARGUMENT, "maxout: ");
    assert_null_and_error(wg_maxout(deep, 7, 2), WG_E_SHAPE, "maxout: expected at most 7 axes, because the pieces take one more: ");
    assert_null_and_error(wg_maxout(fx.labels, 0, 2), WG_E_DTYPE, "maxout: ");
}

/* ---- other values, other dtypes ---- */

static void misuse_straight_through(void)
{
    REFUSED("straight_through", wg_straight_through(bad, fx.y));
    REFUSED("straight_through", wg_straight_through(fx.y, bad));
    assert_null_and_error(wg_straight_through(fx.y, fx.odd), WG_E_SHAPE, SHAPES_DIFFER);
    assert_null_and_error(wg_straight_through(fx.y, fx.vector), WG_E_SHAPE, "of one shape: f32 [2, 3] x f32 [3]");
    assert_null_and_error(wg_straight_through(fx.y, fx.wide), WG_E_DTYPE, DTYPES_DIFFER);
    assert_null_and_error(wg_straight_through(fx.labels, fx.labels), WG_E_DTYPE, "straight_through: ");
}

static void misuse_cast(void)
{
    REFUSED("cast", wg_cast(bad, WG_F64));
    assert_null_and_error(wg_cast(fx.x, (wg_dtype)77), WG_E_DTYPE, "cast: ");
    assert_null_and_error(wg_cast(fx.x, (wg_dtype)-1), WG_E_DTYPE, "cast: ");
}

/* ---- masks ---- */

#define MISUSE_COMPARISON(op)                                                                                       \
    static void misuse_##op(void)                                                                                   \
    {                                                                                                               \
        REFUSED(#op, wg_##op(bad, fx.y));                                                                           \
        REFUSED(#op, wg_##op(fx.y, bad));                                                                           \
        assert_null_and_error(wg_##op(fx.y, fx.odd), WG_E_SHAPE, #op ": ");                                         \
        assert_null_and_error(wg_##op(fx.odd, fx.y), WG_E_SHAPE, "f32 [5, 7] x f32 [2, 3]");                        \
        assert_null_and_error(wg_##op(fx.y, fx.wide), WG_E_DTYPE, DTYPES_DIFFER);                                   \
        assert_null_and_error(wg_##op(fx.bytes, fx.y), WG_E_DTYPE, #op ": dtypes differ, and nothing is promoted"); \
    }
MISUSE_COMPARISON(eq)
MISUSE_COMPARISON(ne)
MISUSE_COMPARISON(lt)
MISUSE_COMPARISON(le)
MISUSE_COMPARISON(gt)
MISUSE_COMPARISON(ge)

#define MISUSE_LOGICAL(op)                                                                                 \
    static void misuse_##op(void)                                                                          \
    {                                                                                                      \
        wg_tensor *odd = made(wg_zeros(WG_U8, WG_SHAPE(5, 7)));                                            \
        REFUSED(#op, wg_##op(bad, fx.bytes));                                                              \
        REFUSED(#op, wg_##op(fx.bytes, bad));                                                              \
        assert_null_and_error(wg_##op(fx.bytes, odd), WG_E_SHAPE, #op ": ");                               \
        assert_null_and_error(wg_##op(fx.y, fx.bytes), WG_E_DTYPE, #op ": expected u8 masks: f32 [2, 3]"); \
        assert_null_and_error(wg_##op(fx.bytes, fx.y), WG_E_DTYPE, "u8 [2, 3] x f32 [2, 3]");              \
    }
MISUSE_LOGICAL(logical_and)
MISUSE_LOGICAL(logical_or)
MISUSE_LOGICAL(logical_xor)

static void misuse_logical_not(void)
{
    REFUSED("logical_not", wg_logical_not(bad));
    assert_null_and_error(wg_logical_not(fx.y), WG_E_DTYPE, "logical_not: expected u8 masks: f32 [2, 3]");
}

#define MISUSE_CLASSIFICATION(op)      \
    static void misuse_##op(void)      \
    {                                  \
        REFUSED(#op, wg_##op(bad));    \
        REFUSES_LABELS(op, fx.labels); \
    }
MISUSE_CLASSIFICATION(is_nan)
MISUSE_CLASSIFICATION(is_inf)
MISUSE_CLASSIFICATION(is_finite)

static void misuse_where(void)
{
    wg_tensor *column = made(wg_ones(WG_U8, WG_SHAPE(4, 1)));
    REFUSED("where", wg_where(bad, fx.y, fx.y));
    REFUSED("where", wg_where(fx.bytes, bad, fx.y));
    REFUSED("where", wg_where(fx.bytes, fx.y, bad));
    assert_null_and_error(wg_where(fx.y, fx.y, fx.y), WG_E_DTYPE, "where: expected a u8 mask: f32 [2, 3]");
    assert_null_and_error(wg_where(fx.bytes, fx.bytes, fx.bytes), WG_E_DTYPE, "where: ");
    assert_null_and_error(wg_where(fx.bytes, fx.y, fx.wide), WG_E_DTYPE, DTYPES_DIFFER);
    assert_null_and_error(wg_where(fx.bytes, fx.y, fx.odd), WG_E_SHAPE, "u8 [2, 3] x f32 [2, 3] x f32 [5, 7]");
    assert_null_and_error(wg_where(column, fx.y, fx.y), WG_E_SHAPE, "where: ");
}

/* ---- dropout ---- */

static void misuse_dropout(void)
{
    REFUSED("dropout", wg_dropout(bad, fx.generator, 0.5));
    REFUSED("dropout", wg_dropout(fx.y, bad, 0.5));
    assert_null_and_error(wg_dropout(fx.y, fx.generator, 1), WG_E_ARGUMENT, "dropout: ");
    assert_null_and_error(wg_dropout(fx.y, fx.generator, -0.5), WG_E_ARGUMENT, "dropout: ");
    assert_null_and_error(wg_dropout(fx.y, fx.generator, (double)NAN), WG_E_ARGUMENT, "dropout: ");
    assert_null_and_error(wg_dropout(fx.labels, fx.generator, 0.5), WG_E_DTYPE, "i64 [2] x i64 [4]");
    assert_null_and_error(wg_dropout(fx.y, fx.y, 0.5), WG_E_DTYPE, "expected a generator, dense i64 [4], as wg_generator makes it");
    assert_null_and_error(wg_dropout(fx.y, fx.labels, 0.5), WG_E_SHAPE,
                          "expected a generator, dense i64 [4], as wg_generator makes it");
}

static void misuse_mask_scale(void)
{
    wg_tensor *column = made(wg_ones(WG_U8, WG_SHAPE(4, 1)));
    REFUSED("mask_scale", wg_mask_scale(bad, fx.bytes, 2));
    REFUSED("mask_scale", wg_mask_scale(fx.y, bad, 2));
    assert_null_and_error(wg_mask_scale(fx.y, fx.y, 2), WG_E_DTYPE, "mask_scale: expected a u8 mask: f32 [2, 3] x f32 [2, 3]");
    assert_null_and_error(wg_mask_scale(fx.labels, fx.bytes, 2), WG_E_DTYPE, "mask_scale: ");
    assert_null_and_error(wg_mask_scale(fx.y, column, 2), WG_E_SHAPE, "f32 [2, 3] x u8 [4, 1]");
}
