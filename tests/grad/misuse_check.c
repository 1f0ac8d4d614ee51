/* Misuse of check.h's functions: gradient checks, anomaly mode. */
#include "misuse.h"

static wg_tensor *squares(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_square(x[0]);
}

static wg_tensor *nothing(wg_tensor *const *x, size_t n, void *context)
{
    (void)x;
    (void)n;
    (void)context;
    return NULL;
}

static wg_tensor *whole_numbers(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_argmax(x[0], .axis = 1);
}

/* Calls a check where none is allowed. */
struct inside {
    wg_status first, second;
};

static wg_tensor *hook(wg_tensor *gradient, void *context)
{
    struct inside *inside = context;
    inside->first = wg_gradcheck(squares, NULL, &fx.wide, 1);
    inside->second = wg_gradgradcheck(squares, NULL, &fx.wide, 1);
    wg_error_take(NULL);
    return gradient;
}

typedef wg_status check_function(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_gradcheck_options options);

static void misuse_one(check_function *check, const char *name)
{
    const wg_gradcheck_options usual = {.full = true, .rtol = 1e-6, .atol = 1e-8};
    wg_tensor *x[2] = {fx.wide, NULL};
    char prefix[40];
    snprintf(prefix, sizeof prefix, "%s: ", name);
    assert_fails(check(NULL, NULL, x, 1, usual), WG_E_NULL, prefix);
    assert_fails(check(squares, NULL, NULL, 1, usual), WG_E_NULL, prefix);
    assert_fails(check(squares, NULL, x, 0, usual), WG_E_NULL, prefix);
    FOR_EACH_BAD(IS_NULL, {
        x[1] = bad;
        assert_fails(check(squares, NULL, x, 2, usual), code, prefix);
    });
    assert_fails(check(squares, NULL, &fx.x, 1, usual), WG_E_DTYPE, "operand 0 is f32: differences of f32 say nothing");
    assert_fails(check(squares, NULL, &fx.labels, 1, usual), WG_E_DTYPE, "no operand is f64");
    assert_fails(check(nothing, NULL, x, 1, usual), WG_E_NULL, "the function returned NULL");
    assert_fails(check(whole_numbers, NULL, x, 1, usual), WG_E_DTYPE, "the function's result is i64");
    assert_fails(check(squares, NULL, x, 1, (wg_gradcheck_options){.rtol = -1}), WG_E_ARGUMENT, prefix);
    assert_fails(check(squares, NULL, x, 1, (wg_gradcheck_options){.atol = (double)NAN}), WG_E_ARGUMENT, prefix);
}

static void misuse_gradcheck(void)
{
    misuse_one(wg_gradcheck_with, "gradcheck");
    misuse_one(wg_gradgradcheck_with, "gradgradcheck");
    struct inside inside = {WG_OK, WG_OK};
    WG_TAPE(tape);
    wg_tensor *y = made(wg_mul(fx.x, fx.x));
    assert_ok(wg_add_hook(y, hook, &inside));
    made(wg_grad(wg_sum(y), fx.x));
    assert_int_equal(inside.first, WG_E_STATE);
    assert_int_equal(inside.second, WG_E_STATE);
}

static void misuse_anomaly(void)
{
    assert_int_equal(wg_anomaly_set((wg_anomaly)3), WG_ANOMALY_OFF);
    expect_error(WG_E_ARGUMENT, "anomaly_set: 3 is no mode");
    assert_int_equal(wg_anomaly_set((wg_anomaly)-1), WG_ANOMALY_OFF);
    expect_error(WG_E_ARGUMENT, "anomaly_set: ");
    assert_int_equal(wg_anomaly_set(WG_ANOMALY_NAN), WG_ANOMALY_OFF);
    wg_anomaly_leave(NULL);
    assert_int_equal(wg_anomaly_set(WG_ANOMALY_OFF), WG_ANOMALY_NAN);
}

static const struct misuse table[] = {
    {"wg_gradcheck_with", misuse_gradcheck},
    {"wg_gradgradcheck_with", misuse_gradcheck},
    {"wg_anomaly_set", misuse_anomaly},
    {"wg_anomaly_leave", misuse_anomaly},
};

MISUSE_MAIN(table)
