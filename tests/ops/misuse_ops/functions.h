/* Misuse of mathematical functions; included by misuse_ops.c. */

static void misuse_fma(void)
{
    REFUSED("fma", wg_fma(bad, fx.y, fx.y));
    REFUSED("fma", wg_fma(fx.y, bad, fx.y));
    REFUSED("fma", wg_fma(fx.y, fx.y, bad));
    assert_null_and_error(wg_fma(fx.y, fx.odd, fx.scalar), WG_E_SHAPE, SHAPES_DIFFER);
    assert_null_and_error(wg_fma(fx.y, fx.vector, fx.odd), WG_E_SHAPE, "f32 [2, 3] x f32 [3] x f32 [5, 7]");
    assert_null_and_error(wg_fma(fx.y, fx.wide, fx.y), WG_E_DTYPE, DTYPES_DIFFER);
    assert_null_and_error(wg_fma(fx.labels, fx.labels, fx.labels), WG_E_DTYPE, "fma: ");
}

static void misuse_lerp(void)
{
    REFUSED("lerp", wg_lerp(bad, fx.y, fx.y));
    REFUSED("lerp", wg_lerp(fx.y, bad, fx.y));
    REFUSED("lerp", wg_lerp(fx.y, fx.y, bad));
    assert_null_and_error(wg_lerp(fx.y, fx.odd, fx.scalar), WG_E_SHAPE, SHAPES_DIFFER);
    assert_null_and_error(wg_lerp(fx.y, fx.y, fx.odd), WG_E_SHAPE, "f32 [2, 3] x f32 [2, 3] x f32 [5, 7]");
    assert_null_and_error(wg_lerp(fx.y, fx.wide, fx.y), WG_E_DTYPE, DTYPES_DIFFER);
    assert_null_and_error(wg_lerp(fx.labels, fx.labels, fx.labels), WG_E_DTYPE, "lerp: ");
}

static void misuse_pow_scalar(void)
{
    REFUSED("pow_scalar", wg_pow_scalar(bad, 2));
    assert_null_and_error(wg_pow_scalar(fx.labels, 2), WG_E_DTYPE, "pow_scalar: expected f32 or f64: i64 [2]");
    assert_true(isnan(element(made(wg_pow_scalar(fx.y, (double)NAN)), 0))); /* not an error: gives NaN */
}

static void misuse_polygamma(void)
{
    REFUSED("polygamma", wg_polygamma(1, bad));
    assert_null_and_error(wg_polygamma(-1, fx.x), WG_E_ARGUMENT, "polygamma: n is -1, not one of 0 to 20");
    assert_null_and_error(wg_polygamma(21, fx.x), WG_E_ARGUMENT, "polygamma: n is 21, not one of 0 to 20");
    assert_null_and_error(wg_polygamma(1, fx.labels), WG_E_DTYPE, "polygamma: expected f32 or f64: i64 [2]");
    wg_tensor *leaf = made(wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(1), 1.5), true));
    wg_tensor *last = made(wg_polygamma(20, leaf));
    assert_null(wg_grad(last, leaf));
    expect_error(WG_E_NO_GRAD, "polygamma: n = 20 is the last");
}
