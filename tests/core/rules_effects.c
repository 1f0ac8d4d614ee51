/* DESIGN section 3, rules 14 and 15: effects are undone with their step, and values that backward reads may not change. */
#include "user_op.h"

#include "core/internal.h"

/* ---- 14. A step that fails leaves no effects. ---- */

/* The tensors that a step can change: a parameter, its gradient, a statistic, a generator, a counter. */
struct world {
    wg_tensor *w, *running, *generator, *count, *m, *v, *lr;
};

static struct world world_new(void)
{
    struct world world = {.w = leaf(WG_F64, WG_SHAPE(4), 1),
                          .running = numbers(WG_F64, WG_SHAPE(4), 2),
                          .generator = made(wg_generator(7, 0)),
                          .count = made(wg_scalar(WG_F64, 0)),
                          .m = made(wg_zeros(WG_F64, WG_SHAPE(4))),
                          .v = made(wg_zeros(WG_F64, WG_SHAPE(4))),
                          .lr = made(wg_scalar(WG_F64, 0.1))};
    return world;
}

static void world_free(struct world *world)
{
    wg_tensor *all[] = {world->w, world->running, world->generator, world->count, world->m, world->v, world->lr};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        wg_free(all[i]);
}

static void assert_same_world(const struct world *a, const struct world *b)
{
    assert_same_bits(a->w, b->w);
    assert_same_bits(a->running, b->running);
    assert_same_bits(a->generator, b->generator);
    assert_same_bits(a->count, b->count);
    assert_same_bits(a->m, b->m);
    assert_same_bits(a->v, b->v);
    assert_int_equal(wg_gradient(a->w) != NULL, wg_gradient(b->w) != NULL);
}

enum stop { NOWHERE, AFTER_FORWARD, AFTER_BACKWARD, IN_UPDATE };

static wg_status update(struct world *world, bool fail)
{
    WG_TRY(wg_update_begin());
    wg_status status = wg_increment(world->count);
    if (status == WG_OK)
        status = wg_adam_update(world->w, world->m, world->v, wg_gradient(world->w), world->lr, world->count, 0.9, 0.999, 1e-8, 0,
                                false);
    if (status == WG_OK && fail)
        status = wg_accumulate(world->m, world->generator); /* the dtypes differ */
    const wg_status committed = wg_update_commit();
    return status == WG_OK ? committed : status;
}

static wg_status step(struct world *world, enum stop stop)
{
    WG_TAPE(tape);
    wg_tensor *mask = wg_bernoulli(world->generator, WG_F64, WG_SHAPE(4), 0.5);
    wg_tensor *noise = wg_normal(world->generator, WG_F64, WG_SHAPE(4), 0, 1);
    wg_tensor *h = wg_mul(wg_mul(world->w, wg_add(mask, noise)), world->w);
    WG_TRY(wg_ema_update(world->running, wg_detach(h), 0.1));
    wg_tensor *loss = wg_sum(h);
    if (stop == AFTER_FORWARD)
        return wg_reshape(h, WG_SHAPE(3)) ? WG_OK : WG_E_SHAPE;
    WG_TRY(wg_backward(loss));
    if (stop == AFTER_BACKWARD)
        return wg_add(loss, NULL) ? WG_OK : WG_E_NULL;
    WG_TRY(update(world, stop == IN_UPDATE));
    wg_clear_gradient(world->w);
    return WG_OK;
}

static void rule_14_a_failed_step_leaves_no_effects_and_a_retry_gives_the_same_bits(void **state)
{
    (void)state;
    struct world straight = world_new(), stumbling = world_new();
    for (int i = 0; i < 3; i++) {
        for (enum stop stop = AFTER_FORWARD; stop <= IN_UPDATE; stop++) {
            assert_int_not_equal(step(&stumbling, stop), WG_OK);
            assert_int_not_equal(wg_error_take(NULL), WG_OK);
            assert_same_world(&stumbling, &straight);
        }
        assert_ok(step(&straight, NOWHERE));
        assert_ok(step(&stumbling, NOWHERE));
        assert_same_world(&stumbling, &straight);
    }
    assert_near(wg_item(straight.count), 3, 0);
    world_free(&straight);
    world_free(&stumbling);
}

