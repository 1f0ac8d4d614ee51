/* Hooks: a hook must return a valid tensor, or backward fails and names it; hooks that add hooks; the cost of many. */
#include <time.h>

#include "common.h"

/* ---- what a hook returns ---- */

static wg_tensor *drops(wg_tensor *g, void *context)
{
    (void)context;
    wg_drop(g);
    return g;
}

/* Returns a tensor of the caller's that has been freed. */
static wg_tensor *returns_it(wg_tensor *g, void *context)
{
    (void)g;
    return context;
}

static wg_tensor *drops_what_it_made(wg_tensor *g, void *context)
{
    (void)context;
    wg_tensor *twice = wg_mul_scalar(g, 2);
    wg_drop(twice);
    return twice;
}

static void a_hook_returns_what_is_there(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *dead = made(wg_ones(WG_F64, WG_SHAPE(3)));
    wg_free(dead);
    let_dead_handle_be_read(dead);
    const struct {
        wg_hook *hook;
        wg_status status;
    } wrong[] = {{drops, WG_E_RELEASED}, {drops_what_it_made, WG_E_RELEASED}, {returns_it, WG_E_DANGLING}};
    assert_ok(wg_set_name(x, "weight"));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        for (int on_leaf = 0; on_leaf < 2; on_leaf++)
            for (int how = 0; how < 3; how++) {
                WG_TAPE(tape);
                wg_tensor *h = made(wg_tanh(x)), *y = made(wg_sum(wg_square(h))), *g = NULL;
                assert_ok(wg_add_hook(on_leaf ? x : h, wrong[i].hook, dead));
                const wg_status status = how == 0 ? wg_backward(y) : wg_grad_many(y, &x, 1, &g, .create_graph = how == 2);
                assert_int_equal(status, wrong[i].status);
                expect_error(wrong[i].status,
                             on_leaf ? "what the function on \"weight\" " : "what the function on the result of tanh ");
                assert_null(g);
                assert_null(wg_gradient(x));
            }
    wg_free(x);
}

/* Drops the gradient of b, which it remembered, while that is still waiting. */
static wg_tensor *remembers(wg_tensor *g, void *context)
{
    *(wg_tensor **)context = g;
    return g;
}

static wg_tensor *drops_another(wg_tensor *g, void *context)
{
    wg_drop(*(wg_tensor **)context);
    return g;
}

static void a_gradient_that_a_hook_dropped_is_not_handed_out(void **state)
{
    (void)state;
    wg_tensor *x[2] = {leaf(WG_F64, WG_SHAPE(3), 1), leaf(WG_F64, WG_SHAPE(3), 2)}, *seen, *g[2];
    for (int first = 0; first < 2; first++)
        for (int create_graph = 0; create_graph < 2; create_graph++) {
            WG_TAPE(tape);
            wg_tensor *y = made(wg_sum(wg_mul(x[0], x[1])));
            assert_ok(wg_add_hook(x[first], remembers, &seen));
            assert_ok(wg_add_hook(x[!first], drops_another, &seen));
            seen = NULL;
            const wg_status status = wg_grad_many(y, x, 2, g, .create_graph = create_graph);
            if (status == WG_OK) { /* the order was reversed: nothing was dropped before its use */
                made(wg_add(g[0], g[1]));
                continue;
            }
            assert_int_equal(status, WG_E_RELEASED);
            expect_error(WG_E_RELEASED, "grad: ");
        }
    wg_free(x[0]), wg_free(x[1]);
}

/* ---- hooks that add hooks ---- */

struct adder {
    wg_tensor *to;
    int calls;
    bool once;
};

static wg_tensor *adds(wg_tensor *g, void *context)
{
    struct adder *adder = context;
    adder->calls++;
    if (adder->once && adder->calls > 1)
        return g;
    return wg_add_hook(adder->to, adds, adder) == WG_OK ? g : NULL;
}

static void a_hook_that_is_added_in_a_walk_runs_from_the_next_one_on(void **state)
{
    (void)state;
    for (int on_leaf = 0; on_leaf < 2; on_leaf++) {
        wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
        WG_TAPE(tape);
        wg_tensor *h = made(wg_square(x)), *y = made(wg_sum(h));
        struct adder adder = {.to = on_leaf ? x : h};
        assert_ok(wg_add_hook(adder.to, adds, &adder));
        made(wg_grad(y, x));
        assert_int_equal(adder.calls, 1);
        made(wg_grad(y, x, .create_graph = true));
        assert_int_equal(adder.calls, 1 + 2);
        assert_ok(wg_backward(y, .retain = true));
        assert_int_equal(adder.calls, 1 + 2 + 4);
        assert_near(element(wg_gradient(x), 1), 2 * element(x, 1), 1e-15);
        wg_free(x);
    }
}

/* A hook may also be added to a tensor that the backward pass has not reached yet. */
static void a_hook_that_is_added_further_on_waits_too(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    WG_TAPE(tape);
    wg_tensor *h = made(wg_square(x)), *y = made(wg_sum(h));
    struct adder adder = {.to = x, .once = true};
    assert_ok(wg_add_hook(h, adds, &adder));
    made(wg_grad(y, x));
    assert_int_equal(adder.calls, 1);
    made(wg_grad(y, x));
    assert_int_equal(adder.calls, 3);
    wg_free(x);
}

/* ---- many hooks ---- */

static wg_tensor *counts(wg_tensor *g, void *context)
{
    ++*(int *)context;
    return g;
}

/* The CPU seconds to add n hooks and run them, on one tensor or each on its own. */
static double seconds_of(int n, bool on_one)
{
    struct timespec from, to;
    wg_tensor *x = scalar_leaf(2), **h = malloc((size_t)n * sizeof *h);
    int calls = 0;
    assert_non_null(h);
    {
        WG_TAPE(tape);
        wg_tensor *sum = x;
        for (int i = 0; i < n; i++)
            sum = h[i] = made(wg_add_scalar(sum, 1));
        assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from), 0);
        for (int i = 0; i < n; i++)
            assert_ok(wg_add_hook(on_one ? x : h[i], counts, &calls));
        assert_ok(wg_backward(sum));
        assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to), 0);
    }
    assert_int_equal(calls, n);
    wg_free(x);
    free(h);
    return (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
}

static double least_of_three(int n, bool on_one)
{
    double least = INFINITY;
    for (int i = 0; i < 3; i++)
        least = fmin(least, seconds_of(n, on_one));
    return least;
}

/* 16 times as many hooks take 16 times as long; a quadratic cost would make it 256 times. */
static void many_hooks_cost_linear_time(void **state)
{
    (void)state;
    enum { FEW = 2000, MANY = 16 * FEW };
    for (int on_one = 0; on_one < 2; on_one++) {
        const double few = least_of_three(FEW, on_one), many = least_of_three(MANY, on_one);
        if (many > 64 * few)
            fail_msg("%d hooks take %g s, %d take %g s", FEW, few, MANY, many);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_hook_returns_what_is_there),
        TEST(a_gradient_that_a_hook_dropped_is_not_handed_out),
        TEST(a_hook_that_is_added_in_a_walk_runs_from_the_next_one_on),
        TEST(a_hook_that_is_added_further_on_waits_too),
        TEST(many_hooks_cost_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
