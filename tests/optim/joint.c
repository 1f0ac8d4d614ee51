/* Optimizers whose step depends on all parameters: groups, parameters that come later or have no gradient, options that all
   groups share. */
#include <math.h>

#include "nn_check.h"
#include "wengert/stage.h"
#include "wengert/unroll.h"

static wg_tensor *single(double value)
{
    return wg_set_requires_grad(wg_from(&value, WG_SHAPE(1)), true);
}

static double value_of(const wg_tensor *t)
{
    double value = NAN;
    assert_int_equal(wg_read(t, &value), WG_OK);
    return value;
}

static void give(wg_tensor *p, double g)
{
    wg_tensor *gradient = wg_from(&g, WG_SHAPE(1));
    assert_int_equal(wg_add_gradient(p, gradient), WG_OK);
    wg_free(gradient);
}

static double state_of(const wg_optim *optim, const char *name)
{
    const wg_tensor_list all = wg_optim_state(optim);
    for (size_t i = 0; i < all.n; i++)
        if (strcmp(all.name[i], name) == 0)
            return value_of(all.tensor[i]);
    fail_msg("there is no state %s", name);
    return NAN;
}

/* Two parameters, of which the second joins at step LATER and has no gradient at step WITHOUT, beside the formula. */
static void dog_with_a_parameter_that_comes_later(void **state)
{
    (void)state;
    enum { STEPS = 8, LATER = 3, WITHOUT = 6 };
    wg_tensor *p[2] = {single(3), single(-4)};
    double at[2] = {3, -4}, start[2] = {3, -4}, r = 0, total = 0;
    wg_optim *optim = wg_optim_dog(((wg_tensor_list){1, p, NULL}), .distance = 0.1, .eps = 0);
    for (int t = 1; t <= STEPS; t++) {
        if (t == LATER)
            assert_int_equal(wg_optim_add_group(optim, ((wg_tensor_list){1, p + 1, NULL}), .lr = 0.5), WG_OK);
        const int n = t < LATER || t == WITHOUT ? 1 : 2;
        double away = 0, g[2];
        for (int i = 0; i < n; i++) {
            g[i] = at[i] + 0.1 * t;
            give(p[i], g[i]);
            total += g[i] * g[i];
            away += (at[i] - start[i]) * (at[i] - start[i]);
        }
        r = fmax(r, t == 1 ? 0.1 * (1 + 3) : sqrt(away));
        for (int i = 0; i < n; i++)
            at[i] -= (i == 0 ? 1 : 0.5) * r / sqrt(total) * g[i];
        assert_int_equal(wg_optim_step(optim), WG_OK);
        for (int i = 0; i < 2; i++)
            assert_close(value_of(p[i]), at[i], 1e-13);
        assert_close(state_of(optim, "distance"), r, 1e-13);
    }
    wg_optim_destroy(optim), wg_free(p[0]), wg_free(p[1]);
    assert_no_error();
}

/* ---- those that estimate d ---- */

#define OPTIMIZER(name)                             \
    static wg_optim *name(wg_tensor_list params)    \
    {                                               \
        return wg_optim_##name(params, .d0 = 1e-3); \
    }
OPTIMIZER(prodigy)
OPTIMIZER(d_adapt_adam)
OPTIMIZER(d_adapt_sgd)
OPTIMIZER(d_adapt_adagrad)
OPTIMIZER(d_adapt_lion)
#undef OPTIMIZER

static wg_optim *(*const estimating[])(wg_tensor_list) = {prodigy, d_adapt_adam, d_adapt_sgd, d_adapt_adagrad, d_adapt_lion};
enum { ESTIMATING = sizeof estimating / sizeof *estimating };

/* A group of rate 0 stays, and d is what it is without it; at another rate d is another. */
static void a_group_of_rate_0_has_no_say(void **state)
{
    (void)state;
    for (int k = 0; k < ESTIMATING; k++) {
        double d[3];
        for (int way = 0; way < 3; way++) {
            wg_tensor *p[2] = {single(3), single(-4)};
            wg_optim *optim = estimating[k]((wg_tensor_list){1, p, NULL});
            if (way > 0)
                assert_int_equal(wg_optim_add_group(optim, ((wg_tensor_list){1, p + 1, NULL}), .lr = way - 1), WG_OK);
            for (int t = 1; t <= 20; t++) {
                give(p[0], value_of(p[0]));
                if (way > 0)
                    give(p[1], 5 * sin(t));
                assert_int_equal(wg_optim_step(optim), WG_OK);
            }
            d[way] = state_of(optim, "d");
            assert_true((value_of(p[1]) == -4) == (way < 2));
            wg_optim_destroy(optim), wg_free(p[0]), wg_free(p[1]);
        }
        assert_true(d[0] > 1e-3);
        assert_close(d[1], d[0], 0);
        assert_true(fabs(d[2] - d[0]) > 1e-6);
    }
    assert_no_error();
}

