/* A tensor that a user's function returns must be valid: for every kind of function a dropped or freed one is an error that
   names the function, and nothing is half changed. Nor may a function drop what it was handed. */
#include "user_op.h"

#include "wengert/check.h"
#include "wengert/derivative.h"
#include "wengert/nn.h"

static wg_tensor *dead; /* a freed tensor */

static wg_tensor *dropped(wg_tensor *t)
{
    wg_drop(t);
    return t;
}

static wg_status copies(const wg_call *c)
{
    memcpy(wg_data_mut(c->out[0]), wg_data(c->in[0]), (size_t)wg_numel(c->out[0]) * sizeof(double));
    return WG_OK;
}

/* ---- backward functions ---- */

static wg_status gives_a_dropped_one(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    return wg_give(&gx[0], dropped(wg_mul_scalar(gy[0], 2)));
}

static wg_status gives_a_dead_one(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c, (void)gy;
    return wg_give(&gx[0], dead);
}

static wg_status drops_its_own(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    return wg_give(&gx[0], dropped(gy[0]));
}

static wg_status gives_what_it_does_not_see(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)gy;
    return wg_give(&gx[0], c->in[0]);
}

typedef wg_status backward(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);

static wg_tensor *apply(wg_tensor *x, backward *f, unsigned saves)
{
    const wg_closure closure = {
        .name = "careless", .forward = copies, .backward = f, .saves = saves, .dtype = WG_F64, .shape = WG_SHAPE(3)};
    return made(wg_closure_apply(&closure, &x, 1));
}

static void a_backward_gives_what_is_there(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    const struct {
        backward *f;
        wg_status status;
    } wrong[] = {{gives_a_dropped_one, WG_E_RELEASED},
                 {gives_a_dead_one, WG_E_DANGLING},
                 {drops_its_own, WG_E_RELEASED},
                 {gives_what_it_does_not_see, WG_E_RELEASED}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        for (int how = 0; how < 3; how++)
            for (int deep = 0; deep < 2; deep++) {
                WG_TAPE(tape);
                wg_tensor *y = made(wg_sum(apply(deep ? wg_tanh(x) : x, wrong[i].f, 0))), *g = NULL;
                const wg_status status = how == 0 ? wg_backward(y) : wg_grad_many(y, &x, 1, &g, .create_graph = how == 2);
                assert_int_equal(status, wrong[i].status);
                expect_error(wrong[i].status, "what its backward ");
                assert_null(g);
                assert_null(wg_gradient(x));
            }
    wg_free(x);
}

/* Backward may read an operand that the program dropped, and return it as the gradient. */
static wg_status other_operand(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)gy;
    WG_TRY(WG_GIVE(gx[0], c->in[1]));
    return WG_GIVE(gx[1], c->in[0]);
}

static wg_status dot(const wg_call *c)
{
    const double *a = wg_data(c->in[0]), *b = wg_data(c->in[1]);
    double *y = wg_data_mut(c->out[0]);
    y[0] = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    return WG_OK;
}

static void a_dropped_operand_may_be_the_gradient(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    const wg_closure closure = {.name = "dot_of_mine",
                                .forward = dot,
                                .backward = other_operand,
                                .saves = WG_IN(0) | WG_IN(1),
                                .dtype = WG_F64,
                                .shape = WG_SCALAR};
    for (int create_graph = 0; create_graph < 2; create_graph++) {
        WG_TAPE(tape);
        wg_tensor *a = made(wg_mul_scalar(x, 2)), *b = made(wg_mul_scalar(x, 3)), *in[] = {a, b};
        wg_tensor *y = made(wg_closure_apply(&closure, in, 2)); /* 6 x² */
        wg_drop(a), wg_drop(b);
        wg_tensor *g = made(wg_grad(y, x, .create_graph = create_graph));
        assert_near(element(g, 1), 12 * element(x, 1), 1e-15);
        if (create_graph)
            assert_near(element(made(wg_grad(wg_sum(g), x)), 1), 12, 1e-15);
    }
    wg_free(x);
}

/* The gradient may be the operand's own handle, although the backward function did not declare that it reads it. */
static wg_status passes_on(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    return WG_GIVE(gx[0], wg_mul_scalar(gy[0], 2));
}

