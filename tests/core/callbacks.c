/* A user's function that damages the stack of tapes: the call that ran it fails with an error that names it, and the stack is
   restored. Tests every kind of function with every kind of damage. */
#include "common.h"

#include "wengert/derivative.h"
#include "wengert/dump.h"
#include "wengert/nn.h"
#include "wengert/replay.h"

/* What the function under test does wrong. */
enum harm { NOTHING, LEAVES_A_TAPE, LEAVES_TWO_TAPES, LEAVES_AN_UPDATE, CLOSES_THE_TAPE, HARMS };
static enum harm harm;
static int harms_done;

static void do_harm(void)
{
    if (harm == LEAVES_A_TAPE || harm == LEAVES_TWO_TAPES)
        wg_tape_open();
    if (harm == LEAVES_TWO_TAPES)
        wg_tape_open();
    if (harm == LEAVES_AN_UPDATE && wg_update_begin() != WG_OK)
        return;
    if (harm == CLOSES_THE_TAPE)
        wg_tape_close(wg_tape_top());
    harms_done++;
}

/* ---- the user's functions ---- */

static wg_status copies(const wg_call *c)
{
    memcpy(wg_data_mut(c->out[0]), wg_data(c->in[0]), (size_t)wg_numel(c->out[0]) * sizeof(double));
    return WG_OK;
}

static wg_status harmful_forward(const wg_call *c)
{
    do_harm();
    return copies(c);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    return WG_GIVE(gx[0], gy[0]);
}

static wg_status harmful_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    do_harm();
    return vjp(c, gy, gx);
}

static wg_status harmful_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    (void)c;
    do_harm();
    ty[0] = tx[0];
    return WG_OK;
}

static wg_status harmful_shape(const wg_call *c, wg_spec *out)
{
    do_harm();
    out->dtype = WG_F64;
    out->rank = 1;
    out->extent[0] = wg_numel(c->in[0]);
    return WG_OK;
}

static wg_status harmful_compose(const wg_call *c, wg_tensor **out)
{
    wg_tensor *y = wg_tanh(c->in[0]);
    do_harm();
    out[0] = y;
    return WG_OK;
}

static wg_cost harmful_cost(const wg_call *c)
{
    (void)c;
    do_harm();
    return (wg_cost){0};
}

static void harmful_destroy(void *context)
{
    (void)context;
    do_harm();
}

static wg_tensor *harmful_hook(wg_tensor *g, void *context)
{
    (void)context;
    do_harm();
    return g;
}

static wg_tensor *harmful_function(wg_tensor *const *x, size_t n, void *context)
{
    wg_tensor *y = wg_tanh(x[0]);
    (void)n, (void)context;
    do_harm();
    return y;
}

static wg_tensor *harmful_module(const wg_nn_call *call, wg_tensor *x)
{
    wg_tensor *y = wg_tanh(x);
    (void)call;
    do_harm();
    return y;
}

static wg_status harmful_step(void *context)
{
    wg_tensor *kept = *(wg_tensor **)context;
    WG_TRY(wg_assign(kept, kept));
    do_harm();
    return WG_OK;
}

static void harmful_error_hook(const wg_error *error, void *context)
{
    (void)error, (void)context;
    do_harm();
}

/* ---- the calls that run them, with `tape` open and on top; each returns whether the call failed ---- */

static wg_tensor *x;

static wg_closure closure_with(wg_status (*forward)(const wg_call *),
                               wg_status (*backward)(const wg_call *, wg_tensor *const *, wg_grad_slot *))
{
    return (wg_closure){.name = "careless", .forward = forward, .backward = backward, .dtype = WG_F64, .shape = WG_SHAPE(3)};
}

static bool closure_forward(void)
{
    const wg_closure closure = closure_with(harmful_forward, vjp);
    return !wg_closure_apply(&closure, &x, 1);
}

static bool closure_backward(void)
{
    const wg_closure closure = closure_with(copies, harmful_vjp);
    return wg_backward(wg_sum(made(wg_closure_apply(&closure, &x, 1)))) != WG_OK;
}

static bool op_shape(void)
{
    static const struct wg_op op = {
        .name = "careless", .n_in = 1, .n_out = 1, .kernels = {{.run = {copies, copies}}}, .shape = harmful_shape};
    return !wg_invoke1(&op, NULL, x);
}

