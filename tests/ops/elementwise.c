/* Activations, rounding, masks and estimators at values that random samples miss: kinks, tails, infinities, NaN. */
#include "common.h"

static const float edges[] = {-INFINITY, -3e38f, -100, -3, -1, -0.0f, 0, 1e-40f, 1, 3, 100, 3e38f, INFINITY, NAN};
enum { N_EDGES = sizeof edges / sizeof *edges };

static wg_tensor *at_edges(void)
{
    return made(wg_from(edges, WG_SHAPE(N_EDGES)));
}

static double one(wg_tensor *(*op)(wg_tensor *), double x)
{
    WG_TAPE(tape);
    return wg_item(op(wg_scalar(WG_F32, x)));
}

/* ---- values ---- */

static wg_tensor *unit_clamp(wg_tensor *x)
{
    return wg_clamp(x, -1, 1);
}

static wg_tensor *unit_hardtanh(wg_tensor *x)
{
    return wg_hardtanh(x);
}

static wg_tensor *leaky(wg_tensor *x)
{
    return wg_leaky_relu(x, .slope = 0.25);
}

static wg_tensor *unit_elu(wg_tensor *x)
{
    return wg_elu(x);
}

static wg_tensor *(*const activations[])(wg_tensor *) = {unit_clamp, unit_hardtanh, wg_relu,        leaky,   unit_elu,
                                                         wg_selu,    wg_softplus,   wg_log_sigmoid, wg_gelu, wg_gelu_tanh,
                                                         wg_silu,    wg_sigmoid,    wg_tanh};
enum { N_ACTIVATIONS = sizeof activations / sizeof *activations };

/* NaN passes through, and no finite input gives NaN, neither in the value nor in the first or second derivative. */
static void activations_pass_nan_on_and_make_none(void **state)
{
    (void)state;
    for (int k = 0; k < N_ACTIVATIONS; k++) {
        WG_TAPE(tape);
        wg_tensor *x = made(wg_set_requires_grad(at_edges(), true)), *y = made(activations[k](x));
        wg_tensor *g = made(wg_grad(wg_sum(y), x, .create_graph = true));
        wg_tensor *gg = made(wg_grad(wg_sum(g), x, .unused = WG_UNUSED_ZEROS));
        for (int i = 0; i < N_EDGES; i++) {
            assert_int_equal(isnan(element(y, i)), isnan(edges[i]));
            if (isfinite(edges[i]) && (isnan(element(g, i)) || isnan(element(gg, i))))
                fail_msg("activation %d has gradient %g, %g at %g", k, element(g, i), element(gg, i), (double)edges[i]);
        }
        wg_free(x);
    }
}

static void tails_are_the_limits(void **state)
{
    (void)state;
    wg_tensor *(*const gated[])(wg_tensor *) = {wg_gelu, wg_gelu_tanh, wg_silu};
    for (int k = 0; k < 3; k++) {
        assert_near(one(gated[k], -INFINITY), 0, 0);
        assert_near(one(gated[k], -3e38), 0, 0);
        assert_true(isinf(one(gated[k], INFINITY)));
        assert_near(one(gated[k], 100), 100, 0);
    }
    assert_near(one(wg_softplus, 100), 100, 0);
    assert_near(one(wg_softplus, -INFINITY), 0, 0);
    assert_near(one(wg_log_sigmoid, -100), -100, 0);
    assert_near(one(wg_log_sigmoid, INFINITY), 0, 0);
    assert_near(one(unit_elu, -INFINITY), -1, 0);
    assert_near(one(wg_selu, -INFINITY), -1.7580993408473766, 1e-6);
}

/* Checks to units in the last place of f32. */
static void assert_exact(wg_tensor *(*op)(wg_tensor *), double x, double want)
{
    int exponent;
    frexp(want, &exponent);
    assert_near(one(op, x), want, 6 * ldexp(1, exponent - 24));
}

/* Against values computed with 30 digits. */
static void tails_are_exact(void **state)
{
    (void)state;
    assert_exact(wg_gelu, -10, -7.6198530241605260660e-23);
    assert_exact(wg_gelu_tanh, -5, -2.2917961966295060e-07);
    assert_exact(wg_silu, -80, -1.4438811102763321e-33);
    assert_exact(wg_softplus, -80, 1.8048513878454152e-35);
    assert_exact(wg_log_sigmoid, 80, -1.8048513878454152e-35);
    assert_exact(unit_elu, -9.5367431640625e-07, -9.5367386165904367e-07);
}

