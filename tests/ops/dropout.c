/* Dropout: its mask is a draw and so an effect; its gradient passes where the mask is set. */
#include "common.h"

static void the_same_state_gives_the_same_mask(void **state)
{
    (void)state;
    wg_tensor *x = numbers(WG_F32, WG_SHAPE(40, 25), 1), *a = made(wg_generator(3, 0)), *b = made(wg_generator(3, 0));
    wg_tensor *transposed = made(wg_permute(x, WG_AXES(1, 0))), *first = made(wg_dropout(x, a, 0.5));
    wg_tensor *again = made(wg_dropout(x, b, 0.5)), *next = made(wg_dropout(x, a, 0.5));
    assert_same_bits(first, again);
    assert_int_equal(element(a, 2) - element(b, 2), 250); /* four elements per block */
    int differ = 0;
    for (int i = 0; i < 1000; i++)
        differ += element(first, i) != element(next, i);
    assert_in_range(differ, 400, 600);
    /* an element's random word depends on its row-major index, for every memory layout of the operand */
    wg_tensor *row_major = made(wg_copy(transposed)), *p = made(wg_dropout(transposed, b, 0.5));
    assert_ok(wg_write(b, ((const int64_t[]){3, 0, 250, 0})));
    wg_tensor *q = made(wg_dropout(row_major, b, 0.5));
    assert_same_bits(p, q);
    wg_tensor *all[] = {x, a, b, transposed, first, again, next, row_major, p, q};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        wg_free(all[i]);
}

static void kept_elements_are_scaled_and_gradients_alike(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(50), 1), *generator = made(wg_generator(4, 0));
    WG_TAPE(tape);
    wg_tensor *y = made(wg_dropout(x, generator, 0.25));
    wg_tensor *g = made(wg_grad(wg_sum(wg_square(y)), x, .create_graph = true)), *gg = made(wg_grad(wg_sum(g), x));
    const double scale = 1 / (1 - 0.25);
    for (int i = 0; i < 50; i++) {
        const bool kept = element(y, i) != 0;
        assert_near(element(y, i), kept ? element(x, i) * scale : 0, 0);
        assert_near(element(g, i), kept ? 2 * element(y, i) * scale : 0, 1e-15);
        assert_near(element(gg, i), kept ? 2 * scale * scale : 0, 1e-15);
    }
    wg_free(x);
    wg_free(generator);
}

static void nothing_is_dropped_with_probability_0(void **state)
{
    (void)state;
    wg_tensor *x = numbers(WG_F32, WG_SHAPE(7, 11), 1), *generator = made(wg_generator(5, 0)),
              *y = made(wg_dropout(x, generator, 0));
    assert_same_bits(x, y);
    wg_free(x);
    wg_free(y);
    wg_free(generator);
}

/* Zeros, infinities and NaN that are dropped become 0. */
static void what_is_dropped_is_0_whatever_it_was(void **state)
{
    (void)state;
    wg_tensor *x = made(wg_full(WG_F32, WG_SHAPE(100), (double)NAN)), *generator = made(wg_generator(6, 0));
    wg_tensor *y = made(wg_dropout(x, generator, 0.5));
    int zeros = 0;
    for (int i = 0; i < 100; i++)
        zeros += element(y, i) == 0;
    assert_in_range(zeros, 30, 70);
    wg_free(x);
    wg_free(y);
    wg_free(generator);
}

/* Within five standard deviations for a million draws. */
static void as_many_are_kept_as_expected(void **state)
{
    (void)state;
    enum { N = 1000000 };
    const double p[] = {0.1, 0.5, 0.9};
    wg_tensor *generator = made(wg_generator(7, 0));
    for (int k = 0; k < 3; k++) {
        WG_TAPE(tape);
        wg_tensor *y = made(wg_dropout(wg_ones(WG_F32, WG_SHAPE(N)), generator, p[k]));
        const float *value = wg_data(y);
        long kept = 0;
        for (long i = 0; i < N; i++)
            kept += value[i] != 0;
        assert_near((double)kept / N, 1 - p[k], 5 * sqrt(p[k] * (1 - p[k]) / N));
        assert_near(wg_item(wg_mean(y)), 1, 5 * sqrt(p[k] / (1 - p[k]) / N) + 1e-6);
    }
    wg_free(generator);
}

static wg_status step(wg_tensor *x, wg_tensor *generator, bool fail, double *loss)
{
    WG_TAPE(tape);
    wg_tensor *sum = wg_sum(wg_dropout(x, generator, 0.5));
    WG_TRY(wg_backward(sum, .retain = true));
    *loss = wg_item(sum);
    return wg_reshape(sum, fail ? WG_SHAPE(2) : WG_SCALAR) ? WG_OK : WG_E_SHAPE;
}

/* Rule 14: a failed step has no effects. */
static void a_failed_step_puts_the_generator_back(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(100), 1), *generator = made(wg_generator(8, 0)), *before = made(wg_copy(generator));
    double failed, straight;
    assert_int_not_equal(step(x, generator, true, &failed), WG_OK);
    assert_int_equal(wg_error_take(NULL), WG_E_SHAPE);
    assert_same_bits(generator, before);
    assert_null(wg_gradient(x));
    assert_ok(step(x, generator, false, &straight));
    assert_true(failed == straight);
    assert_int_equal(element(generator, 2), 25);
    wg_free(x);
    wg_free(generator);
    wg_free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_state_gives_the_same_mask),    TEST(kept_elements_are_scaled_and_gradients_alike),
        TEST(nothing_is_dropped_with_probability_0), TEST(what_is_dropped_is_0_whatever_it_was),
        TEST(as_many_are_kept_as_expected),          TEST(a_failed_step_puts_the_generator_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
