/* Functions and derivatives at points where a formula written down without care gives NaN, or digits that cancelled. */
#include "common.h"

/* The first n derivatives of y by the leaf x, of one element both. A derivative that is constant does not depend on x: adding 0 x
   makes it. */
static void derivatives(wg_tensor *y, wg_tensor *x, int n, double *d)
{
    for (int i = 0; i < n; i++) {
        y = made(wg_grad(made(wg_add(y, wg_mul_scalar(x, 0))), x, .create_graph = true));
        d[i] = wg_item(y);
    }
}

static void assert_numbers(const double *got, const double *want, int n)
{
    for (int i = 0; i < n; i++)
        if (!(got[i] == want[i]))
            fail_msg("number %d is %.17g, not %.17g", i, got[i], want[i]);
}

/* ---- powers of 0 ---- */

static const struct {
    double exponent, derivative[3];
} powers_of_zero[] = {{0, {0, 0, 0}}, {1, {1, 0, 0}}, {2, {0, 2, 0}},
                      {3, {0, 0, 6}}, {4, {0, 0, 0}}, {1.5, {0, INFINITY, -INFINITY}}};

static void pow_scalar_at_zero(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        WG_TAPE(tape);
        double d[3];
        wg_tensor *x = scalar_leaf(0);
        derivatives(made(wg_pow_scalar(x, powers_of_zero[i].exponent)), x, 3, d);
        assert_numbers(d, powers_of_zero[i].derivative, 3);
        wg_free(x);
    }
}

static void pow_at_zero_by_the_base(void **state)
{
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        WG_TAPE(tape);
        double d[3];
        wg_tensor *a = scalar_leaf(0), *b = scalar_leaf(powers_of_zero[i].exponent);
        derivatives(made(wg_pow(a, b)), a, i < 5 ? 3 : 2, d);
        assert_numbers(d, powers_of_zero[i].derivative, i < 5 ? 3 : 2);
        wg_free(a);
        wg_free(b);
    }
}

/* 0 by the exponent, as often as it is differentiated, and so the mixed one where the exponent is above 1. */
static void pow_at_zero_by_the_exponent(void **state)
{
    static const double zeros[3];
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        WG_TAPE(tape);
        double d[3];
        wg_tensor *a = scalar_leaf(0), *b = scalar_leaf(powers_of_zero[i].exponent);
        wg_tensor *y = made(wg_pow(a, b));
        derivatives(y, b, 3, d);
        assert_numbers(d, zeros, 3);
        if (powers_of_zero[i].exponent > 1) {
            derivatives(made(wg_grad(y, a, .create_graph = true)), b, 1, d);
            derivatives(made(wg_grad(y, b, .create_graph = true)), a, 1, d + 1);
            assert_numbers(d, zeros, 2);
        }
        wg_free(a);
        wg_free(b);
    }
}

/* d²/da db aᵇ = aᵇ⁻¹ (1 + b ln a), which at b = 0 is 1/a. */
static void pow_with_exponent_zero(void **state)
{
    (void)state;
    WG_TAPE(tape);
    double d[3];
    wg_tensor *a = scalar_leaf(2), *b = scalar_leaf(0);
    wg_tensor *y = made(wg_pow(a, b));
    derivatives(y, a, 1, d);
    derivatives(made(wg_grad(y, a, .create_graph = true)), b, 1, d + 1);
    derivatives(made(wg_grad(y, b, .create_graph = true)), a, 1, d + 2);
    assert_numbers(d, (const double[]){0, 0.5, 0.5}, 3);
    wg_free(a);
    wg_free(b);
}

/* Integer powers of negative numbers have derivatives by the base alone. */
static void pow_below_zero(void **state)
{
    (void)state;
    WG_TAPE(tape);
    double d[3];
    wg_tensor *a = scalar_leaf(-2), *b = scalar_leaf(3);
    wg_tensor *y = made(wg_pow(a, b));
    assert_near(wg_item(y), -8, 0);
    derivatives(y, a, 3, d);
    assert_numbers(d, (const double[]){12, -12, 6}, 3);
    assert_true(isnan(wg_item(made(wg_grad(y, b)))));
    assert_true(isnan(wg_item(made(wg_pow(a, made(wg_scalar(WG_F64, 0.5)))))));
    wg_free(a);
    wg_free(b);
}

/* ---- gamma's kin ---- */