static void round_takes_the_even_one_of_two(void **state)
{
    (void)state;
    const double x[] = {-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.6, 8388609}, want[] = {-2, -2, 0, 0, 2, 2, 3, 8388609};
    for (int i = 0; i < 8; i++) {
        assert_near(one(wg_round, x[i]), want[i], 0);
        assert_near(one(wg_floor, x[i]), floor(x[i]), 0);
        assert_near(one(wg_ceil, x[i]), ceil(x[i]), 0);
    }
    assert_true(isnan(one(wg_round, NAN)) && isinf(one(wg_floor, INFINITY)));
}

static void kinks_have_the_gradients_that_are_written(void **state)
{
    (void)state;
    const double at[] = {-1, 0, 1};
    wg_tensor *x = made(wg_set_requires_grad(wg_from(at, WG_SHAPE(3)), true));
    WG_TAPE(tape);
    wg_tensor *bounds = made(wg_grad(wg_sum(wg_clamp(x, -1, 1)), x)),
              *slope = made(wg_grad(wg_sum(wg_leaky_relu(x, .slope = 0.25)), x));
    wg_tensor *left = made(wg_grad(wg_sum(wg_elu(x, .alpha = 0.5, .scale = 2)), x));
    for (int i = 0; i < 3; i++)
        assert_near(element(bounds, i), 1, 0);
    assert_near(element(slope, 1), 0.25, 0);
    assert_near(element(left, 1), 1, 0);
    wg_tensor *flat = made(wg_grad(wg_sum(wg_add(wg_floor(x), wg_add(wg_ceil(x), wg_add(wg_round(x), wg_sign(x))))), x));
    for (int i = 0; i < 3; i++)
        assert_near(element(flat, i), 0, 0);
    wg_free(x);
}

static void maxout_takes_the_largest_of_neighbours(void **state)
{
    (void)state;
    const double at[] = {1, 5, 2, 4, 3, 6, 9, 7, 8, 10, 12, 11};
    WG_TAPE(tape);
    wg_tensor *x = made(wg_from(at, WG_SHAPE(2, 6))), *y = made(wg_maxout(x, 1, 3)), *columns = made(wg_maxout(x, 0, 2));
    assert_int_equal(wg_extent(y, 1), 2);
    assert_near(element(y, 0), 5, 0);
    assert_near(element(y, 1), 6, 0);
    assert_near(element(y, 2), 9, 0);
    assert_near(element(y, 3), 12, 0);
    assert_int_equal(wg_extent(columns, 0), 1);
    assert_near(element(columns, 1), 7, 0);
    assert_int_equal(wg_extent(made(wg_maxout(wg_zeros(WG_F32, WG_SHAPE(0, 4)), 1, 2)), 1), 2);
}

/* ---- masks ---- */

static void assert_mask(wg_tensor *mask, const char *want)
{
    assert_int_equal(wg_dtype_of(made(mask)), WG_U8);
    assert_int_equal(wg_numel(mask), strlen(want));
    for (int64_t i = 0; i < wg_numel(mask); i++)
        if (element(mask, i) != want[i] - '0')
            fail_msg("element %d of the mask is %g, not %c", (int)i, element(mask, i), want[i]);
}

static void comparisons_are_false_for_nan_but_for_ne(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *a = made(wg_from(((const float[]){1, 2, 3, NAN, NAN, -INFINITY}), WG_SHAPE(6)));
    wg_tensor *b = made(wg_from(((const float[]){2, 2, 2, 2, NAN, INFINITY}), WG_SHAPE(6)));
    assert_mask(wg_eq(a, b), "010000");
    assert_mask(wg_ne(a, b), "101111");
    assert_mask(wg_lt(a, b), "100001");
    assert_mask(wg_le(a, b), "110001");
    assert_mask(wg_gt(a, b), "001000");
    assert_mask(wg_ge(a, b), "011000");
    assert_mask(wg_is_nan(a), "000110");
    assert_mask(wg_is_inf(a), "000001");
    assert_mask(wg_is_finite(a), "111000");
}