static wg_tensor *invokes(wg_tensor *const *in, size_t n, void *op)
{
    (void)n;
    return wg_invoke1(op, NULL, in[0]);
}

static bool op_jvp(void)
{
    static struct wg_op op = {
        .name = "careless", .n_in = 1, .n_out = 1, .kernels = {{.run = {copies, copies}}}, .vjp = vjp, .jvp = harmful_jvp};
    wg_tensor *t = made(wg_ones(WG_F64, WG_SHAPE(3))), *ty;
    return wg_jvp(invokes, &op, &x, 1, &t, NULL, &ty) != WG_OK;
}

static bool op_compose(void)
{
    static const struct wg_op op = {.name = "careless", .n_in = 1, .n_out = 1, .compose = harmful_compose};
    return !wg_invoke1(&op, NULL, x);
}

static bool op_vjp_without_the_flag(void)
{
    static const struct wg_op op = {
        .name = "careless", .n_in = 1, .n_out = 1, .kernels = {{.run = {copies, copies}}}, .vjp = harmful_vjp};
    return wg_backward(wg_sum(made(wg_invoke1(&op, NULL, x)))) != WG_OK;
}

static bool op_cost(void)
{
    static const struct wg_op op = {
        .name = "careless", .n_in = 1, .n_out = 1, .kernels = {{.run = {copies, copies}}}, .vjp = vjp, .cost = harmful_cost};
    made(wg_invoke1(&op, NULL, x));
    FILE *stream = tmpfile();
    assert_non_null(stream);
    const wg_status status = wg_dump_dot(wg_tape_top(), stream);
    fclose(stream);
    return status != WG_OK || wg_error_first();
}

static bool hook_on_result(void)
{
    wg_tensor *y = made(wg_tanh(x));
    assert_ok(wg_add_hook(y, harmful_hook, NULL));
    return wg_backward(wg_sum(y)) != WG_OK;
}

static bool hook_on_named_leaf(void)
{
    assert_ok(wg_set_name(x, "weight"));
    wg_tensor *y = made(wg_tanh(x));
    assert_ok(wg_add_hook(x, harmful_hook, NULL));
    return wg_backward(wg_sum(y)) != WG_OK;
}

static bool function_of_vjp(void)
{
    wg_tensor *g, *v = made(wg_ones(WG_F64, WG_SHAPE(3)));
    return wg_vjp(harmful_function, NULL, &x, 1, v, NULL, &g) != WG_OK;
}

static bool function_of_checkpoint(void)
{
    return !wg_checkpoint(harmful_function, NULL, &x, 1);
}

static bool module_forward(void)
{
    static const struct wg_nn_kind type = {.name = "careless", .forward = harmful_module};
    wg_nn_module *module = wg_nn_module_create(&type, NULL, NULL);
    assert_non_null(module);
    const bool failed = !wg_nn_apply(module, x);
    wg_nn_destroy(module);
    return failed;
}

static bool module_destroy(void)
{
    static const struct wg_nn_kind type = {.name = "careless", .forward = harmful_module, .destroy = harmful_destroy};
    wg_nn_destroy(wg_nn_module_create(&type, NULL, NULL));
    return wg_error_first() != NULL;
}

/* Here the closure's tape closes while the test's tape is open. */
static bool closure_destroy(void)
{
    wg_closure closure = closure_with(copies, vjp);
    closure.destroy = harmful_destroy;
    {
        WG_TAPE(tape);
        made(wg_closure_apply(&closure, &x, 1));
    }
    return wg_error_first() != NULL;
}

static bool closure_destroy_at_once(void)
{
    wg_closure closure = closure_with(copies, vjp);
    closure.destroy = harmful_destroy;
    closure.shape.rank = -1; /* refused by the library */
    wg_closure_apply(&closure, &x, 1);
    assert_non_null(wg_error_first());
    return true;
}

static bool error_hook(void)
{
    wg_error_set_hook(harmful_error_hook, NULL);
    wg_tensor *y = wg_reshape(x, WG_SHAPE(17));
    wg_error_set_hook(NULL, NULL);
    return !y;
}

struct way {
    const char *name, *message; /* message: its expected beginning, or NULL if the first error is another one */
    bool (*run)(void);
};

