/* Minimizers against rules in plain Python (minimizers_python.py), and line searches on functions of one number. */
#include "objectives.h"

enum { RUNS = 6 };

/* Where the gradient is within 1e-8 a step less is allowed for. */
static void assert_rows(const char *what, const struct start *s, const double *expected, int step, bool ended)
{
    double got[N];
    assert_int_equal(wg_read(s->p[0], got), WG_OK);
    assert_int_equal(wg_read(s->p[1], got + 3), WG_OK);
    for (int i = 0; i < N; i++)
        if (!(fabs(got[i] - expected[i]) <= (ended ? 1e-7 : 1e-9) * (1 + fabs(expected[i]))))
            fail_msg("%s, step %d: got %.17g, wanted %.17g", what, step, got[i], expected[i]);
}

static void steps_are_those_of_the_papers(void **state)
{
    (void)state;
    static const int after[RUNS] = {1, 2, 3, 5, 8, 12};
#define PYTHON(function, call, ...)                                                                             \
    {                                                                                                           \
        const double expected[RUNS][N] = {__VA_ARGS__};                                                         \
        for (int i = 0; i < RUNS; i++) {                                                                        \
            const int steps = after[i];                                                                         \
            struct start s;                                                                                     \
            wg_minimize_result result;                                                                          \
            begin(&s);                                                                                          \
            const wg_tensor_list list = s.list;                                                                 \
            wg_minimizer *m = call;                                                                             \
            assert_int_equal(wg_minimize_run(m, function, NULL, &result), WG_OK);                               \
            assert_true(result.iterations == steps || result.reason == WG_MINIMIZE_GRADIENT);                   \
            assert_rows(#call " of " #function, &s, expected[i], steps, result.reason == WG_MINIMIZE_GRADIENT); \
            wg_minimize_destroy(m), end(&s);                                                                    \
        }                                                                                                       \
    }
#define SAMPLED(call, ...)
#define WOLFE(...)
#include "minimizers_python.h"
#undef PYTHON
#undef SAMPLED
#undef WOLFE
    assert_no_error();
}

/* ---- samples ---- */

static wg_tensor *sampled(wg_tensor *const *p, size_t n, void *context)
{
    const double c = *(const double *)context;
    wg_tensor *away = wg_square(wg_add_scalar(joined(p), -1));
    return wg_add(softplus(p, n, NULL), wg_mul_scalar(wg_sum(away), c / 2));
}

static void steps_on_samples_are_those_of_the_papers(void **state)
{
    (void)state;
    static const int after[RUNS] = {1, 9, 20, 21, 33, 50};
#define PYTHON(function, call, ...)
#define SAMPLED(call, ...)                                                                  \
    {                                                                                       \
        const double expected[RUNS][N] = {__VA_ARGS__};                                     \
        struct start s;                                                                     \
        double c, whole = 0.2;                                                              \
        begin(&s);                                                                          \
        const wg_tensor_list list = s.list;                                                 \
        wg_minimizer *m = call;                                                             \
        for (int k = 0, row = 0; k < after[RUNS - 1]; k++) {                                \
            c = 0.1 * (k % 5);                                                              \
            assert_int_equal(wg_minimize_run_sampled(m, sampled, &c, &whole, NULL), WG_OK); \
            if (k + 1 == after[row])                                                        \
                assert_rows(#call, &s, expected[row++], k + 1, false);                      \
        }                                                                                   \
        wg_minimize_destroy(m), end(&s);                                                    \
    }
#define WOLFE(...)
#include "minimizers_python.h"
#undef PYTHON
#undef SAMPLED
#undef WOLFE
    assert_no_error();
}

/* Products of the same sample as f's give the bits of a call without one, and cost an evaluation and a gradient more in each
   step. */
static void a_sample_that_is_the_same_changes_nothing(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        struct start a, b;
        double c = 0.1;
        begin(&a), begin(&b);
        wg_minimizer *m[2];
        for (int i = 0; i < 2; i++) {
            const wg_tensor_list list = i ? b.list : a.list;
            m[i] = k == 0   ? wg_minimize_newton(list, .max_iterations = 4)
                   : k == 1 ? wg_minimize_newton_cg(list, .max_iterations = 4)
                   : k == 2 ? wg_minimize_saddle_free(list, .max_iterations = 4)
                            : wg_minimize_trust_region(list, .max_iterations = 4);
        }
        wg_minimize_result one, two;
        assert_int_equal(wg_minimize_run(m[0], sampled, &c, &one), WG_OK);
        assert_int_equal(wg_minimize_run_sampled(m[1], sampled, &c, &c, &two), WG_OK);
        assert_same_bits(a.p[0], b.p[0]), assert_same_bits(a.p[1], b.p[1]);
        assert_int_equal(two.products, one.products);
        assert_int_equal(two.gradients, one.gradients + 4);
        wg_minimize_destroy(m[0]), wg_minimize_destroy(m[1]), end(&a), end(&b);
    }
    assert_no_error();
}

static void options_are_set_between_calls(void **state)
{
    (void)state;
    struct start s;
    begin(&s);
    wg_minimizer *m = wg_minimize_stochastic_quasi_newton(s.list, .lr = 0.5);
    assert_close(wg_minimize_get(m, "lr"), 0.5, 0);
    assert_int_equal(wg_minimize_set(m, "lr", 0.25), WG_OK);
    assert_close(wg_minimize_get(m, "lr"), 0.25, 0);
    assert_close(wg_minimize_get(m, "period"), 10, 0); /* the others are as they were */
    assert_close(wg_minimize_get(m, "history"), 10, 0);
    assert_int_equal(wg_minimize_set(m, "lr", 0), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "minimize_set: expected lr in (0, inf), got 0");
    assert_int_equal(wg_minimize_set(m, "momentum", 0), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "minimize_set: ");
    assert_close(wg_minimize_get(m, "lr"), 0.25, 0);
    wg_minimize_destroy(m), end(&s);
    assert_no_error();
}

/* ---- line searches on functions of one number ---- */

/* φ(t) = (t - at)² + wave sin(5 t), or no number beyond `wall`; it keeps each t in its slot. */
struct line {
    double at, wave, wall, kept[WG_MINIMIZE_SLOTS];
    int64_t calls;
};

static wg_status phi(void *context, double t, int slot, double *f, double *slope)
{
    struct line *l = context;
    l->calls++;
    assert_true(slot >= 0 && slot < WG_MINIMIZE_SLOTS);
    l->kept[slot] = t;
    *f = t > l->wall ? NAN : (t - l->at) * (t - l->at) + l->wave * sin(5 * t);
    if (slope)
        *slope = t > l->wall ? INFINITY : 2 * (t - l->at) + 5 * l->wave * cos(5 * t);
    return WG_OK;
}

static void strong_wolfe_takes_pytorchs_points(void **state)
{
    (void)state;
#define PYTHON(function, call, ...)
#define SAMPLED(call, ...)
#define WOLFE(place, height, first, bound, expected_t, expected_calls)                                                             \
    {                                                                                                                              \
        struct line l = {.at = place, .wave = height, .wall = INFINITY};                                                           \
        wg_minimize_step step;                                                                                                     \
        assert_int_equal(wg_minimize_strong_wolfe(phi, &l, l.at *l.at, -2 * l.at + 5 * l.wave, &step, .step = first, .c2 = bound), \
                         WG_OK);                                                                                                   \
        assert_close(step.t, expected_t, 1e-9);                                                                                    \
        assert_int_equal(step.evaluations, expected_calls);                                                                        \
    }
#include "minimizers_python.h"
#undef PYTHON
#undef SAMPLED
#undef WOLFE
}

/* Both conditions hold, wherever the minimum lies, however the search begins, and with a wall in the way. */
static void strong_wolfe_fulfils_its_conditions(void **state)
{
    (void)state;
    const double first[] = {1e-6, 0.1, 1, 7, 1e4}, at[] = {1e-3, 0.3, 2, 400}, c2[] = {0.9, 0.1, 0.01};
    for (int i = 0; i < 5 * 4 * 3 * 2 * 2; i++) {
        const double c = c2[i / 20 % 3];
        struct line l = {.at = at[i / 5 % 4], .wave = i / 60 % 2 ? 0.1 : 0, .wall = i / 120 ? 1.5 * at[i / 5 % 4] : INFINITY};
        const double f0 = l.at * l.at, slope0 = -2 * l.at + 5 * l.wave;
        if (slope0 >= 0)
            continue;
        wg_minimize_step step;
        assert_int_equal(wg_minimize_strong_wolfe(phi, &l, f0, slope0, &step, .step = first[i % 5], .c2 = c, .change_tolerance = 0,
                                                  .max_evaluations = 60),
                         WG_OK);
        assert_true(step.found);
        assert_int_equal(step.evaluations, l.calls);
        assert_true(step.t > 0 && step.f <= f0 + 1e-4 * step.t * slope0 && fabs(step.slope) <= -c * slope0);
        assert_close(l.kept[step.slot], step.t, 0);
    }
}

/* Where no point fulfils them the lowest end is the result, and where none is lower the start. */
static void strong_wolfe_without_an_acceptable_point(void **state)
{
    (void)state;
    struct line l = {.at = 1, .wall = 0.25};
    wg_minimize_step step;
    assert_int_equal(wg_minimize_strong_wolfe(phi, &l, 1, -2, &step, .c2 = 0.1), WG_OK);
    assert_false(step.found);
    assert_true(step.t > 0.2 && step.t <= 0.25 && step.f < 1);
    assert_close(l.kept[step.slot], step.t, 0);
    l = (struct line){.at = 1, .wall = -1};
    assert_int_equal(wg_minimize_strong_wolfe(phi, &l, 1, -2, &step), WG_OK);
    assert_false(step.found);
    assert_true(step.t == 0 && step.f == 1 && step.slope == -2 && step.slot == -1);
    assert_int_equal(step.evaluations, l.calls);
}

static void backtracking_takes_the_first_lower_value(void **state)
{
    (void)state;
    struct line l = {.at = 1, .wall = 40};
    wg_minimize_step step;
    assert_int_equal(wg_minimize_backtracking(phi, &l, 1, -2, &step, .step = 128), WG_OK); /* no number, 1024, 225, 49, 9 */
    assert_true(step.found && isnan(step.slope));
    assert_close(step.t, 1, 0);
    assert_int_equal(step.evaluations, 8);
    assert_int_equal(wg_minimize_backtracking(phi, &l, 1, -2, &step, .step = 1.9, .c1 = 0.5, .shrink = 0.25), WG_OK);
    assert_close(step.t, 0.475, 0); /* 1.9 fulfils c1 = 0.05 at most */
    assert_int_equal(wg_minimize_backtracking(phi, &l, 1, -2, &step, .step = 128, .max_evaluations = 3), WG_OK);
    assert_true(!step.found && step.t == 0 && step.f == 1 && step.slot == -1 && step.evaluations == 3);
}

/* ---- L-BFGS as a step of a training loop ---- */

/* Pairs are kept from call to call: two calls of one step differ from a call of two steps by nothing; and a call after
   wg_minimize_reset is a first one. */
static void the_state_of_lbfgs_is_kept_and_forgotten(void **state)
{
    (void)state;
    struct start a, b;
    begin(&a), begin(&b);
    wg_minimizer *one = wg_minimize_lbfgs(a.list, .max_iterations = 1, .line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE);
    wg_minimizer *five = wg_minimize_lbfgs(b.list, .max_iterations = 5, .max_evaluations = 1000,
                                           .line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE);
    for (int i = 0; i < 5; i++)
        assert_int_equal(wg_minimize_run(one, rosenbrock, NULL, NULL), WG_OK);
    assert_int_equal(wg_minimize_run(five, rosenbrock, NULL, NULL), WG_OK);
    assert_same_bits(a.p[0], b.p[0]), assert_same_bits(a.p[1], b.p[1]);
    assert_int_equal(wg_minimize_run(one, rosenbrock, NULL, NULL), WG_OK);
    wg_minimize_reset(five);
    wg_minimizer *fresh = wg_minimize_lbfgs(a.list, .max_iterations = 5, .max_evaluations = 1000,
                                            .line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE);
    assert_int_equal(wg_write_raw(a.p[0], wg_data(b.p[0])), WG_OK);
    assert_int_equal(wg_write_raw(a.p[1], wg_data(b.p[1])), WG_OK);
    assert_int_equal(wg_minimize_run(fresh, rosenbrock, NULL, NULL), WG_OK);
    assert_int_equal(wg_minimize_run(five, rosenbrock, NULL, NULL), WG_OK);
    assert_same_bits(a.p[0], b.p[0]), assert_same_bits(a.p[1], b.p[1]);
    wg_minimize_destroy(one), wg_minimize_destroy(five), wg_minimize_destroy(fresh), end(&a), end(&b);
    assert_no_error();
}

/* Residuals x₀ - 3 and c (x₁ - 3), and Σ c_i x_i²: the scales of coordinates differ by up to 10²⁰. */
static wg_tensor *scaled_residuals(wg_tensor *const *p, size_t n, void *context)
{
    const double scale[] = {1, *(const double *)context};
    (void)n;
    return wg_mul(wg_from(scale, WG_SHAPE(2)), wg_add_scalar(p[0], -3));
}

static wg_tensor *scaled_squares(wg_tensor *const *p, size_t n, void *context)
{
    const double scale[] = {1, *(const double *)context};
    (void)n;
    return wg_sum(wg_mul(wg_from(scale, WG_SHAPE(2)), wg_square(p[0])));
}

static void scales_that_differ(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        wg_tensor *p = wg_set_requires_grad(wg_from(((double[]){1, 1}), WG_SHAPE(2)), true);
        const wg_tensor_list list = {1, &p, NULL};
        double scale = k < 2 ? 1e14 : 1e18;
        wg_minimizer *m = k == 0   ? wg_minimize_levenberg_marquardt(list)
                          : k == 1 ? wg_minimize_gauss_newton(list)
                                   : wg_minimize_coordinate_descent(list);
        assert_int_equal(wg_minimize_run(m, k < 2 ? scaled_residuals : scaled_squares, &scale, NULL), WG_OK);
        const double *x = wg_data(p);
        assert_true(fabs(x[1] - (k < 2 ? 3 : 0)) < 1e-6);
        assert_true(k == 2 || fabs(x[0] - 3) < 1e-6);
        wg_minimize_destroy(m), wg_free(p);
    }
    assert_no_error();
}

