/* How exact the library's own functions are in f64: at points of all sizes, where each is neither 0 nor out of range, against the math
   library's long double, which has 11 bits to spare; the error in units of the last place of the reference. */
#include <float.h>
#include <stdio.h>

#include "common.h"

static long double sigmoid(long double x)
{
    return 1 / (1 + expl(-x));
}
static long double softplus(long double x)
{
    return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x));
}
static long double silu(long double x)
{
    return x / (1 + expl(-x));
}
static long double gelu(long double x)
{
    return x / 2 * erfcl(-x * sqrtl(0.5L));
}

#define ANGLES 0x1p20

static const struct row {
    const char *name;
    wg_tensor *(*apply)(wg_tensor *x);
    long double (*reference)(long double);
    double low, high, bound; /* of x */
} rows[] = {
    {"exp", wg_exp, expl, -745, 710, 1.1},          {"expm1", wg_expm1, expm1l, -745, 710, 2},
    {"log", wg_log, logl, 0, DBL_MAX, 1.1},         {"log1p", wg_log1p, log1pl, -1, DBL_MAX, 2},
    {"tanh", wg_tanh, tanhl, -25, 25, 3},           {"erf", wg_erf, erfl, -7, 7, 2},
    {"sigmoid", wg_sigmoid, sigmoid, -745, 745, 4}, {"softplus", wg_softplus, softplus, -745, 745, 4},
    {"silu", wg_silu, silu, -745, 745, 6},          {"gelu", wg_gelu, gelu, -38, 38, 7},
    {"sin", wg_sin, sinl, -ANGLES, ANGLES, 1},      {"cos", wg_cos, cosl, -ANGLES, ANGLES, 1},
};
enum { POINTS = 1 << 18 };

/* Half of them evenly spaced, half of them of all magnitudes. */
static double point(const struct row *row, int i)
{
    const double u = (double)((uint64_t)(i + 1) * UINT64_C(0x9E3779B97F4A7C15) >> 11) * 0x1p-53;
    const double low = fmax(row->low, -1e4), high = fmin(row->high, 1e4);
    if (row->high == ANGLES && i % 4 == 2) /* next to where sine or cosine is 0 */
        return (double)(i * M_PI_2l);
    if (i % 2 == 0)
        return low + (high - low) * u;
    const double x = ldexp(1 + u, i % 2098 - 1074);
    return i % 4 == 1 ? x : -x;
}

static double error_of(double got, long double want)
{
    int exponent;
    frexpl(want, &exponent);
    return (double)(fabsl((long double)got - want) / ldexpl(1, (exponent > -1021 ? exponent : -1021) - 53));
}

static void accuracy(void **state)
{
    const struct row *row = *state;
    wg_tensor *x = made(wg_zeros(WG_F64, WG_SHAPE(POINTS)));
    double *in = wg_data_mut(x), worst = -1, at = 0;
    for (int i = 0; i < POINTS; i++) {
        const double p = point(row, i);
        in[i] = p > row->low && p < row->high ? p : (row->low > 0 ? row->low : 0.5);
    }
    wg_tensor *y = made(row->apply(x));
    const double *got = wg_data(y);
    for (int i = 0; i < POINTS; i++) {
        const long double want = row->reference((long double)in[i]);
        if (fabsl(want) > (long double)DBL_MAX)
            continue;
        const double error = error_of(got[i], want);
        if (!(error <= worst))
            worst = error, at = in[i];
    }
    printf("| %-10s | %6.3f | %g | at %.17g |\n", row->name, worst, row->bound, at);
    if (!(worst <= row->bound))
        fail_msg("%s is off by %g units of the last place at %.17g", row->name, worst, at);
    wg_free(y), wg_free(x);
}

int main(void)
{
    struct CMUnitTest tests[sizeof rows / sizeof *rows];
    size_t n = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        tests[n++] = (struct CMUnitTest){.name = rows[i].name, .test_func = accuracy, .initial_state = (void *)(uintptr_t)&rows[i]};
    return _cmocka_run_group_tests("wide", tests, n, NULL, NULL);
}
