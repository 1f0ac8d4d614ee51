/* DESIGN section 3, rules 4 to 6: values kept beyond their tape, leaves and their gradients, storage. */
#include "common.h"

#include "core/internal.h"

/* ---- 4. wg_keep detaches a value from its tape; differentiating through it is an error and does not give zeros. ---- */

static void rule_04_a_kept_value_is_the_callers_and_detached(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1), *kept;
    {
        WG_TAPE(tape);
        kept = made(wg_keep(wg_mul(w, w)));
    }
    assert_near(element(kept, 2), element(w, 2) * element(w, 2), 0);
    {
        WG_TAPE(tape);
        wg_tensor *z = made(wg_sum(wg_tanh(kept)));
        assert_fails(wg_backward(z), WG_E_NO_GRAD, "backward: ");
    }
    wg_free(kept);
    wg_free(w);
}

static void rule_04_a_kept_value_outlives_backwards_release(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1);
    WG_TAPE(tape);
    wg_tensor *h = made(wg_mul(w, w)), *kept = made(wg_keep(h));
    assert_ok(wg_backward(wg_sum(h)));
    assert_non_null(wg_data(kept));
    assert_int_equal(h->state, WG_RELEASED);
    wg_free(kept);
    wg_free(w);
}

static void rule_04_a_leaf_behind_a_kept_value_is_an_error(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1), *other = leaf(WG_F64, WG_SHAPE(3), 2), *kept, *twice, *again, *self;
    {
        WG_TAPE(tape);
        wg_tensor *h = made(wg_mul(w, w));
        kept = made(wg_keep(h));
        twice = made(wg_keep(kept));          /* a kept value, kept again */
        again = made(wg_keep(wg_tanh(kept))); /* computed from a kept value */
        self = made(wg_keep(w));              /* the leaf itself */
    }
    wg_tensor *hidden[] = {kept, twice, again, self};
    for (size_t i = 0; i < 4; i++) {
        WG_TAPE(tape);
        wg_tensor *y = made(wg_sum(wg_mul(hidden[i], other)));
        assert_null_and_error(wg_grad(y, w, .unused = WG_UNUSED_ZEROS), WG_E_UNUSED, "kept");
    }
    for (size_t i = 0; i < 4; i++) {
        WG_TAPE(tape);
        made(wg_mul(hidden[i], w)); /* on the tape, but y does not depend on it */
        wg_tensor *y = made(wg_sum(wg_mul(w, other)));
        made(wg_grad(y, other));
        wg_tensor *z = made(wg_sum(wg_mul(other, other)));
        wg_tensor *g = made(wg_grad(z, w, .unused = WG_UNUSED_ZEROS));
        assert_near(element(g, 0), 0, 0);
    }
    for (size_t i = 0; i < 4; i++)
        wg_free(hidden[i]);
    wg_free(w);
    wg_free(other);
}

/* Truncated backpropagation: a kept value counts as a constant, and the other paths give their gradients. With k = w², d(k w)/dw
   = k. */
static void rule_04_other_paths_around_a_kept_value_have_their_gradients(void **state)
{
    (void)state;
    wg_tensor *w = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(5), 3), true);
    {
        WG_TAPE(tape);
        wg_tensor *kept = made(wg_keep(wg_square(w))), *loss = made(wg_sum(wg_mul(kept, w)));
        assert_near(element(made(wg_grad(loss, w)), 4), 9, 0);
        assert_ok(wg_backward(loss, .retain = true));
        assert_near(element(wg_gradient(w), 0), 9, 0);
        assert_null(wg_grad(wg_sum(wg_square(kept)), w));
        expect_error(WG_E_NO_GRAD, "kept");
        assert_null(wg_grad(wg_sum(wg_square(kept)), w, .unused = WG_UNUSED_ZEROS));
        expect_error(WG_E_UNUSED, "lies behind a kept tensor");
        assert_fails(wg_backward(wg_sum(wg_square(kept))), WG_E_NO_GRAD, "kept");
        wg_free(kept);
    }
    wg_free(w);
}

