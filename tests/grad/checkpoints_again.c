/* Checkpoints: what runs a second time, what may, and derivatives of any order through it. */
#include "checkpoints.h"

static void assert_close(const wg_tensor *a, const wg_tensor *b)
{
    assert_int_equal(wg_numel(a), wg_numel(b));
    for (int64_t i = 0; i < wg_numel(a); i++)
        assert_near(element(a, i), element(b, i), 1e-13 * (1 + fabs(element(b, i))));
}

/* ---- the second run is the same function ---- */

static void changes_of_what_was_read_are_found(void **state)
{
    (void)state;
    struct world o = world_new(true);
    {
        WG_TAPE(tape);
        wg_tensor *y = made(loss_of(&o));
        ((double *)wg_data_mut(o.b))[0] += 1;
        assert_fails(wg_backward(y), WG_E_STALE, " was changed after it was used");
        assert_null(wg_gradient(o.w));
    }
    world_free(&o);
}

static wg_tensor *twice_the_mean(wg_tensor *const *x, size_t n, void *context)
{
    struct world *o = context;
    (void)n;
    wg_tensor *y = wg_mul(x[0], o->x);
    return wg_ema_update(o->mean, wg_mean(y, .axis = 0), 0.5) == WG_OK ? y : NULL;
}

/* The second run restores what it changed, so that whoever read it in between may still run backward, more than once. */
static void the_second_run_leaves_no_trace(void **state)
{
    (void)state;
    struct world o = world_new(true);
    {
        WG_TAPE(tape);
        wg_tensor *y = made(wg_checkpoint(twice_the_mean, &o, &o.x, 1)), *z = made(wg_sum(wg_mul(y, o.mean)));
        double before[4];
        assert_ok(wg_read(o.mean, before));
        for (int i = 0; i < 3; i++)
            assert_ok(wg_backward(z, .retain = true));
        for (int i = 0; i < 4; i++)
            assert_near(element(o.mean, i), before[i], 0);
        wg_tensor *g = made(wg_grad(z, o.x));
        for (int i = 0; i < 20; i++)
            assert_near(element(wg_gradient(o.x), i), 3 * element(g, i), 1e-14);
    }
    world_free(&o);
}

enum fault { NOT_AGAIN, OTHER_SHAPE, OTHER_DRAWS, OTHER_TENSORS, OPENS_A_TAPE, CLOSES_A_TAPE, WALKS, UPDATES, HOOKS, N_FAULTS };

struct unsteady {
    struct world *o;
    enum fault fault;
    int runs, from; /* from: the first run with the fault */
};

static wg_tensor *same_gradient(wg_tensor *g, void *context)
{
    if (context)
        ++*(int *)context;
    return g;
}

static wg_tensor *unsteady(wg_tensor *const *x, size_t n, void *context)
{
    struct unsteady *u = context;
    struct world *o = u->o;
    (void)n;
    wg_tensor *y = wg_mul(x[0], x[0]);
    if (u->runs++ < u->from)
        return wg_dropout(y, o->generator, 0.5);
    switch (u->fault) {
    case NOT_AGAIN:
        return NULL;
    case OTHER_SHAPE:
        return wg_sum(wg_dropout(y, o->generator, 0.5));
    case OTHER_DRAWS:
        return wg_dropout(y, o->other, 0.5);
    case OTHER_TENSORS:
        return wg_add(wg_sum(o->w), wg_dropout(y, o->generator, 0.5));
    case OPENS_A_TAPE:
        wg_tape_open();
        return wg_dropout(y, o->generator, 0.5);
    case CLOSES_A_TAPE:
        return wg_tape_close(wg_tape_top()) == WG_OK ? y : NULL;
    case WALKS:
        return wg_backward(wg_sum(y)) == WG_OK ? y : NULL;
    case UPDATES:
        return wg_update_begin() == WG_OK ? y : NULL;
    default:
        return wg_add_hook(x[0], same_gradient, NULL) == WG_OK ? y : NULL;
    }
}

