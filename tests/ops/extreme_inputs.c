/* Every op that squares, divides or subtracts, on extreme operands in f32 and f64: zero, denormal, tiny, huge, infinite, NaN.
   Values and first derivatives, by reverse and by forward mode, are compared with long double. An op that is in no table fails
   the test. */
#include <float.h>

#include "common.h"
#include "extreme_inputs/tables.h"

#define INF ((double)INFINITY)
#define N_OF(list) (sizeof(list) / sizeof *(list))
enum { MOST = 700 };

/* The magnitudes; each is used with both signs. */
static const double wide_f32[] = {0,   1e-45, 1e-38, 1e-30, 1e-23, 1e-19, 1e-7, 1e-3, 0.25, 0.5,  1,    2,   3,
                                  6.5, 12,    20,    60,    87,    100,   1e5,  1e10, 1e19, 1e23, 1e30, 3e38},
                    wide_f64[] = {0,   5e-324, 1e-308, 1e-200, 1e-160, 1e-100, 1e-23, 1e-7, 1e-3,  0.25,  0.5,   1,     2,      3,
                                  6.5, 12.5,   20,     60,     300,    700,    745,   1e5,  1e100, 1e150, 1e160, 1e200, 1.7e308},
                    few_f32[] = {0, 1e-45, 1e-30, 1e-23, 0.5, 1, 3, 1e19, 1e25, 3e38},
                    few_f64[] = {0, 5e-324, 1e-200, 1e-160, 0.5, 1, 3, 1e150, 1e200, 1.7e308};

/* The inputs for a dtype: the magnitudes with both signs, ∞ and NaN. */
static int inputs(wg_dtype dtype, bool few, double *to)
{
    const double *from = dtype == WG_F32 ? (few ? few_f32 : wide_f32) : few ? few_f64 : wide_f64;
    const size_t n = dtype == WG_F32 ? (few ? N_OF(few_f32) : N_OF(wide_f32)) : few ? N_OF(few_f64) : N_OF(wide_f64);
    int count = 0;
    for (size_t i = 0; i < n; i++) {
        to[count++] = dtype == WG_F32 ? (double)(float)from[i] : from[i];
        if (from[i] != 0)
            to[count++] = -(dtype == WG_F32 ? (double)(float)from[i] : from[i]);
    }
    to[count++] = INF;
    to[count++] = -INF;
    to[count++] = (double)NAN;
    return count;
}

static wg_tensor *leaf_with(wg_dtype dtype, const double *value, int n)
{
    wg_tensor *t = made(wg_zeros(dtype, WG_SHAPE(n)));
    void *data = wg_data_mut(t);
    for (int i = 0; i < n; i++)
        if (dtype == WG_F32)
            ((float *)data)[i] = (float)value[i];
        else
            ((double *)data)[i] = value[i];
    return made(wg_set_requires_grad(t, true));
}

/* ---- comparing ---- */

static int wrong;

static double rounded(wg_dtype dtype, real want)
{
    return dtype == WG_F32 ? (double)(float)want : (double)want;
}

static bool agree(wg_dtype dtype, double got, real want, enum promise promise)
{
    const double digits = dtype == WG_F32 ? 1e-5 : 1e-13, right = rounded(dtype, want);
    const double least = dtype == WG_F32 ? (promise == NORMAL ? (double)FLT_MIN : 6e-45) : promise == NORMAL ? DBL_MIN : 2e-323;
    if (isnan(want))
        return isnan(got);
    if (got == right)
        return true;
    if (isinf(right)) /* overflow by less than the promised precision */
        return fabs(got) >= (1 - digits) * (dtype == WG_F32 ? (double)FLT_MAX : DBL_MAX) && (got > 0) == (right > 0);
    return fabs(got - right) <= fmax(digits * (promise == ONE ? fmax(1, fabs(right)) : fabs(right)), least) ||
           (isinf(got) && fabs(right) >= (1 - digits) * (dtype == WG_F32 ? (double)FLT_MAX : DBL_MAX));
}

static void compare(const char *what, wg_dtype dtype, double a, double b, double got, real want, enum promise promise)
{
    if (agree(dtype, got, want, promise))
        return;
    wrong++;
    print_error("%s in %s at %g, %g: got %.9g, expected %.9g\n", what, wg_dtype_name(dtype), a, b, got, rounded(dtype, want));
}

static void assert_none_wrong(void)
{
    const int found = wrong;
    wrong = 0;
    assert_int_equal(found, 0);
}

/* The gradient of Σ y. */
static wg_tensor *gradient(wg_tensor *y, wg_tensor *x)
{
    return made(wg_grad(y, x, .grad = wg_ones(wg_dtype_of(y), wg_shape_of(y)), .unused = WG_UNUSED_ZEROS));
}

/* ---- element by element ---- */

static wg_tensor *apply_unary(size_t row, wg_tensor *t)
{
    size_t i = 0;
#define X(name, op, of_x, slope, promise) \
    if (i++ == row)                       \
        return op;
    UNARY(X)
#undef X
    return NULL;
}