/* f = x³: no pair has positive curvature where x < 0, and the fixed step runs to no number. */
static wg_tensor *cubic(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_mul(p[0], wg_square(p[0])));
}

static void a_fixed_step_to_no_number_is_taken_back(void **state)
{
    (void)state;
    wg_tensor *x = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(1), -1), true);
    wg_minimizer *m = wg_minimize_lbfgs(((wg_tensor_list){1, &x, NULL}), .max_iterations = 1000);
    wg_minimize_result result;
    assert_int_equal(wg_minimize_run(m, cubic, NULL, &result), WG_OK);
    assert_int_equal(result.reason, WG_MINIMIZE_NOT_FINITE);
    const double end = ((const double *)wg_data(x))[0];
    assert_true(isfinite(end) && end < -1 && isfinite(result.f));
    assert_close(result.f, end * end * end, 1e-15);
    wg_minimize_destroy(m), wg_free(x);
    assert_no_error();
}

/* f = x - log x: from 0.01 Newton's full step stays inside; from 3 it leads to x < 0, where f is no number, and is taken back. */
static wg_tensor *barrier(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_sub(p[0], wg_log(p[0])));
}

static void a_full_step_to_no_number_is_taken_back(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        wg_tensor *x = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(1), k == 0 ? 0.01 : 3), true);
        wg_minimizer *m = wg_minimize_newton(((wg_tensor_list){1, &x, NULL}),
                                             .line_search = k < 2 ? WG_MINIMIZE_SEARCH_NONE : WG_MINIMIZE_SEARCH_BACKTRACKING);
        wg_minimize_result result;
        assert_int_equal(wg_minimize_run(m, barrier, NULL, &result), WG_OK);
        assert_int_equal(result.reason, k == 1 ? WG_MINIMIZE_NOT_FINITE : WG_MINIMIZE_GRADIENT);
        assert_values(x, (const double[]){k == 1 ? 3 : 1}, 1e-9);
        assert_close(result.f, k == 1 ? 3 - log(3) : 1, 1e-12);
        wg_minimize_destroy(m), wg_free(x);
    }
    assert_no_error();
}