static void functions_that_cannot_be_checkpointed(void **state)
{
    (void)state;
    static const struct {
        wg_status code;
        const char *text;
        bool at_once;
    } due[N_FAULTS] = {{WG_E_NULL, "checkpoint: the function returned NULL", true},
                       {WG_E_STATE, "did not give a result of the same shape", false},
                       {WG_E_STATE, "did not draw from the same generators", false},
                       {WG_E_STATE, "did not read the same tensors", false},
                       {WG_E_STATE, "checkpoint: the function left a tape open", true},
                       {WG_E_STATE, "tape_close: a function is running on the tape", true},
                       {WG_E_STATE, "backward: not inside a function that is checkpointed", true},
                       {WG_E_STATE, "update_begin: not inside a function that is checkpointed", true},
                       {WG_E_STATE, "add_hook: the tensor is from outside the function that is checkpointed", true}};
    for (enum fault fault = 0; fault < N_FAULTS; fault++)
        for (int way = due[fault].at_once ? 0 : 1; way < 3; way++) { /* at once, later, later with another checkpoint below */
            const int from = way > 0;
            struct world o = world_new(true);
            int64_t drawn[4], now[4];
            o.other = made(wg_generator(8, 0));
            struct unsteady u = {&o, fault, 0, from};
            assert_ok(wg_read(o.generator, drawn));
            {
                WG_TAPE(tape);
                wg_tensor *h = way == 2 ? wg_checkpoint(first_operand, NULL, (wg_tensor *[]){wg_sin(o.x)}, 1) : o.x;
                wg_tensor *y = wg_checkpoint(unsteady, &u, &h, 1);
                if (from == 0)
                    assert_null(y);
                else
                    assert_int_not_equal(wg_backward(wg_sum(made(y))), WG_OK);
                expect_error(due[fault].code, due[fault].text);
                assert_ptr_equal(wg_tape_top(), tape);
                assert_null(wg_gradient(o.x));
                assert_ok(wg_update_begin()); /* no update is open */
                wg_update_cancel();
            }
            assert_ok(wg_read(o.generator, now));
            assert_memory_equal(drawn, now, sizeof now); /* the step failed, so its draw is undone */
            wg_free(o.other);
            world_free(&o);
        }
}

/* ---- hooks ---- */

static wg_tensor *with_a_hook(wg_tensor *const *x, size_t n, void *context)
{
    struct world *o = context;
    (void)n;
    wg_tensor *h = wg_mul(x[0], o->w);
    if (wg_add_hook(h, same_gradient, &o->hooks) != WG_OK)
        return NULL;
    return wg_add(wg_sin(h), wg_mul(h, o->w));
}

static wg_tensor *doubled(wg_tensor *g, void *context)
{
    ++*(int *)context;
    return wg_mul_scalar(g, 2);
}

static void hooks_run_once_on_the_whole_sum(void **state)
{
    (void)state;
    struct world o = world_new(true);
    wg_tensor *a = leaf(WG_F64, WG_SHAPE(4, 4), 5);
    int on_leaf = 0;
    {
        WG_TAPE(tape);
        assert_ok(wg_add_hook(o.w, doubled, &on_leaf));
        wg_tensor *y = made(wg_checkpoint(with_a_hook, &o, &a, 1));
        y = made(wg_sum(wg_mul(y, o.w)));
        assert_ok(wg_backward(y, .retain = true));
        assert_int_equal(o.hooks, 1);
        assert_int_equal(on_leaf, 1);
        wg_tensor *h = wg_mul(a, o.w), *plain = wg_sum(wg_mul(wg_add(wg_sin(h), wg_mul(h, o.w)), o.w));
        assert_same_bits(wg_gradient(o.w), made(wg_grad(plain, o.w)));
        assert_int_equal(on_leaf, 2);
        wg_tensor *g = made(wg_grad(y, o.w));
        assert_same_bits(g, wg_gradient(o.w));
        assert_int_equal(on_leaf, 3);
    }
    wg_free(a);
    world_free(&o);
}

/* ---- higher orders ---- */

static wg_tensor *smooth(wg_tensor *const *x, size_t n, void *context)
{
    struct world *o = context;
    (void)n;
    wg_tensor *h = wg_dropout(wg_sin(wg_mul(x[0], wg_tanh(x[0]))), o->generator, 0.25);
    return wg_mul(wg_add(h, o->b), x[0]);
}

static wg_tensor *smooth_in_smooth(wg_tensor *const *x, size_t n, void *context)
{
    struct world *o = context;
    wg_tensor *h = called(o, smooth, x, n);
    return wg_tanh(called(o, smooth, &h, 1));
}

static wg_tensor *penalised(struct world *o)
{
    wg_tensor *y = wg_sum(wg_square(called(o, smooth_in_smooth, &o->x, 1)));
    wg_tensor *g = wg_grad(y, o->x, .create_graph = true);
    return wg_add(y, wg_sum(wg_square(g)));
}

