/* Stages in the orders and at the moments in which programs use them: one behind another, added in mid-run, steps left out,
   parameters without a gradient in a part of a step. */
#include <math.h>

#include "nn_check.h"
#include "wengert/unroll.h"

static wg_tensor *vector(double first)
{
    wg_tensor *t = wg_zeros(WG_F64, WG_SHAPE(2));
    ((double *)wg_data_mut(t))[0] = first;
    ((double *)wg_data_mut(t))[1] = -2 * first;
    return wg_set_requires_grad(t, true);
}

static double first_of(const wg_tensor *t)
{
    return ((const double *)wg_data(t))[0];
}

static wg_optim *sgd(wg_tensor *p, wg_stage *stage)
{
    wg_optim *optim = wg_optim_sgd(((wg_tensor_list){1, &p, NULL}), .lr = 0.1);
    assert_non_null(optim);
    if (stage)
        assert_int_equal(wg_optim_add_stage(optim, stage), WG_OK);
    return optim;
}

/* The gradient is scale times p. */
static void leave_gradient(wg_tensor *p, double scale)
{
    assert_int_equal(wg_backward(wg_mul_scalar(wg_sum(wg_square(p)), scale / 2)), WG_OK);
}

static void step(wg_optim *optim, wg_tensor *p, double scale)
{
    WG_TAPE(tape);
    leave_gradient(p, scale);
    assert_int_equal(wg_optim_step(optim), WG_OK);
}

/* A sum that is not finite is left out with its step, and the next begins at 0. */
static void a_sum_that_is_not_finite_ends_with_its_step(void **state)
{
    (void)state;
    const double bad[] = {NAN, INFINITY};
    for (int k = 0; k < 2; k++) {
        wg_tensor *p = vector(1);
        wg_optim *optim = sgd(p, wg_stage_accumulate(.steps = 2));
        assert_int_equal(wg_optim_add_stage(optim, wg_stage_skip_nonfinite()), WG_OK);
        step(optim, p, bad[k]), step(optim, p, 1);
        assert_close(first_of(p), 1, 0);
        step(optim, p, 1), step(optim, p, 1);
        assert_close(first_of(p), 0.9, 1e-15);
        wg_optim_destroy(optim), wg_free(p);
    }
    assert_no_error();
}

/* Of a number of steps that was set lower, the mean is still that of all gradients in the sum. */
static void the_mean_is_that_of_the_gradients_in_the_sum(void **state)
{
    (void)state;
    wg_tensor *p = vector(1);
    wg_optim *optim = sgd(p, wg_stage_accumulate(.steps = 4));
    for (int i = 0; i < 3; i++)
        step(optim, p, 1);
    assert_int_equal(wg_optim_set(optim, 0, "steps", 2), WG_OK);
    step(optim, p, 1);
    assert_close(first_of(p), 0.9, 1e-15);
    wg_optim_destroy(optim), wg_free(p);
    assert_no_error();
}

/* A step that is left out begins where the parameter was, not at the point ahead. */
static void a_step_left_out_goes_back_from_the_point_ahead(void **state)
{
    (void)state;
    wg_tensor *p = vector(1);
    wg_optim *optim = sgd(p, wg_stage_sam(.rho = 0.5));
    assert_int_equal(wg_optim_add_stage(optim, wg_stage_skip_nonfinite()), WG_OK);
    for (int i = 0; i < 3; i++) {
        WG_TAPE(tape);
        leave_gradient(p, 1);
        assert_int_equal(wg_optim_step_ahead(optim), WG_OK);
        assert_true(first_of(p) > 1.1);
        leave_gradient(p, NAN);
        assert_int_equal(wg_optim_step(optim), WG_OK);
        assert_close(first_of(p), 1, 0);
    }
    wg_optim_destroy(optim), wg_free(p);
    assert_no_error();
}

