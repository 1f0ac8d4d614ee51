/* DESIGN section 3, rule 15: a tensor computed from a leaf that requires a gradient may not be changed in place, because its
   history would no longer match its value. Leaves, constants and their views may. */
#include "common.h"

/* ---- ways to change a tensor of f64 (3) ---- */

static const double other[] = {4, 5, 6};

static wg_status by_write(wg_tensor *t)
{
    return wg_write_raw(t, other);
}

static wg_status by_pointer(wg_tensor *t)
{
    double *at = wg_data_mut(t);
    if (!at)
        return WG_E_STATE;
    at[0] = 4;
    return WG_OK;
}

static wg_status by_assign(wg_tensor *t)
{
    return wg_assign(t, wg_zeros(wg_dtype_of(t), wg_shape_of(t)));
}

static wg_status by_accumulate(wg_tensor *t)
{
    return wg_accumulate(t, wg_ones(wg_dtype_of(t), wg_shape_of(t)));
}

static wg_status by_average(wg_tensor *t)
{
    return wg_ema_update(t, wg_ones(wg_dtype_of(t), wg_shape_of(t)), 0.5);
}

static wg_status by_update(wg_tensor *t)
{
    WG_TRY(wg_update_begin());
    const wg_status status = wg_accumulate(t, wg_ones(wg_dtype_of(t), wg_shape_of(t)));
    const wg_status committed = wg_update_commit();
    return status == WG_OK ? committed : status;
}

static wg_status by_sgd(wg_tensor *t)
{
    wg_tensor *g = wg_ones(wg_dtype_of(t), wg_shape_of(t)), *lr = wg_scalar(WG_F64, 0.1);
    return wg_sgd_update(t, WG_NONE, g, lr, wg_ones(WG_F64, WG_SCALAR), 0, 0, 0, false);
}

static wg_status (*const ways[])(wg_tensor *t) = {by_write, by_pointer, by_assign, by_accumulate, by_average, by_update, by_sgd};
enum { WAYS = sizeof ways / sizeof *ways };

/* ---- handles on a tensor's elements ---- */

static wg_tensor *itself(wg_tensor *t)
{
    return t;
}

static wg_tensor *detached(wg_tensor *t)
{
    return wg_detach(t);
}

static wg_tensor *in_another_shape(wg_tensor *t)
{
    return wg_reshape(t, WG_SHAPE(wg_numel(t), 1));
}

static wg_tensor *part(wg_tensor *t)
{
    return wg_slice(t, 0, 0, 3, 1);
}

static wg_tensor *part_of_detached(wg_tensor *t)
{
    return wg_slice(wg_reshape(wg_detach(t), WG_SHAPE(wg_numel(t))), 0, 0, 3, 1);
}

static wg_tensor *detached_leaf(wg_tensor *t)
{
    return wg_set_requires_grad(wg_detach(t), true);
}

static wg_tensor *(*const names[])(wg_tensor *t) = {itself, detached, in_another_shape, part, part_of_detached, detached_leaf};
enum { NAMES = sizeof names / sizeof *names };

/* ---- changes that are refused ---- */

static void refused(wg_tensor *t)
{
    wg_tensor *before = made(wg_copy(wg_detach(t)));
    for (int way = 0; way < WAYS; way++) {
        assert_fails(ways[way](t), WG_E_STATE, "computed from a leaf");
        assert_same_bits(t, before);
    }
}

static void a_computed_value_is_not_changed(void **state)
{
    (void)state;
    for (int64_t extent = 3; extent <= 3000; extent *= 1000) /* in a slot of the tape, and in a block */
        for (int name = 0; name < NAMES; name++) {
            wg_tensor *x = leaf(WG_F64, WG_SHAPE(extent), 1);
            wg_tape *tape = wg_tape_open();
            wg_tensor *c = made(wg_mul_scalar(x, 2)), *named = made(names[name](c));
            if (wg_numel(named) <= 3)
                refused(named);
            else
                assert_fails(by_assign(named), WG_E_STATE, "assign: operand 0");
            assert_ok(wg_backward(made(wg_sum(wg_square(c))))); /* the refusals are recorded errors; the values are unchanged */
            assert_near(element(wg_gradient(x), 0), 8 * element(x, 0), 1e-14);
            wg_tape_close(tape);
            wg_error_take(NULL);
            wg_free(x);
        }
}

