/* wg_update_run: the bits of the bracket, with other inputs each time, final like a bracket, refused where a bracket is. */
#include "common.h"

enum { SCALARS = 40, LONG = 1500 };

/* p ← p - x, s ← 0.5 s + x, by 40 scalars or by one vector. */
struct stepping {
    wg_tensor *p[SCALARS], *s[SCALARS], *x[SCALARS];
    size_t n;
    int calls;
};

static wg_status step(void *context)
{
    struct stepping *of = context;
    of->calls++;
    for (size_t i = 0; i < of->n; i++) {
        wg_tensor *s = wg_add(wg_mul_scalar(of->s[i], 0.5), of->x[i]), *p = wg_sub(of->p[i], s);
        WG_TRY(wg_assign(of->s[i], s));
        WG_TRY(wg_assign(of->p[i], p));
    }
    return WG_OK;
}

static struct stepping begin(size_t n, wg_shape shape)
{
    struct stepping of = {.n = n};
    for (size_t i = 0; i < n; i++) {
        const wg_dtype dtype = i % 2 ? WG_F64 : WG_F32;
        of.p[i] = wg_full(dtype, shape, (double)i), of.s[i] = wg_full(dtype, shape, 0.25), of.x[i] = wg_full(dtype, shape, 0.125);
    }
    return of;
}

static void end(struct stepping *of)
{
    for (size_t i = 0; i < of->n; i++)
        wg_free(of->p[i]), wg_free(of->s[i]), wg_free(of->x[i]);
}

/* A tape that records times is looked on: the bracket and nothing else. */
static wg_status in_the_bracket(wg_update **update, struct stepping *of)
{
    wg_tape *tape = wg_tape_open(.time = true);
    const wg_status status = wg_update_run(update, step, of, of->x, of->n);
    (void)wg_tape_close(tape);
    return status;
}

static void compare(size_t n, wg_shape shape)
{
    struct stepping fused = begin(n, shape), plain = begin(n, shape);
    wg_update *update = NULL, *none = NULL;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < n; i++) { /* other tensors than in the round before */
            wg_free(fused.x[i]), wg_free(plain.x[i]);
            const wg_dtype dtype = wg_dtype_of(fused.p[i]);
            fused.x[i] = wg_full(dtype, shape, 0.1 * round + (double)i),
            plain.x[i] = wg_full(dtype, shape, 0.1 * round + (double)i);
        }
        assert_ok(wg_update_run(&update, step, &fused, fused.x, n));
        assert_ok(in_the_bracket(&none, &plain));
        for (size_t i = 0; i < n; i++)
            assert_same_bits(fused.p[i], plain.p[i]), assert_same_bits(fused.s[i], plain.s[i]);
    }
    assert_int_equal(fused.calls, 1);
    assert_int_equal(plain.calls, 3);
    assert_null(none);
    wg_update_destroy(update);
    end(&fused), end(&plain);
}

static void bits_are_those_of_the_bracket(void **state)
{
    (void)state;
    compare(SCALARS, WG_SCALAR); /* packed */
    compare(3, WG_SHAPE(7));
    compare(3, WG_SHAPE(LONG)); /* in tiles */
}

/* t₁ ← t₀, t₂ ← t₁, …: each reads what the one before wrote. */
static wg_status pass_on(void *context)
{
    wg_tensor **t = context;
    WG_TAPE(tape);
    for (int i = 0; i + 1 < SCALARS; i++)
        WG_TRY(wg_assign(t[i + 1], t[i]));
    return WG_OK;
}

static void chains_of_stores(void **state)
{
    (void)state;
    wg_tensor *t[SCALARS];
    for (int i = 0; i < SCALARS; i++)
        t[i] = wg_scalar(WG_F64, i);
    wg_replay *replay = wg_replay_capture(pass_on, t);
    assert_non_null(replay);
    for (int round = 0; round < 2; round++) {
        const double first = 7 + round;
        assert_ok(wg_write(t[0], &first));
        assert_ok(wg_replay_run(replay));
        for (int i = 0; i < SCALARS; i++)
            assert_true(wg_item(t[i]) == first);
    }
    wg_replay_destroy(replay);
    for (int i = 0; i < SCALARS; i++)
        wg_free(t[i]);
}

static void a_tape_that_fails_later_undoes_nothing(void **state)
{
    (void)state;
    struct stepping of = begin(2, WG_SHAPE(3)), plain = begin(2, WG_SHAPE(3));
    wg_update *update = NULL, *none = NULL;
    for (int round = 0; round < 3; round++) {
        wg_tape *tape = wg_tape_open();
        assert_ok(wg_update_run(&update, step, &of, of.x, of.n));
        assert_null(wg_add(of.p[0], of.p[1]));
        expect_error(WG_E_DTYPE, "add");
        (void)wg_tape_close(tape);
        assert_ok(in_the_bracket(&none, &plain));
        assert_same_bits(of.p[0], plain.p[0]), assert_same_bits(of.s[1], plain.s[1]);
    }
    wg_update_destroy(update);
    end(&of), end(&plain);
}

static void refused_where_a_bracket_is(void **state)
{
    (void)state;
    struct stepping of = begin(1, WG_SHAPE(3));
    wg_update *update = NULL;
    for (int round = 0; round < 2; round++) { /* before anything was captured, and after */
        wg_tape *tape = wg_tape_open(.undo = true);
        assert_int_equal(wg_update_run(&update, step, &of, of.x, of.n), WG_E_STATE);
        expect_error(WG_E_STATE, "a tape is open whose effects are undone");
        (void)wg_tape_close(tape);
        assert_ok(wg_update_begin());
        assert_int_equal(wg_update_run(&update, step, &of, of.x, of.n), WG_E_STATE);
        expect_error(WG_E_STATE, "");
        wg_update_cancel();
        assert_ok(wg_update_run(&update, step, &of, of.x, of.n));
    }
    wg_update_destroy(update);
    end(&of);
}

/* What the update writes, and a view of what it reads, are no inputs to keep it for: step is called. */
static void inputs_that_meet_what_the_step_uses(void **state)
{
    (void)state;
    struct stepping of = begin(1, WG_SHAPE(3));
    wg_tensor *x = of.x[0];
    wg_update *update = NULL;
    assert_ok(wg_update_run(&update, step, &of, of.x, 1));
    assert_non_null(update);
    of.x[0] = of.p[0];
    assert_ok(wg_update_run(&update, step, &of, of.x, 1));
    assert_int_equal(of.calls, 2);
    assert_null(update);
    of.x[0] = x;
    end(&of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bits_are_those_of_the_bracket),          TEST(chains_of_stores),
        TEST(a_tape_that_fails_later_undoes_nothing), TEST(refused_where_a_bracket_is),
        TEST(inputs_that_meet_what_the_step_uses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