/* One parameter has a gradient only for the step ahead: it goes back. The other only for the step: it begins where it is. */
static void each_parameter_returns_from_ahead(void **state)
{
    (void)state;
    wg_tensor *p[] = {vector(1), vector(3)};
    wg_optim *optim = wg_optim_sgd(((wg_tensor_list){2, p, NULL}), .lr = 0.1);
    assert_int_equal(wg_optim_add_stage(optim, wg_stage_sam(.rho = 0.5)), WG_OK);
    double expected = 3;
    for (int i = 0; i < 3; i++) {
        WG_TAPE(tape);
        leave_gradient(p[0], 1);
        assert_int_equal(wg_optim_step_ahead(optim), WG_OK);
        assert_true(first_of(p[0]) > 1.1);
        leave_gradient(p[1], 1);
        assert_int_equal(wg_optim_step(optim), WG_OK);
        assert_close(first_of(p[0]), 1, 0);
        assert_close(first_of(p[1]), expected *= 0.9, 1e-15);
    }
    wg_optim_destroy(optim), wg_free(p[0]), wg_free(p[1]);
    assert_no_error();
}

/* Unrolled steps begin where the parameter was before it went ahead, and leave the optimizer ahead. */
static void unrolled_steps_leave_the_optimizer_ahead(void **state)
{
    (void)state;
    wg_tensor *p = vector(1), *g;
    wg_optim *optim = sgd(p, wg_stage_sam(.rho = 0.5));
    WG_TAPE(tape);
    leave_gradient(p, 1);
    assert_int_equal(wg_optim_step_ahead(optim), WG_OK);
    const double ahead = first_of(p);
    wg_unrolled *unrolled = wg_optim_unroll(optim);
    double expected = 1;
    for (int i = 0; i < 2; i++) {
        g = wg_mul_scalar(wg_unrolled_params(unrolled).tensor[0], 1);
        expected -= 0.1 * first_of(g);
        assert_int_equal(wg_unrolled_step(unrolled, &g), WG_OK);
        assert_close(first_of(wg_unrolled_params(unrolled).tensor[0]), expected, 1e-15);
    }
    wg_unrolled_destroy(unrolled);
    assert_close(first_of(p), ahead, 0);
    leave_gradient(p, 1);
    assert_int_equal(wg_optim_step(optim), WG_OK);
    assert_close(first_of(p), 1 - 0.1 * ahead, 1e-15);
    wg_optim_destroy(optim), wg_free(p);
    assert_no_error();
}

/* With a bad gradient between two good ones, the second good step draws what it draws without the bad one. */
static void a_step_left_out_draws_nothing(void **state)
{
    (void)state;
    wg_tensor *p[2] = {vector(1), vector(1)};
    for (int k = 0; k < 2; k++) {
        assert_int_equal(wg_seed(3, 0), WG_OK);
        wg_optim *optim = wg_optim_sgld(((wg_tensor_list){1, &p[k], NULL}), .lr = 0.1);
        assert_int_equal(wg_optim_add_stage(optim, wg_stage_skip_nonfinite()), WG_OK);
        assert_int_equal(wg_optim_add_stage(optim, wg_stage_noise()), WG_OK);
        step(optim, p[k], 1);
        if (k)
            step(optim, p[k], NAN);
        step(optim, p[k], 1);
        wg_optim_destroy(optim);
    }
    assert_close(first_of(p[0]), first_of(p[1]), 0);
    wg_free(p[0]), wg_free(p[1]);
    assert_no_error();
}

/* ---- in mid-run ---- */

static wg_stage *make(int which)
{
    wg_stage *stages[] = {
        wg_stage_momentum(.dampening = 0.5), wg_stage_mean(.corrected = true),           wg_stage_adam(),
        wg_stage_lookahead(.steps = 2),      wg_stage_ema(.decay = 0.5, .warmup = true), wg_stage_swa(.start = 2)};
    for (int k = 0; k < 6; k++)
        if (k != which)
            wg_stage_destroy(stages[k]);
    return stages[which];
}

/* Added after seven steps, a stage does what it does in an optimizer that begins there. Its state stays out of exchanges until it
   has begun. */