static void rule_14_a_failed_step_gives_old_gradients_back(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1), *u = leaf(WG_F64, WG_SHAPE(3), 2);
    {
        WG_TAPE(tape);
        assert_ok(wg_backward(wg_sum(wg_mul_scalar(w, 3))));
    }
    {
        WG_TAPE(tape);
        assert_ok(wg_backward(wg_sum(wg_mul(w, u))));
        assert_near(element(wg_gradient(w), 0), 3 + element(u, 0), 1e-15);
        assert_null(wg_add(w, NULL));
    }
    wg_error_take(NULL);
    assert_near(element(wg_gradient(w), 0), 3, 0);
    assert_null(wg_gradient(u));
    wg_free(w);
    wg_free(u);
}

/* A tape that is opened with .undo leaves nothing though nothing failed, also of tapes above it, and not where it is not asked for. */
static void rule_14_a_step_can_be_looked_at_without_being_taken(void **state)
{
    (void)state;
    struct world world = world_new(), before = world_new();
    for (int undo = 1; undo >= 0; undo--) {
        WG_TAPE(outer, .undo = undo);
        {
            WG_TAPE(inner);
            made(wg_uniform(world.generator, WG_F32, WG_SHAPE(5), 0, 1));
            assert_ok(wg_accumulate(world.running, world.lr));
            assert_ok(wg_backward(wg_sum(wg_square(world.w))));
        }
        assert_non_null(wg_gradient(world.w));
        assert_ok(wg_tape_close(outer));
        outer = NULL;
        assert_int_equal(wg_gradient(world.w) == NULL, undo);
        if (undo)
            assert_same_world(&world, &before);
    }
    assert_true(element(world.generator, 2) > element(before.generator, 2));
    {
        WG_TAPE(outer, .undo = true);
        WG_TAPE(inner);
        assert_fails(wg_update_begin(), WG_E_STATE, "update_begin: a tape is open whose effects are undone (.undo)");
    }
    assert_ok(wg_update_begin());
    assert_null(wg_tape_open(.undo = true));
    expect_error(WG_E_STATE, "tape_open: .undo: not inside an update");
    assert_null(wg_square(world.lr)); /* until that tape is closed no op runs */
    assert_int_equal(wg_tape_close(NULL), WG_OK);
    wg_error_take(NULL);
    wg_update_cancel();
    world_free(&world);
    world_free(&before);
}

static void rule_14_effects_of_an_inner_tape_end_with_the_step(void **state)
{
    (void)state;
    struct world world = world_new(), before = world_new();
    {
        WG_TAPE(outer);
        {
            WG_TAPE(inner);
            made(wg_uniform(world.generator, WG_F32, WG_SHAPE(5), 0, 1));
            assert_ok(wg_accumulate(world.running, world.lr));
        }
        assert_near(element(world.generator, 2) > 0, 1, 0); /* the draw outlives the inner tape */
        assert_null(wg_add(NULL, NULL));                    /* the step fails */
    }
    wg_error_take(NULL);
    assert_same_world(&world, &before);
    world_free(&world);
    world_free(&before);
}

static void rule_14_an_update_happens_whole_or_not_at_all(void **state)
{
    (void)state;
    wg_tensor *a = numbers(WG_F64, WG_SHAPE(2), 1), *b = numbers(WG_F64, WG_SHAPE(2), 2), *a0 = made(wg_copy(a)),
              *b0 = made(wg_copy(b));
    wg_tensor *one = made(wg_ones(WG_F64, WG_SHAPE(2)));
    assert_ok(wg_update_begin());
    assert_fails(wg_update_begin(), WG_E_STATE, "update_begin: ");
    assert_ok(wg_accumulate(a, one));
    assert_same_bits(a, a0); /* checked, not run */
    wg_update_cancel();
    assert_same_bits(a, a0);
    assert_fails(wg_update_commit(), WG_E_STATE, "update_commit: ");
    assert_ok(wg_update_begin());
    assert_ok(wg_accumulate(a, one));
    assert_int_equal(wg_accumulate(b, wg_reshape(one, WG_SHAPE(1, 2))), WG_E_SHAPE);
    assert_int_equal(wg_update_commit(), WG_E_SHAPE);
    wg_error_take(NULL);
    assert_same_bits(a, a0);
    assert_same_bits(b, b0);
    assert_ok(wg_update_begin());
    assert_ok(wg_accumulate(a, one));
    assert_ok(wg_accumulate(b, one));
    assert_ok(wg_update_commit());
    assert_near(element(a, 0), element(a0, 0) + 1, 0);
    assert_near(element(b, 1), element(b0, 1) + 1, 0);
    assert_null(wg_tape_top());
    wg_free(a);
    wg_free(b);
    wg_free(a0);
    wg_free(b0);
    wg_free(one);
}