static void rule_04_a_kept_value_may_become_a_leaf(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1), *kept;
    {
        WG_TAPE(tape);
        kept = made(wg_set_requires_grad(wg_keep(wg_mul(w, w)), true));
    }
    {
        WG_TAPE(tape);
        assert_ok(wg_backward(wg_sum(wg_mul(kept, kept))));
    }
    assert_near(element(wg_gradient(kept), 1), 2 * element(kept, 1), 1e-15);
    assert_null(wg_gradient(w));
    wg_free(kept);
    wg_free(w);
}

static wg_tensor *kept_in_hook;

static wg_tensor *keep_gradient(wg_tensor *gradient, void *context)
{
    (void)context;
    kept_in_hook = wg_keep(gradient);
    return gradient;
}

static void rule_04_keeping_inside_a_walk_leaves_the_walk_alone(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1);
    for (int create_graph = 0; create_graph < 2; create_graph++) {
        WG_TAPE(tape);
        wg_tensor *h = made(wg_mul(w, w)), *y = made(wg_sum(wg_tanh(h)));
        assert_ok(wg_add_hook(h, keep_gradient, NULL));
        wg_tensor *g = made(wg_grad(y, w, .create_graph = create_graph));
        const double v = element(w, 0), t = tanh(v * v);
        assert_near(element(kept_in_hook, 0), 1 - t * t, 1e-15);
        assert_near(element(g, 0), (1 - t * t) * 2 * v, 1e-15);
        wg_free(kept_in_hook);
    }
    wg_free(w);
}

/* ---- 5. Leaves and their gradients. ---- */

static void rule_04_a_borrowed_handle_is_not_used_again(void **state)
{
    (void)state;
    wg_tensor *t = numbers(WG_F32, WG_SHAPE(3), 1), *later[20];
    const int64_t live = wg_memory_now().live;
    assert_ptr_equal(wg_borrow(t), t);
    assert_true(wg_is_live(t));
    wg_free(t);
    for (int i = 0; i < 20; i++)
        assert_ptr_not_equal(later[i] = numbers(WG_F32, WG_SHAPE(3), 1), t);
    assert_false(wg_is_live(t));
    assert_fails(wg_read(t, (float[3]){0}), WG_E_DANGLING, "read: ");
    wg_borrow_end(t);
    for (int i = 0; i < 20; i++)
        wg_free(later[i]);
    assert_true(wg_memory_now().live < live);
    WG_TAPE(tape);
    wg_tensor *of_tape = made(wg_ones(WG_F32, WG_SHAPE(3)));
    assert_ptr_equal(wg_borrow(of_tape), WG_NONE);
    assert_true(wg_is_live(of_tape));
    assert_null(wg_error_first());
}

static void rule_05_nodes_hold_their_leaves(void **state)
{
    (void)state;
    const int64_t before = wg_memory_now().live;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(1000), 1), *u = leaf(WG_F64, WG_SHAPE(1000), 2);
    {
        WG_TAPE(tape);
        const double v = element(w, 9);
        wg_tensor *loss = made(wg_sum(wg_mul(w, u)));
        wg_free(w); /* only the caller's reference is given up */
        assert_ok(wg_backward(loss));
        assert_near(element(wg_gradient(u), 9), v, 0);
    }
    wg_free(u);
    wg_memory_trim();
    assert_true(wg_memory_now().live <= before + 4096); /* the table of leaves may have been allocated meanwhile */
}

static void rule_05_a_gradient_is_dense_owns_its_storage_and_has_no_graph(void **state)
{
    (void)state;
    for (int trace = 0; trace < 2; trace++) {
        wg_tensor *a = leaf(WG_F64, WG_SHAPE(2, 3), 1), *b = leaf(WG_F64, WG_SHAPE(2, 3), 2), *c = leaf(WG_F64, WG_SHAPE(2, 3), 3);
        {
            WG_TAPE(tape, .trace = trace);
            wg_tensor *y = made(wg_add(a, b));                               /* passes one gradient to both operands */
            wg_tensor *loss = made(wg_add(wg_sum(wg_mul(y, y)), wg_sum(c))); /* c's gradient is a view of stride 0 */
            assert_ok(wg_backward(loss));
            wg_tensor *leaves[] = {a, b, c};
            for (size_t i = 0; i < 3; i++) {
                wg_tensor *g = wg_gradient(leaves[i]);
                assert_non_null(g);
                assert_true(wg_is_contiguous(g));
                assert_null(g->tape);
                assert_null(g->from.node);
                assert_false(wg_requires_grad(g));
                for (size_t k = 0; k < i; k++)
                    assert_ptr_not_equal(g->storage, wg_gradient(leaves[k])->storage);
            }
        }
        const double was = element(wg_gradient(b), 4);
        assert_ok(wg_add_gradient(a, c));
        assert_near(element(wg_gradient(b), 4), was, 0); /* it has separate storage */
        wg_free(a);
        wg_free(b);
        wg_free(c);
    }
}

