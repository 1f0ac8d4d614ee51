/* The uniform framework: each step is reproduced from the terms that wg_optim_view gives. */
#include <math.h>

#include "nn_check.h"

enum { N = 4, STEPS = 40 };

static void gradient_at(const double *x, int t, double *g)
{
    for (int i = 0; i < N; i++)
        g[i] = (i + 1) * (x[i] - 0.3) + 0.4 * cos(x[(i + 1) % N]) + 0.2 * sin(t + i);
}

static wg_tensor *start(void)
{
    const double x[N] = {0.5, -1, 2, 0.1};
    return wg_set_requires_grad(wg_from(x, WG_SHAPE(N)), true);
}

static void give_gradient(wg_tensor *p, int t)
{
    double x[N], g[N];
    read_all(p, x);
    gradient_at(x, t, g);
    wg_tensor *gradient = wg_from(g, WG_SHAPE(N));
    assert_int_equal(wg_add_gradient(p, gradient), WG_OK);
    wg_free(gradient);
}

/* The largest distance of a step from the framework's, over all steps. */
static double distance(wg_optim *optim, wg_tensor *p)
{
    double before[N], now[N], next[N], worst = 0;
    read_all(p, before);
    for (int t = 0; t < STEPS; t++) {
        double g[N], rate[N], momentum[N], h[N], h_before[N];
        read_all(p, now);
        give_gradient(p, t);
        wg_optim_terms terms;
        {
            WG_TAPE(tape);
            assert_int_equal(wg_optim_view(optim, p, &terms), WG_OK);
            read_all(terms.gradient, g), read_all(terms.rate, rate), read_all(terms.momentum, momentum);
            read_all(terms.h, h), read_all(terms.h_before, h_before);
        }
        assert_values(p, now, 0);
        assert_int_equal(wg_optim_step(optim), WG_OK);
        read_all(p, next);
        for (int i = 0; i < N; i++) {
            worst = fmax(worst, fabs(now[i] - rate[i] * g[i] + momentum[i] * (now[i] - before[i]) - next[i]));
            worst = fmax(worst, fabs(rate[i] - terms.alpha / h[i]) + fabs(momentum[i] - terms.beta * h_before[i] / h[i]));
            before[i] = now[i];
        }
    }
    wg_optim_destroy(optim), wg_free(p);
    return worst;
}

#define ALIKE(name, ...)                                                                                 \
    do {                                                                                                 \
        wg_tensor *p = start();                                                                          \
        assert_true(distance(wg_optim_##name(((wg_tensor_list){1, &p, NULL}), __VA_ARGS__), p) < 1e-12); \
    } while (0)

static void steps_are_reproduced(void **state)
{
    (void)state;
    ALIKE(sgd, .lr = 0.05, .weight_decay = 0.3);
    ALIKE(sgd, .lr = 0.05, .momentum = 0.8, .dampening = 0.3);
    ALIKE(heavy_ball, .lr = 0.05, .momentum = 0.8, .weight_decay = 0.1);
    ALIKE(adagrad, .lr = 0.1, .lr_decay = 0.1);
    ALIKE(adagrad, .lr = 0.1, .eps_inside = true, .eps = 0.01);
    ALIKE(rmsprop, .lr = 0.05, .weight_decay = 0.1);
    ALIKE(rmsprop, .lr = 0.05, .centered = true);
    ALIKE(adam, .lr = 0.05, .weight_decay = 0.1);
    ALIKE(adam, .lr = 0.05, .uncorrected = true, .eps_inside = true);
    ALIKE(adam, .lr = 0.05, .sum = true);
    ALIKE(adamw, .lr = 0.05, .weight_decay = 0);
    ALIKE(amsgrad, .lr = 0.05);
    ALIKE(adamax, .lr = 0.05);
    assert_no_error();
}

/* The table's printed recursion of Adam's H² lacks 1 - β₂ᵗ⁻¹ (erratum 2): corrected it gives H, as printed it does not. */
static void adams_h_is_not_the_printed_one(void **state)
{
    (void)state;
    const double beta = 0.9, eps = 1e-8;
    wg_tensor *p = start();
    wg_optim *optim = wg_optim_adam(((wg_tensor_list){1, &p, NULL}), .lr = 0.05, .beta2 = beta, .eps = eps);
    double right[N] = {0}, printed[N] = {0}, far_right = 0, far_printed = 0;
    for (int t = 1; t <= STEPS; t++) {
        double h[N], g[N];
        wg_optim_terms terms;
        give_gradient(p, t);
        {
            WG_TAPE(tape);
            assert_int_equal(wg_optim_view(optim, p, &terms), WG_OK);
            read_all(terms.h, h), read_all(terms.gradient, g);
        }
        assert_int_equal(wg_optim_step(optim), WG_OK);
        for (int i = 0; i < N; i++) {
            const double whole = 1 - pow(beta, t);
            right[i] = (beta * (1 - pow(beta, t - 1)) * right[i] + (1 - beta) * g[i] * g[i]) / whole;
            printed[i] = beta / whole * printed[i] + (1 - beta) / whole * g[i] * g[i];
            far_right = fmax(far_right, fabs(sqrt(right[i]) + eps - h[i]));
            far_printed = fmax(far_printed, fabs(sqrt(printed[i]) + eps - h[i]));
        }
    }
    assert_true(far_right < 1e-13);
    assert_true(far_printed > 1e-2);
    wg_optim_destroy(optim), wg_free(p);
    assert_no_error();
}

static void other_rules_have_no_terms(void **state)
{
    (void)state;
    wg_tensor *p = start(), *q = start();
    const wg_tensor_list list = {1, &p, NULL};
    wg_optim *refused[] = {wg_optim_sgd(list, .momentum = 0.9, .nesterov = true), wg_optim_rmsprop(list, .momentum = 0.9),
                           wg_optim_lion(list), wg_optim_adamw(list), wg_optim_chain(list, wg_stage_rate(.lr = 1))};
    give_gradient(p, 0);
    WG_TAPE(tape);
    wg_optim_terms terms;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(wg_optim_view(refused[i], p, &terms), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT, "none of u ← a u + b g");
    }
    wg_optim *optim = wg_optim_adam(list);
    assert_int_equal(wg_optim_view(optim, q, &terms), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "is no parameter of the optimizer");
    for (int i = 0; i < 5; i++)
        wg_optim_destroy(refused[i]);
    wg_optim_destroy(optim), wg_free(p), wg_free(q);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steps_are_reproduced),
        TEST(adams_h_is_not_the_printed_one),
        TEST(other_rules_have_no_terms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