/* D-Adaptation of Lion does not stay at d, in the authors' code neither: it is left out.
   From a distance of 100, which they are not told, to the minimum of |p - 100|; d stays of that size. */
static void they_find_their_rate(void **state)
{
    (void)state;
    for (int k = 0; k < ESTIMATING && estimating[k] != d_adapt_lion; k++) {
        wg_tensor *p = single(0);
        wg_optim *optim = estimating[k]((wg_tensor_list){1, &p, NULL});
        double nearest = 100;
        for (int t = 1; t <= 2000; t++) {
            give(p, value_of(p) > 100 ? 1 : -1);
            assert_int_equal(wg_optim_step(optim), WG_OK);
            nearest = fmin(nearest, fabs(value_of(p) - 100));
        }
        if (!(nearest < 5) || !(state_of(optim, "d") < 1000))
            fail_msg("optimizer %d: %g away, d = %g", k, nearest, state_of(optim, "d"));
        wg_optim_destroy(optim), wg_free(p);
    }
    assert_no_error();
}

/* Recorded steps see the shared states of those before them. */
static void recorded_steps_are_the_same(void **state)
{
    (void)state;
    for (int k = 0; k < ESTIMATING; k++) {
        wg_tensor *p[2] = {single(3), single(3)};
        wg_optim *taken = estimating[k]((wg_tensor_list){1, p, NULL}), *recorded = estimating[k]((wg_tensor_list){1, p + 1, NULL});
        for (int t = 1; t <= 10; t++) {
            give(p[0], value_of(p[0]));
            assert_int_equal(wg_optim_step(taken), WG_OK);
        }
        {
            WG_TAPE(tape);
            wg_unrolled *steps = wg_optim_unroll(recorded);
            for (int t = 1; t <= 10; t++) {
                wg_tensor *g = wg_mul_scalar(wg_unrolled_params(steps).tensor[0], 1);
                assert_int_equal(wg_unrolled_step(steps, &g), WG_OK);
            }
            assert_close(value_of(wg_unrolled_params(steps).tensor[0]), value_of(p[0]), 1e-13);
            wg_unrolled_destroy(steps);
        }
        assert_true(fabs(value_of(p[0]) - 3) > 1e-3);
        wg_optim_destroy(taken), wg_optim_destroy(recorded), wg_free(p[0]), wg_free(p[1]);
    }
    assert_no_error();
}

/* ---- options ---- */

static void groups_share_what_all_depend_on(void **state)
{
    (void)state;
    wg_tensor *p[2] = {single(1), single(2)};
    wg_optim *optim = wg_optim_prodigy(((wg_tensor_list){1, p, NULL}), .growth = 1.5);
    const wg_tensor_list second = {1, p + 1, NULL};
    assert_int_equal(wg_optim_add_group(optim, second, .d0 = 1), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT,
                 "optim_add_group: all groups of prodigy share d0, since the step of each depends on all: expected 1e-06, as "
                 "group 0 has it, got 1");
    assert_int_equal(wg_optim_add_group(optim, second, .beta2 = 0.9), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "share beta2");
    assert_int_equal(wg_optim_groups(optim), 1);
    assert_int_equal(wg_optim_add_group(optim, second, .d0 = 1e-6, .beta1 = 0.5, .eps = 1e-3, .weight_decay = 0.1), WG_OK);
    assert_int_equal(wg_optim_set(optim, 1, "growth", 3), WG_OK);
    assert_close(wg_optim_get(optim, 0, "growth"), 3, 0);
    assert_close(wg_optim_get(optim, 1, "growth"), 3, 0);
    assert_close(wg_optim_get(optim, 0, "beta1"), 0.9, 0);
    assert_int_equal(wg_optim_set(optim, 0, "growth", 0.5), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "growth");
    assert_close(wg_optim_get(optim, 1, "growth"), 3, 0);
    assert_int_equal(wg_optim_add_stage(optim, wg_stage_accumulate(.steps = 2)), WG_OK);
    assert_int_equal(wg_optim_set(optim, 0, "steps", 4), WG_OK);
    assert_close(wg_optim_get(optim, 1, "steps"), 4, 0);
    wg_optim_destroy(optim), wg_free(p[0]), wg_free(p[1]);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(dog_with_a_parameter_that_comes_later), TEST(a_group_of_rate_0_has_no_say),    TEST(they_find_their_rate),
        TEST(recorded_steps_are_the_same),           TEST(groups_share_what_all_depend_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
