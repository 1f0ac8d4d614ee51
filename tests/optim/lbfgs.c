/* L-BFGS against PyTorch's, and its line searches where values are not finite. */
#include <math.h>

#include "nn_check.h"

enum { N = 7, MAX_STEPS = 40 };

/* ---- the objectives of lbfgs_pytorch.py ---- */

static int64_t calls;

/* All parameters as a vector of N elements. */
static wg_tensor *joined(wg_tensor *const *p)
{
    calls++;
    wg_tensor *part[] = {p[0], wg_reshape(p[1], WG_SHAPE(4))};
    return wg_concat(part, 2, 0);
}

static wg_tensor *numbers_to(double first, double factor, double step)
{
    double v[N];
    for (int i = 0; i < N; i++)
        v[i] = first * pow(factor, i) + step * i;
    return wg_from(v, WG_SHAPE(N));
}

static wg_tensor *rosenbrock(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *z = joined(p), *head = wg_slice(z, 0, 0, N - 1, 1), *tail = wg_slice(z, 0, 1, N, 1);
    wg_tensor *valley = wg_mul_scalar(wg_square(wg_sub(tail, wg_square(head))), 100);
    return wg_sum(wg_add(valley, wg_square(wg_add_scalar(wg_neg(head), 1))));
}

static wg_tensor *quadratic(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *away = wg_square(wg_sub(joined(p), numbers_to(0, 1, 1)));
    return wg_mul_scalar(wg_sum(wg_mul(away, numbers_to(1, sqrt(10), 0))), 0.5);
}

static wg_tensor *softplus(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *z = joined(p), *soft = wg_log(wg_add_scalar(wg_exp(wg_sub(z, numbers_to(0, 1, 1))), 1));
    return wg_add(wg_sum(soft), wg_mul_scalar(wg_square(wg_sum(z)), 0.05));
}

struct start {
    wg_tensor *p[2];
    wg_tensor_list list;
};

static void begin(struct start *s)
{
    const double z[N] = {0.1, 0.2, 0.1 * 3, 0.4, 0.5, 0.1 * 6, 0.1 * 7};
    s->p[0] = wg_set_requires_grad(wg_from(z, WG_SHAPE(3)), true);
    s->p[1] = wg_set_requires_grad(wg_from(z + 3, WG_SHAPE(2, 2)), true);
    s->list = (wg_tensor_list){2, s->p, NULL};
}

static void end(struct start *s)
{
    wg_free(s->p[0]), wg_free(s->p[1]);
}

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
#include "lbfgs_pytorch.h"
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steps_are_pytorchs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
