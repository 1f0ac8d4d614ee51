/* How exact scalar functions are in f32: over float bit patterns against a reference in f64, the error in units of the last place of
   the reference. Every 1009th pattern and some special ones; with WENGERT_LONG all 2^32. With arguments only the functions that they
   name. Every op that ops.def has as WG_UNARY must stand in the table. */
#include <float.h>
#include <stdio.h>

#include "common.h"
#include "wengert/runtime.h"

/* ---- references, in f64 ---- */

static double reciprocal(double x)
{
    return 1 / x;
}
static double rsqrt(double x)
{
    return 1 / sqrt(x);
}
static double square(double x)
{
    return x * x;
}
static double identity(double x)
{
    return x;
}
static double negative(double x)
{
    return -x;
}
static double sign(double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : x;
}
static double relu(double x)
{
    return x <= 0 ? 0 : x;
}
static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}
static double log_sigmoid(double x)
{
    return x < 0 ? x - log1p(exp(x)) : -log1p(exp(-x));
}
static double softplus(double x)
{
    return -log_sigmoid(-x);
}
static double silu(double x)
{
    return x == -(double)INFINITY ? 0 : x / (1 + exp(-x));
}
static double gelu(double x)
{
    return x == -(double)INFINITY ? 0 : x / 2 * erfc(-x * M_SQRT1_2);
}
static double gelu_tanh(double x)
{
    const double u = M_2_SQRTPI * M_SQRT1_2 * (x + 0.044715 * x * x * x);
    return x == -(double)INFINITY ? 0 : x / (1 + exp(-2 * u));
}
static double elu(double x)
{
    return x > 0 ? x : expm1(x);
}
static double selu(double x)
{
    return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x));
}
static double leaky_relu(double x)
{
    return x > 0 ? x : 0.25 * x;
}
static double log_gamma(double x)
{
    int sign_of_gamma;
    return lgamma_r(x, &sign_of_gamma);
}
static double power_of_2_5(double x)
{
    return pow(x, 2.5);
}
static double cube(double x)
{
    return x * x * x;
}

/* Longer recurrence and more digits than the op's; Abramowitz, Stegun 6.3.5, 6.3.7, 6.3.18. */
static double digamma(double x)
{
    long double r = remainderl((long double)x, 1), z = (long double)x, sum = 0;
    if (x <= 0 && r == 0)
        return x == 0 ? -1 / x : (double)NAN;
    if (isinf(x))
        return x > 0 ? x : (double)NAN;
    if (x < 0) {
        sum = -M_PIl / tanl(M_PIl * r);
        z = 1 - z;
    }
    for (; z < 24; z += 1)
        sum -= 1 / z;
    const long double v = 1 / (z * z);
    const long double series = 1 / 12.0L -
                               v * (1 / 120.0L - v * (1 / 252.0L - v * (1 / 240.0L - v * (1 / 132.0L - v * (691 / 32760.0L)))));
    return (double)(sum + logl(z) - 0.5L / z - v * series);
}

/* ---- the table ---- */

static wg_tensor *apply_elu(wg_tensor *x)
{
    return wg_elu(x);
}
static wg_tensor *apply_leaky_relu(wg_tensor *x)
{
    return wg_leaky_relu(x, .slope = 0.25);
}
static wg_tensor *apply_power(wg_tensor *x)
{
    return wg_pow_scalar(x, 2.5);
}
static wg_tensor *apply_cube(wg_tensor *x)
{
    return wg_pow_scalar(x, 3);
}

typedef wg_tensor *function(wg_tensor *x);

/* bound: in units of the last place. 0: nothing is rounded; 0.5: one correctly rounded operation; LIBRARY: a function of the math
   library; COMPOSED: made of several. */
