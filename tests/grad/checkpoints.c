/* Checkpoints: a function called through wg_checkpoint gives what a direct call gives. */
#include <pthread.h>

#include "checkpoints.h"

static void assert_same_world(const struct world *a, const struct world *b)
{
    assert_same_bits(wg_gradient(a->x), wg_gradient(b->x));
    assert_same_bits(wg_gradient(a->w), wg_gradient(b->w));
    assert_same_bits(wg_gradient(a->b), wg_gradient(b->b));
    assert_same_bits(a->generator, b->generator);
    assert_same_bits(a->mean, b->mean);
}

/* ---- the same bits ---- */

static void backward_gives_the_same_bits(void **state)
{
    (void)state;
    for (int levels = 1; levels <= 3; levels++)
        for (int walks = 1; walks <= 3; walks++) {
            struct world plain = world_new(false), checkpointed = world_new(true);
            plain.levels = checkpointed.levels = levels;
            double loss[2];
            for (int way = 0; way < 2; way++) {
                WG_TAPE(tape);
                wg_tensor *y = made(loss_of(way ? &checkpointed : &plain));
                loss[way] = wg_item(y);
                for (int i = 1; i <= walks; i++) /* gradients accumulate */
                    assert_ok(wg_backward(y, .retain = i < walks));
            }
            assert_near(loss[0], loss[1], 0);
            assert_same_world(&plain, &checkpointed);
            assert_int_equal(plain.runs, levels == 3 ? 12 : 3 * levels);
            assert_int_equal(checkpointed.runs, plain.runs * (1 + levels * walks));
            world_free(&plain), world_free(&checkpointed);
        }
}

static void gradients_of_some_give_the_same_bits(void **state)
{
    (void)state;
    struct world plain = world_new(false), checkpointed = world_new(true);
    plain.levels = checkpointed.levels = 2;
    WG_TAPE(tape);
    wg_tensor *a = made(loss_of(&plain)), *b = made(loss_of(&checkpointed));
    assert_same_bits(made(wg_grad(a, plain.x)), made(wg_grad(b, checkpointed.x)));
    assert_same_bits(made(wg_grad(a, plain.b)), made(wg_grad(b, checkpointed.b)));
    wg_tensor *g[2], *h[2];
    assert_ok(wg_grad_many(a, ((wg_tensor *[]){plain.w, plain.x}), 2, g));
    assert_ok(wg_grad_many(b, ((wg_tensor *[]){checkpointed.w, checkpointed.x}), 2, h));
    assert_same_bits(g[0], h[0]);
    assert_same_bits(g[1], h[1]);
    assert_null(wg_gradient(checkpointed.w));
    wg_tape_close(tape);
    tape = NULL;
    world_free(&plain), world_free(&checkpointed);
}

/* ---- memory, each measured in a fresh thread ---- */

enum { LAYERS = 16, WIDTH = 64, INSIDE = 8 };

struct measured {
    bool checkpointed;
    int64_t after_forward, peak;
};

static wg_tensor *deep_layer(wg_tensor *const *x, size_t n, void *context)
{
    wg_tensor *y = x[0];
    (void)n;
    (void)context;
    for (int i = 0; i < INSIDE; i++)
        y = wg_sin(y);
    return y;
}

static void *measure(void *context)
{
    struct measured *m = context;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(WIDTH, WIDTH), 1);
    WG_TAPE(tape);
    wg_tensor *y = x;
    for (int i = 0; i < LAYERS; i++)
        y = m->checkpointed ? wg_checkpoint(deep_layer, NULL, &y, 1) : deep_layer(&y, 1, NULL);
    m->after_forward = wg_memory_now().live;
    if (wg_backward(wg_sum(y)) != WG_OK)
        m->after_forward = -1;
    m->peak = wg_memory_now().peak;
    wg_tape_close(tape);
    tape = NULL;
    wg_free(x);
    return NULL;
}

/* A chain of 16 layers of 8 values each: without checkpoints 128 values are kept, with them 16 and the 8 of the current layer. */
static void values_inside_are_not_kept(void **state)
{
    (void)state;
    struct measured of[2] = {{.checkpointed = false}, {.checkpointed = true}};
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, measure, &of[i]), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_true(of[i].after_forward > 0);
    }
    const int64_t value = WIDTH * WIDTH * 8,
                  overhead = 16 * value; /* the arenas of two tapes and resting handles: 384 KiB, and small blocks */
    assert_true(of[0].after_forward > LAYERS * INSIDE * value);
    assert_true(of[1].after_forward < (LAYERS + 1) * value + overhead);
    assert_true(of[1].peak < (LAYERS + 1 + INSIDE + 4) * value + overhead);
    assert_true(of[0].peak > 3 * of[1].peak);
}

