/* The rules of lectures as they are written there, each beside the call that is the same rule, and misprinted ones, which are
   not. */
#include <math.h>

#include "nn_check.h"

enum { N = 3, STEPS = 50 };

/* ---- a field of gradients, with no symmetry that could hide an error ---- */

static void gradient_at(const double *x, double *g)
{
    static const double slope[N] = {0.5, 1, 2}, at[N] = {1, -1, 0.3};
    for (int i = 0; i < N; i++)
        g[i] = slope[i] * (x[i] - at[i]) + 0.4 * cos(x[(i + 1) % N]);
}

/* A run of a lecture: x is its point, ahead is where it takes gradients; last, v and r are what it remembers, 0 at first. */
struct run {
    double x[N], ahead[N], last[N], v[N], r[N];
};

/* One step, the t-th from 1. g is the gradient ahead. */
typedef void lecture(struct run *run, const double *g, int t);

/* The same rule from the same start, with the gradients where the parameter is: the largest distance of the parameter from the
   lecture's point ahead over all steps. Ends the optimizer. */
static double distance(wg_optim *optim, wg_tensor *p, lecture *step)
{
    struct run run = {.x = {0.5, -1, 2}, .ahead = {0.5, -1, 2}, .last = {0.5, -1, 2}};
    double worst = 0, at[N], g[N];
    assert_non_null(optim);
    for (int t = 1; t <= STEPS; t++) {
        read_all(p, at);
        gradient_at(at, g);
        wg_tensor *gradient = wg_from(g, WG_SHAPE(N));
        assert_int_equal(wg_add_gradient(p, gradient), WG_OK);
        assert_int_equal(wg_optim_step(optim), WG_OK);
        wg_free(gradient);
        gradient_at(run.ahead, g);
        step(&run, g, t);
        read_all(p, at);
        for (int i = 0; i < N; i++)
            worst = fmax(worst, fabs(at[i] - run.ahead[i]));
    }
    wg_optim_destroy(optim), wg_free(p);
    assert_true(worst < 1e3); /* no NaN, and nothing that runs away */
    return worst;
}

static wg_tensor *start(void)
{
    const double x[N] = {0.5, -1, 2};
    return wg_set_requires_grad(wg_from(x, WG_SHAPE(N)), true);
}