static void a_stage_added_in_mid_run_begins_there(void **state)
{
    (void)state;
    for (int k = 0; k < 6; k++) {
        wg_tensor *p = vector(1);
        wg_optim *optim = sgd(p, NULL);
        for (int i = 0; i < 7; i++)
            step(optim, p, 1);
        wg_tensor *q = vector(first_of(p));
        wg_optim *other = sgd(q, make(k));
        assert_int_equal(wg_optim_add_stage(optim, make(k)), WG_OK);
        const char *average = k == 3 ? "slow" : k > 3 ? "average" : NULL;
        if (average) {
            assert_int_equal(wg_optim_exchange(optim, average), WG_OK);
            assert_close(first_of(p), first_of(q), 0);
            assert_int_equal(wg_optim_exchange(optim, average), WG_OK);
        }
        for (int i = 0; i < 5; i++) {
            step(optim, p, 1), step(other, q, 1);
            assert_close(first_of(p), first_of(q), 0);
        }
        if (average) {
            assert_int_equal(wg_optim_exchange(optim, average), WG_OK);
            assert_int_equal(wg_optim_exchange(other, average), WG_OK);
            assert_close(first_of(p), first_of(q), 0);
        }
        wg_optim_destroy(optim), wg_optim_destroy(other), wg_free(p), wg_free(q);
    }
    assert_no_error();
}

/* States of one name are told apart: another than the one that is exchanged does not take it back. A rule's is called by its name
   alone. */
static void states_of_one_name_are_not_mistaken(void **state)
{
    (void)state;
    wg_tensor *p = vector(1);
    wg_optim *optim = wg_optim_asgd(((wg_tensor_list){1, &p, NULL}), .lr = 0.1, .average_from = 0);
    assert_int_equal(wg_optim_add_stage(optim, wg_stage_ema(.decay = 0.9)), WG_OK);
    assert_int_equal(wg_optim_add_stage(optim, wg_stage_ema(.decay = 0.5)), WG_OK);
    assert_int_equal(wg_optim_add_stage(optim, wg_stage_swa()), WG_OK);
    for (int i = 0; i < 4; i++)
        step(optim, p, 1);
    const double now = first_of(p);
    const char *const names[] = {"average", "ema.average", "ema#2.average", "swa.average"};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(wg_optim_exchange(optim, names[i]), WG_OK);
        const double average = first_of(p);
        assert_true(average > now);
        for (int k = 0; k < 4; k++)
            if (k != i) {
                assert_int_equal(wg_optim_exchange(optim, names[k]), WG_E_STATE);
                assert_error(WG_E_STATE, "optim_exchange: the parameters are exchanged with the state average");
                assert_close(first_of(p), average, 0);
            }
        assert_int_equal(wg_optim_exchange(optim, names[i]), WG_OK);
        assert_close(first_of(p), now, 0);
    }
    wg_optim_destroy(optim), wg_free(p);
    assert_no_error();
}

/* A state is made like its parameter, which must be there. */
static void a_stage_is_not_added_to_freed_parameters(void **state)
{
    (void)state;
    wg_tensor *p = vector(1);
    wg_optim *optim = sgd(p, NULL);
    wg_free(p);
    assert_int_equal(wg_optim_add_stage(optim, wg_stage_ema()), WG_E_DANGLING);
    assert_error(WG_E_DANGLING, "optim_add_stage: parameter 0 of group 0 (0) was freed");
    wg_optim_destroy(optim);
    assert_no_error();
}

/* An exchange is the program's, which a replay does not run. */
static wg_status exchanging(void *optim)
{
    return wg_optim_exchange(optim, "average");
}

static void an_exchange_is_not_captured(void **state)
{
    (void)state;
    wg_tensor *p = vector(1);
    wg_optim *optim = sgd(p, wg_stage_ema(.decay = 0.5));
    step(optim, p, 1), step(optim, p, 1);
    const double now = first_of(p);
    assert_null(wg_replay_capture(exchanging, optim));
    assert_error(WG_E_STATE, "optim_exchange: ");
    assert_close(first_of(p), now, 0);
    step(optim, p, 1); /* nothing is exchanged */
    wg_optim_destroy(optim), wg_free(p);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_sum_that_is_not_finite_ends_with_its_step),    TEST(the_mean_is_that_of_the_gradients_in_the_sum),
        TEST(a_step_left_out_goes_back_from_the_point_ahead), TEST(each_parameter_returns_from_ahead),
        TEST(unrolled_steps_leave_the_optimizer_ahead),       TEST(a_step_left_out_draws_nothing),
        TEST(a_stage_added_in_mid_run_begins_there),          TEST(states_of_one_name_are_not_mistaken),
        TEST(a_stage_is_not_added_to_freed_parameters),       TEST(an_exchange_is_not_captured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