static void rule_05_a_gradient_is_its_leafs_to_free(void **state)
{
    (void)state;
    for (int given = 0; given < 2; given++) { /* by backward, or by the caller */
        wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1), *g = wg_ones(WG_F64, WG_SHAPE(3));
        WG_TAPE(tape);
        assert_ok(given ? wg_add_gradient(w, g) : wg_backward(wg_sum(w)));
        wg_free(wg_gradient(w));
        expect_error(WG_E_ARGUMENT, "free: the tensor belongs to a leaf");
        assert_near(element(wg_gradient(w), 1), 1, 0);
        wg_free(w), wg_free(g);
    }
}

static void rule_05_gradients_accumulate_over_backwards(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1);
    for (int i = 1; i <= 3; i++) {
        WG_TAPE(tape);
        assert_ok(wg_backward(wg_sum(wg_mul(w, w))));
        assert_near(element(wg_gradient(w), 1), i * 2 * element(w, 1), 1e-15);
    }
    wg_clear_gradient(w);
    assert_null(wg_gradient(w));
    assert_null(wg_error_first());
    wg_free(w);
}

static void rule_05_a_step_consumes_gradients_unless_told_otherwise(void **state)
{
    (void)state;
    for (int keep = 0; keep < 2; keep++) {
        wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1);
        const wg_tensor_list list = {1, &w, &(const char *){"w"}};
        wg_optim *optim = wg_optim_sgd(list, .lr = 0.1, .keep_grads = keep);
        assert_non_null(optim);
        for (int i = 0; i < 2; i++) {
            WG_TAPE(tape);
            assert_ok(wg_backward(wg_sum(w)));
            assert_ok(wg_optim_step(optim));
        }
        if (keep)
            assert_near(element(wg_gradient(w), 0), 2, 0);
        else
            assert_null(wg_gradient(w));
        wg_optim_destroy(optim);
        wg_free(w);
    }
}

static void rule_05_a_leaf_of_a_tape_has_its_gradient_there(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = made(wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(2), 3), true));
    assert_ok(wg_backward(wg_sum(wg_mul(x, x)), .retain = true));
    assert_near(element(wg_gradient(x), 1), 6, 0);
    assert_ok(wg_backward(wg_sum(wg_mul(x, x))));
    assert_near(element(wg_gradient(x), 1), 12, 0);
    wg_clear_gradient(x);
    assert_null(wg_gradient(x));
}

/* ---- 6. Storage is pooled and reference-counted, without cycles; a shared parameter is counted once per tape. ---- */

static void one_step(wg_tensor *w, int64_t batch)
{
    WG_TAPE(tape);
    wg_tensor *x = made(wg_ones(WG_F32, WG_SHAPE(batch, 8)));
    wg_tensor *h = made(wg_tanh(wg_mul(x, w)));
    assert_ok(wg_backward(wg_sum(wg_mul(h, h))));
    wg_clear_gradient(w);
}

static void rule_06_after_the_first_step_of_a_shape_nothing_is_allocated(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F32, WG_SHAPE(8), 1);
    for (int64_t batch = 1; batch < 200; batch += 33) {
        one_step(w, batch);
        const int64_t mallocs = wg_memory_now().mallocs, live = wg_memory_now().live;
        for (int i = 0; i < 5; i++)
            one_step(w, batch);
        assert_int_equal(wg_memory_now().mallocs, mallocs);
        assert_int_equal(wg_memory_now().live, live);
    }
    wg_free(w);
}

