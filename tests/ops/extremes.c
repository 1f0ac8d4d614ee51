/* Reductions, sorting and what is built on them at the limits of arithmetic: huge, tiny and infinite numbers, NaN, zeros in a
   product, large means, many terms, ties. */
#include <float.h>

#include "elements.h"

/* ---- exponentials ---- */

static void logsumexp_is_stable(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(both); i++) {
        WG_TAPE(tape);
        const wg_dtype dtype = both[i];
        ASSERT_ELEMENTS(wg_logsumexp(LEAF(dtype, 1e4, 1e4)), 1e4 + log(2));
        ASSERT_ELEMENTS(wg_logsumexp(LEAF(dtype, -1e4, -1e4)), -1e4 + log(2));
        ASSERT_ELEMENTS(wg_logsumexp(LEAF(dtype, 1e4, -1e4, 0)), 1e4);
        ASSERT_ELEMENTS(wg_logsumexp(LEAF(dtype, 0, INF, -INF)), INF);
        ASSERT_ELEMENTS(wg_logsumexp(LEAF(dtype, 0, (double)NAN, INF)), (double)NAN);
        ASSERT_ELEMENTS(wg_logsumexp(made(wg_zeros(dtype, WG_SHAPE(2, 0))), .axis = 1), -INF, -INF);
        wg_tensor *x = LEAF(dtype, -INF, 1e4, 1e4), *g = gradient(wg_logsumexp(x), x);
        ASSERT_ELEMENTS(g, 0, 0.5, 0.5);
        assert_finite(second(g, x));
    }
}

static void logsumexp_of_minus_infinities_has_gradient_zero(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(both); i++) {
        WG_TAPE(tape);
        wg_tensor *x = LEAF(both[i], -INF, -INF, -INF), *y = wg_logsumexp(x);
        ASSERT_ELEMENTS(y, -INF);
        wg_tensor *g = gradient(y, x), *h = second(g, x);
        ASSERT_ELEMENTS(g, 0, 0, 0);
        ASSERT_ELEMENTS(h, 0, 0, 0);
        ASSERT_ELEMENTS(second(h, x), 0, 0, 0);
    }
}

static void softmax_is_stable(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(both); i++) {
        WG_TAPE(tape);
        const wg_dtype dtype = both[i];
        ASSERT_ELEMENTS(wg_softmax(LEAF(dtype, 1e4, -1e4, 1e4), .axis = 0), 0.5, 0, 0.5);
        ASSERT_ELEMENTS(wg_log_softmax(LEAF(dtype, 1e4, -1e4), .axis = 0), 0, -2e4);
        wg_tensor *x = LEAF(dtype, -INF, 0, 0);
        wg_tensor *p = wg_softmax(x, .axis = 0), *logp = wg_log_softmax(x, .axis = 0);
        ASSERT_ELEMENTS(p, 0, 0.5, 0.5);
        ASSERT_ELEMENTS(logp, -INF, log(0.5), log(0.5));
        wg_tensor *g = gradient(wg_sum(wg_slice(p, 0, 1, 2, 1)), x);
        ASSERT_ELEMENTS(g, 0, 0.25, -0.25);
        assert_finite(second(g, x));
        g = gradient(wg_sum(wg_slice(logp, 0, 1, 2, 1)), x);
        ASSERT_ELEMENTS(g, 0, 0.5, -0.5);
        assert_finite(second(g, x));
        ASSERT_ELEMENTS(wg_softmax(LEAF(dtype, INF, 0), .axis = 0), (double)NAN, (double)NAN + 0);
    }
}

/* An infinite logit gives no NaN: 0 · ∞ is never computed. */
static void bce_with_logits_is_stable(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(both); i++) {
        WG_TAPE(tape);
        wg_tensor *x = LEAF(both[i], 1e4, -1e4, 1e4, -1e4), *t = LEAF(both[i], 1, 0, 0, 1);
        wg_tensor *y = wg_bce_with_logits(x, t), *g = gradient(y, x);
        ASSERT_ELEMENTS(y, 5e3);
        ASSERT_ELEMENTS(g, 0, 0, 0.25, -0.25);
        assert_finite(second(g, x));
        ASSERT_ELEMENTS(wg_bce_with_logits(LEAF(both[i], INF), LEAF(both[i], 0)), INF);
        ASSERT_ELEMENTS(wg_bce_with_logits(LEAF(both[i], INF), LEAF(both[i], 1)), 0);
    }
}

