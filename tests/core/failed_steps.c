/* What a failed step restores and what it leaves: the list of effects in tape.h. Ops and draws are in rules_effects.c. */
#include "common.h"

enum change {
    ADDS_A_FIRST_GRADIENT,
    ADDS_TO_A_GRADIENT,
    CLEARS_A_GRADIENT,
    ADDS_AND_CLEARS,
    CLEARS_AND_ADDS,
    ZEROES_GRADIENTS,
    CLEARS_AND_FREES,
    N_GRADIENT_CHANGES,
};

static void change_gradient(enum change change, wg_tensor *p, wg_optim *optim, bool inner)
{
    wg_tape *tape = inner ? wg_tape_open() : NULL; /* its effects pass to the outer tape */
    if (change == CLEARS_A_GRADIENT || change == CLEARS_AND_ADDS || change == CLEARS_AND_FREES)
        wg_clear_gradient(p);
    if (change != CLEARS_A_GRADIENT && change != ZEROES_GRADIENTS && change != CLEARS_AND_FREES)
        assert_ok(wg_add_gradient(p, p));
    if (change == ADDS_AND_CLEARS)
        wg_clear_gradient(p);
    if (change == ZEROES_GRADIENTS)
        wg_optim_clear_gradients(optim);
    if (change == CLEARS_AND_FREES)
        wg_free(p);
    if (tape)
        assert_ok(wg_tape_close(tape));
}

static void a_failed_step_puts_gradients_back(void **state)
{
    (void)state;
    for (int way = 0; way < 4 * N_GRADIENT_CHANGES; way++) {
        const enum change change = (enum change)(way / 4);
        const bool inner = way % 2, fails = way / 2 % 2;
        wg_tensor *p = leaf(WG_F64, WG_SHAPE(3), 1), *before = numbers(WG_F64, WG_SHAPE(3), 2);
        wg_optim *optim = wg_optim_sgd(((wg_tensor_list){1, &p, NULL}));
        if (change != ADDS_A_FIRST_GRADIENT)
            assert_ok(wg_add_gradient(p, before));
        {
            WG_TAPE(tape);
            change_gradient(change, p, optim, inner);
            if (fails)
                (void)wg_add(before, wg_ones(WG_F64, WG_SHAPE(5)));
        }
        assert_int_equal(wg_error_take(NULL), fails ? WG_E_SHAPE : WG_OK);
        if (change != CLEARS_AND_FREES) {
            const bool was = change != ADDS_A_FIRST_GRADIENT;
            const bool is = change == ADDS_A_FIRST_GRADIENT || change == ADDS_TO_A_GRADIENT || change == CLEARS_AND_ADDS;
            assert_true((wg_gradient(p) != NULL) == (fails ? was : is));
            if (fails && was)
                assert_same_bits(wg_gradient(p), before);
            wg_free(p);
        }
        wg_optim_destroy(optim), wg_free(before);
    }
}

/* A leaf of a tape below the one that fails. */
static void a_failed_step_puts_gradients_of_lower_tapes_back(void **state)
{
    (void)state;
    for (int change = 0; change < 3; change++)
        for (int deeper = 0; deeper < 2; deeper++) {
            WG_TAPE(outer);
            wg_tensor *x = made(wg_set_requires_grad(wg_scalar(WG_F64, 3), true));
            if (change > 0)
                assert_ok(wg_backward(wg_mul_scalar(x, 7), .retain = true));
            {
                WG_TAPE(failing);
                wg_tape *inner = deeper ? wg_tape_open() : NULL;
                if (change < 2)
                    assert_ok(wg_backward(wg_square(x), .retain = true));
                else
                    wg_clear_gradient(x);
                if (inner)
                    assert_ok(wg_tape_close(inner));
                (void)wg_add(x, NULL);
            }
            assert_int_equal(wg_error_take(NULL), WG_E_NULL);
            assert_true((wg_gradient(x) != NULL) == (change > 0));
            if (change > 0)
                assert_near(wg_item(wg_gradient(x)), 7, 0);
            { /* a step that succeeds; its effects end with the leaf's tape */
                WG_TAPE(inner);
                assert_ok(wg_backward(wg_square(x), .retain = true));
            }
            assert_near(wg_item(wg_gradient(x)), change > 0 ? 13 : 6, 0);
        }
}