static const struct {
    int n;
    double x, value;
} polygammas[] = {
    {0, 1, -0.57721566490153286},
    {0, 0.5, -1.9635100260214235},
    {0, 0.001, -1000.5755719318103},
    {0, 3.75, 1.1825373886117962},
    {0, 1.5, 0.036489973978576521},
    {0, 1e10, 23.025850929890457},
    {0, -0.25, 2.9141391202135278},
    {0, -7.625, 0.79428494736138965},
    {0, -100.375, 5.9151765057842568},
    {1, 1, 1.6449340668482264},
    {1, 0.25, 17.197329154507111},
    {1, 7.5, 0.1426158966967038},
    {1, 1e8, 1.000000005e-8},
    {1, -0.5, 8.9348022005446793},
    {1, -3.125, 67.119717701912273},
    {2, 0.5, -16.82879664423432},
    {2, 1e-05, -2000000000000001.9},
    {2, 12, -0.0075472053689989119},
    {2, -1.75, -124.21382135423058},
    {3, 2.5, 0.22390584881725205},
    {3, -4.25, 1558.5271934026831},
    {4, 0.75, -102.80060581541747},
    {4, -0.375, 2982.318673662252},
    {7, 9, 0.00021759320453900425},
    {7, -2.5, 2580880.1741492436},
    {10, 0.5, -7431824508.858769},
    {10, 30, -7.2320510345857084e-10},
    {13, -1.25, 1.6715535177260641e+18},
    {16, 6, -1.3368346530630307},
    {20, 0.5, -5.1021653127394299e+24},
    {20, 8, -0.28883763083320128},
    {20, 1e16, -1.2164510040883212e-303},
    {20, -1.75, -1.0700016187896298e+31},
};

/* Values worked out with 40 digits. */
static void polygamma_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof polygammas / sizeof *polygammas; i++) {
        WG_TAPE(tape);
        wg_tensor *x = made(wg_full(WG_F64, WG_SCALAR, polygammas[i].x));
        const double want = polygammas[i].value, got = wg_item(made(wg_polygamma(polygammas[i].n, x)));
        if (!(fabs(got - want) <= 1e-13 * fabs(want)))
            fail_msg("polygamma(%d, %g) is %.17g, not %.17g", polygammas[i].n, polygammas[i].x, got, want);
    }
}

static double polygamma(int n, double x)
{
    WG_TAPE(tape);
    return wg_item(made(wg_polygamma(n, made(wg_full(WG_F64, WG_SCALAR, x)))));
}

/* One infinity where both sides of a pole agree, or the sign of 0 tells the side; else NaN. */
static void polygamma_at_poles(void **state)
{
    const double infinity = (double)INFINITY;
    (void)state;
    assert_true(polygamma(0, 0.) == -infinity && polygamma(0, -0.) == infinity);
    assert_true(polygamma(1, 0.) == infinity && polygamma(1, -0.) == infinity);
    assert_true(polygamma(2, 0.) == -infinity && polygamma(2, -0.) == infinity);
    assert_true(isnan(polygamma(0, -1)) && isnan(polygamma(2, -3)) && isnan(polygamma(0, -1e300)));
    assert_true(polygamma(1, -1) == infinity && polygamma(3, -20) == infinity);
    assert_true(polygamma(0, infinity) == infinity && polygamma(1, infinity) == 0 && polygamma(20, infinity) == 0);
    for (int n = 0; n <= 20; n++)
        assert_true(isnan(polygamma(n, -infinity)) && isnan(polygamma(n, (double)NAN)));
}

/* ψ(x) is 0 at 1.4616…: its digits cancel, the absolute error stays. */
static void digamma_near_its_zero(void **state)
{
    (void)state;
    assert_near(polygamma(0, 1.4616321449683623), -1.2e-16, 1e-15);
}

/* ---- slopes and ends ---- */

/* 1 - 2⁻²⁴ is the float next to 1: 1/√(1 - x²) by 1 - x² would be wrong in the first digits. */
static void asin_next_to_one(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const double x = 1 - ldexp(1, -24), slope = 1 / sqrt((1 - x) * (1 + x));
    wg_tensor *leaf = made(wg_set_requires_grad(wg_scalar(WG_F32, x), true));
    assert_near(wg_item(made(wg_grad(made(wg_asin(leaf)), leaf))), slope, 1e-6 * slope);
    assert_near(wg_item(made(wg_grad(made(wg_acos(leaf)), leaf))), -slope, 1e-6 * slope);
    wg_free(leaf);
}

static void lerp_meets_its_ends(void **state)
{
    (void)state;
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
        WG_TAPE(tape);
        wg_tensor *a = numbers((wg_dtype)dtype, WG_SHAPE(50), 1),
                  *b = made(wg_mul_scalar(numbers((wg_dtype)dtype, WG_SHAPE(50), 2), 1e6));
        assert_same_bits(made(wg_lerp(a, b, wg_scalar((wg_dtype)dtype, 0))), a);
        assert_same_bits(made(wg_lerp(a, b, wg_scalar((wg_dtype)dtype, 1))), b);
    }
}

/* (1 + h)² - 1 - 2h = h², all of which is lost where the product is rounded. */
static void fma_rounds_once(void **state)
{
    (void)state;
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
        WG_TAPE(tape);
        const double h = ldexp(1, dtype == WG_F32 ? -13 : -30);
        wg_tensor *a = wg_scalar((wg_dtype)dtype, 1 + h), *d = wg_scalar((wg_dtype)dtype, -(1 + 2 * h));
        assert_near(wg_item(made(wg_fma(a, a, d))), h * h, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pow_scalar_at_zero),     TEST(pow_at_zero_by_the_base), TEST(pow_at_zero_by_the_exponent),
        TEST(pow_with_exponent_zero), TEST(pow_below_zero),          TEST(polygamma_values),
        TEST(polygamma_at_poles),     TEST(digamma_near_its_zero),   TEST(asin_next_to_one),
        TEST(lerp_meets_its_ends),    TEST(fma_rounds_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
