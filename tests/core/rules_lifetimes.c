/* DESIGN section 3, rules 1 to 3: what belongs to a tape, how long handles and values live, and the order of nodes. */
#include "common.h"

#include "core/internal.h"

/* ---- 1. What is made while a tape is open belongs to the top tape; without a tape it is only a value. ---- */

static void rule_01_made_on_a_tape_dies_with_it(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F32, WG_SHAPE(3), 1);
    wg_tensor *y, *constant;
    {
        WG_TAPE(tape);
        constant = made(wg_ones(WG_F32, WG_SHAPE(3)));
        y = made(wg_mul(w, constant));
        assert_int_equal(wg_tape_nodes(tape), 1);
    }
    assert_dangling(y);
    assert_dangling(constant);
    wg_free(w);
}

static void rule_01_the_top_tape_owns(void **state)
{
    (void)state;
    WG_TAPE(outer);
    wg_tensor *a = made(wg_ones(WG_F64, WG_SHAPE(2)));
    wg_tensor *inside;
    {
        WG_TAPE(inner);
        inside = made(wg_add(a, a));
        assert_int_equal(wg_tape_nodes(inner), 1);
        assert_int_equal(wg_tape_nodes(outer), 0);
    }
    assert_dangling(inside);
    assert_near(element(a, 1), 1, 0);
}

static void rule_01_a_tape_ends_with_its_block_however_it_is_left(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        WG_TAPE(tape);
        if (i == 1)
            continue;
        if (i == 2)
            break;
    }
    {
        WG_TAPE(tape);
        goto out;
    }
out:
    assert_null(wg_tape_top());
}

static void rule_01_without_a_tape_values_are_not_recorded(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F32, WG_SHAPE(1), 1);
    wg_tensor *y = made(wg_mul(w, w));
    assert_fails(wg_backward(y), WG_E_NO_TAPE, "no tape");
    {
        WG_TAPE(tape);
        assert_fails(wg_backward(y), WG_E_NO_TAPE, "no tape");
        wg_tensor *z = made(wg_mul(y, y));
        assert_fails(wg_backward(z), WG_E_NO_GRAD, "backward: ");
    }
    assert_near(element(y, 0), element(w, 0) * element(w, 0), 1e-6); /* the parameter outlives tapes */
    assert_null(wg_gradient(w));
    wg_free(y);
    assert_dangling(y);
    wg_free(w);
}

/* ---- 2. Handles stay valid until their tape closes; values may be released earlier. ---- */

static void rule_02_backward_releases_all_but_leaves_roots_and_held(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(4), 1);
    WG_TAPE(tape);
    wg_tensor *constant = made(wg_ones(WG_F64, WG_SHAPE(4)));
    wg_tensor *a = made(wg_mul(w, constant)), *held = made(wg_hold(wg_tanh(a))), *side = made(wg_mul(a, a));
    wg_tensor *loss = made(wg_sum(held));
    assert_ok(wg_backward(loss));
    assert_null(wg_data(a));
    expect_error(WG_E_RELEASED, "data: ");
    assert_null(wg_data(side)); /* released: it is on the top tape, although the root does not depend on it */
    expect_error(WG_E_RELEASED, "data: ");
    assert_non_null(wg_data(held));
    assert_non_null(wg_data(loss));
    assert_non_null(wg_data(w));
    assert_non_null(wg_data(constant));
    assert_int_equal(wg_rank(a), 1); /* the handle is still valid */
    assert_int_equal(wg_extent(a, 0), 4);
    assert_null_and_error(wg_tanh(a), WG_E_RELEASED, "tanh: ");
    assert_true(isnan(wg_item(a)));
    expect_error(WG_E_RELEASED, "item: ");
    wg_free(w);
}

static void rule_02_retain_keeps_every_value(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(4), 1);
    WG_TAPE(tape);
    wg_tensor *a = made(wg_mul(w, w)), *loss = made(wg_sum(wg_tanh(a)));
    assert_ok(wg_backward(loss, .retain = true));
    assert_non_null(wg_data(a));
    assert_ok(wg_backward(loss));
    assert_null(wg_data(a));
    expect_error(WG_E_RELEASED, "data: ");
    assert_fails(wg_backward(loss), WG_E_RELEASED, "tanh: ");
    wg_free(w);
}