static void rule_14_what_an_update_reads_stays_until_it_runs(void **state)
{
    (void)state;
    wg_tensor *a = made(wg_zeros(WG_F64, WG_SHAPE(3)));
    {
        WG_TAPE(tape);
        assert_ok(wg_update_begin());
        wg_tensor *value = made(wg_mul_scalar(wg_ones(WG_F64, WG_SHAPE(3)), 5));
        assert_ok(wg_accumulate(a, value));
        wg_drop(value);
        made(wg_add(wg_ones(WG_F64, WG_SHAPE(3)), wg_ones(WG_F64, WG_SHAPE(3)))); /* would reuse its memory if it were free */
        assert_ok(wg_update_commit());
    }
    assert_near(element(a, 2), 5, 0);
    wg_free(a);
}

static void rule_14_an_updates_tape_stays_until_it_ends(void **state)
{
    (void)state;
    wg_tensor *a = made(wg_zeros(WG_F64, WG_SHAPE(3))), *one = made(wg_ones(WG_F64, WG_SHAPE(3)));
    for (int with_tape = 0; with_tape < 2; with_tape++) {
        wg_tape *tape = with_tape ? wg_tape_open() : NULL;
        assert_ok(wg_update_begin());
        wg_tape *updates = wg_tape_top();
        assert_true(updates && (!with_tape || updates == tape));
        const wg_tensor *inside = made(wg_neg(one));
        assert_ok(wg_accumulate(a, one));
        assert_fails(wg_tape_close(updates), WG_E_STATE,
                     with_tape ? "tape_close: an open update began on this tape" : "tape_close: an open update made this tape");
        assert_ptr_equal(wg_tape_top(), updates);
        assert_non_null(wg_data(inside));
        assert_int_equal(wg_update_commit(), WG_E_STATE); /* the error inside was reported and cleared */
        assert_near(element(a, 0), 0, 0);
        assert_ptr_equal(wg_tape_top(), tape);
        assert_ok(wg_update_begin());
        wg_tape *inner = wg_tape_open();
        made(wg_neg(one));
        assert_ok(wg_tape_close(inner)); /* nothing is queued on it */
        inner = wg_tape_open();
        assert_ok(wg_accumulate(a, one));
        assert_fails(wg_tape_close(inner), WG_E_STATE, "tape_close: an open update has changes queued on this tape");
        wg_update_cancel();
        assert_ok(wg_tape_close(inner));
        assert_ptr_equal(wg_tape_top(), tape);
        if (tape)
            assert_ok(wg_tape_close(tape));
        assert_near(element(a, 0), 0, 0);
    }
    assert_ok(wg_update_begin()); /* with its own tape, below one that is open at the commit */
    wg_tape *inner = wg_tape_open();
    assert_ok(wg_accumulate(a, one));
    assert_ok(wg_update_commit());
    assert_near(element(a, 1), 1, 0);
    assert_ok(wg_tape_close(inner));
    assert_null(wg_tape_top());
    wg_free(a), wg_free(one);
}

static void leave_within_an_update(wg_tensor *a, wg_tensor *one, bool inner)
{
    WG_TAPE(tape);
    if (!inner)
        assert_ok(wg_update_begin());
    assert_ok(wg_accumulate(a, one));
}

static void rule_14_a_block_that_is_left_cancels_its_update(void **state)
{
    (void)state;
    wg_tensor *a = made(wg_zeros(WG_F64, WG_SHAPE(3))), *one = made(wg_ones(WG_F64, WG_SHAPE(3)));
    wg_tensor *count = made(wg_scalar(WG_F64, 0));
    leave_within_an_update(a, one, false);
    expect_error(WG_E_STATE, "the update began on was left before wg_update_commit");
    assert_null(wg_tape_top());
    assert_fails(wg_update_commit(), WG_E_STATE, "update_commit: the tape on which the update began was closed before it");
    assert_fails(wg_update_commit(), WG_E_STATE, "update_commit: no update was begun");
    assert_ok(wg_update_begin());
    assert_ok(wg_increment(count));
    leave_within_an_update(a, one, true);
    expect_error(WG_E_STATE, "the update has changes queued on was left before wg_update_commit");
    assert_int_equal(wg_update_commit(), WG_E_STATE);
    assert_null(wg_tape_top());
    assert_near(element(a, 0), 0, 0);
    assert_near(wg_item(count), 0, 0);
    wg_error_take(NULL);
    wg_free(a), wg_free(one), wg_free(count);
}