static void second_and_third_order(void **state)
{
    (void)state;
    struct world plain = world_new(false), checkpointed = world_new(true);
    {
        WG_TAPE(tape);
        wg_tensor *a = made(penalised(&plain)), *b = made(penalised(&checkpointed));
        assert_near(wg_item(a), wg_item(b), 1e-13);
        wg_tensor *g = made(wg_grad(a, plain.x, .create_graph = true)), *h = made(wg_grad(b, checkpointed.x, .create_graph = true));
        assert_close(h, g);
        assert_close(made(wg_grad(wg_sum(wg_square(h)), checkpointed.b)), made(wg_grad(wg_sum(wg_square(g)), plain.b)));
        assert_ok(wg_backward_many((wg_tensor *[]){a, b}, NULL, 2, false));
        assert_close(wg_gradient(checkpointed.x), wg_gradient(plain.x));
        assert_close(wg_gradient(checkpointed.b), wg_gradient(plain.b));
        assert_same_bits(plain.generator, checkpointed.generator);
    }
    world_free(&plain), world_free(&checkpointed);
}

static wg_tensor *smooth_loss(wg_tensor *const *x, size_t n, void *context)
{
    struct world *o = context;
    return wg_sum(wg_square(called(o, smooth_in_smooth, x, n)));
}

/* Calls wg_grad inside, in both runs. */
static wg_tensor *own_gradient(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    wg_tensor *y = wg_sum(wg_sin(wg_mul(x[0], x[0])));
    return wg_add(wg_grad(y, x[0], .create_graph = true), x[0]);
}

static wg_tensor *loss_of_own_gradient(wg_tensor *const *x, size_t n, void *context)
{
    return wg_sum(wg_square(called(context, own_gradient, x, n)));
}

static void derivatives_of_functions(void **state)
{
    (void)state;
    wg_function *const function[] = {smooth_loss, loss_of_own_gradient};
    for (int which = 0; which < 4; which++) {
        wg_function *f = function[which % 2];
        struct world o[2] = {world_new(false), world_new(true)};
        wg_tensor *t = numbers(WG_F64, WG_SHAPE(5, 4), 9), *y[2], *ty[2], *gx[2], *g[2], *hv[2], *h[2], *j[2];
        wg_tape *tape = which < 2 ? NULL : wg_tape_open();
        for (int i = 0; i < 2; i++) {
            assert_ok(wg_vjp(f, &o[i], &o[i].x, 1, WG_NONE, NULL, &gx[i]));
            assert_ok(wg_jvp(f, &o[i], &o[i].x, 1, &t, &y[i], &ty[i]));
            assert_ok(wg_hvp(f, &o[i], &o[i].x, 1, &t, NULL, &g[i], &hv[i]));
            assert_ok(wg_jacobian(f, &o[i], &o[i].x, 1, &j[i]));
            assert_ok(wg_hessian(f, &o[i], &o[i].x, 1, &h[i]));
        }
        assert_same_bits(y[0], y[1]);
        assert_same_bits(gx[0], gx[1]);
        assert_close(ty[1], ty[0]);
        assert_close(g[1], g[0]);
        assert_close(hv[1], hv[0]);
        assert_close(j[1], j[0]);
        assert_close(h[1], h[0]);
        assert_same_bits(o[0].generator, o[1].generator);
        for (int i = 0; i < 2 && !tape; i++)
            wg_free(y[i]), wg_free(ty[i]), wg_free(gx[i]), wg_free(g[i]), wg_free(hv[i]), wg_free(h[i]), wg_free(j[i]);
        if (tape)
            wg_tape_close(tape);
        wg_free(t);
        world_free(&o[0]), world_free(&o[1]);
    }
}

/* Finite differences agree, with draws inside. */
static void gradients_are_right(void **state)
{
    (void)state;
    struct world o = world_new(true);
    wg_tensor *before = made(wg_copy(o.generator));
    assert_ok(wg_gradcheck(smooth_loss, &o, &o.x, 1));
    assert_ok(wg_gradgradcheck(smooth_loss, &o, &o.x, 1));
    assert_same_bits(o.generator, before);
    wg_free(before);
    world_free(&o);
}

/* ---- effects ---- */

/* Batch norm's statistics are updated once, and a checkpointed layer (a module) gives the value of the layer. */
struct layered {
    wg_nn_module *net;
    bool checkpointed;
};

static wg_tensor *apply(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    return wg_nn_apply(((struct layered *)context)->net, x[0]);
}

