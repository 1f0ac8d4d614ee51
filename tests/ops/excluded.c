/* Elements excluded from a result have a gradient of exactly 0, even if they are infinite or NaN: rows of an ignored label,
   classes and targets of weight 0, keys and queries hidden by a mask, elements that dropout, where and mask_scale do not choose.
   The gradient and the second derivative are never the NaN of 0 × ∞ or 0 × NaN. */
#include "common.h"

#define INF ((double)INFINITY)
#define NOT_A_NUMBER ((double)NAN)
enum { ROWS = 3, CLASSES = 3 };

static wg_tensor *given(const double *value, wg_shape shape)
{
    return made(wg_set_requires_grad(wg_from(value, shape), true));
}

static void assert_rest_finite_and_zero_at(const wg_tensor *g, int64_t first, int64_t last)
{
    for (int64_t i = 0; i < wg_numel(g); i++) {
        const double got = element(g, i);
        if (i >= first && i < last ? got != 0 : !isfinite(got))
            fail_msg("element %d of the gradient is %g", (int)i, got);
    }
}

/* Checks that the gradient of y with respect to x is 0 for elements first … last and finite elsewhere, and so is that of the sum
   of its squares. */
static void assert_left_out(wg_tensor *y, wg_tensor *x, int64_t first, int64_t last)
{
    wg_tensor *g = made(wg_grad(y, x, .create_graph = true));
    assert_rest_finite_and_zero_at(g, first, last);
    wg_tensor *second = made(wg_grad(wg_sum(wg_square(g)), x, .unused = WG_UNUSED_ZEROS));
    assert_rest_finite_and_zero_at(second, first, last);
}

/* ---- classes ---- */

static const int64_t labels[ROWS] = {1, 7, 2};

static void each_loss(wg_tensor *x, int64_t ignore, double smoothing, wg_tensor *weight, int64_t first, int64_t last)
{
    static const wg_reduction reductions[] = {WG_REDUCTION_MEAN, WG_REDUCTION_SUM};
    for (int i = 0; i < 2; i++) {
        wg_tensor *y = made(wg_cross_entropy(x, wg_from(labels, WG_SHAPE(ROWS)), .ignore = ignore, .smoothing = smoothing,
                                             .weight = weight, .reduction = reductions[i]));
        assert_true(isfinite(wg_item(y)));
        assert_left_out(y, x, first, last);
    }
}

static void rows_of_the_ignored_label(void **state)
{
    static const double content[] = {-INF, INF, NOT_A_NUMBER};
    (void)state;
    for (int i = 0; i < 3; i++) {
        const double v = content[i], value[ROWS * CLASSES] = {1, 2, 0.5, v, v, v, 0.25, -1, 2}, w[CLASSES] = {0.5, 1, 2};
        WG_TAPE(tape);
        wg_tensor *x = given(value, WG_SHAPE(ROWS, CLASSES)), *weight = given(w, WG_SHAPE(CLASSES));
        each_loss(x, 7, 0, WG_NONE, CLASSES, 2 * CLASSES);
        each_loss(x, 7, 0.25, WG_NONE, CLASSES, 2 * CLASSES);
        each_loss(x, 7, 0, weight, CLASSES, 2 * CLASSES);
        each_loss(x, 7, 0.25, weight, CLASSES, 2 * CLASSES);
        wg_tensor *y = made(wg_nll(x, wg_from(labels, WG_SHAPE(ROWS)), .ignore = 7, .weight = weight));
        assert_true(isfinite(wg_item(y)));
        assert_left_out(y, x, CLASSES, 2 * CLASSES);
        assert_rest_finite_and_zero_at(made(wg_grad(y, weight)), 0, 1);
    }
}

/* A class of weight 0 with logit -inf does not contribute. */
static void classes_of_weight_0(void **state)
{
    static const int64_t first[ROWS] = {0, 1, 2};
    const double value[ROWS * CLASSES] = {-INF, 2, 0.5, 1, 2, 3, 0.25, -1, 2}, w[CLASSES] = {0, 1, 2};
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = given(value, WG_SHAPE(ROWS, CLASSES)), *weight = made(wg_from(w, WG_SHAPE(CLASSES)));
    wg_tensor *y = made(wg_cross_entropy(x, wg_from(first, WG_SHAPE(ROWS)), .weight = weight));
    assert_true(isfinite(wg_item(y)));
    assert_rest_finite_and_zero_at(made(wg_grad(y, x)), 0, CLASSES);
    y = made(wg_nll(x, wg_from(first, WG_SHAPE(ROWS)), .weight = weight));
    assert_true(isfinite(wg_item(y)));
    assert_rest_finite_and_zero_at(made(wg_grad(y, x)), 0, CLASSES);
}

