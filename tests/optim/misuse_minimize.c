/* Misuse of minimizers and line searches. */
#include "misuse.h"

static wg_tensor *squares(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_square(p[0]));
}

/* Runs the minimizer that it is called by. */
static wg_tensor *runs_itself(wg_tensor *const *p, size_t n, void *context)
{
    (void)n;
    assert_fails(wg_minimize_run(context, squares, NULL, NULL), WG_E_STATE,
                 "minimize_run: the minimizer (lbfgs) is running already");
    assert_fails(wg_minimize_set(context, "lr", 1), WG_E_STATE, "minimize_set: the minimizer (lbfgs) is running");
    assert_fails(wg_minimize_set_state(context, (wg_tensor_list){0, NULL, NULL}), WG_E_STATE, "minimize_set_state: ");
    assert_int_equal(wg_minimize_state(context).n, 0);
    expect_error(WG_E_STATE, "minimize_state: the minimizer is running");
    assert_fails(wg_minimize_watch(context, NULL, NULL), WG_E_STATE, "minimize_watch: the minimizer (lbfgs) is running");
    wg_minimize_reset(context);
    expect_error(WG_E_STATE, "minimize_reset: the minimizer is running");
    wg_minimize_destroy(context);
    expect_error(WG_E_STATE, "minimize_destroy: the minimizer (lbfgs) is running");
    (void)p;
    return NULL;
}

static wg_status line(void *context, double t, int slot, double *f, double *slope)
{
    (void)context, (void)slot;
    *f = t * t - t;
    if (slope)
        *slope = 2 * t - 1;
    return WG_OK;
}

static wg_status opens(void *context, double t, int slot, double *f, double *slope)
{
    (void)wg_tape_open();
    return line(context, t, slot, f, slope);
}

static wg_status refuses(void *context, double t, int slot, double *f, double *slope)
{
    (void)context, (void)t, (void)slot, (void)f, (void)slope;
    return WG_E_IO;
}

