/* wg_evaluate gives the bits of the step itself, records nothing, keeps only what the step keeps, and reports a value that is
   read after its release. */
#include "common.h"

struct evaluated {
    wg_nn_module *net;
    wg_tensor *x, *y, *between;
    bool reads, fails;
};

static wg_status step(void *context)
{
    struct evaluated *e = context;
    e->between = wg_nn_apply(e->net, e->x);
    if (e->reads)
        (void)wg_item(wg_sum(e->between));
    if (e->fails)
        (void)wg_add(e->between, wg_ones(WG_F32, WG_SHAPE(5)));
    e->y = wg_keep(wg_softmax(wg_add(e->between, wg_tanh(e->between)))); /* read twice, without wg_hold */
    return e->y ? WG_OK : WG_E_NULL;
}

static void begin(struct evaluated *e)
{
    *e = (struct evaluated){.net = wg_nn_mlp(WG_SIZES(8, 16, 16, 4)), .x = leaf(WG_F32, WG_SHAPE(6, 8), 3)};
    assert_non_null(e->net);
}

static void end(struct evaluated *e)
{
    wg_nn_destroy(e->net);
    wg_free(e->x), wg_free(e->y);
}

static void bits_are_those_of_the_step(void **state)
{
    (void)state;
    struct evaluated e;
    begin(&e);
    {
        WG_TAPE(tape);
        assert_ok(step(&e));
    }
    wg_tensor *want = e.y;
    assert_ok(wg_evaluate(step, &e));
    assert_same_bits(e.y, want);
    assert_dangling(e.between); /* the step's tape is closed */
    assert_null(wg_tape_top());
    {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_sum(e.y)), WG_E_NO_GRAD); /* nothing was recorded */
        expect_error(WG_E_NO_GRAD, "backward: ");
    }
    wg_free(want);
    end(&e);
}

static void memory_does_not_grow(void **state)
{
    (void)state;
    struct evaluated e;
    begin(&e);
    int64_t in_use = 0;
    for (int i = 0; i < 200; i++) {
        wg_free(e.y);
        assert_ok(wg_evaluate(step, &e));
        const wg_memory now = wg_memory_now();
        if (i == 2)
            in_use = now.live + now.pooled;
        else if (i > 2)
            assert_true(now.live + now.pooled <= in_use);
    }
    end(&e);
}

static void what_a_step_may_not_do(void **state)
{
    (void)state;
    struct evaluated e;
    begin(&e);
    assert_fails(wg_evaluate(NULL, &e), WG_E_NULL, "evaluate: the step is NULL");
    {
        WG_TAPE(tape);
        assert_fails(wg_evaluate(step, &e), WG_E_STATE, "a tape or an update is open");
        assert_null(e.y);
    }
    e.reads = true;
    assert_fails(wg_evaluate(step, &e), WG_E_STATE, "item: a value that the step computed is read");
    wg_free(e.y);
    e.y = NULL, e.reads = false, e.fails = true;
    assert_fails(wg_evaluate(step, &e), WG_E_SHAPE, "add: ");
    wg_free(e.y);
    e.y = NULL, e.fails = false;
    assert_ok(wg_evaluate(step, &e));
    end(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bits_are_those_of_the_step),
        TEST(memory_does_not_grow),
        TEST(what_a_step_may_not_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