static wg_status failing_kernel(const wg_call *c)
{
    return wg_item(c->in[0]) > 10 ? WG_E_NUMERIC : WG_OK;
}

static void rule_14_a_rerun_that_fails_leaves_none_either(void **state)
{
    (void)state;
    struct world world = world_new();
    struct wg_op op = *times_op();
    op.name = "guard";
    op.kernels[0].run[WG_F32] = op.kernels[0].run[WG_F64] = failing_kernel;
    wg_tensor *x = made(wg_scalar(WG_F64, 1));
    WG_TAPE(tape, .trace = true);
    made(wg_uniform(world.generator, WG_F64, WG_SHAPE(3), 0, 1));
    assert_ok(wg_accumulate(world.running, x));
    made(wg_invoke2(&op, NULL, x, x));
    assert_ok(wg_accumulate(world.running, x));
    assert_ok(wg_tape_rerun(tape));
    wg_tensor *running = made(wg_hold(wg_copy(world.running))), *generator = wg_keep(world.generator);
    int64_t drawn[4], now[4];
    assert_ok(wg_read(world.generator, drawn));
    assert_ok(wg_write(x, &(const double){20}));
    assert_int_equal(wg_tape_rerun(tape), WG_E_NUMERIC);
    expect_error(WG_E_NUMERIC, "guard: ");
    assert_ok(wg_read(world.generator, now));
    assert_memory_equal(drawn, now, sizeof now);
    assert_same_bits(world.running, running);
    wg_free(generator);
    wg_free(x);
    world_free(&world);
}

/* ---- 15. Values that backward reads must not be changed before it. ---- */

static void rule_15_a_changed_operand_is_stale(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1), *x = numbers(WG_F64, WG_SHAPE(3), 2);
    const double other[] = {4, 5, 6};
    for (int how = 0; how < 4; how++) {
        WG_TAPE(tape);
        wg_tensor *h = made(wg_tanh(w)), *y = made(wg_sum(wg_mul(h, x)));
        if (how == 0)
            ((double *)wg_data_mut(x))[0] = 4;
        else if (how == 1)
            assert_ok(wg_write(x, other));
        else if (how == 2)
            assert_ok(wg_accumulate(x, x));
        else
            assert_ok(wg_write(made(wg_reshape(x, WG_SHAPE(3, 1))), other)); /* through a view */
        assert_null_and_error(wg_grad(y, w), WG_E_STALE, "mul: operand 1");
        assert_fails(wg_backward(y), WG_E_STALE, "mul: operand 1 was changed");
    }
    assert_null(wg_gradient(w));
    wg_free(w);
    wg_free(x);
}

static void rule_15_what_backward_does_not_read_may_change(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1), *x = numbers(WG_F64, WG_SHAPE(3), 2);
    WG_TAPE(tape);
    wg_tensor *y = made(wg_sum(wg_add(w, x)));
    assert_non_null(wg_data(x)); /* const: not a change */
    wg_data_mut(x);
    assert_ok(wg_backward(y));
    assert_near(element(wg_gradient(w), 0), 1, 0);
    wg_free(w);
    wg_free(x);
}

static void rule_15_a_parameter_updated_before_backward_is_stale(void **state)
{
    (void)state;
    struct world world = world_new();
    WG_TAPE(tape);
    wg_tensor *y = made(wg_sum(wg_mul(world.w, world.w))), *z = made(wg_sum(wg_tanh(world.w)));
    assert_ok(wg_backward(z, .retain = true));
    assert_ok(update(&world, false));
    assert_fails(wg_backward(y), WG_E_STALE, "mul: operand");
    world_free(&world);
}

static void rule_15_after_a_rerun_values_are_fresh(void **state)
{
    (void)state;
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1), *x = numbers(WG_F64, WG_SHAPE(3), 2);
    const double other[] = {4, 5, 6};
    WG_TAPE(tape, .trace = true);
    wg_tensor *y = made(wg_sum(wg_mul(wg_tanh(w), x)));
    assert_ok(wg_write(x, other));
    assert_null_and_error(wg_grad(y, w), WG_E_STALE, "mul: operand 1");
    assert_ok(wg_tape_rerun(tape));
    const double t = tanh(element(w, 2));
    assert_near(element(made(wg_grad(y, w)), 2), 6 * (1 - t * t), 1e-14);
    wg_free(w);
    wg_free(x);
}

