/* Averages that move a part of the way: of a constant they stay at it, bit by bit, however small the part and however often. */
#include "common.h"

enum { N = 64, STEPS = 1000 };

/* Of either sign, of many exponents. */
static wg_tensor *constants(wg_dtype dtype)
{
    double value[N];
    for (int i = 0; i < N; i++)
        value[i] = ldexp(1 + i / 97.0, i - N / 2) * (i % 2 ? -1 : 1);
    wg_tensor *x = made(wg_from(value, WG_SHAPE(N))), *cast = made(wg_cast(x, dtype));
    wg_free(x);
    return cast;
}

static void an_average_of_a_constant_stays(void **state)
{
    const double rates[] = {0, 1e-6, 1e-3, 0.1, 0.3, 0.5, 0.7, 0.999, 1};
    (void)state;
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++)
        for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
            wg_tensor *value = constants((wg_dtype)dtype), *target = made(wg_copy(value));
            for (int step = 0; step < STEPS; step++)
                assert_ok(wg_ema_update(target, value, rates[r]));
            assert_same_bits(target, value);
            wg_free(value);
            wg_free(target);
        }
}

static void the_ends_are_exact(void **state)
{
    (void)state;
    wg_tensor *value = constants(WG_F32), *target = made(wg_full(WG_F32, WG_SHAPE(N), 3)), *before = made(wg_copy(target));
    assert_ok(wg_ema_update(target, value, 0));
    assert_same_bits(target, before);
    assert_ok(wg_ema_update(target, value, 1));
    assert_same_bits(target, value);
    wg_free(value);
    wg_free(target);
    wg_free(before);
}

static void a_running_variance_of_a_constant_stays(void **state)
{
    const double rates[] = {0, 1e-3, 0.1, 0.7, 1};
    (void)state;
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++)
        for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
            wg_tensor *signs = constants((wg_dtype)dtype), *value = made(wg_abs(signs)), *running = made(wg_copy(value));
            for (int step = 0; step < STEPS; step++)
                assert_ok(wg_running_variance_update(running, value, rates[r], 1)); /* of one element: nothing is divided */
            assert_same_bits(running, value);
            wg_free(signs);
            wg_free(value);
            wg_free(running);
        }
}

static void lerp_between_equals_stays(void **state)
{
    (void)state;
    wg_tensor *a = constants(WG_F32), *w = made(wg_full(WG_F32, WG_SCALAR, 1e-3)), *y = made(wg_lerp(a, a, w));
    assert_same_bits(y, a);
    wg_free(a);
    wg_free(w);
    wg_free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_average_of_a_constant_stays),
        TEST(the_ends_are_exact),
        TEST(a_running_variance_of_a_constant_stays),
        TEST(lerp_between_equals_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