static void statistics_of_layers_change_once(void **state)
{
    (void)state;
    wg_tensor *x = numbers(WG_F32, WG_SHAPE(8, 4), 1);
    struct layered of[2] = {{.checkpointed = false}, {.checkpointed = true}};
    for (int i = 0; i < 2; i++) {
        of[i].net = wg_nn_mlp(WG_SIZES(4, 6, 3), .batch_norm = true, .seed = 3);
        assert_non_null(of[i].net);
        WG_TAPE(tape);
        wg_tensor *y = of[i].checkpointed ? wg_checkpoint(apply, &of[i], &x, 1) : apply(&x, 1, &of[i]);
        assert_ok(wg_backward(wg_sum(wg_square(made(y)))));
    }
    const wg_tensor_list a = wg_nn_buffers(of[0].net), b = wg_nn_buffers(of[1].net);
    const wg_tensor_list p = wg_nn_parameters(of[0].net), q = wg_nn_parameters(of[1].net);
    assert_true(a.n > 0 && p.n > 0);
    for (size_t i = 0; i < a.n; i++)
        assert_same_bits(a.tensor[i], b.tensor[i]);
    for (size_t i = 0; i < p.n; i++)
        assert_same_bits(wg_gradient(p.tensor[i]), wg_gradient(q.tensor[i]));
    wg_nn_destroy(of[0].net), wg_nn_destroy(of[1].net);
    wg_free(x);
}

static wg_tensor *draws_and_fails(wg_tensor *const *x, size_t n, void *context)
{
    wg_tensor *y = block(x, n, context);
    return wg_matmul(y, y); /* 5 by 4 does not multiply 5 by 4 */
}

static void a_step_that_fails_leaves_no_effects(void **state)
{
    (void)state;
    struct world o = world_new(true);
    double mean[4], now[4];
    int64_t drawn[4], drawn_now[4];
    assert_ok(wg_read(o.mean, mean));
    assert_ok(wg_read(o.generator, drawn));
    for (int way = 0; way < 4; way++) {
        wg_tape *tape = way < 3 ? wg_tape_open() : NULL;
        if (way == 0) { /* the error after a checkpoint */
            wg_tensor *y = made(loss_of(&o));
            assert_fails(wg_backward(y, .grad = o.x), WG_E_SHAPE, "backward: the given gradient");
        } else { /* inside one, and inside its second run */
            bool was_on = wg_grad_mode_set(way != 2);
            assert_null_and_error(wg_checkpoint(draws_and_fails, &o, &o.x, 1), WG_E_SHAPE, "matmul: ");
            wg_grad_mode_set(was_on);
        }
        if (tape)
            wg_tape_close(tape);
        assert_ok(wg_read(o.mean, now));
        assert_ok(wg_read(o.generator, drawn_now));
        assert_memory_equal(mean, now, sizeof now);
        assert_memory_equal(drawn, drawn_now, sizeof drawn_now);
    }
    world_free(&o);
}

/* The thread's generator may be seeded between the two runs: the second run draws the first one's mask, and the new seed stays
   in effect. */
static wg_tensor *draws_from_the_default(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_dropout(x[0], wg_generator_default(), 0.5);
}

static void a_seed_between_the_runs_changes_no_draw(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(40), 1);
    assert_ok(wg_seed(1, 0));
    {
        WG_TAPE(tape);
        wg_tensor *y = made(wg_checkpoint(draws_from_the_default, NULL, &x, 1));
        assert_ok(wg_seed(7, 3));
        wg_tensor *g = made(wg_grad(wg_sum(y), x));
        for (int i = 0; i < 40; i++)
            assert_true((element(g, i) != 0) == (element(y, i) != 0));
        for (int i = 0; i < 4; i++)
            assert_near(element(wg_generator_default(), i), (const double[]){7, 3, 0, 0}[i], 0);
    }
    assert_ok(wg_seed(0, 0));
    wg_free(x);
}

struct generators {
    wg_tensor *one[2];
    int runs;
};

static wg_tensor *draws_from_another_each_time(wg_tensor *const *x, size_t n, void *context)
{
    struct generators *generators = context;
    (void)n;
    return wg_dropout(x[0], generators->one[generators->runs++ % 2], 0.5);
}