/* ---- least squares without full rank ---- */

/* p0 + p1 - 1, element by element: as many residuals as half of the parameters, or, twice, as many as all of them. */
static wg_tensor *sum_of_two(wg_tensor *const *p, size_t n, void *context)
{
    (void)n;
    wg_tensor *r = wg_add_scalar(wg_add(p[0], p[1]), -1);
    return *(bool *)context ? wg_concat((wg_tensor *[]){r, r}, 2, 0) : r;
}

static void jacobians_without_full_rank(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        bool twice = k % 2;
        wg_tensor *p[2];
        for (int i = 0; i < 2; i++)
            p[i] = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(3), 2 + i), true);
        const wg_tensor_list list = {2, p, NULL};
        wg_minimizer *m = k < 2 ? wg_minimize_gauss_newton(list) : wg_minimize_levenberg_marquardt(list);
        wg_minimize_result result;
        assert_int_equal(wg_minimize_run(m, sum_of_two, &twice, &result), WG_OK);
        assert_int_equal(result.reason, WG_MINIMIZE_GRADIENT);
        assert_true(result.f < 1e-16 && result.iterations < 20);
        assert_values(p[0], (const double[]){0, 0, 0}, 1e-6); /* the shortest step: 2 from either */
        wg_minimize_destroy(m), wg_free(p[0]), wg_free(p[1]);
    }
    assert_no_error();
}