static const char *unary_row(size_t row, real x, real *value, real *slope, enum promise *promised)
{
    size_t i = 0;
#define X(name, op, of_x, slope_of_x, promise_of_x) \
    if (i++ == row) {                               \
        *value = of_x;                              \
        *slope = slope_of_x;                        \
        *promised = promise_of_x;                   \
        return #name;                               \
    }
    UNARY(X)
#undef X
    return NULL;
}

static wg_tensor *unary_function(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    return apply_unary(*(const size_t *)context, x[0]);
}

static void unary_ops(void **state)
{
    (void)state;
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
        double x[MOST];
        const int n = inputs((wg_dtype)dtype, false, x);
        real value, slope;
        enum promise promise;
        for (size_t row = 0; unary_row(row, 1, &value, &slope, &promise); row++) {
            WG_TAPE(tape);
            wg_tensor *t = leaf_with((wg_dtype)dtype, x, n), *y = made(apply_unary(row, t)), *g = gradient(y, t), *ty = NULL;
            wg_tensor *ones = made(wg_ones((wg_dtype)dtype, WG_SHAPE(n)));
            assert_ok(wg_jvp(unary_function, &row, &t, 1, &ones, NULL, &ty));
            for (int i = 0; i < n; i++) {
                const char *name = unary_row(row, x[i], &value, &slope, &promise);
                compare(name, (wg_dtype)dtype, x[i], 0, element(y, i), value, ITSELF);
                if (isnan(value)) /* the derivative does not exist */
                    continue;
                compare(name, (wg_dtype)dtype, x[i], 1, element(g, i), slope, promise);
                compare(name, (wg_dtype)dtype, x[i], 2, element(ty, i), slope, promise);
            }
        }
    }
    assert_none_wrong();
}

static wg_tensor *apply_binary(size_t row, wg_tensor *t, wg_tensor *u)
{
    size_t i = 0;
#define X(name, op, value, by_a, by_b) \
    if (i++ == row)                    \
        return op;
    BINARY(X)
#undef X
    return NULL;
}

static const char *binary_row(size_t row, real a, real b, real *value, real *slope)
{
    size_t i = 0;
#define X(name, op, value_of, by_a, by_b) \
    if (i++ == row) {                     \
        *value = value_of;                \
        slope[0] = by_a;                  \
        slope[1] = by_b;                  \
        return #name;                     \
    }
    BINARY(X)
#undef X
    return NULL;
}

static void binary_ops(void **state)
{
    (void)state;
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
        double x[MOST], a[MOST], b[MOST];
        const int n = inputs((wg_dtype)dtype, true, x);
        real value, slope[2];
        for (int i = 0; i < n * n; i++) {
            a[i] = x[i / n];
            b[i] = x[i % n];
        }
        for (size_t row = 0; binary_row(row, 1, 1, &value, slope); row++) {
            WG_TAPE(tape);
            wg_tensor *t = leaf_with((wg_dtype)dtype, a, n * n), *u = leaf_with((wg_dtype)dtype, b, n * n);
            wg_tensor *y = made(apply_binary(row, t, u)), *by_a = gradient(y, t), *by_b = gradient(y, u);
            for (int i = 0; i < n * n; i++) {
                const char *name = binary_row(row, a[i], b[i], &value, slope);
                compare(name, (wg_dtype)dtype, a[i], b[i], element(y, i), value, ITSELF);
                if (isnan(value) || isinf(a[i]) || isinf(b[i]) || isinf(rounded((wg_dtype)dtype, value)))
                    continue;
                compare(name, (wg_dtype)dtype, a[i], b[i], element(by_a, i), slope[0], ITSELF);
                compare(name, (wg_dtype)dtype, a[i], b[i], element(by_b, i), slope[1], ITSELF);
            }
        }
    }
    assert_none_wrong();
}

/* ---- rows ---- */

enum { ROW = 4 };
static const double shape_of_row[ROW] = {0.125, -0.25, 0.5, 1};

/* Σ weight y of the reference. */
static real weighed(const struct row_op *op, const real *x)
{
    real y[ROW], sum = 0;
    const int n = op->value(x, y);
    for (int i = 0; i < n; i++)
        sum += (real)weight_of_row[i] * y[i];
    return sum;
}

/* ∂/∂x_k of it by central differences; in long double their error is below 1e-11 of the largest term. */
static real weighed_slope(const struct row_op *op, const real *x, int k, real step)
{
    real up[ROW], down[ROW];
    memcpy(up, x, sizeof up);
    memcpy(down, x, sizeof down);
    up[k] += step;
    down[k] -= step;
    return (weighed(op, up) - weighed(op, down)) / (up[k] - down[k]);
}

