/* DESIGN section 3, rules 7 to 10: wg_grad and wg_backward, fan-out, un-broadcasting, the mask of needs. */
#include "user_op.h"

#include "core/internal.h"

/* ---- 7. wg_grad returns gradients and retains; wg_backward accumulates and releases. ---- */

static void rule_07_grad_gives_tensors_of_the_top_tape_and_retains(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1);
    WG_TAPE(tape);
    wg_tensor *h = made(wg_mul(w, w)), *y = made(wg_sum(wg_tanh(h)));
    const size_t nodes = wg_tape_nodes(tape);
    wg_tensor *first = made(wg_grad(y, w)), *second = made(wg_grad(y, w)), *inner = made(wg_grad(y, h));
    assert_int_equal(wg_tape_nodes(tape), nodes); /* without create_graph nothing is recorded */
    assert_ptr_equal(first->tape, tape);
    assert_same_bits(first, second);
    const double v = element(w, 1), t = tanh(v * v);
    assert_near(element(inner, 1), 1 - t * t, 1e-15);
    assert_null(wg_gradient(w)); /* nothing is accumulated */
    assert_non_null(wg_data(h));
    assert_ok(wg_backward(y));
    assert_same_bits(first, wg_gradient(w));
    wg_free(w);
}

static void rule_07_create_graph_puts_backwards_nodes_behind_the_start(void **state)
{
    (void)state;
    wg_tensor *w = scalar_leaf(0.7);
    WG_TAPE(tape);
    wg_tensor *y = made(wg_mul(wg_mul(w, w), wg_mul(w, w)));
    const uint64_t start = tape->last->seq;
    struct wg_node *const last = tape->last;
    wg_tensor *g1 = made(wg_grad(y, w, .create_graph = true));
    assert_ptr_not_equal(tape->last, last);
    for (struct wg_node *node = last->next; node; node = node->next) {
        assert_true(node->seq > start);
        assert_non_null(node->cause); /* each refers to the forward node that caused it */
        assert_true(node->cause->seq <= start);
    }
    wg_tensor *g2 = made(wg_grad(g1, w, .create_graph = true)), *g3 = made(wg_grad(g2, w, .create_graph = true));
    assert_near(wg_item(g1), 4 * pow(0.7, 3), 1e-14);
    assert_near(wg_item(g2), 12 * 0.49, 1e-14);
    assert_near(wg_item(g3), 24 * 0.7, 1e-14);
    assert_near(wg_item(made(wg_grad(g3, w))), 24, 1e-13);
    wg_free(w);
}

static void rule_07_an_unused_leaf_is_an_error_unless_zeros_are_asked_for(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1), *u = leaf(WG_F32, WG_SHAPE(2, 2), 2);
    WG_TAPE(tape);
    wg_tensor *y = made(wg_sum(w)), *gx[2];
    assert_null_and_error(wg_grad(y, u), WG_E_UNUSED, "grad: ");
    wg_tensor *x[2] = {w, u};
    gx[0] = gx[1] = y;
    assert_fails(wg_grad_many(y, x, 2, gx), WG_E_UNUSED, "operand 2");
    assert_ptr_equal(gx[0], y); /* on failure no gradient is set */
    assert_ok(wg_grad_many(y, x, 2, gx, .unused = WG_UNUSED_ZEROS));
    assert_near(element(gx[0], 2), 1, 0);
    assert_int_equal(wg_numel(gx[1]), 4);
    assert_int_equal(wg_dtype_of(gx[1]), WG_F32);
    assert_near(element(gx[1], 3), 0, 0);
    wg_free(w);
    wg_free(u);
}

/* The gradient of a linear function is a constant: a root that depends on no leaf. */
static void rule_07_zeros_are_given_for_a_root_without_leaves(void **state)
{
    (void)state;
    wg_tensor *x = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(3), 2), true),
              *w = wg_set_requires_grad(wg_full(WG_F32, WG_SHAPE(2), 2), true);
    {
        WG_TAPE(tape);
        wg_tensor *by[2] = {x, w}, *gx[2], *g = made(wg_grad(wg_sum(wg_mul_scalar(x, 3)), x, .create_graph = true));
        assert_null(wg_grad(wg_sum(g), x));
        expect_error(WG_E_NO_GRAD, ".create_graph = true");
        assert_fails(wg_backward(wg_sum(g)), WG_E_NO_GRAD, ".create_graph = true");
        for (int recorded = 0; recorded < 2; recorded++) {
            assert_ok(wg_grad_many(wg_sum(g), by, 2, gx, .unused = WG_UNUSED_ZEROS, .create_graph = recorded));
            for (int i = 0; i < 2; i++) {
                assert_int_equal(wg_dtype_of(gx[i]), wg_dtype_of(by[i]));
                assert_int_equal(wg_numel(gx[i]), wg_numel(by[i]));
                assert_near(element(gx[i], 1), 0, 0);
            }
        }
        assert_near(element(made(wg_grad(g, x, .unused = WG_UNUSED_ZEROS, .grad = g)), 0), 0, 0);
        assert_null(wg_grad(g, x, .unused = WG_UNUSED_ZEROS)); /* like any root with more than one element */
        expect_error(WG_E_SHAPE, "needs a gradient given with .grad");
    }
    wg_free(x), wg_free(w);
}