#define DISTANCE(lecture, name, ...) distance_of_##name(lecture, (wg_optim_##name##_options){__VA_ARGS__})
#define WG_OPTIMIZER(name, options)                                                            \
    static inline double distance_of_##name(lecture *step, wg_optim_##name##_options with)     \
    {                                                                                          \
        wg_tensor *p = start();                                                                \
        return distance(wg_optim_##name##_with((wg_tensor_list){1, &p, NULL}, with), p, step); \
    }
#include "wengert/optimizers.def"
#undef WG_OPTIMIZER

#define IS(lecture, name, ...) assert_true(DISTANCE(lecture, name, __VA_ARGS__) < 1e-12)
#define IS_NOT(lecture, name, ...) assert_true(DISTANCE(lecture, name, __VA_ARGS__) > 1e-3)

/* ---- a lecture's step, element by element: x, v, r and last are those of the element ---- */

#define LECTURE(name, ...)                                                           \
    static void name(struct run *run, const double *gradient, int t)                 \
    {                                                                                \
        (void)t;                                                                     \
        for (int i = 0; i < N; i++) {                                                \
            double x = run->x[i], v = run->v[i], r = run->r[i], last = run->last[i]; \
            double ahead;                                                            \
            const double g = gradient[i];                                            \
            __VA_ARGS__                                                              \
            run->x[i] = x, run->v[i] = v, run->r[i] = r, run->last[i] = last;        \
            run->ahead[i] = ahead;                                                   \
        }                                                                            \
    }
#define HERE ahead = x; /* gradients are taken at the point itself */

static const double rate = 0.05, beta = 0.8, beta1 = 0.7, beta2 = 0.9, eps = 1e-3;

/* ---- heavy ball and Nesterov ---- */

LECTURE(from_last_point, const double next = x - rate * g + beta * (x - last); last = x; x = next; HERE)
LECTURE(minus_velocity, v = -g + beta * v; x += rate * v; HERE)
LECTURE(velocity, v = beta * v + g; x -= rate * v; HERE)
LECTURE(change, v = -rate * g + beta * v; x += v; HERE)

static void heavy_balls_are_one_at_a_constant_rate(void **state)
{
    (void)state;
    lecture *const forms[] = {from_last_point, minus_velocity, velocity, change};
    for (int i = 0; i < 4; i++) {
        IS(forms[i], sgd, .lr = rate, .momentum = beta);
        IS(forms[i], heavy_ball, .lr = rate, .momentum = beta);
        IS_NOT(forms[i], sgd, .lr = rate, .momentum = beta, .dampening = beta); /* a mean of gradients is another speed */
    }
    assert_no_error();
}

/* After a change of the rate: with it inside the speed is kept, with it outside the speed changes too. */
static void the_rate_inside_or_outside(void **state)
{
    (void)state;
    for (int inside = 0; inside < 2; inside++) {
        wg_tensor *p = wg_set_requires_grad(wg_zeros(WG_F64, WG_SCALAR), true), *g = wg_ones(WG_F64, WG_SCALAR);
        const wg_tensor_list list = {1, &p, NULL};
        wg_optim *optim = inside ? wg_optim_heavy_ball(list, .lr = 1, .momentum = 0.5)
                                 : wg_optim_sgd(list, .lr = 1, .momentum = 0.5);
        for (int k = 0; k < 2; k++) {
            assert_int_equal(wg_add_gradient(p, g), WG_OK);
            assert_int_equal(wg_optim_step(optim), WG_OK);
            assert_int_equal(wg_optim_set_lr(optim, 0, 0), WG_OK);
        }
        assert_close(wg_item(p), inside ? -1.5 : -1, 0);
        wg_optim_destroy(optim), wg_free(p), wg_free(g);
    }
    assert_no_error();
}

LECTURE(nesterov_points, const double next = x + beta * (x - last) - rate * g; last = x; x = next; ahead = x + beta * (x - last);)
LECTURE(nesterov_change, v = beta * v - rate * g; x += v; ahead = x + beta * v;)
LECTURE(nesterov_velocity, v = -g + beta * v; x += rate * v; ahead = x + rate * beta * v;)
LECTURE(nesterov_misprint, v = -g + beta * v; x += rate * v; ahead = x + beta * v;) /* the point ahead in units of v, not of x */

static void nesterov_looks_ahead(void **state)
{
    (void)state;
    lecture *const forms[] = {nesterov_points, nesterov_change, nesterov_velocity};
    for (int i = 0; i < 3; i++) {
        IS(forms[i], sgd, .lr = rate, .momentum = beta, .nesterov = true);
        IS(forms[i], heavy_ball, .lr = rate, .momentum = beta, .nesterov = true);
    }
    IS_NOT(nesterov_misprint, sgd, .lr = rate, .momentum = beta, .nesterov = true);
    assert_no_error();
}

/* ---- AdaGrad ---- */

LECTURE(adagrad_outside, r += g * g; x -= rate * g / (eps + sqrt(r)); HERE)
LECTURE(adagrad_inside, r += g * g; x -= rate * g / sqrt(r + eps); HERE)
LECTURE(adagrad_past, x -= r > 0 ? rate * g / sqrt(r) : 0; r += g * g; HERE)
LECTURE(adagrad_misprint, x -= t > 1 ? rate * g / sqrt((t - 1) * g * g) : 0; HERE) /* sums the newest square over all steps */

static void adagrads(void **state)
{
    (void)state;
    IS(adagrad_outside, adagrad, .lr = rate, .eps = eps);
    IS(adagrad_inside, adagrad, .lr = rate, .eps = eps, .eps_inside = true);
    IS_NOT(adagrad_inside, adagrad, .lr = rate, .eps = 0.1);
    IS(adagrad_past, adagrad, .lr = rate, .past = true);
    IS_NOT(adagrad_misprint, adagrad, .lr = rate, .past = true);
    assert_no_error();
}

/* ---- RMSProp ---- */

static const double short_rate = 0.005; /* no run reaches the minimum, around which it would leap, and magnify rounding */

LECTURE(rmsprop_outside, r = beta2 * r + (1 - beta2) * g * g; x -= short_rate * g / (eps + sqrt(r)); HERE)
LECTURE(rmsprop_bare, r = beta2 * r + (1 - beta2) * g * g; x -= short_rate * g / sqrt(r); HERE)
LECTURE(rmsprop_inside, r = beta2 * r + (1 - beta2) * g * g; x -= short_rate * g / sqrt(r + eps); HERE)
LECTURE(rmsprop_new_weight, const double gamma = 0.1; r = gamma * g * g + (1 - gamma) * r; x -= short_rate * g / sqrt(r + eps);
        HERE)
LECTURE(rmsprop_nesterov, r = beta2 * r + (1 - beta2) * g * g; v = beta * v - short_rate * g / sqrt(r); x += v;
        ahead = x + beta * v;)

static void rmsprops(void **state)
{
    (void)state;
    IS(rmsprop_outside, rmsprop, .lr = short_rate, .alpha = beta2, .eps = eps);
    IS(rmsprop_bare, rmsprop, .lr = short_rate, .alpha = beta2);
    IS(rmsprop_inside, rmsprop, .lr = short_rate, .alpha = beta2, .eps = eps, .eps_inside = true);
    IS(rmsprop_new_weight, rmsprop, .lr = short_rate, .alpha = 1 - 0.1, .eps = eps, .eps_inside = true);
    IS_NOT(rmsprop_new_weight, rmsprop, .lr = short_rate, .alpha = 0.1, .eps = eps, .eps_inside = true);
    IS_NOT(rmsprop_inside, rmsprop, .lr = short_rate, .alpha = beta2, .eps = eps);
    IS(rmsprop_nesterov, rmsprop, .lr = short_rate, .alpha = beta2, .momentum = beta, .nesterov = true);
    IS_NOT(rmsprop_nesterov, rmsprop, .lr = short_rate, .alpha = beta2, .momentum = beta);
    assert_no_error();
}

/* ---- Adam ---- */

#define MOMENTS                      \
    v = beta1 * v + (1 - beta1) * g; \
    r = beta2 * r + (1 - beta2) * g * g;
LECTURE(adam_corrected, MOMENTS x -= rate * v / (1 - pow(beta1, t)) / (sqrt(r / (1 - pow(beta2, t))) + eps); HERE)
LECTURE(adam_hats_lost, MOMENTS x -= rate * v / (sqrt(r) + eps); HERE)
LECTURE(adam_inside, MOMENTS x -= rate * v / sqrt(r + eps); HERE)
LECTURE(adam_bare, MOMENTS x -= rate * v / sqrt(r); HERE)
LECTURE(adam_rate_as_weight, v = beta1 * v + (1 - rate) * g; r = beta2 * r + (1 - beta2) * g * g; x -= rate * v / sqrt(r + eps);
        HERE)
LECTURE(running_moments, v = g + beta1 * v; r = (1 - beta2) * g * g + beta2 * r; x -= rate * v / (sqrt(r) + eps); HERE)

#define IS_ADAM(lecture, ...) IS(lecture, adam, .lr = rate, .beta1 = beta1, .beta2 = beta2, __VA_ARGS__)
#define IS_NOT_ADAM(lecture, ...) IS_NOT(lecture, adam, .lr = rate, .beta1 = beta1, .beta2 = beta2, __VA_ARGS__)

static void adams(void **state)
{
    (void)state;
    IS_ADAM(adam_corrected, .eps = eps);
    IS_ADAM(adam_hats_lost, .eps = eps, .uncorrected = true);
    IS_NOT_ADAM(adam_hats_lost, .eps = eps);
    IS_ADAM(adam_inside, .eps = eps, .uncorrected = true, .eps_inside = true);
    IS_NOT_ADAM(adam_inside, .eps = eps, .uncorrected = true);
    IS_ADAM(adam_bare, .uncorrected = true);
    IS_NOT_ADAM(adam_rate_as_weight, .eps = eps, .uncorrected = true, .eps_inside = true); /* 1 - lr for 1 - β₁ */
    IS_ADAM(running_moments, .eps = eps, .uncorrected = true, .sum = true);
    IS_NOT_ADAM(running_moments, .eps = eps, .uncorrected = true);
    assert_no_error();
}

/* Adam as x - α H⁻¹ g + β H⁻¹ H' (x - x'), H = √r + ε with H' and x' those of the step before. r is the mean of squares,
   corrected: its recursion needs the correction of the step before, which a lecture leaves out. */
#define FRAMEWORK(name, old)                                                                           \
    LECTURE(name, const double before = sqrt(r) + eps, c1 = 1 - pow(beta1, t), c2 = 1 - pow(beta2, t); \
            r = (beta2 * (old)*r + (1 - beta2) * g * g) / c2;                                          \
            const double h = sqrt(r) + eps, kept = beta1 * (1 - pow(beta1, t - 1)) / c1;               \
            const double next = x - rate * (1 - beta1) / c1 * g / h + kept * before / h * (x - last); last = x; x = next; HERE)
FRAMEWORK(framework, 1 - pow(beta2, t - 1))
FRAMEWORK(framework_misprint, 1)

static void adam_in_the_uniform_framework(void **state)
{
    (void)state;
    IS_ADAM(framework, .eps = eps);
    IS_NOT_ADAM(framework_misprint, .eps = eps);
    assert_no_error();
}

LECTURE(amsgrad_paper, MOMENTS last = fmax(t == 1 ? 0 : last, r); x -= rate * v / sqrt(last); HERE)

static void amsgrad_of_the_paper(void **state)
{
    (void)state;
    IS(amsgrad_paper, amsgrad, .lr = rate, .beta1 = beta1, .beta2 = beta2, .uncorrected = true);
    IS_NOT(amsgrad_paper, amsgrad, .lr = rate, .beta1 = beta1, .beta2 = beta2);
    assert_no_error();
}

/* ---- the ends ---- */

static void without_eps_nothing_moves_where_no_gradient_was(void **state)
{
    (void)state;
    const double zero[N] = {0}, first[N] = {0, 1, -1}, moved[N] = {0.5, -1.5, 2.5};
    for (int k = 0; k < 4; k++) {
        wg_tensor *p = start(), *none = wg_from(zero, WG_SHAPE(N)), *g = wg_from(first, WG_SHAPE(N));
        const wg_tensor_list list = {1, &p, NULL};
        wg_optim *optim = k == 0   ? wg_optim_adagrad(list, .lr = 0.5, .eps = 0)
                          : k == 1 ? wg_optim_adagrad(list, .lr = 0.5, .eps = 0, .eps_inside = true)
                          : k == 2 ? wg_optim_rmsprop(list, .lr = 0.5, .eps = 0, .alpha = 0)
                                   : wg_optim_adam(list, .lr = 0.5, .eps = 0, .beta1 = 0, .beta2 = 0, .uncorrected = true);
        assert_int_equal(wg_add_gradient(p, none), WG_OK);
        assert_int_equal(wg_optim_step(optim), WG_OK);
        assert_values(p, (const double[]){0.5, -1, 2}, 0);
        assert_int_equal(wg_add_gradient(p, g), WG_OK);
        assert_int_equal(wg_optim_step(optim), WG_OK);
        assert_values(p, moved, 1e-15);
        wg_optim_destroy(optim), wg_free(p), wg_free(none), wg_free(g);
    }
    assert_no_error();
}

static void options_that_do_not_fit_together(void **state)
{
    (void)state;
    wg_tensor *p = start();
    const wg_tensor_list list = {1, &p, NULL};
    assert_null(wg_optim_rmsprop(list, .nesterov = true));
    assert_error(WG_E_ARGUMENT, "optim_rmsprop: nesterov: expected momentum above 0, got 0");
    assert_null(wg_optim_adagrad(list, .past = true));
    assert_error(WG_E_ARGUMENT, "optim_adagrad: past: expected eps 0, got 1e-10");
    wg_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(heavy_balls_are_one_at_a_constant_rate),
        TEST(the_rate_inside_or_outside),
        TEST(nesterov_looks_ahead),
        TEST(adagrads),
        TEST(rmsprops),
        TEST(adams),
        TEST(adam_in_the_uniform_framework),
        TEST(amsgrad_of_the_paper),
        TEST(without_eps_nothing_moves_where_no_gradient_was),
        TEST(options_that_do_not_fit_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