static void a_given_gradient_is_seen_also_where_it_is_the_operand(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    for (int create_graph = 0; create_graph < 2; create_graph++)
        for (int deep = 0; deep < 2; deep++) {
            WG_TAPE(tape);
            wg_tensor *h = deep ? made(wg_mul_scalar(x, 1)) : x, *y = apply(h, passes_on, 0);
            wg_tensor *g = made(wg_grad(y, x, .grad = h, .create_graph = create_graph));
            assert_near(element(g, 2), 2 * element(x, 2), 0);
        }
    wg_free(x);
}

/* In a recorded backward pass a gradient is shared, here by both operands of the sum. */
static wg_status drops_and_gives_another(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    wg_tensor *g = wg_mul_scalar(gy[0], 2);
    wg_drop(gy[0]);
    return wg_give(&gx[0], g);
}

static void a_shared_gradient_is_not_dropped(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *z = leaf(WG_F64, WG_SHAPE(3), 2), *both[] = {x, z}, *g[2];
    for (int create_graph = 0; create_graph < 2; create_graph++) {
        WG_TAPE(tape);
        wg_tensor *y = made(wg_sum(wg_square(wg_add(z, apply(x, drops_and_gives_another, 0)))));
        const wg_status status = wg_grad_many(y, both, 2, g, .create_graph = create_graph);
        assert_int_equal(status, create_graph ? WG_E_RELEASED : WG_OK);
        if (create_graph)
            expect_error(WG_E_RELEASED, "careless: the value of what its backward was given was released");
        else
            assert_near(element(g[0], 0), 2 * element(g[1], 0), 1e-15);
    }
    wg_free(x), wg_free(z);
}

/* ---- functions of forward mode ---- */

static int jvp_gives; /* a dropped tangent, a freed one, the one it was handed, dropped */

static wg_status careless_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    (void)c;
    ty[0] = jvp_gives == 1 ? dead : dropped(jvp_gives == 0 ? wg_mul_scalar(tx[0], 2) : tx[0]);
    return WG_OK;
}

static wg_tensor *with_careless_jvp(wg_tensor *const *x, size_t n, void *context)
{
    static const struct wg_op op = {.name = "careless",
                                    .n_in = 1,
                                    .n_out = 1,
                                    .kernels = {{.run = {copies, copies}}},
                                    .vjp = passes_on,
                                    .jvp = careless_jvp,
                                    .flags = WG_OP_ROW_MAJOR};
    (void)n, (void)context;
    return wg_invoke1(&op, NULL, wg_mul_scalar(x[0], 2));
}

static void a_jvp_gives_what_is_there(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *t = made(wg_ones(WG_F64, WG_SHAPE(3))), *ty;
    for (jvp_gives = 0; jvp_gives < 3; jvp_gives++)
        for (int taped = 0; taped < 2; taped++) {
            wg_tape *tape = taped ? wg_tape_open() : NULL;
            const wg_status status = jvp_gives == 1 ? WG_E_DANGLING : WG_E_RELEASED;
            assert_fails(wg_jvp(with_careless_jvp, NULL, &x, 1, &t, NULL, &ty), status, "what its jvp ");
            if (tape)
                assert_ok(wg_tape_close(tape));
        }
    wg_free(x), wg_free(t);
}

/* ---- functions that are differentiated ---- */

static wg_tensor *returns_a_dropped_one(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return dropped(wg_sum(x[0]));
}

static wg_tensor *returns_a_dead_one(wg_tensor *const *x, size_t n, void *context)
{
    (void)x, (void)n, (void)context;
    return dead;
}

/* The same with a tensor that backward reads. */
static wg_tensor *returns_a_saved_one(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *y = wg_exp(wg_sum(x[0]));
    wg_square(y);
    return dropped(y);
}

static wg_status checkpoint_of(wg_function *f, wg_tensor *x)
{
    return wg_checkpoint(f, NULL, &x, 1) ? WG_OK : wg_error_first() ? wg_error_first()->code : WG_E_NULL;
}

static wg_status vjp_of(wg_function *f, wg_tensor *x)
{
    wg_tensor *g;
    return wg_vjp(f, NULL, &x, 1, WG_NONE, NULL, &g);
}

static wg_status jvp_of(wg_function *f, wg_tensor *x)
{
    wg_tensor *ty;
    return wg_jvp(f, NULL, &x, 1, &x, NULL, &ty);
}