static void rule_06_storage_is_aligned_and_counted(void **state)
{
    (void)state;
    for (int64_t n = 0; n < 300; n += 7) {
        wg_tensor *t = made(wg_zeros(WG_U8, WG_SHAPE(n)));
        assert_int_equal((uintptr_t)wg_data(t) % (n <= WG_INLINE_BYTES ? 16 : 64), 0);
        wg_tensor *view = made(wg_reshape(t, WG_SHAPE(1, n)));
        if (n > 0)
            assert_ptr_equal(view->storage, t->storage);
        wg_free(t);
        wg_free(view);
    }
}

/* A block is reused for all sizes of its class and must hold the largest of them. */
static void rule_06_a_block_has_room_for_whatever_takes_it(void **state)
{
    (void)state;
    for (int64_t n = 0; n < 10000000; n += 1 + n / 600)
        for (int again = 0; again < 2; again++) {
            wg_tensor *t = made(wg_zeros(WG_U8, WG_SHAPE(n)));
            const struct wg_storage *block = t->storage;
            assert_true(wg_storage_capacity(block) >= (size_t)n);
            assert_true(block->bytes <= (size_t)n * 9 / 8 + 192 || n > 1 << 16);
            assert_true(block->bytes <= (size_t)n * 257 / 256 + 8192 || n <= 1 << 16);
            wg_free(t);
        }
    wg_memory_trim();
}

/* Sizes that vary slightly from step to step share one block; a much smaller one does not waste it. */
static void rule_06_a_large_block_serves_a_little_less(void **state)
{
    const int64_t n = 1 << 20;
    (void)state;
    wg_memory_trim();
    wg_free(made(wg_zeros(WG_U8, WG_SHAPE(n))));
    const int64_t mallocs = wg_memory_now().mallocs;
    for (int64_t less = 0; less <= n / 20; less += n / 100)
        wg_free(made(wg_zeros(WG_U8, WG_SHAPE(n - less))));
    assert_int_equal(wg_memory_now().mallocs, mallocs);
    wg_free(made(wg_zeros(WG_U8, WG_SHAPE(n / 2))));
    assert_true(wg_memory_now().mallocs > mallocs);
    wg_memory_trim();
}

static void rule_06_a_parameter_is_referenced_once_per_tape(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F32, WG_SHAPE(8), 1);
    struct wg_value *value = (struct wg_value *)w;
    assert_int_equal(atomic_load(&value->refs), 1);
    {
        WG_TAPE(outer);
        for (int i = 0; i < 100; i++)
            made(wg_mul(w, w));
        assert_int_equal(atomic_load(&value->refs), 2);
    }
    assert_int_equal(atomic_load(&value->refs), 1);
    wg_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rule_04_a_kept_value_is_the_callers_and_detached),
        TEST(rule_04_a_kept_value_outlives_backwards_release),
        TEST(rule_04_a_leaf_behind_a_kept_value_is_an_error),
        TEST(rule_04_other_paths_around_a_kept_value_have_their_gradients),
        TEST(rule_04_a_kept_value_may_become_a_leaf),
        TEST(rule_04_keeping_inside_a_walk_leaves_the_walk_alone),
        TEST(rule_04_a_borrowed_handle_is_not_used_again),
        TEST(rule_05_nodes_hold_their_leaves),
        TEST(rule_05_a_gradient_is_dense_owns_its_storage_and_has_no_graph),
        TEST(rule_05_a_gradient_is_its_leafs_to_free),
        TEST(rule_05_gradients_accumulate_over_backwards),
        TEST(rule_05_a_step_consumes_gradients_unless_told_otherwise),
        TEST(rule_05_a_leaf_of_a_tape_has_its_gradient_there),
        TEST(rule_06_after_the_first_step_of_a_shape_nothing_is_allocated),
        TEST(rule_06_storage_is_aligned_and_counted),
        TEST(rule_06_a_block_has_room_for_whatever_takes_it),
        TEST(rule_06_a_large_block_serves_a_little_less),
        TEST(rule_06_a_parameter_is_referenced_once_per_tape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
