/* L-BFGS against PyTorch's,. */
#include <math.h>

#include "objectives.h"

/* ---- beside PyTorch ---- */

static void steps_are_pytorchs(void **state)
{
    (void)state;
#define PYTORCH(function, make, n_calls, n_steps, ...)                         \
    {                                                                          \
        const double expected[n_steps][N] = {__VA_ARGS__};                     \
        struct start s;                                                        \
        begin(&s);                                                             \
        const wg_tensor_list list = s.list;                                    \
        wg_minimizer *m = make;                                                \
        calls = 0;                                                             \
        for (int i = 0; i < (n_steps); i++) {                                  \
            assert_int_equal(wg_minimize_run(m, function, NULL, NULL), WG_OK); \
            assert_values(s.p[0], expected[i], 1e-8);                          \
            assert_values(s.p[1], expected[i] + 3, 1e-8);                      \
        }                                                                      \
        assert_int_equal(calls, n_calls);                                      \
        wg_minimize_destroy(m), end(&s);                                       \
    }
#define PYTORCH_LONG(function, call, sensitivity, ...)
#include "lbfgs_pytorch.h"
#undef PYTORCH
#undef PYTORCH_LONG
    assert_no_error();
}

/* ---- 200 steps ---- */

enum { POINTS = 5, MAX_NUMBERS = 40, MAX_TENSORS = 4 };

/* sin(a + b i) at the i-th element. */
static wg_tensor *wave(double a, double b, wg_shape shape)
{
    double v[100];
    int64_t n = 1;
    for (int axis = 0; axis < shape.rank; axis++)
        n *= shape.extent[axis];
    assert_true(n <= 100);
    for (int64_t i = 0; i < n; i++)
        v[i] = sin(a + b * (double)i);
    return wg_from(v, shape);
}

static wg_tensor *matrix(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *away = wg_sub(wg_matmul(wave(1, 2.3, WG_SHAPE(6, 5)), p[0]), wave(2, 1.7, WG_SHAPE(6, 4)));
    return wg_mul_scalar(wg_sum(wg_square(away)), 0.5);
}

static wg_tensor *logistic(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *x = wave(0, 1.3, WG_SHAPE(20, 3)), *truth = wg_from(((const double[]){1, -2, 0.5}), WG_SHAPE(3, 1));
    wg_tensor *noise = wg_reshape(wg_mul_scalar(wave(1, 5.1, WG_SHAPE(20)), 0.3), WG_SHAPE(20, 1));
    wg_tensor *y = wg_sign(wg_add(wg_matmul(x, truth), noise)), *w = wg_reshape(p[0], WG_SHAPE(3, 1));
    wg_tensor *margin = wg_mul(y, wg_add(wg_matmul(x, w), p[1]));
    wg_tensor *loss = wg_mean(wg_log(wg_add_scalar(wg_exp(wg_neg(margin)), 1)));
    return wg_add(loss, wg_mul_scalar(wg_sum(wg_square(p[0])), 0.005));
}

static wg_tensor *mlp(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *x = wave(0.5, 1.9, WG_SHAPE(12, 2)), *y = wave(0.2, 2.7, WG_SHAPE(12, 1));
    return wg_mean(wg_square(wg_sub(wg_linear(wg_tanh(wg_linear(x, p[0], p[1])), p[2], p[3]), y)));
}

/* The start of a problem, by its objective; returns the number of tensors. */
static size_t start_of(wg_function *function, wg_tensor **p)
{
    size_t n = 0;
    if (function == matrix) {
        p[n++] = wave(3, 1.1, WG_SHAPE(5, 4));
    } else if (function == logistic) {
        p[n++] = wave(1, 1, WG_SHAPE(3)), p[n++] = wave(0, 1, WG_SHAPE(1));
    } else {
        p[n++] = wave(1, 1.3, WG_SHAPE(8, 2)), p[n++] = wave(2, 0.7, WG_SHAPE(8));
        p[n++] = wave(3, 1.9, WG_SHAPE(1, 8)), p[n++] = wave(0, 1, WG_SHAPE(1));
    }
    for (size_t i = 0; i < n; i++)
        wg_set_requires_grad(p[i], true);
    return n;
}

/* rtol 1e-8, or, where PyTorch's own run from a start that differs by 1e-15 ends further away, 100 times that distance. */
static void assert_point(const char *what, wg_tensor *const *p, size_t n, const double *expected, double sensitivity, int step)
{
    const double tolerance = fmax(1e-8, 100 * sensitivity);
    double got[MAX_NUMBERS];
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(wg_read(p[i], got), WG_OK);
        for (int64_t k = 0; k < wg_numel(p[i]); k++, expected++)
            if (!(fabs(got[k] - *expected) <= tolerance * (1 + fabs(*expected))))
                fail_msg("%s, step %d: got %.17g, wanted %.17g", what, step, got[k], *expected);
    }
}

static void two_hundred_steps_are_pytorchs(void **state)
{
    (void)state;
    static const int after[POINTS] = {1, 5, 20, 60, 200};
#define SENSITIVITY(...) {__VA_ARGS__}
#define PYTORCH(function, call, n_calls, n_steps, ...)
#define PYTORCH_LONG(function, call, sensitivity, ...)                                             \
    {                                                                                              \
        const double expected[POINTS][MAX_NUMBERS] = {__VA_ARGS__}, moved[] = sensitivity;         \
        wg_tensor *p[MAX_TENSORS];                                                                 \
        const wg_tensor_list list = {start_of(function, p), p, NULL};                              \
        wg_minimizer *m = call;                                                                    \
        for (int k = 1, at = 0; k <= after[POINTS - 1]; k++) {                                     \
            assert_int_equal(wg_minimize_run(m, function, NULL, NULL), WG_OK);                     \
            if (k == after[at])                                                                    \
                assert_point(#call " of " #function, p, list.n, expected[at], moved[at], k), at++; \
        }                                                                                          \
        wg_minimize_destroy(m);                                                                    \
        for (size_t i = 0; i < list.n; i++)                                                        \
            wg_free(p[i]);                                                                         \
    }
#include "lbfgs_pytorch.h"
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steps_are_pytorchs),
        TEST(two_hundred_steps_are_pytorchs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