static wg_status hvp_of(wg_function *f, wg_tensor *x)
{
    wg_tensor *hv;
    return wg_hvp(f, NULL, &x, 1, &x, NULL, NULL, &hv);
}

static wg_status jacobian_of(wg_function *f, wg_tensor *x)
{
    wg_tensor *j;
    return wg_jacobian(f, NULL, &x, 1, &j);
}

static wg_status hessian_of(wg_function *f, wg_tensor *x)
{
    wg_tensor *h;
    return wg_hessian(f, NULL, &x, 1, &h);
}

static wg_status gradcheck_of(wg_function *f, wg_tensor *x)
{
    return wg_gradcheck(f, NULL, &x, 1);
}

static wg_status (*const callers[])(wg_function *f, wg_tensor *x) = {checkpoint_of, vjp_of,     jvp_of,      hvp_of,
                                                                     jacobian_of,   hessian_of, gradcheck_of};

static void a_function_returns_what_is_there(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    wg_function *const wrong[] = {returns_a_dropped_one, returns_a_saved_one, returns_a_dead_one};
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++)
        for (int k = 0; k < 3; k++)
            for (int taped = 0; taped < 2; taped++) {
                wg_tape *tape = taped ? wg_tape_open() : NULL;
                const wg_status status = k == 2 ? WG_E_DANGLING : WG_E_RELEASED;
                assert_int_equal(callers[i](wrong[k], x), status);
                expect_error(status, "what the function returned");
                if (tape)
                    assert_ok(wg_tape_close(tape));
            }
    wg_free(x);
}

/* In the second run only. */
static wg_tensor *returns_a_dropped_one_later(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    wg_tensor *y = wg_sum(wg_tanh(x[0]));
    return ++*(int *)context == 1 ? y : dropped(y);
}

static void a_second_run_returns_what_is_there(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    for (int create_graph = 0; create_graph < 2; create_graph++) {
        WG_TAPE(tape);
        int runs = 0;
        wg_tensor *y = made(wg_checkpoint(returns_a_dropped_one_later, &runs, &x, 1));
        assert_null_and_error(wg_grad(y, x, .create_graph = create_graph), WG_E_RELEASED, "checkpoint: ");
        assert_int_equal(runs, 2);
    }
    wg_free(x);
}

/* ---- composed ops, modules ---- */

static wg_status composes(const wg_call *c, wg_tensor **out)
{
    out[0] = dropped(wg_tanh(c->in[0]));
    return WG_OK;
}

static wg_tensor *forward_of_module(const wg_nn_call *call, wg_tensor *x)
{
    (void)call;
    return dropped(wg_tanh(x));
}

static void compositions_and_modules_return_what_is_there(void **state)
{
    (void)state;
    static const struct wg_op op = {.name = "careless", .n_in = 1, .n_out = 1, .compose = composes};
    static const struct wg_nn_kind type = {.name = "careless", .forward = forward_of_module};
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    wg_nn_module *module = wg_nn_module_create(&type, NULL, NULL);
    for (int taped = 0; taped < 2; taped++) {
        wg_tape *tape = taped ? wg_tape_open() : NULL;
        assert_null_and_error(wg_invoke1(&op, NULL, x), WG_E_RELEASED, "what its compose returned");
        assert_null_and_error(wg_nn_apply(module, x), WG_E_RELEASED, "what the forward function of careless returned");
        if (tape)
            assert_ok(wg_tape_close(tape));
    }
    wg_nn_destroy(module);
    wg_free(x);
}

static int with_a_dead_tensor(void **state)
{
    (void)state;
    dead = wg_ones(WG_F64, WG_SHAPE(3));
    wg_free(dead);
    let_dead_handle_be_read(dead);
    return dead ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_backward_gives_what_is_there),
        TEST(a_dropped_operand_may_be_the_gradient),
        TEST(a_given_gradient_is_seen_also_where_it_is_the_operand),
        TEST(a_shared_gradient_is_not_dropped),
        TEST(a_jvp_gives_what_is_there),
        TEST(a_function_returns_what_is_there),
        TEST(a_second_run_returns_what_is_there),
        TEST(compositions_and_modules_return_what_is_there),
    };
    return cmocka_run_group_tests(tests, with_a_dead_tensor, NULL);
}