static void rule_07_several_roots_and_given_gradients(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1);
    WG_TAPE(tape);
    wg_tensor *a = made(wg_mul(w, w)), *b = made(wg_sum(wg_mul_scalar(w, 5)));
    wg_tensor *seed = numbers(WG_F64, WG_SHAPE(3), 9);
    wg_tensor *roots[] = {a, b}, *grads[] = {seed, WG_NONE};
    assert_ok(wg_backward_many(roots, grads, 2, false));
    assert_near(element(wg_gradient(w), 2), 2 * element(w, 2) * element(seed, 2) + 5, 1e-15);
    assert_near(element(a, 0), element(w, 0) * element(w, 0), 0); /* a root keeps its value */
    wg_free(w);
}

/* ---- 8. Gradients add up at a fan-out; in place only if nothing else refers to the sum. ---- */

static void rule_08_fan_out_adds(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1);
    WG_TAPE(tape);
    wg_tensor *y = made(wg_add(wg_mul(w, w), wg_mul(w, wg_mul(w, w)))); /* w² + w³ */
    wg_tensor *before = made(wg_hold(wg_copy(w)));
    assert_ok(wg_backward(wg_sum(wg_add(y, w))));
    for (int i = 0; i < 3; i++) {
        const double v = element(w, i);
        assert_near(element(wg_gradient(w), i), 2 * v + 3 * v * v + 1, 1e-14);
        assert_near(element(before, i), v, 0);
    }
    wg_free(w);
}

/* add passes one gradient to both operands, and then more is added to each. Neither sum may affect the other. */
static void rule_08_a_shared_gradient_is_never_written(void **state)
{
    (void)state;
    for (int create_graph = 0; create_graph < 2; create_graph++) {
        wg_tensor *a = leaf(WG_F64, WG_SHAPE(3), 1), *b = leaf(WG_F64, WG_SHAPE(3), 2);
        WG_TAPE(tape);
        wg_tensor *p = made(wg_mul_scalar(a, 1)), *q = made(wg_mul_scalar(b, 1));
        wg_tensor *more = made(wg_add(wg_mul_scalar(p, 10), wg_mul_scalar(q, 100)));
        wg_tensor *s = made(wg_add(p, q)), *seed = numbers(WG_F64, WG_SHAPE(3), 5), *copy = made(wg_copy(seed));
        wg_tensor *x[] = {a, b, s}, *gx[3];
        wg_tensor *y = made(wg_add(s, more));
        assert_ok(wg_grad_many(y, x, 3, gx, .grad = seed, .create_graph = create_graph));
        for (int i = 0; i < 3; i++) {
            assert_near(element(gx[0], i), 11 * element(seed, i), 1e-14);
            assert_near(element(gx[1], i), 101 * element(seed, i), 1e-13);
            assert_near(element(gx[2], i), element(seed, i), 0);
        }
        assert_same_bits(seed, copy); /* nor is the caller's gradient written */
        wg_free(a);
        wg_free(b);
    }
}

static void rule_08_an_accumulator_may_be_offered(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(4), 1), *u = leaf(WG_F64, WG_SHAPE(4), 2);
    WG_TAPE(tape);
    wg_tensor *y = NULL;
    for (int i = 0; i < 4; i++)
        y = y ? made(wg_add(y, times(w, u))) : made(times(w, u));
    y = made(wg_add(y, times(w, w))); /* the same operand twice: no accumulator is offered */
    *asked() = (struct asked){0};
    assert_ok(wg_backward(wg_sum(y)));
    assert_int_equal(asked()->calls, 5);
    assert_true(asked()->offered[0] >= 2);
    for (int i = 0; i < 4; i++) {
        assert_near(element(wg_gradient(w), i), 4 * element(u, i) + 2 * element(w, i), 1e-14);
        assert_near(element(wg_gradient(u), i), 4 * element(w, i), 1e-14);
    }
    wg_free(w);
    wg_free(u);
}

/* ---- 9. The engine sums gradients over broadcast axes. ---- */

static void rule_09_gradients_are_summed_over_stretched_axes(void **state)
{
    (void)state;
    static const wg_shape shapes[] = {WG_DIMS(2, 3, 4), WG_DIMS(3, 4),    WG_DIMS(4),    WG_DIMS(1),       {0},
                                      WG_DIMS(2, 1, 4), WG_DIMS(1, 3, 1), WG_DIMS(3, 1), WG_DIMS(2, 3, 1), WG_DIMS(1, 1, 1)};
    const wg_shape full = WG_SHAPE(2, 3, 4);
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        wg_tensor *w = leaf(WG_F64, shapes[k], 1), *x = numbers(WG_F64, full, 2);
        WG_TAPE(tape);
        assert_ok(wg_backward(wg_sum(wg_mul(w, x))));
        wg_tensor *g = wg_gradient(w);
        assert_int_equal(wg_rank(g), shapes[k].rank);
        double want[24] = {0}, values[24];
        assert_ok(wg_read(x, values));
        for (int i = 0; i < 24; i++) {
            const int index[3] = {i / 12, i / 4 % 3, i % 4}, lead = 3 - shapes[k].rank;
            int at = 0;
            for (int axis = 0; axis < shapes[k].rank; axis++)
                at = at * (int)shapes[k].extent[axis] + (shapes[k].extent[axis] == 1 ? 0 : index[axis + lead]);
            want[at] += values[i];
        }
        for (int64_t i = 0; i < wg_numel(g); i++)
            assert_near(element(g, i), want[i], 1e-13);
        wg_free(w);
        wg_free(x);
    }
}