enum { LIBRARY = 4, COMPOSED = 6 };
static const struct row {
    const char *name;
    double (*reference)(double);
    double bound;
    function *apply; /* NULL: the op of that name */
} rows[] = {
    {"copy", identity, 0, NULL},
    {"detach", identity, 0, NULL},
    {"neg", negative, 0, NULL},
    {"abs", fabs, 0, NULL},
    {"sign", sign, 0, NULL},
    {"relu", relu, 0, NULL},
    {"floor", floor, 0, NULL},
    {"ceil", ceil, 0, NULL},
    {"round", nearbyint, 0, NULL},
    {"leaky_relu, 1/4", leaky_relu, 0.5, apply_leaky_relu},
    {"square", square, 0.5, NULL},
    {"sqrt", sqrt, 0.5, NULL},
    {"reciprocal", reciprocal, 0.5, NULL},
    {"rsqrt", rsqrt, COMPOSED, NULL},
    {"pow_scalar, 3", cube, COMPOSED, apply_cube},
    {"pow_scalar, 2.5", power_of_2_5, LIBRARY, apply_power},
    {"exp", exp, LIBRARY, NULL},
    {"expm1", expm1, LIBRARY, NULL},
    {"log", log, LIBRARY, NULL},
    {"log1p", log1p, LIBRARY, NULL},
    {"log2", log2, LIBRARY, NULL},
    {"sin", sin, LIBRARY, NULL},
    {"cos", cos, LIBRARY, NULL},
    {"tan", tan, LIBRARY, NULL},
    {"asin", asin, LIBRARY, NULL},
    {"acos", acos, LIBRARY, NULL},
    {"atan", atan, LIBRARY, NULL},
    {"sinh", sinh, LIBRARY, NULL},
    {"cosh", cosh, LIBRARY, NULL},
    {"tanh", tanh, LIBRARY, NULL},
    {"erf", erf, LIBRARY, NULL},
    {"lgamma", log_gamma, LIBRARY, NULL},
    {"digamma", digamma, COMPOSED, NULL},
    {"sigmoid", sigmoid, COMPOSED, NULL},
    {"log_sigmoid", log_sigmoid, COMPOSED, NULL},
    {"softplus", softplus, COMPOSED, NULL},
    {"silu", silu, COMPOSED, NULL},
    {"gelu", gelu, COMPOSED, NULL},
    {"gelu_tanh", gelu_tanh, COMPOSED, NULL},
    {"elu", elu, COMPOSED, apply_elu},
    {"selu", selu, COMPOSED, NULL},
};
enum { ROWS = sizeof rows / sizeof *rows };

static const struct unary {
    const char *name;
    function *apply;
} unary[] = {
#define WG_UNARY(name) {#name, wg_##name},
#define WG_BINARY(name)
#define WG_REDUCTION(name)
#define WG_OP(name, arguments)
#define WG_OP_WITH(name, operands, options)
#define WG_OP_MANY(name, arguments)
#define WG_CORE(name)
#include "wengert/ops.def"
};

static function *function_of(const struct row *row)
{
    for (size_t i = 0; i < sizeof unary / sizeof *unary && !row->apply; i++)
        if (strcmp(unary[i].name, row->name) == 0)
            return unary[i].apply;
    return row->apply;
}

static void every_unary_op_has_a_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof unary / sizeof *unary; i++) {
        bool found = false;
        for (int k = 0; k < ROWS; k++)
            found = found || strcmp(rows[k].name, unary[i].name) == 0;
        if (!found)
            fail_msg("%s has no reference here", unary[i].name);
    }
}

/* ---- the errors ---- */

/* The spacing of floats at |want|: 2^-23 of the power of two below it. */
static double last_place(double want)
{
    uint64_t bits;
    double power;
    memcpy(&bits, &want, sizeof bits);
    bits &= UINT64_C(0x7ff) << 52;
    memcpy(&power, &bits, sizeof power);
    return fmax(power, (double)FLT_MIN) * (double)FLT_EPSILON;
}

/* What lies beyond the floats counts as 2^128, so that overflow is one more rounding. Infinite where only one of the two is NaN, or
   where an infinity is due and does not come. */
static double error_of(float got, double want)
{
    const double most = 0x1p128;
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got) ? 0 : (double)INFINITY;
    if (isinf(want))
        return (double)got == want ? 0 : (double)INFINITY;
    const double g = fmax(-most, fmin((double)got, most)), w = fmax(-most, fmin(want, most));
    return fabs(g - w) / last_place(fabs(w) < most ? w : (double)FLT_MAX);
}