/* ---- norms and deviations ---- */

static void norm2_at_zero_and_at_the_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(both); i++) {
        WG_TAPE(tape);
        wg_tensor *x = LEAF(both[i], 0, 0, 0), *y = wg_norm2(x), *g = gradient(y, x);
        ASSERT_ELEMENTS(y, 0);
        ASSERT_ELEMENTS(g, 0, 0, 0);
        ASSERT_ELEMENTS(second(g, x), 0, 0, 0);
        static const double scale[] = {1e30, 1e-30};
        for (size_t k = 0; k < N_OF(scale); k++) {
            x = LEAF(both[i], 3 * scale[k], -4 * scale[k]);
            y = wg_norm2(x);
            ASSERT_ELEMENTS(y, 5 * scale[k]);
            ASSERT_ELEMENTS(gradient(y, x), 0.6, -0.8);
        }
        ASSERT_ELEMENTS(wg_norm2(LEAF(both[i], INF, 1)), INF);
        ASSERT_ELEMENTS(wg_norm2(LEAF(both[i], (double)NAN, 1)), (double)NAN);
    }
}

static void norm_has_three_powers(void **state)
{
    (void)state;
    wg_tensor *x = LEAF(WG_F64, 3, -4, 0);
    {
        WG_TAPE(tape);
        ASSERT_ELEMENTS(wg_norm(x), 5);
        ASSERT_ELEMENTS(wg_norm(x, .p = 1), 7);
        ASSERT_ELEMENTS(wg_norm(x, .p = INF), 4);
        ASSERT_ELEMENTS(gradient(wg_norm(x, .p = 1), x), 1, -1, 0);
        ASSERT_ELEMENTS(gradient(wg_norm(x, .p = INF), x), 0, -1, 0);
        assert_null_and_error(wg_norm(x, .p = 3), WG_E_ARGUMENT, "norm: expected p of 1, 2 or INFINITY, got 3: f64 [3]");
        assert_null_and_error(wg_norm(x, .p = (double)NAN), WG_E_ARGUMENT, "norm: expected p of 1, 2 or INFINITY");
        assert_null_and_error(wg_norm(x, .p = -INF), WG_E_ARGUMENT, "norm: ");
        assert_null_and_error(wg_norm(made(wg_zeros(WG_F64, WG_SHAPE(0))), .p = INF), WG_E_SHAPE, "norm: ");
    }
    wg_free(x);
}

static void std_at_zero(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(both); i++) {
        WG_TAPE(tape);
        wg_tensor *x = LEAF(both[i], 0.1, 0.1, 0.1), *y = wg_std(x), *g = gradient(y, x);
        ASSERT_ELEMENTS(y, 0);
        ASSERT_ELEMENTS(g, 0, 0, 0);
        ASSERT_ELEMENTS(second(g, x), 0, 0, 0);
        ASSERT_ELEMENTS(wg_std(LEAF(both[i], 7)), (double)NAN);
        ASSERT_ELEMENTS(wg_var(LEAF(both[i], 7)), (double)NAN);
        ASSERT_ELEMENTS(wg_var(LEAF(both[i], 7), .correction = 0), 0);
    }
}

/* Numbers of mean 1e4 and deviation 0.1 in f32, against two passes in f64 over the same numbers. */
static void var_of_a_large_mean(void **state)
{
    enum { N = 100000 };
    (void)state;
    wg_tensor *generator = made(wg_generator(3, 0)), *x = made(wg_normal(generator, WG_F32, WG_SHAPE(N), 1e4, 0.1));
    const float *value = wg_data(x);
    double mean = 0, var = 0, off = 0;
    for (int i = 0; i < N; i++)
        mean += (double)value[i] / N;
    for (int i = 0; i < N; i++)
        var += ((double)value[i] - mean) * ((double)value[i] - mean) / (N - 1);
    assert_near(var, 0.01, 1e-3);
    made(wg_set_requires_grad(x, true));
    {
        WG_TAPE(tape);
        wg_tensor *y = made(wg_var(x)), *d = made(wg_std(x));
        assert_near(wg_item(y), var, 1e-6 * var);
        assert_near(wg_item(d), sqrt(var), 1e-6 * sqrt(var));
        const float *g = wg_data(gradient(y, x));
        for (int i = 0; i < N; i++)
            off = fmax(off, fabs((double)g[i] - 2 * ((double)value[i] - mean) / (N - 1)));
        assert_near(off, 0, 1e-5 * 2 * sqrt(var) / (N - 1));
    }
    wg_free(x);
    wg_free(generator);
}