/* A result is released when backward has passed it, or when it is dropped; nothing else refers to it. */
static void results_are_released_like_others(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(WIDTH, WIDTH), 1);
    WG_TAPE(tape);
    wg_tensor *y = made(wg_checkpoint(deep_layer, NULL, &x, 1));
    const int64_t before = wg_memory_now().live;
    wg_drop(y);
    assert_true(before - wg_memory_now().live >= WIDTH * WIDTH * 8);
    wg_tape_close(tape);
    tape = NULL;
    wg_free(x);
}

/* ---- operands ---- */

static wg_tensor *product_of_operands(wg_tensor *const *x, size_t n, void *context)
{
    struct world *o = context;
    o->runs++;
    wg_tensor *y = wg_exp(x[0]);
    for (size_t i = 1; i < n; i++)
        y = wg_mul(y, x[i]);
    return y;
}

static wg_tensor *captured(wg_tensor *const *x, size_t n, void *context)
{
    struct world *o = context;
    (void)x;
    (void)n;
    return o->x;
}

static wg_tensor *square_of_first(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_square(x[0]);
}

static wg_tensor *constant(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_square(wg_detach(x[0]));
}

static wg_tensor *rows(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_square(wg_index_select(x[0], 0, x[1]));
}

/* The gradient of each function with respect to x, through a computed operand, plain and checkpointed; WG_NONE if there is none. */
static void operands_of_all_kinds(void **state)
{
    (void)state;
    wg_tensor *index = wg_from(((const int64_t[]){3, 0, 3}), WG_SHAPE(3));
    for (int which = 0; which < 6; which++) {
        struct world o[2] = {world_new(false), world_new(true)};
        WG_TAPE(tape);
        wg_tensor *y[2], *g[2];
        for (int i = 0; i < 2; i++) {
            wg_tensor *h = made(wg_sin(o[i].x)), *twice[3] = {h, h, o[i].x}, *mixed[2] = {h, index}, *unused[2] = {h, o[i].w};
            wg_tensor *const operand[3] = {o[i].x, h, o[i].x};
            switch (which) {
            case 0:
                y[i] = called(&o[i], product_of_operands, twice, 3);
                break;
            case 1:
                y[i] = called(&o[i], rows, mixed, 2);
                break;
            case 2:
                y[i] = called(&o[i], square_of_first, unused, 2);
                break;
            case 3:
                y[i] = called(&o[i], first_operand, operand, 1);
                break;
            case 4:
                y[i] = wg_mul(h, called(&o[i], first_operand, operand + 1, 2));
                break;
            default:
                y[i] = called(&o[i], captured, &o[i].w, 1);
            }
            wg_drop(h); /* only backward reads it again */
            g[i] = made(wg_grad(wg_sum(wg_square(made(y[i]))), o[i].x));
            if (which == 2) {
                assert_null(wg_grad(wg_sum(y[i]), o[i].w));
                expect_error(WG_E_UNUSED, "does not depend on operand 1");
            }
            assert_ok(wg_backward(wg_sum(wg_square(y[i]))));
            assert_non_null(wg_gradient(o[i].x));
            assert_null(wg_gradient(o[i].w)); /* no gradient, rather than zeros */
        }
        assert_same_bits(g[0], g[1]);
        assert_same_bits(wg_gradient(o[0].x), wg_gradient(o[1].x));
        wg_tape_close(tape);
        tape = NULL;
        world_free(&o[0]), world_free(&o[1]);
    }
    wg_free(index);
}

static void what_needs_no_gradient_has_none(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *plain = numbers(WG_F64, WG_SHAPE(3), 2);
    WG_TAPE(tape);
    wg_tensor *y = made(wg_checkpoint(constant, NULL, &x, 1)), *z = made(wg_checkpoint(square_of_first, NULL, &plain, 1));
    assert_fails(wg_backward(wg_sum(y)), WG_E_NO_GRAD, "backward: the root depends on no tensor");
    assert_fails(wg_backward(wg_sum(z)), WG_E_NO_GRAD, "backward: the root depends on no tensor");
    wg_free(x), wg_free(plain);
}

static wg_tensor *drops_and_takes(wg_tensor *const *x, size_t n, void *context)
{
    wg_tensor *y = wg_tanh(wg_donate(x[0]));
    (void)n;
    (void)context;
    wg_drop(x[0]);
    return y;
}

