/* Operands that share memory, in the situations that tests/ops/checks cannot reach op by op: across calls, in queues and in replays. */
#include "user_op.h"

#include "core/internal.h"

static void what_shares_memory(void **state)
{
    (void)state;
    wg_tensor *x = numbers(WG_F64, WG_SHAPE(3, 4), 1), *y = made(wg_copy(x));
    {
        WG_TAPE(tape);
        wg_tensor *row[2], *column[2];
        for (int i = 0; i < 2; i++) {
            row[i] = made(wg_slice(x, 0, i, i + 1, 1));
            column[i] = made(wg_slice(x, 1, i, i + 1, 1));
        }
        assert_true(wg_shares_memory(x, x) && wg_shares_memory(x, row[0]) && wg_shares_memory(row[1], column[0]));
        assert_true(wg_shares_memory(column[0], column[1])); /* the gaps between a view's elements count as its memory */
        assert_true(wg_shares_memory(wg_flip(x, 0), row[1]));
        assert_false(wg_shares_memory(row[0], row[1]));
        assert_false(wg_shares_memory(wg_flip(row[0], 1), row[1]));
        assert_false(wg_shares_memory(x, y));
        assert_false(wg_shares_memory(x, wg_slice(x, 0, 1, 1, 1))); /* the slice has no elements */
    }
    assert_false(wg_shares_memory(x, NULL));
    expect_error(WG_E_NULL, "shares_memory: ");
    wg_free(x);
    wg_free(y);
}

static void an_update_refuses_a_view_of_what_it_changes(void **state)
{
    (void)state;
    wg_tensor *x = numbers(WG_F64, WG_SHAPE(4), 1), *before = made(wg_copy(x));
    {
        WG_TAPE(tape);
        assert_fails(wg_accumulate(x, wg_flip(x, 0)), WG_E_ARGUMENT,
                     "accumulate: operand 1 shares memory with operand 0, which the op changes: copy it first (wg_copy)");
        assert_ok(wg_update_begin());
        assert_fails(wg_ema_update(x, wg_flip(x, 0), 0.5), WG_E_ARGUMENT, "ema_update: operand 1 shares memory");
        assert_int_not_equal(wg_update_commit(), WG_OK);
        wg_error_take(NULL);
    }
    assert_same_bits(x, before);
    {
        WG_TAPE(tape);
        assert_ok(wg_assign(wg_slice(x, 0, 0, 2, 1), wg_slice(x, 0, 2, 4, 1))); /* adjacent rows */
    }
    assert_near(element(x, 0), element(before, 2), 0);
    assert_near(element(x, 3), element(before, 3), 0);
    assert_ok(wg_assign(x, x));
    assert_ok(wg_accumulate(x, x));
    assert_near(element(x, 3), 2 * element(before, 3), 0);
    wg_free(x);
    wg_free(before);
}

static void queued_updates_run_in_the_order_of_their_calls(void **state)
{
    (void)state;
    wg_tensor *a = made(wg_scalar(WG_F64, 1)), *b = made(wg_scalar(WG_F64, 10));
    assert_ok(wg_update_begin());
    assert_ok(wg_accumulate(a, b));
    assert_ok(wg_accumulate(b, a));
    assert_near(wg_item(a), 1, 0);
    assert_ok(wg_update_commit());
    assert_near(wg_item(a), 11, 0);
    assert_near(wg_item(b), 21, 0);
    wg_free(a);
    wg_free(b);
}

static void what_a_queued_update_reads_is_not_written_over(void **state)
{
    (void)state;
    wg_tensor *sum = made(wg_zeros(WG_F64, WG_SHAPE(64)));
    {
        WG_TAPE(tape);
        wg_tensor *value = made(wg_ones(WG_F64, WG_SHAPE(64)));
        assert_ok(wg_update_begin());
        assert_ok(wg_accumulate(sum, value));
        made(wg_mul_scalar(wg_donate(value), 5));
        assert_ok(wg_update_commit());
    }
    assert_near(element(sum, 63), 1, 0);
    wg_free(sum);
}

/* Donating a tensor to an op that cannot work in place does not change it. */
static void giving_away_ends_with_the_next_op(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = made(wg_ones(WG_F64, WG_SHAPE(64))), *sum = made(wg_sum(wg_donate(x))), *y = made(wg_mul_scalar(x, 2));
    assert_near(wg_item(sum), 64, 0);
    assert_near(element(y, 0), 2, 0);
    assert_near(element(x, 0), 1, 0);
    assert_null_and_error(wg_add(wg_donate(x), wg_ones(WG_F64, WG_SHAPE(3))), WG_E_SHAPE, "add: ");
    made(wg_mul_scalar(x, 2)); /* the donation was used up by the failed call */
    assert_near(element(x, 0), 1, 0);
}