/* L-BFGS with the search that PyTorch has not. */
static void lbfgs_goes_with_backtracking(void **state)
{
    (void)state;
    struct start s;
    begin(&s);
    wg_minimizer *m = wg_minimize_lbfgs(s.list, .line_search = WG_MINIMIZE_SEARCH_BACKTRACKING, .max_iterations = 500,
                                        .change_tolerance = 0);
    wg_minimize_result result;
    assert_int_equal(wg_minimize_run(m, rosenbrock, NULL, &result), WG_OK);
    assert_int_equal(result.reason, WG_MINIMIZE_GRADIENT);
    assert_values(s.p[1], (const double[]){1, 1, 1, 1}, 1e-6);
    assert_true(result.gradients == result.iterations + 1 && result.evaluations >= result.gradients);
    wg_minimize_destroy(m), end(&s);
    assert_no_error();
}

/* ---- what second order is for ---- */

/* (1 - w₁ w₂)²: near the saddle at 0 Newton's own direction leads into it, and its damping, like saddle-free Newton, out of it. */
static wg_tensor *saddle(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_reshape(wg_square(wg_add_scalar(wg_neg(wg_prod(p[0])), 1)), WG_SCALAR);
}

static void saddles_are_left(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        wg_tensor *w = wg_set_requires_grad(wg_from(((const double[]){0.01, -0.008}), WG_SHAPE(2)), true);
        const wg_tensor_list list = {1, &w, NULL};
        wg_minimizer *m = k == 0   ? wg_minimize_newton(list)
                          : k == 1 ? wg_minimize_saddle_free(list)
                          : k == 2 ? wg_minimize_newton_cg(list)
                                   : wg_minimize_trust_region(list);
        wg_minimize_result result;
        assert_int_equal(wg_minimize_run(m, saddle, NULL, &result), WG_OK);
        assert_int_equal(result.reason, WG_MINIMIZE_GRADIENT);
        assert_true(result.f < 1e-15 && result.first > 0.99 && result.iterations < 40);
        wg_minimize_destroy(m), wg_free(w);
    }
    assert_no_error();
}

