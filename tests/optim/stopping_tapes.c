/* Stopping objects on tapes, around replays and inside captures. */
#include <math.h>

#include "nn_check.h"

struct problem {
    wg_tensor *p, *norm;
    wg_optim *optim;
    wg_stopping *stop;
    int call;
};

static wg_status step(void *context)
{
    struct problem *problem = context;
    const wg_tensor_list params = {1, &problem->p, NULL};
    WG_TAPE(tape);
    WG_TRY(wg_backward(wg_mul_scalar(wg_sum(wg_square(problem->p)), 0.5)));
    if (problem->call == 1)
        WG_TRY(wg_stopping_done(problem->stop) == WG_STOPPING_REASON_NONE ? WG_OK : WG_E_STATE);
    if (problem->call == 2)
        WG_TRY(wg_stopping_tell(problem->stop, 3));
    if (problem->call == 3)
        WG_TRY(wg_stopping_tell_norm(problem->stop, 3));
    if (problem->call == 4)
        WG_TRY(wg_stopping_tell_gradients(problem->stop, params));
    if (problem->call == 5)
        WG_TRY(wg_stopping_count(problem->stop, 1));
    if (problem->call == 6)
        WG_TRY(wg_stopping_keep(problem->stop, params));
    if (problem->call == 7)
        WG_TRY(wg_stopping_restore(problem->stop));
    problem->norm = wg_keep(wg_norm(wg_gradient(problem->p)));
    WG_TRY(wg_error_if_null(problem->norm));
    return wg_optim_step(problem->optim);
}

static struct problem begin(wg_stopping *stop)
{
    const double start[] = {3, 4};
    struct problem problem = {.p = wg_set_requires_grad(wg_from(start, WG_SHAPE(2)), true), .stop = stop};
    problem.optim = wg_optim_sgd(((wg_tensor_list){1, &problem.p, NULL}), .lr = 0.5);
    return problem;
}

static void end(struct problem *problem)
{
    wg_optim_destroy(problem->optim), wg_stopping_destroy(problem->stop), wg_free(problem->p);
}

/* The loop of a replay: its norm is a tensor that the step keeps. */
static void a_replay_stands_inside_the_loop(void **state)
{
    (void)state;
    struct problem problem = begin(wg_stopping_create(.gradient_tolerance = 0.1, .max_steps = 50));
    wg_replay *replay = wg_replay_capture(step, &problem);
    assert_non_null(replay);
    int steps = 1;
    assert_int_equal(wg_stopping_done(problem.stop), WG_STOPPING_REASON_NONE); /* the step of the capture */
    assert_int_equal(wg_stopping_tell_norm(problem.stop, wg_item(problem.norm)), WG_OK);
    for (; !wg_stopping_done(problem.stop); steps++) {
        assert_int_equal(wg_replay_run(replay), WG_OK);
        assert_int_equal(wg_stopping_tell_norm(problem.stop, wg_item(problem.norm)), WG_OK);
    }
    assert_int_equal(wg_stopping_inspect(problem.stop).reason, WG_STOPPING_REASON_GRADIENT);
    assert_int_equal(steps, 7); /* 5/2^6 is the first norm below 0.1 */
    wg_replay_destroy(replay), wg_free(problem.norm);
    end(&problem);
    assert_no_error();
}

static void assert_same_info(const wg_stopping_info *a, const wg_stopping_info *b)
{
    assert_int_equal(a->reason, b->reason);
    assert_true(a->steps == b->steps && a->evaluations == b->evaluations && a->told == b->told && a->bad == b->bad);
    assert_true(a->best_step == b->best_step && a->best == b->best && a->seconds == b->seconds &&
                a->gradient_norm == b->gradient_norm);
}

static void inside_a_capture_each_call_is_refused(void **state)
{
    (void)state;
    static const char *const op[] = {"",
                                     "stopping_done",
                                     "stopping_tell:",
                                     "stopping_tell_norm",
                                     "optim_clip_norm",
                                     "stopping_count",
                                     "stopping_keep",
                                     "stopping_restore"};
    struct problem problem = begin(wg_stopping_create(.max_steps = 9));
    assert_int_equal(wg_stopping_keep(problem.stop, ((wg_tensor_list){1, &problem.p, NULL})), WG_OK);
    assert_int_equal(wg_stopping_tell(problem.stop, 5), WG_OK);
    const wg_stopping_info before = wg_stopping_inspect(problem.stop);
    for (problem.call = 1; problem.call <= 7; problem.call++) {
        wg_stopping *other = problem.stop;
        if (problem.call == 6)
            problem.stop = wg_stopping_create();
        assert_null(wg_replay_capture(step, &problem));
        assert_error(WG_E_STATE, problem.call == 4 ? "" : op[problem.call]);
        if (problem.call == 6) {
            assert_int_equal(wg_stopping_state(problem.stop).n, 9);
            wg_stopping_destroy(problem.stop);
            problem.stop = other;
        }
        const wg_stopping_info after = wg_stopping_inspect(problem.stop);
        assert_same_info(&after, &before);
        assert_close(((const double *)wg_data(problem.p))[0], 3, 0);
    }
    end(&problem);
    assert_no_error();
}

/* On a tape it works, and a step that fails takes nothing back. */
static void what_was_told_stays_told(void **state)
{
    (void)state;
    struct problem problem = begin(wg_stopping_create(.patience = 5));
    assert_int_equal(wg_stopping_keep(problem.stop, ((wg_tensor_list){1, &problem.p, NULL})), WG_OK);
    {
        WG_TAPE(tape);
        assert_int_equal(wg_stopping_done(problem.stop), WG_STOPPING_REASON_NONE);
        assert_int_equal(wg_stopping_tell(problem.stop, 3), WG_OK);
        assert_int_equal(wg_stopping_count(problem.stop, 2), WG_OK);
        assert_null(wg_add(problem.p, NULL));
        assert_error(WG_E_NULL, "add");
    }
    const wg_stopping_info info = wg_stopping_inspect(problem.stop);
    assert_int_equal(info.steps, 1);
    assert_int_equal(info.evaluations, 2);
    assert_close(info.best, 3, 0);
    end(&problem);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_replay_stands_inside_the_loop),
        TEST(inside_a_capture_each_call_is_refused),
        TEST(what_was_told_stays_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