static void integers_are_compared_as_integers(void **state)
{
    (void)state;
    const int64_t large = (int64_t)1 << 60;
    WG_TAPE(tape);
    wg_tensor *a = made(wg_from(((const int64_t[]){large, large + 1, -large}), WG_SHAPE(3)));
    wg_tensor *b = made(wg_from(((const int64_t[]){large + 1}), WG_SHAPE(1)));
    assert_mask(wg_eq(a, b), "010");
    assert_mask(wg_lt(a, b), "101");
    wg_tensor *bytes = made(wg_from(((const uint8_t[]){0, 2, 255}), WG_SHAPE(3))), *two = made(wg_slice(bytes, 0, 1, 2, 1));
    assert_mask(wg_gt(bytes, two), "001");
    assert_mask(wg_logical_and(bytes, two), "011");
    assert_mask(wg_logical_or(bytes, wg_logical_not(two)), "011");
    assert_mask(wg_logical_xor(bytes, two), "100");
    assert_mask(wg_logical_not(bytes), "100");
}

/* log x where x is positive, otherwise x: the branch not chosen, and its infinite derivative, have no influence. */
static void where_routes_around_what_is_not_chosen(void **state)
{
    (void)state;
    const double at[] = {-2, 0, 2};
    wg_tensor *x = made(wg_set_requires_grad(wg_from(at, WG_SHAPE(3)), true));
    WG_TAPE(tape);
    wg_tensor *mask = made(wg_gt(x, wg_scalar(WG_F64, 0))), *y = made(wg_where(mask, wg_log(x), x));
    assert_near(element(y, 0), -2, 0);
    assert_near(element(y, 2), log(2), 1e-15);
    wg_tensor *log_alone = made(wg_log(x)), *chosen = made(wg_where(mask, log_alone, x));
    wg_tensor *g = made(wg_grad(wg_sum(chosen), log_alone));
    assert_near(element(g, 0), 0, 0);
    assert_near(element(g, 1), 0, 0);
    assert_near(element(g, 2), 1, 0);
    assert_true(isnan(element(made(wg_where(wg_le(x, x), wg_scalar(WG_F64, NAN), x)), 0)));
    wg_tensor *some = made(wg_mask_scale(wg_log(x), mask, 3)); /* -inf and NaN are masked */
    assert_near(element(some, 0), 0, 0);
    assert_near(element(some, 2), 3 * log(2), 1e-15);
    wg_free(x);
}

/* ---- dtypes ---- */

static void casts_clip_and_cut_off(void **state)
{
    (void)state;
    const double at[] = {-1e300, -2.9, -0.5, 2.9, 255.9, 300, 1e300, NAN};
    const double i64[] = {-0x1p63, -2, 0, 2, 255, 300, 0x1p63, 0}, u8[] = {0, 0, 0, 2, 255, 255, 255, 0};
    WG_TAPE(tape);
    wg_tensor *x = made(wg_from(at, WG_SHAPE(8))), *integers = made(wg_cast(x, WG_I64)), *bytes = made(wg_cast(x, WG_U8));
    for (int i = 0; i < 8; i++) {
        assert_near(element(integers, i), i64[i], 0);
        assert_near(element(bytes, i), u8[i], 0);
        assert_near(element(made(wg_cast(integers, WG_U8)), i), u8[i], 0);
    }
    assert_true(isinf(element(made(wg_cast(x, WG_F32)), 0)));
    assert_int_equal(wg_dtype_of(made(wg_cast(bytes, WG_F32))), WG_F32);
    assert_near(element(made(wg_cast(bytes, WG_F32)), 3), 2, 0);
}

static void a_cast_between_floats_passes_gradients_on(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    WG_TAPE(tape);
    wg_tensor *narrow = made(wg_cast(x, WG_F32)), *y = made(wg_sum(wg_square(wg_cast(narrow, WG_F64))));
    wg_tensor *g = made(wg_grad(y, x, .create_graph = true)), *gg = made(wg_grad(wg_sum(g), x));
    assert_int_equal(wg_dtype_of(narrow), WG_F32);
    assert_int_equal(wg_dtype_of(g), WG_F64);
    for (int i = 0; i < 3; i++) {
        assert_near(element(g, i), 2 * (double)(float)element(x, i), 1e-6);
        assert_near(element(gg, i), 2, 0);
    }
    assert_fails(wg_backward(wg_sum(wg_cast(wg_cast(x, WG_I64), WG_F64))), WG_E_NO_GRAD, "backward: ");
    wg_free(x);
}

/* ---- estimators ---- */