static void check_row(const struct row_op *op, wg_dtype dtype, double scale)
{
    double value[ROW], weight[ROW];
    real x[ROW], y[ROW], slope[ROW], largest = 0;
    for (int i = 0; i < ROW; i++)
        x[i] = value[i] = dtype == WG_F32 ? (double)(float)(shape_of_row[i] * scale) : shape_of_row[i] * scale;
    WG_TAPE(tape);
    wg_tensor *t = leaf_with(dtype, value, ROW), *result = made(op->run(t));
    const int n = op->value(x, y);
    assert_int_equal(wg_numel(result), n);
    for (int i = 0; i < n; i++) {
        compare(op->op, dtype, scale, i, element(result, i), y[i], op->promise);
        weight[i] = weight_of_row[i];
    }
    wg_tensor *seed = wg_reshape(wg_detach(leaf_with(dtype, weight, n)), wg_shape_of(result));
    wg_tensor *g = made(wg_grad(result, t, .grad = seed));
    for (int k = 0; k < ROW; k++) {
        slope[k] = op->slope ? op->slope(x, k) : weighed_slope(op, x, k, 1e-6L * (real)scale);
        largest = fmaxl(largest, fabsl(slope[k]));
    }
    for (int k = 0; k < ROW; k++) {
        const double got = element(g, k), digits = dtype == WG_F32 ? 2e-5 : 1e-9;
        if (fabsl((real)got - slope[k]) <= fmaxl(digits * largest, dtype == WG_F32 ? 1e-44L : 1e-320L))
            continue;
        wrong++;
        print_error("%s in %s at scale %g: gradient %d is %.9g, not %.9Lg\n", op->op, wg_dtype_name(dtype), scale, k, got,
                    slope[k]);
    }
}

/* Beyond the promised scales: the right value, or NaN. */
static void check_no_silent_value(const struct row_op *op, wg_dtype dtype, double scale)
{
    double value[ROW];
    real x[ROW], y[ROW];
    for (int i = 0; i < ROW; i++)
        x[i] = value[i] = dtype == WG_F32 ? (double)(float)(shape_of_row[i] * scale) : shape_of_row[i] * scale;
    WG_TAPE(tape);
    wg_tensor *result = made(op->run(leaf_with(dtype, value, ROW)));
    for (int i = 0, n = op->value(x, y); i < n; i++)
        if (!isnan(element(result, i)))
            compare(op->op, dtype, scale, i, element(result, i), y[i], op->promise);
}

static void row_ops(void **state)
{
    static const double f32[] = {1e-37, 1e-30, 1e-23, 1e-19, 1e-10, 1, 10, 1e10, 1e19, 1e25, 1e30, 1e37},
                        f64[] = {1e-300, 1e-200, 1e-160, 1e-150, 1e-30, 1, 10, 1e30, 1e150, 1e160, 1e200, 1e300};
    (void)state;
    for (size_t i = 0; i < N_OF(row_ops_table); i++)
        for (int dtype = WG_F32; dtype <= WG_F64; dtype++)
            for (size_t k = 0; k < (dtype == WG_F32 ? N_OF(f32) : N_OF(f64)); k++) {
                const double scale = dtype == WG_F32 ? f32[k] : f64[k];
                if (scale <= row_ops_table[i].most[dtype])
                    check_row(&row_ops_table[i], (wg_dtype)dtype, scale);
                else
                    check_no_silent_value(&row_ops_table[i], (wg_dtype)dtype, scale);
            }
    assert_none_wrong();
}

/* ---- every op is listed ---- */

static int times_listed(const char *op)
{
    real value, slope[2];
    enum promise promise;
    int times = 0;
    const char *name;
    for (size_t row = 0; (name = unary_row(row, 1, &value, slope, &promise)); row++)
        if (strcmp(name, op) == 0)
            times = 1; /* pow_scalar has several rows */
    for (size_t row = 0; (name = binary_row(row, 1, 1, &value, slope)); row++)
        times += strcmp(name, op) == 0;
    for (size_t i = 0; i < N_OF(row_ops_table); i++)
        if (strcmp(row_ops_table[i].op, op) == 0)
            times = 1;
    for (size_t i = 0; i < N_OF(exempt); i++)
        times += strcmp(exempt[i].op, op) == 0;
    return times;
}

static void every_op_is_listed_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < wg_op_count(); i++)
        if (times_listed(wg_op_at(i)->name) != 1) {
            wrong++;
            print_error("%s is in %d tables of extreme_inputs/tables.h, not in one\n", wg_op_at(i)->name,
                        times_listed(wg_op_at(i)->name));
        }
    for (size_t k = 0; k < N_OF(exempt); k++) {
        bool there = false;
        for (size_t i = 0; i < wg_op_count(); i++)
            there = there || strcmp(wg_op_at(i)->name, exempt[k].op) == 0;
        if (!there) {
            wrong++;
            print_error("%s is exempt (%s), and there is no such op\n", exempt[k].op, exempt[k].why);
        }
    }
    assert_none_wrong();
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(unary_ops), TEST(binary_ops), TEST(row_ops), TEST(every_op_is_listed_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
