/* DESIGN section 3, rules 11 to 13: operands absent by choice, hooks, kinks and ops without a derivative. */
#include "user_op.h"

#include "core/internal.h"

/* ---- 11. WG_NONE means absent by choice, NULL means failed. ---- */

static void rule_11_none_is_a_choice_and_null_a_failure(void **state)
{
    (void)state;
    wg_tensor *x = numbers(WG_F32, WG_SHAPE(2, 3), 1), *w = leaf(WG_F32, WG_SHAPE(4, 3), 2);
    WG_TAPE(tape);
    wg_tensor *y = made(wg_linear(x, w, WG_NONE));
    assert_int_equal(wg_extent(y, 1), 4);
    assert_null_and_error(wg_linear(x, w, NULL), WG_E_NULL, "linear: operand 2 is NULL");
    assert_null_and_error(wg_linear(x, WG_NONE, WG_NONE), WG_E_ARGUMENT, "linear: operand 1 is WG_NONE");
    assert_null_and_error(wg_add(x, WG_NONE), WG_E_ARGUMENT, "add: operand 1 is WG_NONE");
    wg_free(x);
    wg_free(w);
}

/* A bias that could not be made must not train as an absent bias: the cause is kept, later errors are only counted. */
static void rule_11_null_runs_through_to_the_end(void **state)
{
    (void)state;
    wg_tensor *x = numbers(WG_F32, WG_SHAPE(2, 3), 1), *w = leaf(WG_F32, WG_SHAPE(4, 3), 2);
    {
        WG_TAPE(tape);
        wg_tensor *bias = wg_zeros(WG_F32, WG_SHAPE(-4));
        wg_tensor *loss = wg_sum(wg_tanh(wg_linear(x, w, bias)));
        assert_null(loss);
        assert_int_equal(wg_backward(loss), WG_E_NULL);
        assert_int_equal(wg_error_first()->code, WG_E_SHAPE);
        assert_true(wg_error_first()->later >= 3);
        expect_error(WG_E_SHAPE, "negative extent in [-4]");
    }
    assert_null(wg_gradient(w));
    wg_free(x);
    wg_free(w);
}

static void rule_11_none_has_no_value(void **state)
{
    (void)state;
    assert_null_and_error(wg_data(WG_NONE), WG_E_ARGUMENT, "WG_NONE");
    assert_int_equal(wg_rank(WG_NONE), 0);
    expect_error(WG_E_ARGUMENT, "rank: ");
    wg_free(WG_NONE);
    assert_null(wg_error_first());
}

/* ---- 12. A hook runs once, on the summed gradient; it may replace the gradient and may not call backward. ---- */

struct hooked {
    int calls;
    double seen, factor;
    wg_tensor *root;
    wg_status status;
};

static wg_tensor *scale(wg_tensor *gradient, void *context)
{
    struct hooked *hooked = context;
    hooked->calls++;
    hooked->seen = element(gradient, 0);
    return wg_mul_scalar(gradient, hooked->factor);
}

static wg_tensor *calls_backward(wg_tensor *gradient, void *context)
{
    struct hooked *hooked = context;
    hooked->status = wg_backward(hooked->root);
    return gradient;
}

static wg_tensor *calls_grad(wg_tensor *gradient, void *context)
{
    struct hooked *hooked = context;
    return wg_grad(hooked->root, gradient);
}

static wg_tensor *fails(wg_tensor *gradient, void *context)
{
    (void)gradient;
    (void)context;
    return NULL;
}

static wg_tensor *of_wrong_shape(wg_tensor *gradient, void *context)
{
    (void)context;
    return wg_ones(wg_dtype_of(gradient), WG_SHAPE(77));
}

static wg_tensor *of_wrong_dtype(wg_tensor *gradient, void *context)
{
    (void)context;
    return wg_ones(WG_F32, wg_shape_of(gradient));
}

/* A hook that works on its own tape. */
static wg_tensor *measures(wg_tensor *gradient, void *context)
{
    struct hooked *hooked = context;
    WG_TAPE(own);
    hooked->calls++;
    hooked->seen = wg_item(wg_sum(wg_mul(gradient, gradient)));
    return gradient;
}

static wg_tensor *closes_the_tape(wg_tensor *gradient, void *context)
{
    struct hooked *hooked = context;
    hooked->status = wg_tape_close(wg_tape_top());
    return gradient;
}

static wg_tensor *leaves_a_tape_open(wg_tensor *gradient, void *context)
{
    (void)context;
    return wg_tape_open() ? gradient : NULL;
}

