/* Running averages of a constant stay exactly equal to it, for every rate and after many updates. */
#include <float.h>

#include "common.h"

enum { N = 64, STEPS = 1000 };

/* Constants of both signs and many exponents. */
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

/* Averages of the largest finite numbers, of both signs, match the exact value in long double, and both ends bit by bit,
   although the difference of the ends overflows. */
static void huge_numbers_have_averages(void **state)
{
    (void)state;
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
        const double most = dtype == WG_F32 ? (double)FLT_MAX : DBL_MAX, digits = dtype == WG_F32 ? 3e-7 : 5e-16;
        const double ends[] = {most, -most, most / 2, -most / 3, 1e30, -1e30, 1, 0},
                     parts[] = {0, 1e-3, 0.25, 0.5, 0.625, 0.999, 1};
        for (int i = 0, k = 0; i < 8 * 8; k = (k + 1) % 7, i += k == 0) {
            WG_TAPE(tape);
            wg_tensor *a = made(wg_full((wg_dtype)dtype, WG_SHAPE(2), ends[i % 8])), *c = made(wg_copy(a));
            wg_tensor *b = made(wg_scalar((wg_dtype)dtype, ends[i / 8])), *w = made(wg_scalar((wg_dtype)dtype, parts[k]));
            const long double from = (long double)element(a, 0), to = (long double)wg_item(b), part = (long double)wg_item(w);
            const double exact = (double)(part == 1 ? to : from + part * (to - from)), y = element(made(wg_lerp(a, b, w)), 1);
            assert_ok(wg_ema_update(a, b, (double)part)); /* stride 0 and stride 1 */
            assert_ok(wg_ema_update(c, wg_full((wg_dtype)dtype, WG_SHAPE(2), wg_item(b)), (double)part));
            const double slack = part == 0 || part == 1 ? 0 : digits * fmax(fabs((double)from), fabs((double)to));
            assert_near(y, exact, slack);
            assert_near(element(a, 1), exact, slack);
            assert_near(element(c, 1), exact, slack);
        }
    }
}

/* Also for weights outside [0, 1], where b - a overflows. */
static void huge_numbers_beyond_the_ends(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *a = made(wg_scalar(WG_F64, -1e308)), *b = made(wg_scalar(WG_F64, 1e308));
    assert_near(wg_item(made(wg_lerp(a, b, made(wg_scalar(WG_F64, 1.25))))), 1.5e308, 1e293);
    assert_true(wg_item(made(wg_lerp(a, b, made(wg_scalar(WG_F64, 3))))) == (double)INFINITY);
    assert_true(wg_item(made(wg_lerp(a, b, made(wg_scalar(WG_F64, -3))))) == -(double)INFINITY);
}

static void a_running_variance_of_a_constant_stays(void **state)
{
    const double rates[] = {0, 1e-3, 0.1, 0.7, 1};
    (void)state;
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++)
        for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
            wg_tensor *signs = constants((wg_dtype)dtype), *value = made(wg_abs(signs)), *running = made(wg_copy(value));
            for (int step = 0; step < STEPS; step++)
                assert_ok(wg_running_variance_update(running, value, rates[r], 1)); /* one element: no division by m - 1 */
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

static void assert_same(double got, double want)
{
    if (!(got == want || (isnan(got) && isnan(want))))
        fail_msg("%g where %g is due", got, want);
}

/* Infinities and NaN follow the formula, from the nearer end: the values of PyTorch 1.13. */
static void what_is_not_finite_follows_the_formula(void **state)
{
    (void)state;
    const double inf = INFINITY, nan = NAN, end[][2] = {{inf, 1}, {1, inf}, {-inf, inf}, {nan, 1}, {1, nan}, {inf, inf}};
    const double want[][5] = {{nan, nan, inf, inf, nan}, {nan, inf, nan, nan, nan}, {nan, nan, nan, nan, nan},
                              {nan, nan, nan, nan, nan}, {nan, nan, nan, nan, nan}, {nan, nan, nan, nan, nan}};
    for (size_t i = 0; i < sizeof end / sizeof *end; i++)
        for (int k = 0; k < 5; k++)
            for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
                WG_TAPE(tape);
                wg_tensor *a = made(wg_scalar((wg_dtype)dtype, end[i][0])), *b = made(wg_scalar((wg_dtype)dtype, end[i][1]));
                assert_same(wg_item(made(wg_lerp(a, b, made(wg_scalar((wg_dtype)dtype, k / 4.0))))), want[i][k]);
                assert_ok(wg_ema_update(a, b, k / 4.0));
                assert_same(wg_item(a), want[i][k]);
            }
}

static void an_infinite_gradient_in_adam(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *p = made(wg_zeros(WG_F32, WG_SHAPE(2))), *m = made(wg_zeros(WG_F32, WG_SHAPE(2)));
    wg_tensor *v = made(wg_zeros(WG_F32, WG_SHAPE(2))), *lr = made(wg_scalar(WG_F64, 0.1));
    for (int step = 1; step <= 2; step++) {
        wg_tensor *g = made(wg_from(((const float[]){step == 1 ? INFINITY : 1, 1}), WG_SHAPE(2)));
        assert_ok(wg_adam_update(p, m, v, g, lr, made(wg_scalar(WG_F64, step)), 0.9, 0.999, 1e-8, 0, false));
        assert_true(isnan(element(p, 0)));
        assert_same(element(m, 0), INFINITY);
        assert_same(element(v, 0), INFINITY);
        assert_near(element(p, 1), -0.1 * step, 1e-6); /* the other elements are updated */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_average_of_a_constant_stays),
        TEST(the_ends_are_exact),
        TEST(huge_numbers_have_averages),
        TEST(huge_numbers_beyond_the_ends),
        TEST(a_running_variance_of_a_constant_stays),
        TEST(lerp_between_equals_stays),
        TEST(what_is_not_finite_follows_the_formula),
        TEST(an_infinite_gradient_in_adam),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