static void rule_02_a_dropped_value_is_read_by_backward_alone(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(1000), 1);
    WG_TAPE(tape);
    wg_tensor *a = made(wg_mul(w, w)), *y = made(wg_tanh(a)), *loss = made(wg_sum(y));
    const int64_t before = wg_memory_now().live;
    wg_drop(a); /* the backward of tanh reads only its result: a is released here */
    assert_true(wg_memory_now().live <= before - 8000);
    wg_drop(y);
    assert_null_and_error(wg_add(a, a), WG_E_RELEASED, "add: ");
    assert_null_and_error(wg_add(y, y), WG_E_RELEASED, "add: ");
    assert_ok(wg_backward(loss));
    const double v = element(w, 7), t = tanh(v * v);
    assert_near(element(wg_gradient(w), 7), (1 - t * t) * 2 * v, 1e-14);
    wg_free(w);
}

static void rule_02_dropping_leaves_alone_what_is_not_the_tapes(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(2), 1);
    wg_drop(NULL);
    wg_drop(WG_NONE);
    wg_drop(w);
    assert_non_null(wg_data(w));
    WG_TAPE(tape);
    wg_tensor *held = made(wg_hold(wg_tanh(w)));
    wg_drop(held);
    assert_non_null(wg_data(held));
    assert_null(wg_error_first());
    wg_free(w);
}

static void rule_02_a_freed_handle_is_dangling_while_a_tape_still_uses_the_value(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(2), 1);
    WG_TAPE(tape);
    wg_tensor *loss = made(wg_sum(wg_mul(w, w)));
    wg_free(w);
    assert_null_and_error(wg_add(w, w), WG_E_DANGLING, "add: ");
    wg_free(w); /* a second time */
    expect_error(WG_E_DANGLING, "free: ");
    assert_null(wg_gradient(w));
    expect_error(WG_E_DANGLING, "gradient: ");
    assert_ok(wg_backward(loss));
    assert_null(wg_error_first());
}

/* Until the slot is reused, the handle is recognised as dangling. */
static void rule_02_the_slot_of_a_closed_tape_serves_again_when_it_has_rested(void **state)
{
    (void)state;
    wg_tensor *before;
    {
        WG_TAPE(tape);
        before = made(wg_scalar(WG_F64, 1));
    }
    for (int tapes = 0; tapes < WG_RESTING_SLOTS; tapes++) {
        WG_TAPE(tape);
        for (int i = 0; i < 300; i++)
            assert_ptr_not_equal(made(wg_scalar(WG_F64, 2)), before);
        assert_dangling(before);
    }
    WG_TAPE(tape);
    assert_ptr_equal(made(wg_scalar(WG_F64, 2)), before);
    assert_near(wg_item(before), 2, 0);
}

static void rule_02_a_freed_handle_is_dead_while_its_memory_rests(void **state)
{
    (void)state;
    wg_tensor *freed = numbers(WG_F32, WG_SHAPE(3), 1);
    wg_free(freed);
    for (int i = 1; i < WG_RESTING_VALUES; i++) { /* as many other values are made and freed as may rest */
        wg_tensor *other = numbers(WG_F32, WG_SHAPE(3), 1);
        assert_ptr_not_equal(other, freed);
        assert_dangling(freed);
#ifndef TEST_ASAN
        wg_free(freed);
        expect_error(WG_E_DANGLING, "free: the tensor was freed before");
#endif
        assert_int_equal(wg_numel(other), 3);
        wg_free(other);
    }
    wg_memory_trim();
    assert_dangling(freed);
}