static void rule_12_a_hook_runs_once_on_the_sum(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1);
    for (int create_graph = 0; create_graph < 2; create_graph++) {
        struct hooked on_leaf = {.factor = 10}, on_value = {.factor = 2};
        WG_TAPE(tape);
        wg_tensor *h = made(wg_mul_scalar(w, 1));
        wg_tensor *y = made(wg_sum(wg_add(wg_add(h, h), wg_mul_scalar(h, 3)))); /* dy/dh = 5 */
        assert_ok(wg_add_hook(h, scale, &on_value));
        assert_ok(wg_add_hook(w, scale, &on_leaf));
        wg_tensor *same[] = {w, w}, *gx[2];
        assert_ok(wg_grad_many(y, same, 2, gx, .create_graph = create_graph));
        assert_int_equal(on_value.calls, 1);
        assert_int_equal(on_leaf.calls, 1);
        assert_near(on_value.seen, 5, 0);
        assert_near(on_leaf.seen, 10, 0);
        assert_near(element(gx[0], 2), 100, 0);
        assert_near(element(gx[1], 2), 100, 0);
        assert_ok(wg_backward(y));
        assert_int_equal(on_leaf.calls, 2); /* once per backward pass */
        assert_near(element(wg_gradient(w), 2), 100, 0);
        wg_clear_gradient(w);
    }
    struct hooked none = {0};
    WG_TAPE(tape);
    assert_ok(wg_backward(wg_sum(wg_mul_scalar(w, 1)))); /* hooks end with their tape */
    assert_int_equal(none.calls, 0);
    assert_near(element(wg_gradient(w), 0), 1, 0);
    wg_free(w);
}

static void rule_12_a_hook_on_a_leaf_runs_whichever_nodes_used_it(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1);
    struct hooked on_leaf = {.factor = 10};
    WG_TAPE(tape);
    wg_tensor *before = made(wg_mul_scalar(w, 1));
    assert_ok(wg_add_hook(w, scale, &on_leaf));
    wg_set_requires_grad(w, false);
    wg_tensor *frozen = made(wg_mul_scalar(w, 7));
    wg_set_requires_grad(w, true);
    wg_tensor *after = made(wg_mul_scalar(w, 2));
    assert_ok(wg_backward(wg_sum(wg_add(wg_add(before, frozen), after))));
    assert_int_equal(on_leaf.calls, 1);
    assert_near(on_leaf.seen, 3, 0);
    assert_near(element(wg_gradient(w), 1), 30, 0);
    wg_free(w);
}

static void rule_12_a_hook_may_not_call_backward_nor_close_the_tape(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1);
    for (int k = 0; k < 3; k++) {
        WG_TAPE(tape);
        wg_tensor *h = made(wg_tanh(w)), *y = made(wg_sum(h));
        struct hooked hooked = {.root = y};
        assert_ok(wg_add_hook(h, k == 0 ? calls_backward : k == 1 ? calls_grad : closes_the_tape, &hooked));
        const wg_status status = wg_backward(y, .retain = true);
        if (k != 1)
            assert_int_equal(hooked.status, WG_E_STATE);
        assert_int_equal(status, k == 0 ? WG_OK : WG_E_STATE);
        assert_ptr_equal(wg_tape_top(), tape);
        expect_error(WG_E_STATE, k == 0 ? "backward: " : k == 1 ? "grad: " : "tape_close: ");
    }
    wg_free(w);
}

static void rule_12_what_a_hook_returns_must_fit(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1);
    const struct {
        wg_hook *hook;
        wg_status status;
    } wrong[] = {{fails, WG_E_STATE}, {of_wrong_shape, WG_E_SHAPE}, {of_wrong_dtype, WG_E_DTYPE}};
    for (size_t i = 0; i < 3; i++)
        for (int on_leaf = 0; on_leaf < 2; on_leaf++) {
            WG_TAPE(tape);
            wg_tensor *h = made(wg_tanh(w));
            assert_ok(wg_add_hook(on_leaf ? w : h, wrong[i].hook, NULL));
            assert_fails(wg_backward(wg_sum(h)), wrong[i].status, "hook: ");
            assert_null(wg_gradient(w));
        }
    wg_free(w);
}

static void rule_12_a_hook_may_use_a_tape_of_its_own(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1);
    for (int create_graph = 0; create_graph < 2; create_graph++) {
        WG_TAPE(tape);
        struct hooked hooked = {0};
        wg_tensor *h = made(wg_mul(w, w)), *y = made(wg_sum(wg_mul_scalar(h, 3)));
        assert_ok(wg_add_hook(h, measures, &hooked));
        wg_tensor *g = made(wg_grad(y, w, .create_graph = create_graph));
        assert_near(hooked.seen, 27, 0);
        assert_near(element(g, 1), 6 * element(w, 1), 1e-15);
    }
    {
        WG_TAPE(tape);
        wg_tensor *h = made(wg_mul(w, w));
        assert_ok(wg_add_hook(h, leaves_a_tape_open, NULL));
        assert_fails(wg_backward(wg_sum(h)), WG_E_STATE, "hook: the function on the result of mul left a tape open");
        assert_ptr_equal(wg_tape_top(), tape);
    }
    wg_free(w);
}

/* ---- 13. Kinks, NaN, ops with zero derivative, ops without a derivative. ---- */