static void errors_are_measured(void **state)
{
    (void)state;
    assert_near(error_of(1 + FLT_EPSILON, 1), 1, 0);
    assert_near(error_of(-1, -1 + (double)FLT_EPSILON / 4), 0.5, 0);
    assert_near(error_of(0, ldexp(1, -149)), 1, 0);
    assert_near(error_of(INFINITY, (double)FLT_MAX), 1, 0);
    assert_near(error_of(INFINITY, 1e300), 0, 0);
    assert_near(error_of(NAN, (double)NAN), 0, 0);
    assert_true(isinf(error_of(NAN, 1)) && isinf(error_of(1, (double)NAN)));
    assert_true(isinf(error_of(FLT_MAX, (double)INFINITY)) && isinf(error_of(-INFINITY, (double)INFINITY)));
}

struct worst {
    double error, want;
    float x, got;
};

enum { CHUNK = 1 << 18, SPARSE = 1009 };

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void measure_chunk(const struct row *row, wg_tensor *x, struct worst *worst)
{
    static double error[CHUNK];
    const float *in = wg_data(x);
    wg_tensor *y = made(function_of(row)(x));
    const float *got = wg_data(y);
    const int threads = wg_threads();
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t i = 0; i < CHUNK; i++)
        error[i] = error_of(got[i], row->reference((double)in[i]));
    for (int64_t i = 0; i < CHUNK; i++)
        if (error[i] > worst->error)
            *worst = (struct worst){error[i], row->reference((double)in[i]), in[i], got[i]};
    wg_free(y);
}

/* Zeros, denormals, ones and their neighbours, the largest, infinities, NaN; repeated to fill the chunk. */
static void measure_special(const struct row *row, wg_tensor *x, struct worst *worst)
{
    static const uint32_t bits[] = {0,          1,          2,          0x007fffff, 0x00800000, 0x00800001, 0x3effffff, 0x3f000000,
                                    0x3f7fffff, 0x3f800000, 0x3f800001, 0x3fbb16c2, 0x3fbb16c3, 0x3fbb16c4, 0x40000000, 0x42b17217,
                                    0x42b17218, 0x42b17219, 0x7f7fffff, 0x7f800000, 0x7fc00000, 0x7f800001};
    float *in = wg_data_mut(x);
    for (int i = 0; i < CHUNK; i++) {
        const size_t at = (size_t)i % (2 * sizeof bits / sizeof *bits);
        in[i] = float_of(bits[at / 2] | (uint32_t)(at % 2) << 31);
    }
    measure_chunk(row, x, worst);
}

static void accuracy(void **state)
{
    const struct row *row = *state;
    const uint64_t step = (uint64_t)how_often(SPARSE, 1), all = UINT64_C(1) << 32;
    struct worst worst = {.error = -1};
    wg_tensor *x = made(wg_zeros(WG_F32, WG_SHAPE(CHUNK)));
    measure_special(row, x, &worst);
    for (uint64_t first = 0; first < all; first += CHUNK * step) {
        float *in = wg_data_mut(x);
        for (uint64_t i = 0; i < CHUNK; i++)
            in[i] = float_of((uint32_t)(first + i * step < all ? first + i * step : 0));
        measure_chunk(row, x, &worst);
    }
    wg_free(x);
    printf("| %-16s | %8.3f | %g | at %.9g: %.9g, not %.17g |\n", row->name, worst.error, row->bound, (double)worst.x,
           (double)worst.got, worst.want);
    if (!(worst.error <= row->bound + 1e-6)) /* references are rounded too */
        fail_msg("%s is off by %g units of the last place at %.9g: %.9g, not %.17g", row->name, worst.error, (double)worst.x,
                 (double)worst.got, worst.want);
}

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc == 1;
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[ROWS + 2] = {{.name = "every unary op has a reference", .test_func = every_unary_op_has_a_reference},
                                         {.name = "errors are measured", .test_func = errors_are_measured}};
    size_t n = 2;
    for (int i = 0; i < ROWS; i++)
        if (wanted(rows[i].name, argc, argv))
            tests[n++] = (struct CMUnitTest){
                .name = rows[i].name, .test_func = accuracy, .initial_state = (void *)(uintptr_t)&rows[i]};
    return _cmocka_run_group_tests("scalar", tests, n, NULL, NULL);
}
