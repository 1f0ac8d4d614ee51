/* Functions that call themselves through the library without end: an error before the stack overflows, and not below the
   documented limit. */
#include <pthread.h>

#include "common.h"

#include "wengert/check.h"
#include "wengert/derivative.h"

enum { MOST = WG_MAX_DEPTH, STACK = 1024 * 1024 };

/* ---- checkpoints ---- */

static int levels[MOST + 1], deepest; /* a function finds its level from the address of its context */

/* sin inside that many nested checkpoints. */
static wg_tensor *level(wg_tensor *const *x, size_t n, void *context)
{
    int *at = context;
    (void)n;
    return at - levels == deepest ? wg_sin(x[0]) : wg_checkpoint(level, at + 1, x, 1);
}

static void checkpoints_as_deep_as_they_may_be(void **state)
{
    (void)state;
    wg_tensor *x = scalar_leaf(0.5);
    deepest = MOST - 1;
    for (int create_graph = 0; create_graph < 2; create_graph++) {
        WG_TAPE(tape);
        wg_tensor *g = made(wg_grad(made(wg_checkpoint(level, levels, &x, 1)), x, .create_graph = create_graph));
        assert_near(wg_item(g), cos(0.5), 1e-15);
    }
    wg_free(x);
}

static void one_checkpoint_more_is_an_error(void **state)
{
    (void)state;
    wg_tensor *x = scalar_leaf(0.5);
    deepest = MOST;
    for (int way = 0; way < 3; way++) { /* no tape, a tape, a traced tape */
        wg_tape *tape = way == 0 ? NULL : wg_tape_open(.trace = way == 2);
        assert_null_and_error(wg_checkpoint(level, levels, &x, 1), WG_E_STATE,
                              "checkpoint: 256 functions run one inside the other");
        if (tape)
            assert_ok(wg_tape_close(tape));
    }
    wg_free(x);
}

/* ---- other recursive calls, in a small stack ---- */

static wg_tensor *endless_checkpoint(wg_tensor *const *x, size_t n, void *context)
{
    return wg_checkpoint(endless_checkpoint, context, x, n);
}

static wg_tensor *endless_vjp(wg_tensor *const *x, size_t n, void *context)
{
    wg_tensor *y = NULL, *g;
    return wg_vjp(endless_vjp, context, x, n, WG_NONE, &y, &g) == WG_OK ? y : NULL;
}

static wg_tensor *endless_jvp(wg_tensor *const *x, size_t n, void *context)
{
    wg_tensor *y = NULL, *ty;
    return wg_jvp(endless_jvp, context, x, n, x, &y, &ty) == WG_OK ? y : NULL;
}

static wg_tensor *endless_jacobian(wg_tensor *const *x, size_t n, void *context)
{
    wg_tensor *j;
    return wg_jacobian(endless_jacobian, context, x, n, &j) == WG_OK ? j : NULL;
}

/* The first run is sin; the second run checkpoints itself, so that backward through it runs it again. */
static wg_tensor *endless_again(wg_tensor *const *x, size_t n, void *context)
{
    bool *first = context, again = !*first;
    if (!again) {
        *first = false;
        return wg_sin(x[0]);
    }
    *first = true;
    return wg_checkpoint(endless_again, context, x, n);
}

static bool ended;

static void expect_the_limit(bool failed)
{
    wg_error error;
    const wg_status code = wg_error_take(&error);
    if (!failed || code != WG_E_STATE || !strstr(error.message, "run one inside the other"))
        fail_msg("%s: %s", failed ? "failed" : "OK", error.message);
}

static void *run_all(void *context)
{
    wg_tensor *x = scalar_leaf(0.5);
    (void)context;
    for (int taped = 0; taped < 2; taped++) {
        wg_tape *tape = taped ? wg_tape_open() : NULL;
        wg_tensor *y, *g;
        expect_the_limit(!wg_checkpoint(endless_checkpoint, NULL, &x, 1));
        expect_the_limit(wg_vjp(endless_vjp, NULL, &x, 1, WG_NONE, &y, &g) != WG_OK);
        expect_the_limit(wg_jvp(endless_jvp, NULL, &x, 1, &x, &y, &g) != WG_OK);
        expect_the_limit(wg_jacobian(endless_jacobian, NULL, &x, 1, &g) != WG_OK);
        expect_the_limit(wg_gradcheck(endless_vjp, NULL, &x, 1) != WG_OK);
        if (tape)
            assert_ok(wg_tape_close(tape));
    }
    for (int create_graph = 0; create_graph < 2; create_graph++) {
        WG_TAPE(tape);
        bool first = true;
        wg_tensor *y = made(wg_checkpoint(endless_again, &first, &x, 1));
        expect_the_limit(!wg_grad(y, x, .create_graph = create_graph));
    }
    wg_free(x);
    ended = true;
    return NULL;
}

static void no_function_calls_itself_without_end(void **state)
{
    (void)state;
    pthread_attr_t attributes;
    pthread_t thread;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, STACK), 0);
    assert_int_equal(pthread_create(&thread, &attributes, run_all, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(pthread_attr_destroy(&attributes), 0);
    assert_true(ended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(checkpoints_as_deep_as_they_may_be),
        TEST(one_checkpoint_more_is_an_error),
        TEST(no_function_calls_itself_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
