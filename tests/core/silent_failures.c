/* A user's function that fails without recording an error: the library records one that names the function and its status. */
#include "common.h"

#include "wengert/derivative.h"
#include "wengert/replay.h"

static wg_tensor *x;

static wg_status copies(const wg_call *c)
{
    memcpy(wg_data_mut(c->out[0]), wg_data(c->in[0]), (size_t)wg_numel(c->out[0]) * sizeof(double));
    return WG_OK;
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    return WG_GIVE(gx[0], gy[0]);
}

/* ---- functions that fail ---- */

static wg_status status_of_failure;

static wg_status silent_kernel(const wg_call *c)
{
    (void)c;
    return status_of_failure;
}

static wg_status silent_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c, (void)gy, (void)gx;
    return status_of_failure;
}

static wg_status silent_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    (void)c, (void)tx, (void)ty;
    return status_of_failure;
}

static wg_status silent_shape(const wg_call *c, wg_spec *out)
{
    (void)c, (void)out;
    return status_of_failure;
}

static wg_status silent_compose(const wg_call *c, wg_tensor **out)
{
    (void)c, (void)out;
    return status_of_failure;
}

static wg_status silent_step(void *context)
{
    (void)context;
    return status_of_failure;
}

/* ---- the calls that run them ---- */

static wg_closure closure_with(wg_status (*forward)(const wg_call *),
                               wg_status (*backward)(const wg_call *, wg_tensor *const *, wg_grad_slot *))
{
    return (wg_closure){.name = "careless", .forward = forward, .backward = backward, .dtype = WG_F64, .shape = WG_SHAPE(3)};
}

static wg_tensor *invokes(wg_tensor *const *in, size_t n, void *op)
{
    (void)n;
    return wg_invoke1(op, NULL, in[0]);
}

static void run_silent_forward(void)
{
    const wg_closure closure = closure_with(silent_kernel, vjp);
    assert_null(wg_closure_apply(&closure, &x, 1));
}

static void run_silent_backward(void)
{
    WG_TAPE(tape);
    const wg_closure closure = closure_with(copies, silent_vjp);
    assert_int_equal(wg_backward(wg_sum(made(wg_closure_apply(&closure, &x, 1)))), status_of_failure);
}

static void run_silent_jvp(void)
{
    static struct wg_op op = {
        .name = "careless", .n_in = 1, .n_out = 1, .kernels = {{.run = {copies, copies}}}, .vjp = vjp, .jvp = silent_jvp};
    wg_tensor *ty;
    assert_int_equal(wg_jvp(invokes, &op, &x, 1, &x, NULL, &ty), status_of_failure);
}

static void run_silent_shape(void)
{
    static const struct wg_op op = {
        .name = "careless", .n_in = 1, .n_out = 1, .kernels = {{.run = {copies, copies}}}, .shape = silent_shape};
    assert_null(wg_invoke1(&op, NULL, x));
}

static void run_silent_compose(void)
{
    static const struct wg_op op = {.name = "careless", .n_in = 1, .n_out = 1, .compose = silent_compose};
    assert_null(wg_invoke1(&op, NULL, x));
}

static void run_silent_callback(void)
{
    assert_int_equal(wg_callback_run("test", "the function of ", "mine", silent_step, NULL), status_of_failure);
}

static void run_silent_capture(void)
{
    assert_null(wg_replay_capture(silent_step, NULL));
}

static void run_silent_evaluation(void)
{
    assert_int_equal(wg_evaluate(silent_step, NULL), status_of_failure);
}

/* The error names the function and its status, also where the status is a number that the library does not use. */
static void a_function_that_fails_without_a_word_is_named(void **state)
{
    (void)state;
    const struct {
        void (*run)(void);
        const char *message;
    } silent[] = {{run_silent_forward, "careless: its forward failed: "},
                  {run_silent_backward, "careless: its backward failed: "},
                  {run_silent_jvp, "careless: its jvp failed: "},
                  {run_silent_shape, "careless: its shape rule failed: "},
                  {run_silent_compose, "careless: its compose failed: "},
                  {run_silent_callback, "test: the function of mine failed: "},
                  {run_silent_capture, "replay_capture: the step failed: "},
                  {run_silent_evaluation, "evaluate: the step failed: "}};
    x = leaf(WG_F64, WG_SHAPE(3), 1);
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
        for (int known = 0; known < 2; known++) {
            char message[100];
            status_of_failure = known ? WG_E_NUMERIC : (wg_status)-99;
            snprintf(message, sizeof message, "%s%s (%d)", silent[i].message, wg_status_name(status_of_failure),
                     (int)status_of_failure);
            silent[i].run();
            assert_int_equal(wg_error_first() ? wg_error_first()->later : 0, 0);
            expect_error(status_of_failure, message);
        }
    wg_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_function_that_fails_without_a_word_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