static const struct way ways[] = {
    {"closure_forward", "careless: its forward ", closure_forward},
    {"closure_backward", "careless: its backward ", closure_backward},
    {"op_shape", "careless: its shape rule ", op_shape},
    {"op_jvp", "careless: its jvp ", op_jvp},
    {"op_compose", "careless: its compose ", op_compose},
    {"op_vjp_without_the_flag", "careless: its backward ", op_vjp_without_the_flag},
    {"op_cost", "careless: its cost ", op_cost},
    {"hook_on_result", "hook: the function on the result of tanh ", hook_on_result},
    {"hook_on_named_leaf", "hook: the function on \"weight\" ", hook_on_named_leaf},
    {"function_of_vjp", "vjp: the function ", function_of_vjp},
    {"function_of_checkpoint", "checkpoint: the function ", function_of_checkpoint},
    {"module_forward", "nn_apply: the forward function of careless ", module_forward},
    {"nn_destroy", "nn_destroy: the destroy function of careless ", module_destroy},
    {"closure_destroy", "careless: its destroy ", closure_destroy},
    {"closure_destroy_at_once", NULL, closure_destroy_at_once},
    {"error_hook", NULL, error_hook},
};

static void check_message(const struct way *way)
{
    const wg_error *error = wg_error_first();
    assert_non_null(error);
    if (!way->message)
        return;
    assert_int_equal(error->code, WG_E_STATE);
    if (harm == CLOSES_THE_TAPE) { /* the refusal was recorded first; it names the function */
        char named[80];
        snprintf(named, sizeof named, "%.*s", (int)strlen(way->message) - 1, way->message);
        assert_non_null(strstr(error->message, "is running on the tape"));
        if (way->run != op_vjp_without_the_flag)
            assert_non_null(strstr(error->message, named));
        return;
    }
    assert_memory_equal(error->message, way->message, strlen(way->message));
    assert_non_null(strstr(error->message, harm == LEAVES_AN_UPDATE ? "left an update open" : "left a tape open"));
}

static void every_function_leaves_the_stack_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        for (int h = NOTHING; h < HARMS; h++) {
            const struct way *way = &ways[i];
            if (h > LEAVES_TWO_TAPES && way->run == op_vjp_without_the_flag)
                continue; /* the other damages are tried in users' ops only */
            if (h == LEAVES_AN_UPDATE && way->run == function_of_checkpoint)
                continue; /* it may not begin an update */
            x = leaf(WG_F64, WG_SHAPE(3), 1);
            {
                WG_TAPE(tape);
                wg_tensor *before = made(wg_hold(wg_mul_scalar(x, 2)));
                harm = (enum harm)h;
                harms_done = 0;
                const bool failed = way->run();
                if (harms_done == 0 || (way->message && failed != (h != NOTHING)))
                    fail_msg("%s, %d: %d, %s", way->name, h, harms_done, failed ? "failed" : "OK");
                harm = NOTHING;
                assert_ptr_equal(wg_tape_top(), tape);
                harm = (enum harm)h;
                if (failed)
                    check_message(way);
                harm = NOTHING;
                wg_error_take(NULL);
                assert_near(element(before, 1), 2 * element(x, 1), 0); /* the tape is intact */
                assert_ok(wg_update_begin());                          /* no update is open */
                wg_update_cancel();
            }
            assert_null(wg_tape_top());
            wg_free(x);
        }
}

/* ---- with no tape open, so there is none that the function could close ---- */

static bool step_of_capture(void)
{
    wg_tensor *kept = wg_ones(WG_F64, WG_SHAPE(3));
    wg_replay *replay = wg_replay_capture(harmful_step, &kept);
    wg_replay_destroy(replay);
    wg_free(kept);
    return !replay;
}

static bool step_of_evaluate(void)
{
    wg_tensor *kept = wg_ones(WG_F64, WG_SHAPE(3));
    const bool failed = wg_evaluate(harmful_step, &kept) != WG_OK;
    wg_free(kept);
    return failed;
}

struct closure_step {
    wg_closure closure;
    wg_tensor *kept;
};

static wg_status applies_closure(void *context)
{
    const struct closure_step *step = context;
    WG_TAPE(tape);
    return wg_assign(step->kept, wg_closure_apply(&step->closure, &x, 1));
}