static void infinite_logits_on_the_right_side(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = given((const double[]){INF, -INF, 1}, WG_SHAPE(3)), *t = made(wg_from(((const double[]){1, 0, 1}), WG_SHAPE(3)));
    wg_tensor *y = made(wg_bce_with_logits(x, t));
    assert_near(wg_item(y), log1p(exp(-1)) / 3, 1e-15);
    assert_rest_finite_and_zero_at(made(wg_grad(y, x)), 0, 2);
    assert_true(isinf(wg_item(made(wg_bce_with_logits(x, wg_zeros(WG_F64, WG_SHAPE(3)))))));
}

/* ---- attention ---- */

/* Three queries, the first of which has no key to attend to, by a u8 mask and by an additive one. */
static void queries_that_may_look_nowhere(void **state)
{
    static const uint8_t allowed[9] = {0, 0, 0, 1, 0, 1, 0, 1, 1};
    double added[9];
    (void)state;
    for (int i = 0; i < 9; i++)
        added[i] = allowed[i] ? 0.5 : -INF;
    for (int kind = 0; kind < 2; kind++) {
        WG_TAPE(tape);
        wg_tensor *q = leaf(WG_F64, WG_SHAPE(3, 2), 1), *k = leaf(WG_F64, WG_SHAPE(3, 2), 2), *v = leaf(WG_F64, WG_SHAPE(3, 2), 3);
        wg_tensor *mask = kind ? given(added, WG_SHAPE(3, 3)) : made(wg_from(allowed, WG_SHAPE(3, 3)));
        wg_tensor *y = made(wg_attention(q, k, v, .mask = mask)), *sum = made(wg_sum(wg_square(y)));
        assert_rest_finite_and_zero_at(y, 0, 2);
        assert_left_out(sum, q, 0, 2);
        assert_rest_finite_and_zero_at(made(wg_grad(sum, k)), 0, 0);
        assert_rest_finite_and_zero_at(made(wg_grad(sum, v)), 0, 0);
        if (kind)
            assert_rest_finite_and_zero_at(made(wg_grad(sum, mask)), 0, 3);
        assert_rest_finite_and_zero_at(made(wg_attention(q, k, v, .mask = mask, .causal = true)), 0, 2);
        const uint8_t none = 0;
        assert_rest_finite_and_zero_at(made(wg_attention(q, k, v, .mask = wg_from(&none, WG_SCALAR))), 0, 6);
    }
}

/* ---- choices ---- */

static void what_is_not_chosen(void **state)
{
    static const uint8_t mask[3] = {0, 1, 0};
    static const double content[] = {-INF, INF, NOT_A_NUMBER};
    (void)state;
    for (int i = 0; i < 3; i++) {
        WG_TAPE(tape);
        wg_tensor *x = given((const double[]){content[i], 2, 3}, WG_SHAPE(3)), *m = made(wg_from(mask, WG_SHAPE(3)));
        wg_tensor *choices[] = {wg_where(m, x, wg_scalar(WG_F64, 1)), wg_mask_scale(x, m, 2)};
        for (int k = 0; k < 2; k++)
            assert_left_out(made(wg_sum(wg_square(made(choices[k])))), x, 0, 1);
        wg_tensor *p = given((const double[]){0, 0.5, 0.5}, WG_SHAPE(3)),
                  *logq = given((const double[]){content[i], -1, -2}, WG_SHAPE(3));
        wg_tensor *divergence = made(wg_kl_div(logq, p, .reduction = WG_REDUCTION_SUM));
        assert_left_out(divergence, logq, 0, 1);
        assert_rest_finite_and_zero_at(made(wg_grad(divergence, p)), 0, 1);
    }
}

static void what_dropout_leaves_out(void **state)
{
    enum { N = 64 };
    (void)state;
    wg_tensor *generator = made(wg_generator(3, 0));
    WG_TAPE(tape);
    wg_tensor *x = made(wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(N), NOT_A_NUMBER), true));
    wg_tensor *y = made(wg_dropout(x, generator, 0.5)), *g = made(wg_grad(wg_sum(y), x));
    for (int i = 0; i < N; i++)
        assert_true(isnan(element(y, i)) ? element(g, i) == 2 : element(y, i) == 0 && element(g, i) == 0);
    wg_free(generator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_of_the_ignored_label),     TEST(classes_of_weight_0), TEST(infinite_logits_on_the_right_side),
        TEST(queries_that_may_look_nowhere), TEST(what_is_not_chosen),  TEST(what_dropout_leaves_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
