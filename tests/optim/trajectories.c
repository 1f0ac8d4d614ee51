/* Optimizers beside PyTorch's: parameters during 200 steps in f64. */
#include "waves.h"

enum { POINTS = 3, MAX_NUMBERS = 66 };

static wg_tensor *element(wg_tensor *z, int64_t i)
{
    return wg_select(z, 0, i);
}

static wg_tensor *rosenbrock(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *x = element(p[0], 0), *y = element(p[0], 1), *valley = wg_square(wg_sub(y, wg_square(x)));
    return wg_add(wg_mul_scalar(valley, 100), wg_square(wg_add_scalar(wg_neg(x), 1)));
}

/* ½ Σ 10^(i/2) (z[i] - i)² */
static wg_tensor *quadratic(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *z[] = {p[0], wg_reshape(p[1], WG_SHAPE(4))};
    double target[7], scale[7];
    for (int i = 0; i < 7; i++)
        target[i] = i, scale[i] = pow(10, 0.5 * i);
    wg_tensor *away = wg_sub(wg_concat(z, 2, 0), wg_from(target, WG_SHAPE(7)));
    return wg_mul_scalar(wg_sum(wg_mul(wg_square(away), wg_from(scale, WG_SHAPE(7)))), 0.5);
}

static size_t begin_at(wg_function *function, wg_tensor **p)
{
    if (function != rosenbrock && function != quadratic)
        return start_of(function, p);
    const double z[] = {0.1, 0.2, 0.1 * 3, 0.4, 0.5, 0.1 * 6, 0.1 * 7}, valley[] = {-1.2, 1};
    p[0] = wg_set_requires_grad(function == rosenbrock ? wg_from(valley, WG_SHAPE(2)) : wg_from(z, WG_SHAPE(3)), true);
    if (function == rosenbrock)
        return 1;
    p[1] = wg_set_requires_grad(wg_from(z + 3, WG_SHAPE(2, 2)), true);
    return 2;
}

static void step(wg_function *function, const wg_tensor_list *list, wg_optim *optim)
{
    WG_TAPE(tape);
    assert_int_equal(wg_backward(function(list->tensor, list->n, NULL)), WG_OK);
    assert_int_equal(wg_optim_step(optim), WG_OK);
}

static int numbers(wg_tensor *t, double *got)
{
    assert_int_equal(wg_read(t, got), WG_OK);
    return (int)wg_numel(t);
}

/* The parameters, and averages of them that the optimizer keeps. */
static int point(const wg_tensor_list *list, const wg_optim *optim, double *got)
{
    int n = 0;
    for (size_t i = 0; i < list->n; i++)
        n += numbers(list->tensor[i], got + n);
    const wg_tensor_list kept = wg_optim_state(optim);
    for (size_t i = 0; i < kept.n; i++)
        if (strstr(kept.name[i], ".average"))
            n += numbers(kept.tensor[i], got + n);
    return n;
}

/* rtol 1e-10, or, where PyTorch's own run under noise of 1e-15 ends further away, 100 times that distance. */
static void assert_point(const char *what, const double *got, int n, const double *expected, double sensitivity)
{
    const double tolerance = fmax(1e-10, 100 * sensitivity);
    for (int i = 0; i < n; i++)
        if (!(fabs(got[i] - expected[i]) <= tolerance * (1 + fabs(expected[i]))))
            fail_msg("%s, element %d: got %.17g, expected %.17g", what, i, got[i], expected[i]);
}

struct run {
    wg_function *function;
    const char *what;
    wg_tensor *p[MAX_TENSORS];
    wg_tensor_list list;
    wg_optim *optim;
};

static void follow(struct run *run, const double (*expected)[MAX_NUMBERS], const double *moved)
{
    static const int after[POINTS] = {10, 60, 200};
    double got[MAX_NUMBERS];
    assert_non_null(run->optim);
    for (int k = 1, at = 0; k <= after[POINTS - 1]; k++) {
        step(run->function, &run->list, run->optim);
        if (k != after[at])
            continue;
        const int n = point(&run->list, run->optim, got);
        assert_point(run->what, got, n, expected[at], moved[at]), at++;
    }
    wg_optim_destroy(run->optim);
    for (size_t i = 0; i < run->list.n; i++)
        wg_free(run->p[i]);
}

static void two_hundred_steps_are_pytorchs(void **state)
{
    (void)state;
#define SENSITIVITY(...) {__VA_ARGS__}
#define TRAJECTORY(problem, make, add_group, sensitivity, ...)                                    \
    {                                                                                             \
        static const double expected[POINTS][MAX_NUMBERS] = {__VA_ARGS__}, moved[] = sensitivity; \
        struct run run = {.function = problem, .what = #problem ", " #make};                      \
        run.list = (wg_tensor_list){begin_at(problem, run.p), run.p, NULL};                       \
        const wg_tensor_list rest = {run.list.n - 1, run.p + 1, NULL};                            \
        const wg_tensor_list list = {problem == quadratic ? 1 : run.list.n, run.p, NULL};         \
        wg_optim *optim = run.optim = make;                                                       \
        (void)optim, (void)rest;                                                                  \
        assert_int_equal(add_group, WG_OK);                                                       \
        follow(&run, expected, moved);                                                            \
    }
#include "trajectories_pytorch.h"
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(two_hundred_steps_are_pytorchs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