/* The step is harmless while it is captured and harmful when it is replayed or, with in_destroy, when the replay is destroyed. */
static bool run_replay(bool in_destroy)
{
    const enum harm later = harm;
    struct closure_step step = {closure_with(in_destroy ? copies : harmful_forward, vjp), wg_ones(WG_F64, WG_SHAPE(3))};
    step.closure.replayable = true;
    step.closure.destroy = in_destroy ? harmful_destroy : NULL;
    harm = NOTHING;
    wg_replay *replay = wg_replay_capture(applies_closure, &step);
    assert_non_null(replay);
    harm = later;
    const bool failed = wg_replay_run(replay) != WG_OK;
    wg_replay_destroy(replay);
    wg_free(step.kept);
    return failed || (in_destroy && wg_error_first());
}

static bool forward_in_a_replay(void)
{
    return run_replay(false);
}

static bool destroy_of_a_replay(void)
{
    return run_replay(true);
}

static const struct way ways_without_tape[] = {
    {"step_of_capture", "replay_capture: the step ", step_of_capture},
    {"step_of_evaluate", "evaluate: the step ", step_of_evaluate},
    {"forward_in_a_replay", "careless: its forward ", forward_in_a_replay},
    {"destroy_of_a_replay", "careless: its destroy ", destroy_of_a_replay},
    {"closure_forward", "careless: its forward ", closure_forward},
    {"nn_destroy", "nn_destroy: the destroy function of careless ", module_destroy},
    {"closure_destroy_at_once", NULL, closure_destroy_at_once},
    {"error_hook", NULL, error_hook},
};

static void functions_leave_no_tape_where_none_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ways_without_tape / sizeof *ways_without_tape; i++)
        for (int h = LEAVES_A_TAPE; h <= LEAVES_AN_UPDATE; h++) {
            const struct way *way = &ways_without_tape[i];
            x = leaf(WG_F64, WG_SHAPE(3), 1);
            harm = (enum harm)h;
            if (!way->run())
                fail_msg("%s, %d", way->name, h);
            check_message(way);
            harm = NOTHING;
            wg_error_take(NULL);
            assert_null(wg_tape_top());
            assert_ok(wg_update_begin());
            wg_update_cancel();
            assert_null(wg_tape_top());
            wg_free(x);
        }
}

/* ---- what a destroy function may do ---- */

/* Runs ops on the tape that is closing. The tape is intact; its new nodes are never visited by a backward pass. */
static void destroy_with_ops(void *context)
{
    wg_tensor *sum = *(wg_tensor **)context;
    wg_tensor *y = wg_sum(wg_mul(x, x)), *g = y ? wg_grad(y, x) : NULL;
    assert_non_null(g);
    assert_ok(wg_assign(sum, g));
}

static void a_destroy_may_compute(void **state)
{
    (void)state;
    x = leaf(WG_F64, WG_SHAPE(3), 1);
    wg_tensor *sum = wg_zeros(WG_F64, WG_SHAPE(3));
    wg_closure closure = closure_with(copies, vjp);
    closure.destroy = destroy_with_ops;
    closure.context = &sum;
    {
        WG_TAPE(tape);
        made(wg_closure_apply(&closure, &x, 1));
    }
    assert_null(wg_error_first());
    assert_near(element(sum, 1), 2 * element(x, 1), 0);
    wg_free(sum), wg_free(x);
}

/* An update's own tape may be below a tape that was opened inside its bracket; the inner one may be closed first. */
static void an_update_without_a_tape_outlives_a_tape_inside_it(void **state)
{
    (void)state;
    x = leaf(WG_F64, WG_SHAPE(3), 1);
    assert_ok(wg_update_begin());
    {
        WG_TAPE(tape);
        made(wg_tanh(x));
    }
    assert_null(wg_error_first());
    assert_non_null(wg_tape_top());
    assert_ok(wg_update_commit());
    assert_null(wg_tape_top());
    wg_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_function_leaves_the_stack_as_it_was),
        TEST(functions_leave_no_tape_where_none_was),
        TEST(a_destroy_may_compute),
        TEST(an_update_without_a_tape_outlives_a_tape_inside_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