static void another_generator_is_found(void **state)
{
    (void)state;
    struct generators generators = {{made(wg_generator(1, 0)), made(wg_generator(1, 0))}, 0};
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(40), 1);
    {
        WG_TAPE(tape);
        wg_tensor *y = made(wg_checkpoint(draws_from_another_each_time, &generators, &x, 1));
        assert_fails(wg_backward(wg_sum(y)), WG_E_STATE, "did not draw from the same generators");
    }
    wg_free(x), wg_free(generators.one[0]), wg_free(generators.one[1]);
}

/* On a tape that it opens and closes, f computes a gradient with respect to a captured tensor: no node shows that it read that
   tensor. */
static wg_tensor *with_a_hidden_gradient(wg_tensor *const *x, size_t n, void *context)
{
    double slope;
    (void)n;
    {
        WG_TAPE(tape);
        wg_tensor *g = wg_grad(wg_sum(wg_square(context)), context);
        if (!g)
            return NULL;
        slope = wg_item(wg_sum(g));
    }
    return wg_mul_scalar(x[0], slope);
}

static void a_hidden_gradient_is_no_wrong_one(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *captured = leaf(WG_F64, WG_SHAPE(3), 2);
    WG_TAPE(tape);
    wg_tensor *y = made(wg_sum(wg_checkpoint(with_a_hidden_gradient, captured, &x, 1)));
    wg_tensor *total = made(wg_add(y, wg_sum(wg_exp(captured)))); /* its gradient is being accumulated when f runs again */
    assert_fails(wg_backward(total), WG_E_STATE, "operand 1 is one whose gradient the surrounding backward pass is still summing");
    wg_free(x), wg_free(captured);
}

/* f makes a tensor of the caller's and frees it after use. The tape of the first run, which held it, is closed. */
static wg_tensor *with_a_value_of_its_own(wg_tensor *const *x, size_t n, void *context)
{
    const int *leaf_too = context;
    (void)n;
    wg_tape *inner = wg_tape_open();
    wg_tensor *own = wg_set_requires_grad(wg_keep(wg_exp(x[0])), *leaf_too != 0);
    wg_tape_close(inner);
    wg_tensor *y = wg_mul(x[0], own);
    wg_free(own);
    return y;
}

static void a_function_may_free_what_it_made(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    for (int leaf_too = 0; leaf_too < 2; leaf_too++) {
        WG_TAPE(tape);
        wg_tensor *y = made(wg_checkpoint(with_a_value_of_its_own, &leaf_too, &x, 1));
        wg_tensor *g = made(wg_grad(wg_sum(y), x)), *expected = wg_exp(x);
        for (int k = 0; k < 3; k++)
            assert_near(((const double *)wg_data(g))[k], ((const double *)wg_data(expected))[k], 1e-15);
        assert_ok(wg_backward(wg_sum(y)));
        wg_clear_gradient(x);
    }
    wg_free(x);
}

/* f frees an operand, or a tensor that it captured: the second run reports that it is gone. */
static wg_tensor *that_frees(wg_tensor *const *x, size_t n, void *context)
{
    wg_tensor **captured = context;
    (void)n;
    wg_tensor *y = wg_mul(x[0], *captured);
    if (wg_tape_nodes(wg_tape_top()) > 0 && wg_data(*captured))
        wg_free(*captured);
    return y;
}

static void what_the_function_freed_is_held(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *captured = leaf(WG_F64, WG_SHAPE(3), 2), *operand = leaf(WG_F64, WG_SHAPE(3), 3);
    {
        WG_TAPE(tape);
        wg_tensor *y = made(wg_checkpoint(that_frees, &captured, &x, 1));
        assert_fails(wg_backward(wg_sum(y)), WG_E_DANGLING, "mul: operand 1");
    }
    {
        WG_TAPE(tape);
        wg_tensor *given = operand, *y = made(wg_checkpoint(that_frees, &operand, &given, 1));
        assert_fails(wg_backward(wg_sum(y)), WG_E_DANGLING, "mul: operand 1");
    }
    wg_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(changes_of_what_was_read_are_found),
        TEST(the_second_run_leaves_no_trace),
        TEST(functions_that_cannot_be_checkpointed),
        TEST(hooks_run_once_on_the_whole_sum),
        TEST(second_and_third_order),
        TEST(derivatives_of_functions),
        TEST(gradients_are_right),
        TEST(statistics_of_layers_change_once),
        TEST(a_step_that_fails_leaves_no_effects),
        TEST(a_seed_between_the_runs_changes_no_draw),
        TEST(another_generator_is_found),
        TEST(a_hidden_gradient_is_no_wrong_one),
        TEST(a_function_may_free_what_it_made),
        TEST(what_the_function_freed_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
