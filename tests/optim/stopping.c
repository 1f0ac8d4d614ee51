/* Stopping: every condition alone and together, the clock, sentences. */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "nn_check.h"

/* ---- a clock of the test's own ---- */

static double clock_now = 1e6;

int __wrap_clock_gettime(clockid_t id, struct timespec *now);

int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
    assert_int_equal(id, CLOCK_MONOTONIC);
    *now = (struct timespec){.tv_sec = (time_t)clock_now, .tv_nsec = (long)((clock_now - floor(clock_now)) * 1e9)};
    return 0;
}

/* ---- budgets ---- */

static int loop(wg_stopping *stop)
{
    int steps = 0;
    while (!wg_stopping_done(stop))
        assert_true(++steps < 1000);
    return steps;
}

static void a_budget_of_steps_is_so_many(void **state)
{
    (void)state;
    for (int n = 0; n < 5; n++) {
        wg_stopping *stop = wg_stopping_create(.max_steps = n);
        assert_int_equal(loop(stop), n);
        for (int again = 0; again < 3; again++) /* found again, and nothing is counted */
            assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_STEPS);
        assert_int_equal(wg_stopping_inspect(stop).steps, n);
        wg_stopping_destroy(stop);
    }
    assert_no_error();
}

static void a_budget_of_evaluations_is_counted_by_the_program(void **state)
{
    (void)state;
    wg_stopping *stop = wg_stopping_create(.max_evaluations = 10);
    int steps = 0;
    for (; !wg_stopping_done(stop); steps++)
        assert_int_equal(wg_stopping_count(stop, 3), WG_OK);
    assert_int_equal(steps, 4);
    assert_int_equal(wg_stopping_inspect(stop).reason, WG_STOPPING_REASON_EVALUATIONS);
    assert_int_equal(wg_stopping_inspect(stop).evaluations, 12);
    assert_string_equal(wg_stopping_text(stop),
                        "stopped after 4 steps, 0 s: the budget is 10 evaluations of the gradient, and 12 were counted");
    wg_stopping_destroy(stop);
    /* A loop that forgets to count would never end. */
    stop = wg_stopping_create(.max_evaluations = 10);
    assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_NONE);
    assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_ERROR);
    assert_error(WG_E_STATE, "stopping_done: max_evaluations is 10, but no evaluation was counted: wg_stopping_count in each step");
    assert_int_equal(wg_stopping_inspect(stop).steps, 1);
    assert_string_equal(wg_stopping_text(stop), "stopped after 1 step, 0 s: the question failed, see the error");
    assert_int_equal(wg_stopping_count(stop, 1), WG_OK);
    assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_NONE);
    assert_string_equal(wg_stopping_text(stop), "goes on after 2 steps, 0 s: no condition is fulfilled");
    wg_stopping_destroy(stop);
    stop = wg_stopping_create(.max_evaluations = 0);
    assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_EVALUATIONS);
    wg_stopping_destroy(stop);
    assert_no_error();
}

static void seconds_run_from_the_first_question(void **state)
{
    (void)state;
    wg_stopping *stop = wg_stopping_create(.max_seconds = 2.5);
    clock_now += 1000; /* before the loop */
    int steps = 0;
    for (; !wg_stopping_done(stop); steps++)
        clock_now += 0.75;
    assert_int_equal(steps, 4);
    assert_close(wg_stopping_inspect(stop).seconds, 3, 1e-9);
    clock_now += 1000; /* after it */
    assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_SECONDS);
    assert_close(wg_stopping_inspect(stop).seconds, 3, 1e-9);
    assert_string_equal(wg_stopping_text(stop), "stopped after 4 steps, 3 s: the budget is 2.5 s");
    wg_stopping_destroy(stop);
    stop = wg_stopping_create(.max_seconds = 0);
    assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_SECONDS);
    wg_stopping_destroy(stop);
    stop = wg_stopping_create(.max_steps = 3); /* counted without a budget, too */
    for (; !wg_stopping_done(stop); steps++)
        clock_now += 0.5;
    assert_close(wg_stopping_inspect(stop).seconds, 1.5, 1e-9);
    wg_stopping_destroy(stop);
    assert_no_error();
}