/* One tensor in two slots, donated in one only: the op either releases it or leaves its value unchanged. */
static void a_tensor_given_away_in_two_slots(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *g = made(wg_mul_scalar(wg_ones(WG_F64, WG_SHAPE(64)), -3)), *y = made(wg_relu_grad(wg_donate(g), g));
    assert_near(element(y, 0), 0, 0);
    assert_null(wg_data(g));
    expect_error(WG_E_RELEASED, "data: ");
}

static wg_tensor *step_result(wg_tensor *x, wg_tensor *w, bool take)
{
    wg_tensor *h = made(wg_add_scalar(x, 1)), *c = made(wg_mul_scalar(x, 2));
    wg_tensor *y = made(take ? wg_fma(wg_donate(h), w, h) : wg_fma(h, w, h));
    wg_tensor *z = made(take ? wg_addmm(wg_donate(c), c, w) : wg_addmm(c, c, w));
    return made(wg_sum(wg_square(wg_add(y, z))));
}

struct step {
    wg_tensor *x, *w, *loss, *gradient;
    bool take;
};

static struct step step_new(bool take)
{
    return (struct step){.x = numbers(WG_F64, WG_SHAPE(9, 9), 1),
                         .w = leaf(WG_F64, WG_SHAPE(9, 9), 2),
                         .loss = made(wg_scalar(WG_F64, 0)),
                         .gradient = made(wg_zeros(WG_F64, WG_SHAPE(9, 9))),
                         .take = take};
}

static void step_free(struct step *s)
{
    wg_tensor *all[] = {s->x, s->w, s->loss, s->gradient};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        wg_free(all[i]);
}

static wg_status step(void *context)
{
    const struct step *s = context;
    WG_TAPE(tape);
    wg_tensor *loss = step_result(s->x, s->w, s->take), *gradient = made(wg_grad(loss, s->w));
    WG_TRY(wg_assign(s->gradient, gradient));
    return wg_assign(s->loss, loss);
}

static void a_replay_gives_what_copies_give(void **state)
{
    (void)state;
    struct step plain = step_new(false), eager = step_new(true), replayed = step_new(true);
    assert_ok(step(&plain));
    assert_ok(step(&eager));
    wg_replay *replay = wg_replay_capture(step, &replayed);
    assert_non_null(replay);
    assert_ok(wg_replay_run(replay));
    wg_replay_destroy(replay);
    assert_same_bits(eager.loss, plain.loss);
    assert_same_bits(eager.gradient, plain.gradient);
    assert_same_bits(replayed.loss, plain.loss);
    assert_same_bits(replayed.gradient, plain.gradient);
    step_free(&plain);
    step_free(&eager);
    step_free(&replayed);
}

/* ---- operands without elements: their data points nowhere ---- */

static const struct wg_sample *sample_of(const struct wg_op *op)
{
    return op->n_samples ? &op->samples[0] : NULL;
}

static void rows_read_nothing_of_empty_operands(void **state)
{
    int tried = 0;
    (void)state;
    for (size_t i = 0; i < wg_op_count(); i++) {
        const struct wg_op *op = wg_op_at(i);
        if (!wg_has_rows(op) || op->shape || op->n_in > 3 || !sample_of(op))
            continue;
        WG_TAPE(tape);
        wg_tensor *x = made(wg_zeros(WG_F64, WG_SHAPE(0, 4)));
        x->data = (char *)(uintptr_t)64; /* not mapped */
        wg_tensor *y = op->n_in == 1   ? wg_invoke1(op, sample_of(op)->params, x)
                       : op->n_in == 2 ? wg_invoke2(op, sample_of(op)->params, x, x)
                                       : wg_invoke3(op, sample_of(op)->params, x, x, x);
        assert_int_equal(wg_numel(made(y)), 0);
        tried++;
    }
    assert_true(tried >= 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_shares_memory),
        TEST(an_update_refuses_a_view_of_what_it_changes),
        TEST(queued_updates_run_in_the_order_of_their_calls),
        TEST(what_a_queued_update_reads_is_not_written_over),
        TEST(giving_away_ends_with_the_next_op),
        TEST(a_tensor_given_away_in_two_slots),
        TEST(a_replay_gives_what_copies_give),
        TEST(rows_read_nothing_of_empty_operands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