static void var_around_1e30(void **state)
{
    (void)state;
    WG_TAPE(tape);
    for (size_t i = 0; i < N_OF(both); i++) {
        ASSERT_ELEMENTS(wg_var(LEAF(both[i], 1e30, 1e30, 1e30)), 0); /* their sum is rounded */
        wg_tensor *x = LEAF(both[i], 1e30, 2e30, 3e30), *y = wg_std(x);
        ASSERT_ELEMENTS(y, 1e30);
        ASSERT_ELEMENTS(wg_var(x), both[i] == WG_F32 ? INF : 1e60);
        wg_tensor *g = gradient(y, x);
        assert_near(element(g, 0), -0.5, 1e-6);
        assert_near(element(g, 1), 0, 1e-6);
        assert_near(element(g, 2), 0.5, 1e-6);
    }
}

/* ---- many terms ---- */

static void sum_of_many(void **state)
{
    const long n = how_often(10000000, 100000000);
    (void)state;
    wg_tensor *generator = made(wg_generator(5, 0)), *x = made(wg_uniform(generator, WG_F32, WG_SHAPE(n), 0, 1));
    const float *value = wg_data(x);
    double sum = 0, squares = 0;
    for (long i = 0; i < n; i++) {
        sum += (double)value[i];
        squares += (double)value[i] * (double)value[i];
    }
    wg_tensor *total = made(wg_sum(x)), *mean = made(wg_mean(x)), *length = made(wg_norm2(x)), *running = made(wg_cumsum(x, 0));
    assert_near(wg_item(total), sum, 1e-6 * sum);
    assert_near(wg_item(mean), sum / (double)n, 1e-6);
    assert_near(wg_item(length), sqrt(squares), 1e-6 * sqrt(squares));
    assert_near((double)((const float *)wg_data(running))[n - 1], sum, 1e-6 * sum);
    wg_tensor *all[] = {generator, x, total, mean, length, running};
    for (size_t i = 0; i < N_OF(all); i++)
        wg_free(all[i]);
}

/* ---- products with zeros ---- */

static void prod_with_zeros(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = LEAF(WG_F64, 2, 0, 3, 4), *y = wg_prod(x), *g = gradient(y, x);
    ASSERT_ELEMENTS(y, 0);
    ASSERT_ELEMENTS(g, 0, 24, 0, 0);
    ASSERT_ELEMENTS(gradient(wg_sum(wg_slice(g, 0, 1, 2, 1)), x), 12, 0, 8, 6);
    ASSERT_ELEMENTS(gradient(wg_sum(wg_slice(g, 0, 0, 1, 1)), x), 0, 12, 0, 0);
    x = LEAF(WG_F64, 2, 0, 0, 4, 5);
    g = gradient(wg_prod(x), x);
    ASSERT_ELEMENTS(g, 0, 0, 0, 0, 0);
    wg_tensor *h = gradient(wg_sum(wg_slice(g, 0, 1, 2, 1)), x);
    ASSERT_ELEMENTS(h, 0, 0, 40, 0, 0);
    ASSERT_ELEMENTS(gradient(wg_sum(wg_slice(h, 0, 2, 3, 1)), x), 20, 0, 0, 10, 8);
    ASSERT_ELEMENTS(wg_prod(made(wg_zeros(WG_F64, WG_SHAPE(2, 0))), .axis = 1), 1, 1);
    ASSERT_ELEMENTS(wg_prod(LEAF(WG_F32, 2, 3, 5, 7, 11, 13, 17)), 510510);
}

/* ---- sorting ---- */