/* ---- the gradient ---- */

/* f = |p|²/2 + |q|², whose gradient is (p, 2q): with a rate of 1/4 p falls by 3/4 in each step, q by 1/2. */
static void the_norm_of_all_gradients_ends_the_loop(void **state)
{
    (void)state;
    const double p0[] = {3, 4}, q0[] = {6};
    wg_tensor *p[2] = {wg_set_requires_grad(wg_from(p0, WG_SHAPE(2)), true), wg_set_requires_grad(wg_from(q0, WG_SHAPE(1)), true)};
    const wg_tensor_list params = {2, p, NULL};
    wg_optim *optim = wg_optim_sgd(params, .lr = 0.25);
    wg_stopping *stop = wg_stopping_create(.gradient_tolerance = 1e-3, .max_steps = 500);
    int steps = 0;
    double norm = INFINITY;
    for (; !wg_stopping_done(stop); steps++) {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_add(wg_mul_scalar(wg_sum(wg_square(p[0])), 0.5), wg_sum(wg_square(p[1])))), WG_OK);
        assert_int_equal(wg_stopping_tell_gradients(stop, params), WG_OK);
        norm = hypot(5 * pow(0.75, steps), 12 * pow(0.5, steps));
        assert_close(wg_stopping_inspect(stop).gradient_norm, norm, 1e-12);
        assert_int_equal(wg_optim_step(optim), WG_OK);
    }
    assert_int_equal(wg_stopping_inspect(stop).reason, WG_STOPPING_REASON_GRADIENT);
    assert_true(norm <= 1e-3 && norm / 0.75 > 1e-3); /* at the first step of which it holds */
    assert_int_equal(wg_stopping_tell_gradients(stop, params), WG_E_NO_GRAD);
    assert_error(WG_E_NO_GRAD, "optim_clip_norm");
    wg_stopping_destroy(stop), wg_optim_destroy(optim), wg_free(p[0]), wg_free(p[1]);
    assert_no_error();
}

/* f is the mean of (w - y)²/2 over two examples. At its minimum the gradient of the mean is 0, that of either example is not: a
   norm of batches does not say that it is there. */
static void the_norm_of_a_batch_is_noise(void **state)
{
    (void)state;
    const double examples[] = {1, -1};
    wg_tensor *w = wg_set_requires_grad(wg_scalar(WG_F64, 0), true), *y = wg_from(examples, WG_SHAPE(2));
    const wg_tensor_list params = {1, &w, NULL};
    for (int batch = 0; batch < 2; batch++) {
        wg_stopping *stop = wg_stopping_create(.gradient_tolerance = 1e-6, .max_steps = 1);
        while (!wg_stopping_done(stop)) {
            WG_TAPE(tape);
            wg_tensor *part = batch ? wg_slice(y, 0, 0, 1, 1) : y;
            assert_int_equal(wg_backward(wg_mul_scalar(wg_mean(wg_square(wg_sub(w, part))), 0.5)), WG_OK);
            assert_int_equal(wg_stopping_tell_gradients(stop, params), WG_OK);
            wg_clear_gradient(w);
        }
        assert_int_equal(wg_stopping_done(stop), batch ? WG_STOPPING_REASON_STEPS : WG_STOPPING_REASON_GRADIENT);
        assert_close(wg_stopping_inspect(stop).gradient_norm, batch, 0);
        wg_stopping_destroy(stop);
    }
    wg_free(w), wg_free(y);
    assert_no_error();
}

static void a_norm_may_be_told(void **state)
{
    (void)state;
    wg_stopping *stop = wg_stopping_create(.gradient_tolerance = 0.5);
    const double norms[] = {2, 0.51, INFINITY};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_NONE);
        assert_int_equal(wg_stopping_tell_norm(stop, norms[i]), WG_OK);
    }
    assert_int_equal(wg_stopping_tell_norm(stop, 0.5), WG_OK);
    assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_GRADIENT);
    assert_string_equal(wg_stopping_text(stop), "stopped after 2 steps, 0 s: the norm of the gradient, 0.5, is at most 0.5");
    assert_int_equal(wg_stopping_tell_norm(stop, -1), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "stopping_tell_norm: expected a norm of at least 0, got -1");
    assert_int_equal(wg_stopping_tell_norm(stop, norms[2]), WG_OK);
    assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_NOT_FINITE);
    wg_stopping_destroy(stop);
    stop = wg_stopping_create(); /* not asked: not even 0 ends it */
    assert_int_equal(wg_stopping_tell_norm(stop, 0), WG_OK);
    assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_NONE);
    wg_stopping_destroy(stop);
    assert_no_error();
}