static double slope(wg_tensor *(*op)(wg_tensor *), double at)
{
    wg_tensor *x = scalar_leaf(at);
    double g;
    {
        WG_TAPE(tape);
        g = wg_item(made(wg_grad(made(op(x)), x)));
    }
    wg_free(x);
    return g;
}

static void rule_13_subgradients_at_kinks(void **state)
{
    (void)state;
    assert_near(slope(wg_relu, 0), 0, 0);
    assert_near(slope(wg_relu, 1e-300), 1, 0);
    assert_near(slope(wg_abs, 0), 0, 0);
    assert_near(slope(wg_abs, -2), -1, 0);
}

static void rule_13_ties_go_to_the_first(void **state)
{
    (void)state;
    wg_tensor *a = leaf(WG_F64, WG_SHAPE(4), 1), *b = leaf(WG_F64, WG_SHAPE(4), 1); /* equal elements */
    WG_TAPE(tape);
    wg_tensor *x[] = {a, b}, *gx[2];
    assert_ok(wg_grad_many(wg_sum(wg_maximum(a, b)), x, 2, gx));
    assert_near(element(gx[0], 2), 1, 0);
    assert_near(element(gx[1], 2), 0, 0);
    assert_ok(wg_grad_many(wg_sum(wg_minimum(a, b)), x, 2, gx));
    assert_near(element(gx[0], 2), 1, 0);
    assert_near(element(gx[1], 2), 0, 0);
    const double ties[] = {3, 7, 7, 7};
    wg_tensor *t = made(wg_set_requires_grad(wg_from(ties, WG_SHAPE(4)), true));
    wg_tensor *g = made(wg_grad(wg_max(t), t));
    for (int i = 0; i < 4; i++)
        assert_near(element(g, i), i == 1, 0);
    wg_free(a);
    wg_free(b);
}

static void rule_13_nan_passes_through(void **state)
{
    (void)state;
    const double values[] = {1, (double)NAN, 2};
    WG_TAPE(tape);
    wg_tensor *x = made(wg_from(values, WG_SHAPE(3))), *one = made(wg_ones(WG_F64, WG_SHAPE(3)));
    assert_true(isnan(element(made(wg_relu(x)), 1)));
    assert_true(isnan(element(made(wg_maximum(x, one)), 1)));
    assert_true(isnan(element(made(wg_maximum(one, x)), 1)));
    assert_true(isnan(element(made(wg_minimum(x, one)), 1)));
    assert_true(isnan(element(made(wg_minimum(one, x)), 1)));
    assert_true(isnan(wg_item(made(wg_max(x)))));
    assert_true(isnan(wg_item(made(wg_min(x)))));
    assert_true(isnan(element(made(wg_sign(x)), 1)));
}

static void rule_13_flat_ops_say_that_their_gradient_is_zero(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1);
    WG_TAPE(tape);
    wg_tensor *y = made(wg_sum(wg_sign(w)));
    wg_tensor *g = made(wg_grad(y, w));
    assert_near(element(g, 0), 0, 0);
    assert_ok(wg_backward(wg_sum(wg_mul(wg_sign(w), w)))); /* a zero gradient plus a non-zero one */
    assert_near(element(wg_gradient(w), 1), element(w, 1) > 0 ? 1 : -1, 0);
    wg_free(w);
}

static void rule_13_no_derivative_is_an_error_that_gives_the_reason(void **state)
{
    (void)state;
    struct wg_op op = *times_op();
    op.name = "rank_of";
    op.vjp = NULL;
    op.flags |= WG_OP_NO_DERIVATIVE;
    op.reason = "ranks jump";
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1);
    {
        WG_TAPE(tape);
        wg_tensor *y = made(wg_sum(wg_invoke2(&op, NULL, w, w)));
        assert_null_and_error(wg_grad(y, w), WG_E_NO_GRAD, "rank_of has no derivative: ranks jump");
        assert_null_and_error(wg_grad(y, w, .unused = WG_UNUSED_ZEROS), WG_E_NO_GRAD, "rank_of");
        assert_fails(wg_backward(y), WG_E_NO_GRAD, "rank_of");
    }
    assert_null(wg_gradient(w));
    wg_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rule_11_none_is_a_choice_and_null_a_failure),
        TEST(rule_11_null_runs_through_to_the_end),
        TEST(rule_11_none_has_no_value),
        TEST(rule_12_a_hook_runs_once_on_the_sum),
        TEST(rule_12_a_hook_on_a_leaf_runs_whichever_nodes_used_it),
        TEST(rule_12_a_hook_may_not_call_backward_nor_close_the_tape),
        TEST(rule_12_what_a_hook_returns_must_fit),
        TEST(rule_12_a_hook_may_use_a_tape_of_its_own),
        TEST(rule_13_subgradients_at_kinks),
        TEST(rule_13_ties_go_to_the_first),
        TEST(rule_13_nan_passes_through),
        TEST(rule_13_flat_ops_say_that_their_gradient_is_zero),
        TEST(rule_13_no_derivative_is_an_error_that_gives_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