static void nan_is_the_largest(void **state)
{
    (void)state;
    const double nan = (double)NAN;
    for (size_t i = 0; i < N_OF(both); i++) {
        WG_TAPE(tape);
        wg_tensor *x = LEAF(both[i], 2, nan, INF, -INF, nan, 2, -0.0, 0), *places;
        ASSERT_ELEMENTS(wg_max(x), nan);
        ASSERT_ELEMENTS(wg_min(x), nan);
        ASSERT_ELEMENTS(wg_argmax(x, .axis = 0), 1);
        ASSERT_ELEMENTS(wg_argmin(x, .keepdims = true), 1);
        ASSERT_ELEMENTS(wg_sort(x, .axis = 0, .indices = &places), -INF, -0.0, 0, 2, 2, INF, nan, nan);
        ASSERT_ELEMENTS(places, 3, 6, 7, 0, 5, 2, 1, 4);
        ASSERT_ELEMENTS(wg_sort(x, .axis = 0, .descending = true, .indices = &places), nan, nan, INF, 2, 2, -0.0, 0, -INF);
        ASSERT_ELEMENTS(places, 1, 4, 2, 0, 5, 6, 7, 3);
        ASSERT_ELEMENTS(wg_topk(x, 3, .axis = 0), nan, nan, INF);
        ASSERT_ELEMENTS(gradient(wg_max(x), x), 0, 1, 0, 0, 0, 0, 0, 0);
    }
}

static void the_first_of_equals(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = wg_reshape(LEAF(WG_F32, 1, 3, 3, 0, 0, 2), WG_SHAPE(2, 3));
    ASSERT_ELEMENTS(wg_argmax(x, .axis = 1), 1, 2);
    ASSERT_ELEMENTS(wg_argmin(x, .axis = 1), 0, 0);
    ASSERT_ELEMENTS(wg_argmax(x, .axis = 0), 0, 0, 0);
    ASSERT_ELEMENTS(wg_argmin(x, .axis = 0), 1, 1, 1);
    ASSERT_ELEMENTS(wg_argmax(x), 1);
    wg_tensor *cube = made(wg_reshape(LEAF(WG_F32, 1, 5, 9, 2, 8, 3, 4, 9), WG_SHAPE(2, 2, 2)));
    ASSERT_ELEMENTS(wg_argmax(cube, .axes = WG_AXES(0, 2)), 2, 0); /* row-major over axes 0 and 2: of 1 5 8 3, of 9 2 4 9 */
    ASSERT_ELEMENTS(wg_argmin(cube, .axes = WG_AXES(1, 2), .keepdims = true), 0, 1);
    wg_tensor *mask = made(wg_gt(cube, wg_scalar(WG_F32, 4.5)));
    ASSERT_ELEMENTS(wg_cast(wg_any(mask, .axes = WG_AXES(1, 2)), WG_F32), 1, 1);
    ASSERT_ELEMENTS(wg_cast(wg_all(mask, .axes = WG_AXES(0, 1)), WG_F32), 0, 0);
    ASSERT_ELEMENTS(wg_argmin(x), 3);
    assert_int_equal(wg_rank(wg_argmax(x, .keepdims = true)), 2);
    assert_int_equal(wg_dtype_of(wg_argmax(x, .axis = 0, .keepdims = true)), WG_I64);
}

static void any_and_all(void **state)
{
    static const uint8_t mask[6] = {0, 7, 0, 1, 2, 255};
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = made(wg_from(mask, WG_SHAPE(2, 3))), *nothing = made(wg_zeros(WG_U8, WG_SHAPE(2, 0)));
    ASSERT_ELEMENTS(wg_any(x, .axis = 1), 1, 1);
    ASSERT_ELEMENTS(wg_all(x, .axis = 1), 0, 1);
    ASSERT_ELEMENTS(wg_any(x, .axis = 0, .keepdims = true), 1, 1, 1);
    ASSERT_ELEMENTS(wg_all(x, .axis = 0, .keepdims = true), 0, 1, 0);
    ASSERT_ELEMENTS(wg_any(wg_slice(x, 1, 0, 3, 2), .axis = 1), 0, 1);
    ASSERT_ELEMENTS(wg_all(x), 0);
    ASSERT_ELEMENTS(wg_any(nothing, .axis = 1), 0, 0);
    ASSERT_ELEMENTS(wg_all(nothing, .axis = 1), 1, 1);
}