/* ---- patience ---- */

/* Tells values until the loop ends: how many that were, or -1. Frees it. best: its place among them. */
static int values_until_end(wg_stopping *stop, const double *value, int n, int best)
{
    int told = 0;
    while (told < n && !wg_stopping_done(stop))
        assert_int_equal(wg_stopping_tell(stop, value[told++]), WG_OK);
    const wg_stopping_reason reason = wg_stopping_done(stop);
    const wg_stopping_info info = wg_stopping_inspect(stop);
    assert_int_equal(reason, info.reason);
    assert_int_equal(info.told, told);
    if (best >= 0) {
        assert_close(info.best, value[best], 0);
        assert_int_equal(info.best_step, best + 1);
    }
    wg_stopping_destroy(stop);
    return reason == WG_STOPPING_REASON_PATIENCE ? told : -1;
}

static void patience_is_values_in_a_row(void **state)
{
    (void)state;
    const double v[] = {5, 4, 4.5, 3.95, 3.9, 3.9, 4, 3.8, 3.85, 3.8, 3.8, 1};
    assert_int_equal(values_until_end(wg_stopping_create(.patience = 1), v, 12, 1), 3);
    assert_int_equal(values_until_end(wg_stopping_create(.patience = 0), v, 12, 1), 3);
    assert_int_equal(values_until_end(wg_stopping_create(.patience = 2), v, 12, 4), 7);
    assert_int_equal(values_until_end(wg_stopping_create(.patience = 3), v, 12, 7), 11);
    assert_int_equal(values_until_end(wg_stopping_create(.patience = 4), v, 12, 11), -1);
    assert_int_equal(values_until_end(wg_stopping_create(), v, 12, 11), -1);
    /* 3.95 and 3.9 are below 4, but not by more than 0.1: the best one stays 4, and 3.8 is an improvement on it. */
    assert_int_equal(values_until_end(wg_stopping_create(.patience = 4, .min_delta = 0.125), v, 12, 1), 6);
    assert_int_equal(values_until_end(wg_stopping_create(.patience = 6, .min_delta = 0.125), v, 12, 11), -1);
    const double accuracy[] = {0.5, 0.75, 0.75, 0.74, 0.8, 0.8, 0.79};
    assert_int_equal(values_until_end(wg_stopping_create(.patience = 2, .mode = WG_STOPPING_MODE_MAX), accuracy, 7, 1), 4);
    assert_int_equal(values_until_end(wg_stopping_create(.patience = 3, .mode = WG_STOPPING_MODE_MAX), accuracy, 7, 4), -1);
    assert_int_equal(
        values_until_end(wg_stopping_create(.patience = 2, .mode = WG_STOPPING_MODE_MAX, .min_delta = 0.5), accuracy, 7, 0), 3);
    assert_no_error();
}

static void what_is_not_finite_ends_the_loop_or_counts(void **state)
{
    (void)state;
    const double bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        wg_stopping *stop = wg_stopping_create();
        assert_int_equal(wg_stopping_tell(stop, 2), WG_OK);
        assert_int_equal(wg_stopping_tell(stop, bad[i]), WG_OK);
        assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_NOT_FINITE);
        assert_close(wg_stopping_inspect(stop).best, 2, 0);
        wg_stopping_destroy(stop);
    }
    const double v[] = {NAN, -INFINITY, 3, NAN, 2, INFINITY, NAN, NAN, 1};
    assert_int_equal(values_until_end(wg_stopping_create(.patience = 3, .stop_if_not_finite = false), v, 9, 4), 8);
    wg_stopping *stop = wg_stopping_create(.patience = 2, .stop_if_not_finite = false, .gradient_tolerance = 1);
    assert_int_equal(wg_stopping_tell_norm(stop, (double)NAN), WG_OK);
    assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_NONE);
    assert_int_equal(wg_stopping_tell(stop, (double)NAN), WG_OK);
    assert_int_equal(wg_stopping_tell(stop, (double)NAN), WG_OK);
    assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_PATIENCE);
    assert_string_equal(wg_stopping_text(stop), "stopped after 1 step, 0 s: none of 2 values was finite");
    wg_stopping_destroy(stop);
    assert_no_error();
}

