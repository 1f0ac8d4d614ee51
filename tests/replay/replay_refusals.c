/* What a captured step may not do, and what closures must provide for a replay. */
#include "small_steps.h"

static wg_status reads_item(struct small *s)
{
    return isnan(wg_item(wg_sum(s->x))) ? wg_error_first()->code : WG_OK;
}

static wg_status reads_data(struct small *s)
{
    return wg_data(wg_neg(s->x)) ? WG_OK : wg_error_first()->code;
}

static wg_status reads_all(struct small *s)
{
    double to[3];
    return wg_read(wg_neg(s->x), to);
}

static wg_status makes_from_host(struct small *s)
{
    const double from[] = {1, 2, 3};
    return wg_add(s->x, wg_from(from, WG_SHAPE(3))) ? WG_OK : wg_error_first()->code;
}

static wg_status writes(struct small *s)
{
    return wg_write(s->x, (const double[]){1, 2, 3});
}

static wg_status writes_in_place(struct small *s)
{
    return wg_data_mut(s->x) ? WG_OK : wg_error_first()->code;
}

static wg_status copy_forward(const wg_call *c)
{
    const double *x = wg_data(c->in[0]);
    double *y = wg_data_mut(c->out[0]);
    for (int64_t i = 0; i < wg_numel(c->out[0]); i++)
        y[i] = 2 * x[i];
    return WG_OK;
}

static void count_down(void *context)
{
    --*(int *)context;
}

static int alive;

static wg_tensor *applied(wg_tensor *x, bool replayable)
{
    alive++;
    return wg_closure_apply(&(wg_closure){.name = "twice",
                                          .forward = copy_forward,
                                          .dtype = WG_F64,
                                          .shape = WG_SHAPE(3),
                                          .context = &alive,
                                          .destroy = count_down,
                                          .replayable = replayable},
                            &x, 1);
}

static wg_status applies_closure(struct small *s)
{
    return applied(s->x, false) ? WG_OK : wg_error_first()->code;
}

static wg_status captures(struct small *s)
{
    wg_replay *replay = wg_replay_capture(small_step, s);
    wg_replay_destroy(replay);
    return replay ? WG_OK : wg_error_first()->code;
}

static wg_status leaves_tape_open(struct small *s)
{
    (void)s;
    wg_tape_open();
    return WG_OK;
}

/* Continues after a refusal: no later effect takes place. */
static wg_status does_not_listen(struct small *s)
{
    (void)wg_item(wg_sum(s->x));
    const wg_status unheard = wg_increment(s->other);
    (void)unheard;
    return WG_OK;
}

static wg_status fails(struct small *s)
{
    WG_TRY(wg_increment(s->other));
    return wg_error_set(WG_E_NUMERIC, "step", "step: it went wrong");
}

static void refusals(void **state)
{
    (void)state;
    const struct {
        wg_status (*work)(struct small *s);
        wg_status code;
        const char *says;
    } cases[] = {{reads_item, WG_E_STATE, "item: a value that the step computed"},
                 {reads_data, WG_E_STATE, "data: a value that the step computed"},
                 {reads_all, WG_E_STATE, "read: a value that the step computed"},
                 {makes_from_host, WG_E_STATE, "from: numbers that the program holds"},
                 {writes, WG_E_STATE, "write: numbers that the program holds"},
                 {writes_in_place, WG_E_STATE, "data_mut: numbers that the program holds"},
                 {applies_closure, WG_E_STATE, "twice: the closure is not .replayable"},
                 {captures, WG_E_STATE, "replay_capture: not inside a step"},
                 {leaves_tape_open, WG_E_STATE, "tape"},
                 {does_not_listen, WG_E_STATE, "item: a value that the step computed"},
                 {fails, WG_E_NUMERIC, "step: it went wrong"}};
    struct small s = {.x = numbers(WG_F64, WG_SHAPE(3), 1), .other = made(wg_scalar(WG_F64, 4))};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int64_t live = live_bytes();
        s.work = cases[i].work;
        assert_null_and_error(wg_replay_capture(small_step, &s), cases[i].code, cases[i].says);
        assert_null(wg_tape_top());
        assert_near(wg_item(s.other), 4, 0);
        assert_int_equal(alive, 0);
        assert_int_equal(live_bytes(), live);
    }
    wg_tape_open();
    assert_null_and_error(wg_replay_capture(small_step, &s), WG_E_STATE, "a tape or an update is open");
    wg_tape_close(wg_tape_top());
    assert_null_and_error(wg_replay_capture(NULL, &s), WG_E_NULL, "the step is NULL");
    assert_fails(wg_replay_run(NULL), WG_E_NULL, "the replay is NULL");
    small_end(&s);
}

static wg_status keeps_closure(struct small *s)
{
    return keep(s, wg_add_scalar(applied(s->x, true), 1));
}

static void closures_belong_to_the_replay(void **state)
{
    (void)state;
    struct small s = {.x = numbers(WG_F64, WG_SHAPE(3), 1), .work = keeps_closure};
    wg_replay *replay = captured(small_step, &s);
    assert_int_equal(alive, 1);
    assert_ok(wg_write(s.x, (const double[]){1, 2, 3}));
    assert_ok(wg_replay_run(replay));
    assert_near(element(s.y, 2), 7, 0);
    wg_replay_destroy(replay);
    assert_int_equal(alive, 0);
    small_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(refusals), TEST(closures_belong_to_the_replay)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