static void cumsum_both_ways(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = wg_reshape(LEAF(WG_F32, 1, 2, 3, 4, 5, 6), WG_SHAPE(2, 3));
    ASSERT_ELEMENTS(wg_cumsum(x, 1), 1, 3, 6, 4, 9, 15);
    ASSERT_ELEMENTS(wg_cumsum(x, 1, .reverse = true), 6, 5, 3, 15, 11, 6);
    ASSERT_ELEMENTS(wg_cumsum(x, 0), 1, 2, 3, 5, 7, 9);
    ASSERT_ELEMENTS(wg_cumsum(LEAF(WG_F32, 1, INF, 2), 0), 1, INF, INF);
}

/* Checks that values ascend (or descend) with NaN above all, equal ones in order of their index. Since the indices are a
   permutation, this determines the sort. */
static void assert_sorted(const double *value, const int64_t *place, int64_t n, bool falling)
{
    bool *seen = calloc((size_t)n, sizeof *seen);
    assert_non_null(seen);
    for (int64_t i = 0; i < n; i++) {
        assert_true(place[i] >= 0 && place[i] < n && !seen[place[i]]);
        seen[place[i]] = true;
        if (i == 0)
            continue;
        const double a = value[place[falling ? i : i - 1]], b = value[place[falling ? i - 1 : i]];
        const bool equal = a == b || (isnan(a) && isnan(b));
        assert_true(equal ? place[i - 1] < place[i] : a < b || isnan(b));
    }
    free(seen);
}

static void sorts_are_stable_and_topk_is_their_beginning(void **state)
{
    static const int64_t length[] = {1, 2, 30, 64, 65, 1000, 5000};
    (void)state;
    for (size_t i = 0; i < N_OF(length); i++)
        for (int way = 0; way < 8; way++) {
            const int64_t n = length[i], wanted[] = {0, 1, 3, n / 2, n};
            const bool falling = way & 1, ties = way & 2;
            WG_TAPE(tape);
            wg_tensor *x = wg_mul_scalar(numbers(both[way >> 2], WG_SHAPE(n), (uint64_t)n + 1), ties ? 9 : 1), *places, *some;
            double *value = calloc((size_t)n, sizeof *value);
            assert_non_null(value);
            for (int64_t k = 0; k < n; k++)
                value[k] = ties && k % 97 == 50 ? (double)NAN : ties ? rint(element(x, k) / 3) : element(x, k);
            x = leaf_of(both[way >> 2], value, n);
            wg_tensor *y = made(wg_sort(x, .axis = 0, .descending = falling, .indices = &places));
            assert_sorted(value, wg_data(places), n, falling);
            for (size_t k = 0; k < N_OF(wanted); k++) {
                if (wanted[k] > n)
                    continue;
                wg_tensor *first = made(wg_topk(x, wanted[k], .axis = 0, .largest = falling, .indices = &some));
                assert_same_bits(first, wg_slice(y, 0, 0, wanted[k], 1));
                assert_same_bits(some, wg_slice(places, 0, 0, wanted[k], 1));
            }
            free(value);
        }
}

/* Ascending input keeps refilling topk's buffer; descending input never does. */
static void topk_of_runs(void **state)
{
    enum { N = 3000, K = 5 };
    (void)state;
    for (int way = 0; way < 4; way++) {
        double value[N];
        WG_TAPE(tape);
        for (int i = 0; i < N; i++)
            value[i] = way & 1 ? i / 2 : (N - i) / 2;
        wg_tensor *x = leaf_of(WG_F32, value, N), *places, *some;
        wg_tensor *y = made(wg_sort(x, .axis = 0, .descending = way & 2, .indices = &places)),
                  *first = made(wg_topk(x, K, .axis = 0, .largest = way & 2, .indices = &some));
        assert_same_bits(first, wg_slice(y, 0, 0, K, 1));
        assert_same_bits(some, wg_slice(places, 0, 0, K, 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(logsumexp_is_stable),
        TEST(logsumexp_of_minus_infinities_has_gradient_zero),
        TEST(softmax_is_stable),
        TEST(bce_with_logits_is_stable),
        TEST(norm2_at_zero_and_at_the_limits),
        TEST(norm_has_three_powers),
        TEST(std_at_zero),
        TEST(var_of_a_large_mean),
        TEST(var_around_1e30),
        TEST(sum_of_many),
        TEST(prod_with_zeros),
        TEST(nan_is_the_largest),
        TEST(the_first_of_equals),
        TEST(any_and_all),
        TEST(cumsum_both_ways),
        TEST(sorts_are_stable_and_topk_is_their_beginning),
        TEST(topk_of_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