static wg_status wrong_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    (void)gy;
    WG_TRY(WG_GIVE(gx[0], wg_ones(WG_F64, WG_SHAPE(5, 7))));
    return WG_GIVE(gx[1], wg_ones(WG_F64, WG_SHAPE(3)));
}

static wg_status silent_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    (void)gy;
    (void)gx;
    return WG_OK;
}

static wg_status absent_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    (void)gy;
    gx[0].result = WG_NONE;
    gx[1].result = WG_NONE;
    return WG_OK;
}

static void rule_09_a_gradient_that_does_not_fit_is_a_bug_that_names_the_op(void **state)
{
    (void)state;
    struct wg_op op = *times_op();
    op.name = "crooked";
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1);
    {
        WG_TAPE(tape);
        op.vjp = wrong_vjp;
        assert_fails(wg_backward(wg_sum(wg_invoke2(&op, NULL, w, w))), WG_E_BUG,
                     "crooked: its backward gave a gradient of f64 [5, 7] "
                     "for an input of f64 [3]");
        op.vjp = silent_vjp;
        assert_fails(wg_backward(wg_sum(wg_invoke2(&op, NULL, w, w))), WG_E_BUG,
                     "crooked: its backward gave no gradient for operand 0");
        op.vjp = absent_vjp;
        assert_int_not_equal(wg_backward(wg_sum(wg_invoke2(&op, NULL, w, w))), WG_OK);
        expect_error(WG_E_ARGUMENT, "crooked: ");
    }
    assert_null(wg_gradient(w));
    wg_free(w);
}

/* ---- 10. Only gradients that are needed are computed. ---- */

static void rule_10_a_mask_says_what_is_needed(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1), *constant = numbers(WG_F64, WG_SHAPE(3), 2);
    WG_TAPE(tape);
    wg_tensor *y = made(wg_sum(times(constant, w)));
    *asked() = (struct asked){0};
    assert_ok(wg_backward(y, .retain = true));
    assert_int_equal(asked()->need[0], 0);
    assert_int_equal(asked()->need[1], 1);
    wg_free(w);
    wg_free(constant);
}

static void rule_10_grad_visits_only_what_lies_between(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1), *u = leaf(WG_F64, WG_SHAPE(3), 2);
    WG_TAPE(tape);
    wg_tensor *h = made(times(w, w)), *y = made(wg_sum(times(h, u)));
    *asked() = (struct asked){0};
    made(wg_grad(y, u));
    assert_int_equal(asked()->calls, 1); /* the pass stops at h */
    assert_int_equal(asked()->need[0], 0);
    *asked() = (struct asked){0};
    made(wg_grad(y, h));
    assert_int_equal(asked()->calls, 1);
    assert_int_equal(asked()->need[1], 0);
    wg_free(w);
    wg_free(u);
}

static void rule_10_without_grad_mode_nothing_needs_a_gradient(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1);
    WG_TAPE(tape);
    wg_tensor *y;
    {
        WG_NO_GRAD;
        y = made(wg_sum(times(w, w)));
        assert_int_equal(wg_tape_nodes(tape), 2); /* but both are recorded */
        {
            WG_GRAD_MODE(again);
            assert_true(wg_grad_mode());
        }
        assert_false(wg_grad_mode());
    }
    assert_true(wg_grad_mode());
    assert_fails(wg_backward(y), WG_E_NO_GRAD, "backward: ");
    wg_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rule_07_grad_gives_tensors_of_the_top_tape_and_retains),
        TEST(rule_07_create_graph_puts_backwards_nodes_behind_the_start),
        TEST(rule_07_an_unused_leaf_is_an_error_unless_zeros_are_asked_for),
        TEST(rule_07_zeros_are_given_for_a_root_without_leaves),
        TEST(rule_07_several_roots_and_given_gradients),
        TEST(rule_08_fan_out_adds),
        TEST(rule_08_a_shared_gradient_is_never_written),
        TEST(rule_08_an_accumulator_may_be_offered),
        TEST(rule_09_gradients_are_summed_over_stretched_axes),
        TEST(rule_09_a_gradient_that_does_not_fit_is_a_bug_that_names_the_op),
        TEST(rule_10_a_mask_says_what_is_needed),
        TEST(rule_10_grad_visits_only_what_lies_between),
        TEST(rule_10_without_grad_mode_nothing_needs_a_gradient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