static void straight_through_has_the_value_of_one_and_the_gradient_of_the_other(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(2, 3), 1);
    WG_TAPE(tape);
    wg_tensor *logits = made(wg_mul_scalar(x, 3)), *hard = made(wg_round(logits)), *y = made(wg_straight_through(hard, logits));
    assert_same_bits(y, hard);
    assert_ptr_equal(wg_data(y), wg_data(hard));
    wg_tensor *g = made(wg_grad(wg_sum(wg_square(y)), x, .create_graph = true)), *gg = made(wg_grad(wg_sum(g), x));
    for (int i = 0; i < 6; i++) {
        assert_near(element(g, i), 6 * element(hard, i), 0);
        assert_near(element(gg, i), 18, 0);
    }
    /* the value's own gradient is not used, even if it has one */
    wg_tensor *soft = made(wg_square(x)), *z = made(wg_straight_through(soft, wg_mul_scalar(x, 5)));
    g = made(wg_grad(wg_sum(z), x));
    assert_near(element(g, 0), 5, 0);
    assert_same_bits(z, soft);
    wg_free(x);
}

/* x minus the detached x is 0 and has x's gradient: an estimator built from it agrees with the op. */
static void a_stopped_gradient_stops(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    WG_TAPE(tape);
    wg_tensor *g = made(wg_grad(wg_sum(wg_mul(x, wg_detach(wg_exp(x)))), x));
    for (int i = 0; i < 3; i++)
        assert_near(element(g, i), exp(element(x, i)), 1e-15);
    wg_tensor *y = made(wg_add(wg_detach(wg_round(x)), wg_sub(x, wg_detach(x)))),
              *through = made(wg_straight_through(wg_round(x), x));
    assert_same_bits(made(wg_grad(wg_sum(wg_square(y)), x)), made(wg_grad(wg_sum(wg_square(through)), x)));
    assert_fails(wg_backward(wg_sum(wg_detach(x))), WG_E_NO_GRAD, "backward: ");
    wg_free(x);
}

/* Elements not chosen are selected away, not multiplied by 0, because they may be infinite. */
static void what_is_not_chosen_is_no_factor(void **state)
{
    const double slopes[] = {(double)INFINITY, -(double)INFINITY, 1e39, (double)NAN}; /* the last is used as a factor, not as a
                                                                                         slope */
    (void)state;
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++)
        for (size_t i = 0; i < sizeof slopes / sizeof *slopes; i++)
            for (int64_t n = 1; n < 40; n += 38) {
                WG_TAPE(tape);
                wg_tensor *x = made(wg_full((wg_dtype)dtype, WG_SHAPE(n), 2)), *mask = made(wg_zeros(WG_U8, WG_SHAPE(n)));
                if (!isnan(slopes[i])) {
                    assert_near(element(wg_leaky_relu(x, .slope = slopes[i]), n - 1), 2, 0);
                    assert_near(element(wg_leaky_relu_grad(x, x, slopes[i]), n - 1), 2, 0);
                }
                assert_near(element(wg_mask_scale(x, mask, slopes[i]), n - 1), 0, 0);
            }
}

/* The result has the layout of the first dense operand: activations preserve a batch-innermost layout. */
static void results_lie_as_the_first_dense_operand(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *rows = numbers(WG_F32, WG_SHAPE(3, 5), 1), *columns = wg_transpose(numbers(WG_F32, WG_SHAPE(5, 3), 2), 0, 1),
              *gaps = wg_slice(numbers(WG_F32, WG_SHAPE(3, 10), 3), 1, 0, 10, 2);
    assert_int_equal(wg_stride(made(wg_add(rows, columns)), 0), 5);
    assert_int_equal(wg_stride(made(wg_add(columns, rows)), 0), 1);
    assert_int_equal(wg_stride(made(wg_add(gaps, columns)), 0), 1);
    assert_int_equal(wg_stride(made(wg_fma(gaps, columns, rows)), 0), 1);
    assert_int_equal(wg_stride(made(wg_add(gaps, gaps)), 0), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(activations_pass_nan_on_and_make_none),
        TEST(tails_are_the_limits),
        TEST(tails_are_exact),
        TEST(round_takes_the_even_one_of_two),
        TEST(kinks_have_the_gradients_that_are_written),
        TEST(maxout_takes_the_largest_of_neighbours),
        TEST(comparisons_are_false_for_nan_but_for_ne),
        TEST(integers_are_compared_as_integers),
        TEST(what_is_not_chosen_is_no_factor),
        TEST(results_lie_as_the_first_dense_operand),
        TEST(where_routes_around_what_is_not_chosen),
        TEST(casts_clip_and_cut_off),
        TEST(a_cast_between_floats_passes_gradients_on),
        TEST(straight_through_has_the_value_of_one_and_the_gradient_of_the_other),
        TEST(a_stopped_gradient_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
