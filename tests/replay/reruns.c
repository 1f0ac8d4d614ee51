/* A rerun of a traced tape gives what a new recording would, even if values that it reads or writes were dropped or donated: on
   the tape itself, on one below, from one above; by ops and by closures. Tensors that the caller keeps are unchanged. */
#include "common.h"
#include "core/internal.h"

enum { N = 600 };

static wg_status twice_forward(const wg_call *c)
{
    double *y = wg_data_mut(c->out[0]);
    const double *x = wg_data(c->in[0]);
    if (!y || !x)
        return WG_E_STATE;
    for (int64_t i = 0; i < wg_numel(c->out[0]); i++)
        y[i] = 2 * x[i];
    return WG_OK;
}

/* 2 x, by an op that may overwrite its operand, and by a closure that reads and writes through handles. */
static wg_tensor *twice_by_op(wg_tensor *x)
{
    return wg_mul_scalar(x, 2);
}

static wg_tensor *twice_by_closure(wg_tensor *x)
{
    const wg_closure twice = {.name = "twice", .forward = twice_forward, .dtype = WG_F64, .shape = WG_SHAPE(N)};
    return wg_closure_apply(&twice, &x, 1);
}

static wg_tensor *(*const twice[])(wg_tensor *) = {twice_by_op, twice_by_closure};

static void set(wg_tensor *x, double value)
{
    double *p = wg_data_mut(x);
    assert_non_null(p);
    for (int i = 0; i < N; i++)
        p[i] = value;
}

static void check(const wg_tensor *t, double value)
{
    const double *p = wg_data(t);
    assert_non_null(p);
    for (int i = 0; i < N; i += N - 1)
        assert_near(p[i], value, 0);
}

static void values_of_the_tape_itself(void **state)
{
    (void)state;
    wg_tensor *x = made(wg_zeros(WG_F64, WG_SHAPE(N)));
    for (int way = 0; way < 8; way++) {
        set(x, 1);
        WG_TAPE(tape, .trace = true);
        wg_tensor *y = made(twice[way & 1](x)), *z = made(twice[way >> 1 & 1](way & 4 ? wg_donate(y) : y));
        wg_drop(y);
        for (int round = 2; round < 4; round++) {
            set(x, round);
            assert_ok(wg_tape_rerun(tape));
            check(z, 4 * round);
        }
    }
    wg_free(x);
}

/* The tape below is not traced and not run again: what the traced tape read from it is unchanged. */
static void values_of_a_tape_below(void **state)
{
    (void)state;
    wg_tensor *x = made(wg_full(WG_F64, WG_SHAPE(N), 1));
    for (int way = 0; way < 16; way++) {
        WG_TAPE(below, .trace = (way & 8) != 0);
        wg_tensor *y = made(twice[way & 1](x));
        WG_TAPE(tape, .trace = true);
        wg_tensor *z = made(twice[way >> 1 & 1](way & 4 ? wg_donate(y) : y));
        wg_drop(y);
        wg_tensor *sum = made(wg_sum(wg_square(z)));
        for (int round = 0; round < 3; round++) {
            assert_ok(wg_tape_rerun(tape));
            check(z, 4);
            assert_near(wg_item(sum), 16 * N, 0);
        }
        assert_null(wg_data(y)); /* it can no longer be read */
        expect_error(WG_E_RELEASED, way & 4 ? "data" : "dropped");
    }
    wg_free(x);
}

/* An untraced tape above donates or drops what the traced one wrote. */
static void values_taken_from_above(void **state)
{
    (void)state;
    wg_tensor *x = made(wg_zeros(WG_F64, WG_SHAPE(N)));
    for (int way = 0; way < 8; way++) {
        set(x, 1);
        WG_TAPE(tape, .trace = true);
        wg_tensor *y = made(twice[way & 1](x)), *other = made(wg_neg(y));
        {
            WG_TAPE(above);
            check(made(twice[way >> 1 & 1](way & 4 ? wg_donate(y) : y)), 4);
            wg_drop(y);
        }
        set(x, 3);
        assert_ok(wg_tape_rerun(tape));
        check(other, -6);
    }
    wg_free(x);
}

static void what_was_kept_stays(void **state)
{
    (void)state;
    wg_tensor *x = made(wg_full(WG_F64, WG_SHAPE(N), 1));
    {
        WG_TAPE(tape, .trace = true);
        wg_tensor *y = made(wg_mul_scalar(x, 2)), *kept = made(wg_keep(y)),
                  *view = made(wg_keep(wg_reshape(y, WG_SHAPE(N / 2, 2))));
        wg_tensor *own = made(wg_own(wg_neg(y)));
        set(x, 5);
        assert_ok(wg_tape_rerun(tape));
        check(y, 10);
        check(kept, 2);
        check(view, 2);
        check(own, -2);
        wg_free(kept), wg_free(view), wg_free(own);
    }
    wg_free(x);
}

/* If a value is gone nevertheless, nothing runs. */
static void a_value_that_is_gone_is_refused(void **state)
{
    (void)state;
    wg_tensor *x = made(wg_full(WG_F64, WG_SHAPE(N), 1));
    {
        WG_TAPE(tape, .trace = true);
        wg_tensor *first = made(wg_mul_scalar(x, 2)), *y = made(wg_exp(x)), *z = made(wg_neg(y));
        set(x, 5);
        struct wg_storage *storage = y->storage;
        y->storage = NULL;
        assert_fails(wg_tape_rerun(tape), WG_E_RELEASED, "tape_rerun: result 0 of exp was released");
        check(first, 2);
        y->storage = storage;
        assert_ok(wg_tape_rerun(tape));
        check(first, 10);
        check(z, -exp(5));
    }
    wg_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_of_the_tape_itself), TEST(values_of_a_tape_below),          TEST(values_taken_from_above),
        TEST(what_was_kept_stays),       TEST(a_value_that_is_gone_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