static void rule_15_batch_norm_in_use_saves_copies_of_its_statistics(void **state)
{
    (void)state;
    wg_nn_module *norm = wg_nn_batch_norm(3, .dtype = WG_F64);
    assert_non_null(norm);
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(5, 3), 1);
    {
        WG_TAPE(tape);
        wg_tensor *y;
        {
            WG_EVAL_MODE;
            y = made(wg_sum(wg_tanh(wg_nn_apply(norm, x))));
        }
        made(wg_nn_apply(norm, x)); /* in training mode: updates the statistics */
        assert_ok(wg_backward(y));
        assert_non_null(wg_gradient(x));
    }
    wg_nn_destroy(norm);
    wg_free(x);
}

static wg_tensor *fails_on_a_tape_of_its_own(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    WG_TAPE(inner);
    return wg_add(x[0], WG_NONE);
}

/* A function that fails makes the step around it fail, even if the error was recorded on a tape that it closed. */
static void a_failure_on_an_inner_tape_is_one_of_the_step(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *p = made(wg_zeros(WG_F64, WG_SHAPE(3))), *y, *g, *hv;
    for (int way = 0; way < 5; way++)
        for (int traced = 0; traced < 2; traced++) {
            wg_tape *tape = wg_tape_open(.trace = traced);
            wg_function *f = fails_on_a_tape_of_its_own;
            assert_ok(wg_assign(p, x));
            const bool failed = way == 0   ? wg_vjp(f, NULL, &x, 1, WG_NONE, &y, &g) != WG_OK
                                : way == 1 ? wg_jvp(f, NULL, &x, 1, &x, &y, &g) != WG_OK
                                : way == 2 ? wg_hvp(f, NULL, &x, 1, &x, &y, &g, &hv) != WG_OK
                                : way == 3 ? wg_jacobian(f, NULL, &x, 1, &g) != WG_OK
                                           : !wg_checkpoint(f, NULL, &x, 1);
            assert_true(failed);
            wg_error_take(NULL);
            assert_ok(wg_tape_close(tape));
            assert_near(element(p, 0), 0, 0);
        }
    wg_free(x), wg_free(p);
}

/* Without a tape an update opens its own. If there is no memory for it, the attempt leaves nothing. */
static void rule_14_an_update_that_cannot_begin_leaves_nothing(void **state)
{
    (void)state;
    wg_tensor *count = wg_zeros(WG_F64, WG_SHAPE());
    wg_memory_trim();
    wg_memory_fail(0, true);
    const wg_status status = wg_update_begin();
    wg_memory_fail(-1, false);
    assert_int_equal(status, WG_E_MEMORY);
    expect_error(WG_E_MEMORY, "");
    assert_ok(wg_update_begin());
    assert_ok(wg_increment(count));
    assert_ok(wg_update_commit());
    assert_near(wg_item(count), 1, 0);
    wg_free(count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rule_14_a_failed_step_leaves_no_effects_and_a_retry_gives_the_same_bits),
        TEST(rule_14_a_failed_step_gives_old_gradients_back),
        TEST(rule_14_a_step_can_be_looked_at_without_being_taken),
        TEST(rule_14_effects_of_an_inner_tape_end_with_the_step),
        TEST(rule_14_an_update_happens_whole_or_not_at_all),
        TEST(rule_14_what_an_update_reads_stays_until_it_runs),
        TEST(rule_14_an_updates_tape_stays_until_it_ends),
        TEST(rule_14_a_block_that_is_left_cancels_its_update),
        TEST(rule_14_an_update_that_cannot_begin_leaves_nothing),
        TEST(rule_14_a_rerun_that_fails_leaves_none_either),
        TEST(rule_15_a_changed_operand_is_stale),
        TEST(rule_15_what_backward_does_not_read_may_change),
        TEST(rule_15_a_parameter_updated_before_backward_is_stale),
        TEST(rule_15_after_a_rerun_values_are_fresh),
        TEST(rule_15_batch_norm_in_use_saves_copies_of_its_statistics),
        TEST(a_failure_on_an_inner_tape_is_one_of_the_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