/* A quadratic of n unknowns: one Newton step; f is exact after n products. */
static void a_quadratic_takes_one_step(void **state)
{
    (void)state;
    struct start s;
    begin(&s);
    wg_minimizer *m = wg_minimize_newton(s.list);
    wg_minimize_result result;
    assert_int_equal(wg_minimize_run(m, quadratic, NULL, &result), WG_OK);
    assert_int_equal(result.iterations, 1);
    assert_int_equal(result.products, N);
    assert_int_equal(result.evaluations, 2);
    assert_values(s.p[1], (const double[]){3, 4, 5, 6}, 1e-13);
    wg_minimize_destroy(m), end(&s);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steps_are_those_of_the_papers),
        TEST(steps_on_samples_are_those_of_the_papers),
        TEST(a_sample_that_is_the_same_changes_nothing),
        TEST(options_are_set_between_calls),
        TEST(scales_that_differ),
        TEST(strong_wolfe_takes_pytorchs_points),
        TEST(strong_wolfe_fulfils_its_conditions),
        TEST(strong_wolfe_without_an_acceptable_point),
        TEST(backtracking_takes_the_first_lower_value),
        TEST(the_state_of_lbfgs_is_kept_and_forgotten),
        TEST(a_fixed_step_to_no_number_is_taken_back),
        TEST(a_full_step_to_no_number_is_taken_back),
        TEST(jacobians_without_full_rank),
        TEST(lbfgs_goes_with_backtracking),
        TEST(saddles_are_left),
        TEST(a_quadratic_takes_one_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