static void operands_may_be_given_away_inside_and_outside(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *constant_ = numbers(WG_F64, WG_SHAPE(3), 2);
    WG_TAPE(tape);
    for (int i = 0; i < 2; i++) {
        wg_tensor *h = made(i ? wg_mul_scalar(constant_, 2) : wg_sin(x));
        wg_tensor *y = made(wg_checkpoint(drops_and_takes, NULL, (wg_tensor *[]){wg_donate(h), h}, 2));
        for (int k = 0; k < 3; k++)
            assert_near(element(y, k), tanh(element(h, k)), 1e-15);
        if (i == 0)
            assert_same_bits(made(wg_grad(wg_sum(y), x)), made(wg_grad(wg_sum(wg_tanh(h)), x)));
        const int64_t before = wg_memory_now().live;
        wg_drop(h); /* released at once, as no gradient is needed */
        assert_true(i == 0 || wg_memory_now().live < before);
    }
    wg_free(x), wg_free(constant_);
}

/* ---- modes ---- */

static wg_tensor *by_mode(wg_tensor *const *x, size_t n, void *context)
{
    struct world *o = context;
    (void)n;
    return wg_train_mode() ? wg_dropout(x[0], o->generator, 0.5) : wg_square(x[0]);
}

static void modes_are_those_of_the_call(void **state)
{
    (void)state;
    struct world o = world_new(true);
    {
        WG_TAPE(tape);
        wg_tensor *y;
        {
            WG_EVAL_MODE;
            y = made(wg_sum(wg_checkpoint(by_mode, &o, &o.x, 1)));
        }
        {
            WG_NO_GRAD;
            assert_ok(wg_backward(y));
        }
        assert_true(wg_train_mode());
        for (int i = 0; i < 20; i++)
            assert_near(element(wg_gradient(o.x), i), 2 * element(o.x, i), 0);
    }
    world_free(&o);
}

/* With gradients off, or without a tape, only the value remains, owned by the tape or by the caller. */
static void without_gradients_it_is_the_value(void **state)
{
    (void)state;
    struct world plain = world_new(false), checkpointed = world_new(true);
    wg_tensor *y;
    {
        WG_TAPE(tape);
        y = made(wg_keep(block(&plain.x, 1, &plain)));
    }
    const int64_t before = wg_memory_now().live;
    wg_tensor *z = made(wg_checkpoint(block, &checkpointed, &checkpointed.x, 1));
    assert_same_bits(y, z);
    assert_same_bits(plain.generator, checkpointed.generator);
    assert_same_bits(plain.mean, checkpointed.mean);
    wg_free(z);
    wg_memory_trim();
    assert_true(wg_memory_now().live <= before);
    z = made(wg_checkpoint(first_operand, NULL, &checkpointed.x, 1)); /* a separate handle */
    wg_free(z);
    {
        WG_TAPE(tape);
        WG_NO_GRAD;
        assert_ok(wg_write(checkpointed.generator, ((const int64_t[]){7, 0, 0, 0})));
        z = made(wg_checkpoint(block, &checkpointed, &checkpointed.x, 1));
        assert_same_bits(y, z);
        assert_int_equal(wg_tape_nodes(tape), 0);
    }
    assert_int_equal(checkpointed.runs, 2);
    wg_free(y);
    world_free(&plain), world_free(&checkpointed);
}

/* On a traced tape every value is kept, so that it can be run again. */
static void on_a_traced_tape_it_is_the_function(void **state)
{
    (void)state;
    struct world plain = world_new(false), checkpointed = world_new(true), *o[2] = {&plain, &checkpointed};
    for (int i = 0; i < 2; i++) {
        WG_TAPE(tape, .trace = true);
        wg_tensor *y = made(loss_of(o[i]));
        assert_ok(wg_backward(y));
        assert_ok(wg_tape_rerun(tape));
        assert_int_equal(o[i]->runs, 3);
    }
    assert_same_world(&plain, &checkpointed);
    {
        WG_TAPE(outer);
        wg_tensor *y = made(loss_of(&checkpointed));
        WG_TAPE(tape, .trace = true);
        assert_fails(wg_backward(y), WG_E_STATE, "checkpoint: a backward that is traced needs a forward that is");
    }
    world_free(&plain), world_free(&checkpointed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(backward_gives_the_same_bits),
        TEST(gradients_of_some_give_the_same_bits),
        TEST(values_inside_are_not_kept),
        TEST(results_are_released_like_others),
        TEST(operands_of_all_kinds),
        TEST(what_needs_no_gradient_has_none),
        TEST(operands_may_be_given_away_inside_and_outside),
        TEST(modes_are_those_of_the_call),
        TEST(without_gradients_it_is_the_value),
        TEST(on_a_traced_tape_it_is_the_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