/* The parameters are NULL, none, of another dtype, given twice, of a tape, without a gradient, dead. */
#define CHECK(name)                                                                                                        \
    static void check_##name(void)                                                                                         \
    {                                                                                                                      \
        static const char op[] = "minimize_" #name ": ";                                                                   \
        wg_minimize_##name##_options bytes;                                                                                \
        memset(&bytes, 0xff, sizeof bytes);                                                                                \
        assert_null_and_error(wg_minimize_##name##_with((wg_tensor_list){1, &fx.x, NULL}, bytes), WG_E_ARGUMENT, op);      \
        wg_tensor *twice[] = {fx.x, fx.x}, *none = NULL;                                                                   \
        assert_null_and_error(wg_minimize_##name(((wg_tensor_list){0, &fx.x, NULL})), WG_E_ARGUMENT, op);                  \
        assert_null_and_error(wg_minimize_##name(((wg_tensor_list){1, NULL, NULL})), WG_E_NULL, op);                       \
        assert_null_and_error(wg_minimize_##name(((wg_tensor_list){1, &none, NULL})), WG_E_NULL, op);                      \
        assert_null_and_error(wg_minimize_##name(((wg_tensor_list){2, twice, NULL})), WG_E_ARGUMENT, op);                  \
        assert_null_and_error(wg_minimize_##name(((wg_tensor_list){1, &fx.labels, NULL})), WG_E_DTYPE, op);                \
        assert_null_and_error(wg_minimize_##name(((wg_tensor_list){1, &fx.y, NULL})), WG_E_NO_GRAD, op);                   \
        wg_tensor *of_tape = wg_set_requires_grad(wg_zeros(WG_F32, WG_SHAPE(2)), true);                                    \
        assert_null_and_error(wg_minimize_##name(((wg_tensor_list){1, &of_tape, NULL})), WG_E_ARGUMENT, op);               \
        FOR_EACH_BAD(IS_NONE, assert_null(wg_minimize_##name(((wg_tensor_list){1, &bad, NULL}))); expect_error(code, "")); \
    }
#define WG_MINIMIZER(name, ...) CHECK(name)
#define WG_LEAST_SQUARES(name, ...) CHECK(name)
#include "wengert/minimizers.def"
#undef WG_MINIMIZER
#undef WG_LEAST_SQUARES

static void misuse_list(void)
{
#define WG_MINIMIZER(name, ...) check_##name();
#define WG_LEAST_SQUARES(name, ...) check_##name();
#include "wengert/minimizers.def"
#undef WG_MINIMIZER
#undef WG_LEAST_SQUARES
}

static void misuse_minimize(void)
{
    wg_minimizer *m = wg_minimize_lbfgs(((wg_tensor_list){1, &fx.x, NULL}));
    assert_non_null(m);
    assert_fails(wg_minimize_run(NULL, squares, NULL, NULL), WG_E_NULL, "minimize_run: the minimizer is NULL");
    assert_fails(wg_minimize_run(m, NULL, NULL, NULL), WG_E_NULL, "minimize_run: the function is NULL");
    assert_int_equal(wg_minimize_run(m, runs_itself, m, NULL), WG_E_NULL);
    expect_error(WG_E_NULL, "minimize_run: the objective ");
    assert_fails(wg_minimize_run_sampled(NULL, squares, NULL, NULL, NULL), WG_E_NULL,
                 "minimize_run_sampled: the minimizer is NULL");
    assert_fails(wg_minimize_run_sampled(m, squares, NULL, NULL, NULL), WG_E_ARGUMENT,
                 "minimize_run_sampled: lbfgs uses no Hessian-vector products");
    const wg_tensor_list list = {1, &fx.x, NULL};
    assert_int_equal(wg_minimize_state(NULL).n, 0);
    expect_error(WG_E_NULL, "minimize_state: the minimizer is NULL");
    assert_int_equal(wg_minimize_state(m).n, 0);
    assert_fails(wg_minimize_set_state(NULL, list), WG_E_NULL, "minimize_set_state: the minimizer is NULL");
    assert_fails(wg_minimize_set_state(m, list), WG_E_NULL, "minimize_set_state: the tensors or their names are NULL");
    const char *const names[] = {"steps"};
    FOR_EACH_BAD(IS_RELEASED, assert_fails(wg_minimize_set_state(m, (wg_tensor_list){1, &bad, names}), code, ""));
    assert_fails(wg_minimize_watch(NULL, NULL, NULL), WG_E_NULL, "minimize_watch: the minimizer is NULL");
    assert_int_equal(wg_minimize_watch(m, NULL, NULL), WG_OK);
    assert_true(isnan(wg_minimize_get(NULL, "lr")));
    expect_error(WG_E_NULL, "minimize_get: the minimizer is NULL");
    assert_true(isnan(wg_minimize_get(m, NULL)));
    expect_error(WG_E_NULL, "minimize_get: the option is NULL");
    assert_true(isnan(wg_minimize_get(m, "momentum")));
    expect_error(WG_E_ARGUMENT, "minimize_get: ");
    assert_fails(wg_minimize_set(NULL, "lr", 1), WG_E_NULL, "minimize_set: the minimizer is NULL");
    assert_fails(wg_minimize_set(m, NULL, 1), WG_E_NULL, "minimize_set: the option is NULL");
    assert_fails(wg_minimize_set(m, "lr", (double)NAN), WG_E_ARGUMENT, "minimize_set: expected lr in");
    assert_fails(wg_minimize_print(NULL, stderr), WG_E_NULL, "minimize_print: the minimizer is NULL");
    assert_fails(wg_minimize_print(m, NULL), WG_E_NULL, "minimize_print: the stream is NULL");
    wg_minimize_reset(NULL);
    expect_error(WG_E_NULL, "minimize_reset: the minimizer is NULL");
    assert_string_equal(wg_minimize_reason_text((wg_minimize_reason)-1), "?");
    assert_string_equal(wg_minimize_reason_text((wg_minimize_reason)1000), "?");
    assert_string_equal(wg_minimize_reason_text((wg_minimize_reason)(WG_MINIMIZE_NOT_FINITE + 1)), "?");
    assert_string_equal(wg_minimize_reason_text(WG_MINIMIZE_GRADIENT), "the gradient is within its tolerance");
    wg_minimize_destroy(NULL);
    wg_minimize_destroy(m);
}

#define REFUSED_SEARCH(name, op)                                                                                               \
    {                                                                                                                          \
        wg_minimize_step step = {.slot = -7};                                                                                  \
        assert_fails(name(NULL, NULL, 0, -1, &step), WG_E_NULL, op ": the function or the result is NULL");                    \
        assert_fails(name(line, NULL, 0, -1, NULL), WG_E_NULL, op ": the function or the result is NULL");                     \
        assert_fails(name(line, NULL, (double)NAN, -1, &step), WG_E_ARGUMENT, op ": expected a finite value at 0, got nan");   \
        assert_fails(name(line, NULL, 0, 0, &step), WG_E_ARGUMENT, op ": expected a finite negative slope at 0, got 0");       \
        assert_fails(name(line, NULL, 0, (double)NAN, &step), WG_E_ARGUMENT, op ": expected a finite negative slope at 0");    \
        assert_fails(name(line, NULL, 0, -1, &step, .step = 0), WG_E_ARGUMENT, op ": expected step in (0, inf), got 0");       \
        assert_fails(name(line, NULL, 0, -1, &step, .c1 = 1), WG_E_ARGUMENT, op ": expected c1 in [0, 1), got 1");             \
        assert_fails(name(line, NULL, 0, -1, &step, .max_evaluations = 0), WG_E_ARGUMENT, op ": expected max_evaluations in"); \
        assert_fails(name(opens, NULL, 0, -1, &step), WG_E_STATE, op ": the function left a tape open");                       \
        assert_int_equal(name(refuses, NULL, 0, -1, &step), WG_E_IO);                                                          \
        expect_error(WG_E_IO, op ": the function ");                                                                           \
        assert_int_equal(step.slot, -7);                                                                                       \
    }

static void misuse_searches(void)
{
    REFUSED_SEARCH(wg_minimize_backtracking, "minimize_backtracking");
    REFUSED_SEARCH(wg_minimize_strong_wolfe, "minimize_strong_wolfe");
    wg_minimize_step step;
    assert_fails(wg_minimize_backtracking(line, NULL, 0, -1, &step, .shrink = 1), WG_E_ARGUMENT,
                 "minimize_backtracking: expected shrink in");
    assert_fails(wg_minimize_strong_wolfe(line, NULL, 0, -1, &step, .c1 = 0.5, .c2 = 0.5), WG_E_ARGUMENT,
                 "minimize_strong_wolfe: expected c1 < c2, got c1 = 0.5 and c2 = 0.5");
}

static const struct misuse table[] = {
#define WG_MINIMIZER(name, ...) {"wg_minimize_" #name "_with", misuse_list},
#define WG_LEAST_SQUARES(name, ...) WG_MINIMIZER(name, __VA_ARGS__)
#include "wengert/minimizers.def"
#undef WG_MINIMIZER
#undef WG_LEAST_SQUARES
    {"wg_minimize_run", misuse_minimize},
    {"wg_minimize_run_sampled", misuse_minimize},
    {"wg_minimize_get", misuse_minimize},
    {"wg_minimize_set", misuse_minimize},
    {"wg_minimize_watch", misuse_minimize},
    {"wg_minimize_state", misuse_minimize},
    {"wg_minimize_set_state", misuse_minimize},
    {"wg_minimize_reset", misuse_minimize},
    {"wg_minimize_print", misuse_minimize},
    {"wg_minimize_destroy", misuse_minimize},
    {"wg_minimize_reason_text", misuse_minimize},
    {"wg_minimize_backtracking_with", misuse_searches},
    {"wg_minimize_strong_wolfe_with", misuse_searches},
};

MISUSE_MAIN(table)