/* All threads' steps share the memory: resting slots do not make a step allocate. */
static void rule_02_what_rests_takes_no_memory_from_later_steps(void **state)
{
    (void)state;
    int64_t mallocs = 0;
    for (int step = 0; step < 2 * WG_RESTING_VALUES; step++) {
        wg_tensor *w = leaf(WG_F32, WG_SHAPE(3), 1);
        {
            WG_TAPE(tape);
            assert_ok(wg_backward(wg_sum(wg_square(w))));
        }
        wg_free(w);
        if (step == 0)
            mallocs = wg_memory_now().mallocs;
    }
    assert_int_equal(wg_memory_now().mallocs, mallocs);
}

/* ---- 3. One sequence number per thread; backward visits every open tape and releases only on the top one. ---- */

static void check_order(const wg_tape *tape, uint64_t *last)
{
    for (const struct wg_node *node = tape->first; node; node = node->next) {
        assert_true(node->seq > *last);
        *last = node->seq;
        for (unsigned i = 0; i < node->call.n_in; i++) {
            const wg_tensor *in = node->call.in[i];
            if (!(in->flags & WG_T_PROXY) && in->from.node)
                assert_true(in->from.node->seq < node->seq);
        }
    }
}

static void rule_03_older_nodes_never_point_at_younger_ones(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(2), 1);
    uint64_t last = 0;
    WG_TAPE(outer);
    wg_tensor *a = made(wg_mul(w, w)), *b = made(wg_add(a, w));
    {
        WG_TAPE(inner);
        wg_tensor *c = made(wg_sum(wg_mul(a, b)));
        made(wg_grad(c, w, .create_graph = true));
        check_order(outer, &last);
        check_order(inner, &last);
        assert_true(wg_tape_nodes(inner) > 2);
    }
    made(wg_tanh(b));
    last = 0;
    check_order(outer, &last);
    wg_free(w);
}

static void rule_03_backward_walks_all_tapes_and_releases_on_the_top(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(2), 1);
    WG_TAPE(outer);
    wg_tensor *a = made(wg_mul(w, w));
    for (int i = 0; i < 3; i++) { /* the backward pass of each inner tape continues into the outer one */
        WG_TAPE(inner);
        wg_tensor *y = made(wg_tanh(a));
        assert_ok(wg_backward(wg_sum(y)));
        assert_int_equal(y->state, WG_RELEASED);
        assert_int_equal(a->state, WG_LIVE);
    }
    const double v = element(w, 1), t = tanh(v * v);
    assert_near(element(wg_gradient(w), 1), 3 * (1 - t * t) * 2 * v, 1e-14);
    wg_free(w);
}

static void rule_03_only_the_top_tape_closes(void **state)
{
    (void)state;
    wg_tape *outer = wg_tape_open(), *inner = wg_tape_open();
    assert_fails(wg_tape_close(outer), WG_E_STATE, "tape_close: ");
    assert_ptr_equal(wg_tape_top(), inner);
    assert_ok(wg_tape_close(inner));
    assert_ok(wg_tape_close(outer));
    assert_null(wg_tape_top());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rule_01_made_on_a_tape_dies_with_it),
        TEST(rule_01_the_top_tape_owns),
        TEST(rule_01_a_tape_ends_with_its_block_however_it_is_left),
        TEST(rule_01_without_a_tape_values_are_not_recorded),
        TEST(rule_02_backward_releases_all_but_leaves_roots_and_held),
        TEST(rule_02_retain_keeps_every_value),
        TEST(rule_02_a_dropped_value_is_read_by_backward_alone),
        TEST(rule_02_dropping_leaves_alone_what_is_not_the_tapes),
        TEST(rule_02_a_freed_handle_is_dangling_while_a_tape_still_uses_the_value),
        TEST(rule_02_the_slot_of_a_closed_tape_serves_again_when_it_has_rested),
        TEST(rule_02_a_freed_handle_is_dead_while_its_memory_rests),
        TEST(rule_02_what_rests_takes_no_memory_from_later_steps),
        TEST(rule_03_older_nodes_never_point_at_younger_ones),
        TEST(rule_03_backward_walks_all_tapes_and_releases_on_the_top),
        TEST(rule_03_only_the_top_tape_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