static void nor_by_the_kept_handle_while_its_tape_is_open(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(300), 1), *kept;
    wg_tape *tape = wg_tape_open();
    wg_tensor *c = made(wg_mul_scalar(x, 2));
    kept = made(wg_keep(c));
    assert_fails(by_assign(kept), WG_E_STATE, "assign: operand 0");
    assert_fails(by_pointer(kept), WG_E_STATE, "data_mut: operand 0");
    wg_tape_close(tape);
    wg_error_take(NULL);
    assert_ok(by_pointer(kept));
    {
        WG_TAPE(next); /* kept is a constant here and shares storage with no result, so it may be changed */
        made(wg_mul(kept, x));
        assert_ok(by_accumulate(kept));
    }
    wg_free(kept);
    wg_free(x);
}

static void nor_by_a_kept_handle_without_a_history(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(300), 1);
    {
        WG_TAPE(tape);
        wg_tensor *c = made(wg_mul_scalar(x, 2)), *kept = made(wg_own(made(wg_detach(c)))), *again = made(wg_keep(kept));
        wg_tensor *local = leaf(WG_F64, WG_SHAPE(300), 2), *d = made(wg_mul_scalar(local, 2)), *of_local = made(wg_keep(d));
        assert_fails(by_pointer(kept), WG_E_STATE, "data_mut: operand 0");
        assert_fails(by_assign(again), WG_E_STATE, "assign: operand 0");
        assert_fails(by_average(of_local), WG_E_STATE, "ema_update: operand 0");
        wg_tape_close(tape), tape = NULL;
        wg_error_take(NULL);
        assert_ok(by_pointer(kept)); /* nothing else reads those numbers now */
        wg_free(kept), wg_free(again), wg_free(of_local);
    }
    wg_free(x);
}

static wg_tensor *changes_its_own_result(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *c = wg_mul_scalar(x[0], 2);
    return by_assign(c) == WG_OK ? wg_square(c) : NULL;
}

static void nor_in_forward_mode(void **state)
{
    (void)state;
    wg_tensor *x = numbers(WG_F64, WG_SHAPE(3), 1), *t = numbers(WG_F64, WG_SHAPE(3), 2), *y, *ty;
    assert_fails(wg_jvp(changes_its_own_result, NULL, &x, 1, &t, &y, &ty), WG_E_STATE, "assign: operand 0");
    wg_free(x);
    wg_free(t);
}

/* ---- changes that are allowed ---- */

static void leaves_constants_and_their_views_are_changed(void **state)
{
    (void)state;
    for (int way = 0; way < WAYS; way++)
        for (int name = 0; name < NAMES; name++) {
            wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *constant = numbers(WG_F64, WG_SHAPE(3), 2);
            {
                WG_TAPE(tape);
                assert_ok(ways[way](made(names[name](x))));
                assert_ok(ways[way](made(names[name](constant))));
                assert_ok(ways[way](made(names[name](made(wg_mul_scalar(constant, 2))))));
                assert_ok(ways[way](made(names[name](made(wg_copy(made(wg_detach(made(wg_mul_scalar(x, 2))))))))));
                WG_NO_GRAD;
                assert_ok(ways[way](made(names[name](made(wg_mul_scalar(x, 2))))));
            }
            wg_free(x);
            wg_free(constant);
        }
}

/* A view of a leaf still belongs to it after the change: the gradient through it reaches the leaf. */
static void the_gradient_through_a_changed_view_of_a_leaf_is_right(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(4), 1);
    {
        WG_TAPE(tape);
        wg_tensor *v = made(part(x));
        assert_ok(by_write(v));
        assert_ok(wg_backward(made(wg_sum(wg_square(v)))));
        assert_near(element(wg_gradient(x), 0), 8, 0);
        assert_near(element(wg_gradient(x), 2), 12, 0);
        assert_near(element(wg_gradient(x), 3), 0, 0);
    }
    wg_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_computed_value_is_not_changed),
        TEST(nor_by_the_kept_handle_while_its_tape_is_open),
        TEST(nor_by_a_kept_handle_without_a_history),
        TEST(nor_in_forward_mode),
        TEST(leaves_constants_and_their_views_are_changed),
        TEST(the_gradient_through_a_changed_view_of_a_leaf_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