/* ---- all of them ---- */

/* In the order of the enumeration, each ends the loop before those behind it. */
static void reasons_are_found_in_their_order(void **state)
{
    (void)state;
    for (int first = WG_STOPPING_REASON_NOT_FINITE; first <= WG_STOPPING_REASON_SECONDS; first++) {
        wg_stopping *stop = wg_stopping_create(.stop_if_not_finite = first <= WG_STOPPING_REASON_NOT_FINITE,
                                               .gradient_tolerance = first <= WG_STOPPING_REASON_GRADIENT ? 1 : -1,
                                               .patience = first <= WG_STOPPING_REASON_PATIENCE ? 1 : -1,
                                               .max_steps = first <= WG_STOPPING_REASON_STEPS ? 1 : -1,
                                               .max_evaluations = first <= WG_STOPPING_REASON_EVALUATIONS ? 1 : -1,
                                               .max_seconds = 1);
        assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_NONE);
        assert_int_equal(wg_stopping_tell_norm(stop, 1), WG_OK);
        assert_int_equal(wg_stopping_tell(stop, (double)NAN), WG_OK);
        assert_int_equal(wg_stopping_count(stop, 1), WG_OK);
        clock_now += 1.5;
        assert_int_equal(wg_stopping_done(stop), first);
        wg_stopping_destroy(stop);
    }
    assert_string_equal(wg_stopping_reason_name(WG_STOPPING_REASON_NONE), "none");
    assert_string_equal(wg_stopping_reason_name(WG_STOPPING_REASON_PATIENCE), "patience");
    assert_string_equal(wg_stopping_reason_name(WG_STOPPING_REASON_ERROR), "error");
    assert_string_equal(wg_stopping_reason_name((wg_stopping_reason)99), "unknown");
    assert_no_error();
}

static void sentences_say_why(void **state)
{
    (void)state;
    wg_stopping *stop = wg_stopping_create(.patience = 2, .min_delta = 0.25);
    const double v[] = {4, 3, 2.9, 2.8};
    assert_string_equal(wg_stopping_text(stop), "goes on after 0 steps, 0 s: no condition is fulfilled");
    for (int i = 0; i < 4; i++) {
        assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_NONE);
        assert_int_equal(wg_stopping_tell(stop, v[i]), WG_OK);
    }
    assert_string_equal(wg_stopping_text(stop),
                        "stopped after 4 steps, 0 s: none of the last 2 values was below 3 - 0.25; the best was told after step 2");
    wg_stopping_destroy(stop);
    stop = wg_stopping_create(.patience = 1, .mode = WG_STOPPING_MODE_MAX);
    assert_int_equal(wg_stopping_tell(stop, 1), WG_OK);
    assert_int_equal(wg_stopping_tell(stop, 1), WG_OK);
    assert_string_equal(wg_stopping_text(stop),
                        "stopped after 0 steps, 0 s: none of the last 1 values was above 1, told after step 0");
    wg_stopping_destroy(stop);
    stop = wg_stopping_create();
    assert_int_equal(wg_stopping_tell(stop, (double)NAN), WG_OK);
    assert_non_null(strstr(wg_stopping_text(stop), "a value or a norm of the gradient that was told was not finite"));
    wg_stopping_destroy(stop);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_budget_of_steps_is_so_many),        TEST(a_budget_of_evaluations_is_counted_by_the_program),
        TEST(seconds_run_from_the_first_question), TEST(the_norm_of_all_gradients_ends_the_loop),
        TEST(the_norm_of_a_batch_is_noise),        TEST(a_norm_may_be_told),
        TEST(patience_is_values_in_a_row),         TEST(what_is_not_finite_ends_the_loop_or_counts),
        TEST(reasons_are_found_in_their_order),    TEST(sentences_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
