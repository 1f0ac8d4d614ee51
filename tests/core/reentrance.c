/* A user's function called by the library may not end, change or destroy its caller: the update around it, the replay that runs
   it, its own result. */
#include <string.h>

#include "common.h"
#include "wengert/replay.h"

enum act { NOTHING, CANCELS, COMMITS, RUNS, DESTROYS, RELEASES };
static enum act act;
static wg_status seen; /* the status of what it did */
static wg_replay *replay;
static wg_tensor *x, *result;

static void do_it(wg_tensor *y)
{
    if (act == CANCELS)
        wg_update_cancel();
    if (act == COMMITS)
        seen = wg_update_commit();
    if (act == RUNS)
        seen = wg_replay_run(replay);
    if (act == DESTROYS)
        wg_replay_destroy(replay);
    if (act == RELEASES)
        wg_drop(y);
}

static wg_status forward(const wg_call *c)
{
    memcpy(wg_data_mut(c->out[0]), wg_data(c->in[0]), sizeof(double));
    do_it(c->out[0]);
    return WG_OK;
}

static wg_status backward(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    return WG_GIVE(gx[0], gy[0]);
}

static void destroy(void *context)
{
    (void)context;
    if (act == RUNS || act == DESTROYS)
        do_it(NULL);
}

static wg_tensor *apply(void)
{
    const wg_closure closure = {.name = "identity",
                                .forward = forward,
                                .backward = backward,
                                .saves = WG_OUT(0),
                                .dtype = WG_F64,
                                .shape = WG_SCALAR,
                                .replayable = true,
                                .destroy = destroy};
    return wg_closure_apply(&closure, &x, 1);
}

static void an_update_is_ended_by_who_began_it(void **state)
{
    (void)state;
    x = made(wg_scalar(WG_F64, 1));
    wg_tensor *p = made(wg_scalar(WG_F64, 0));
    for (act = CANCELS; act <= COMMITS; act++) {
        WG_TAPE(tape);
        seen = WG_E_STATE;
        assert_ok(wg_update_begin());
        assert_ok(wg_accumulate(p, x));
        assert_null(apply());
        assert_int_equal(seen, WG_E_STATE);
        assert_memory_equal(wg_error_first()->message, act == COMMITS ? "update_commit: " : "update_cancel: ", 15);
        assert_non_null(strstr(wg_error_first()->message, "identity: its forward"));
        assert_int_equal(wg_update_commit(), WG_E_STATE);
        assert_near(wg_item(p), 0, 0);
        wg_error_take(NULL);
    }
    act = NOTHING;
    wg_free(p), wg_free(x);
}

static wg_status step(void *context)
{
    (void)context;
    WG_TAPE(tape);
    result = wg_keep(wg_exp(apply()));
    return result ? WG_OK : WG_E_NULL;
}

static void a_replay_is_not_run_or_destroyed_by_what_it_calls(void **state)
{
    (void)state;
    x = made(wg_scalar(WG_F64, 1));
    replay = wg_replay_capture(step, NULL);
    assert_non_null(replay);
    for (act = RUNS; act <= DESTROYS; act++) {
        seen = WG_E_STATE;
        const wg_status ran = wg_replay_run(replay);
        (void)ran;
        assert_int_equal(seen, WG_E_STATE);
        assert_non_null(strstr(wg_error_first()->message, "not inside a function that the replay itself calls"));
        wg_error_take(NULL);
    }
    act = NOTHING;
    assert_ok(wg_replay_run(replay)); /* it is unchanged */
    act = DESTROYS;
    wg_replay_destroy(replay);
    assert_non_null(strstr(wg_error_first()->message, "replay_destroy: not inside a function"));
    wg_error_take(NULL);
    act = NOTHING;
    wg_free(result), wg_free(x);
}

static void a_forward_keeps_its_result(void **state)
{
    (void)state;
    x = made(wg_set_requires_grad(wg_scalar(WG_F64, 1), true));
    {
        WG_TAPE(tape);
        act = RELEASES;
        assert_null(apply());
        act = NOTHING;
        assert_non_null(strstr(wg_error_first()->message, "identity: its forward released its own result"));
        wg_error_take(NULL);
    }
    wg_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_update_is_ended_by_who_began_it),
        TEST(a_replay_is_not_run_or_destroyed_by_what_it_calls),
        TEST(a_forward_keeps_its_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