/* Gradients are part of the update: consumed with it, or not at all. */
static void gradients_are_consumed_by_the_update(void **state)
{
    (void)state;
    wg_tensor *p = leaf(WG_F64, WG_SHAPE(3), 1), *g = numbers(WG_F64, WG_SHAPE(3), 2);
    wg_optim *optim = wg_optim_sgd(((wg_tensor_list){1, &p, NULL}));
    assert_ok(wg_add_gradient(p, g));
    for (int tape_open = 0; tape_open < 2; tape_open++) {
        wg_tape *tape = tape_open ? wg_tape_open() : NULL;
        assert_ok(wg_update_begin());
        wg_clear_gradient(p);
        assert_non_null(wg_gradient(p));
        assert_fails(wg_add_gradient(p, g), WG_E_STATE, "add_gradient: not between wg_update_begin and wg_update_commit");
        assert_int_equal(wg_update_commit(), WG_E_STATE);
        assert_same_bits(wg_gradient(p), g);
        assert_ok(wg_update_begin());
        wg_clear_gradient(p);
        wg_update_cancel();
        assert_same_bits(wg_gradient(p), g);
        wg_tape_close(tape);
    }
    {
        WG_TAPE(tape);
        assert_ok(wg_optim_step(optim));
        assert_null(wg_gradient(p));
        (void)wg_add(p, NULL); /* the update was committed, so its gradients are not restored */
    }
    assert_int_equal(wg_error_take(NULL), WG_E_NULL);
    assert_null(wg_gradient(p));
    wg_optim_destroy(optim), wg_free(p), wg_free(g);
}

static void what_the_program_itself_does_stays(void **state)
{
    (void)state;
    wg_tensor *p = leaf(WG_F64, WG_SHAPE(3), 1), *q = numbers(WG_F64, WG_SHAPE(3), 2), *rows = numbers(WG_F64, WG_SHAPE(6, 2), 3);
    wg_tensor *kept = NULL, *x = NULL;
    wg_optim *optim = wg_optim_sgd(((wg_tensor_list){1, &p, NULL}), .lr = 0.5);
    wg_batches *batches = wg_batches_create(rows, WG_NONE, .size = 2, .seed = 1);
    const wg_batches_state begin = wg_batches_state_of(batches);
    {
        WG_TAPE(tape);
        assert_ok(wg_write(p, (const double[]){1, 2, 3}));
        ((double *)wg_data_mut(q))[1] = 9;
        made(wg_set_requires_grad(q, true));
        assert_ok(wg_set_name(q, "q"));
        assert_ok(wg_optim_set_lr(optim, 0, 0.25));
        assert_ok(wg_batches_next(batches, &x, NULL));
        assert_non_null(x);
        kept = made(wg_keep(wg_neg(p)));
        (void)wg_add(p, NULL);
    }
    assert_int_equal(wg_error_take(NULL), WG_E_NULL);
    assert_near(element(p, 2), 3, 0);
    assert_near(element(q, 1), 9, 0);
    assert_true(wg_requires_grad(q));
    assert_string_equal(wg_name_of(q), "q");
    assert_near(wg_optim_lr(optim, 0), 0.25, 0);
    assert_int_equal(wg_batches_state_of(batches).position, 2);
    assert_ok(wg_batches_restore(batches, begin));
    assert_near(element(kept, 0), -1, 0);
    wg_batches_destroy(batches), wg_optim_destroy(optim);
    wg_free(p), wg_free(q), wg_free(rows), wg_free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_failed_step_puts_gradients_back),
        TEST(a_failed_step_puts_gradients_of_lower_tapes_back),
        TEST(gradients_are_consumed_by_the_update),
        TEST(what_the_program_itself_does_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
