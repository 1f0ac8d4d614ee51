/* Elements that a user's function writes directly. In a recorded backward, hook or jvp they have no history, so writing them is
   an error, in every way that is possible: otherwise the second derivative would be silently wrong. And no function may write
   what it was handed, which others read. */
#include "user_op.h"

#include "wengert/derivative.h"

/* ---- elements without a history ---- */

/* How the gradient's elements reach a tensor. */
enum way { BY_OPS, FROM, WRITE, WRITE_RAW, DATA_MUT, DATA_MUT_AS, ASSIGN, ASSIGN_PARTS, ACCUMULATE, TO_CALLERS, CARELESS, WAYS };

static const char *const names[WAYS] = {"ops",    "from",         "write",      "write_raw",  "data_mut", "data_mut_as",
                                        "assign", "assign parts", "accumulate", "a caller's", "careless"};

struct trial {
    enum way way;
    wg_tensor *buffer; /* the caller's */
    double factor;
};

/* A tensor of three elements. */
static wg_tensor *tensor_of(const struct trial *trial, const double *v)
{
    if (trial->way == FROM)
        return wg_from(v, WG_SHAPE(3));
    wg_tensor *t = trial->way == TO_CALLERS ? trial->buffer : wg_zeros(WG_F64, WG_SHAPE(3)), *values = NULL;
    double *to = NULL;
    switch (trial->way) {
    case WRITE:
    case TO_CALLERS:
        return wg_write(t, v) == WG_OK ? t : NULL;
    case WRITE_RAW:
        return wg_write_raw(t, v) == WG_OK ? t : NULL;
    case CARELESS:
        (void)!wg_write(t, v);
        return t;
    case DATA_MUT:
    case DATA_MUT_AS:
        to = trial->way == DATA_MUT ? wg_data_mut(t) : wg_data_mut_as(t, double);
        return to ? memcpy(to, v, 3 * sizeof *v), t : NULL;
    case ASSIGN_PARTS:
        for (int i = 0; i < 3; i++)
            if (wg_assign(wg_select(t, 0, i), wg_scalar(WG_F64, v[i])) != WG_OK)
                return NULL;
        return t;
    case ASSIGN:
    case ACCUMULATE:
        values = wg_concat((wg_tensor *[]){wg_full(WG_F64, WG_SHAPE(1), v[0]), wg_full(WG_F64, WG_SHAPE(1), v[1]),
                                           wg_full(WG_F64, WG_SHAPE(1), v[2])},
                           3, 0);
        return (trial->way == ASSIGN ? wg_assign(t, values) : wg_accumulate(t, values)) == WG_OK ? t : NULL;
    default:
        return NULL;
    }
}

static wg_status cube_forward(const wg_call *c)
{
    const double *x = wg_data(c->in[0]);
    double *y = wg_data_mut(c->out[0]);
    for (int64_t i = 0; i < wg_numel(c->in[0]); i++)
        y[i] = x[i] * x[i] * x[i];
    return WG_OK;
}

static wg_status cube_backward(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct trial *trial = c->context;
    double x[3], g[3];
    if (trial->way == BY_OPS)
        return WG_GIVE(gx[0], wg_mul(gy[0], wg_mul_scalar(wg_square(c->in[0]), 3)));
    WG_TRY(wg_read(c->in[0], x));
    WG_TRY(wg_read(gy[0], g));
    for (int i = 0; i < 3; i++)
        g[i] *= 3 * x[i] * x[i];
    return wg_give(&gx[0], tensor_of(trial, g));
}

static wg_closure cube(struct trial *trial)
{
    return (wg_closure){.name = "cube",
                        .forward = cube_forward,
                        .backward = cube_backward,
                        .saves = WG_IN(0),
                        .dtype = WG_F64,
                        .shape = WG_SHAPE(3),
                        .context = trial};
}

static void a_recorded_backward_writes_no_numbers(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *buffer = made(wg_zeros(WG_F64, WG_SHAPE(3)));
    for (int way = BY_OPS; way < WAYS; way++) {
        struct trial trial = {.way = (enum way)way, .buffer = buffer};
        const wg_closure closure = cube(&trial);
        WG_TAPE(tape);
        wg_tensor *y = made(wg_sum(wg_closure_apply(&closure, &x, 1)));
        const double at = element(x, 1);
        assert_near(element(made(wg_grad(y, x)), 1), 3 * at * at, 1e-14); /* not recorded, so nothing is hidden */
        wg_tensor *g = wg_grad(y, x, .create_graph = true);
        if (way == BY_OPS) {
            assert_near(element(made(wg_grad(wg_sum(g), x)), 1), 6 * at, 1e-14);
            continue;
        }
        if (g)
            fail_msg("%s: a gradient without a history", names[way]);
        assert_non_null(strstr(wg_error_first()->message, "cube: its backward"));
        expect_error(WG_E_STATE, "would hide what it depends on: compute it with ops");
    }
    wg_free(x), wg_free(buffer);
}

static wg_tensor *scales(wg_tensor *g, void *context)
{
    const struct trial *trial = context;
    double v[3];
    if (trial->way == BY_OPS)
        return wg_mul_scalar(g, trial->factor);
    if (wg_read(g, v) != WG_OK)
        return NULL;
    for (int i = 0; i < 3; i++)
        v[i] *= trial->factor;
    return tensor_of(trial, v);
}

static void a_hook_of_a_recorded_backward_writes_no_numbers(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *buffer = made(wg_zeros(WG_F64, WG_SHAPE(3)));
    for (int way = BY_OPS; way < WAYS; way++)
        for (int on_leaf = 0; on_leaf < 2; on_leaf++) {
            struct trial trial = {.way = (enum way)way, .buffer = buffer, .factor = 2};
            WG_TAPE(tape);
            wg_tensor *h = made(wg_square(x)), *y = made(wg_sum(wg_square(h))); /* x⁴ */
            assert_ok(wg_add_hook(on_leaf ? x : h, scales, &trial));
            const double at = element(x, 1);
            assert_near(element(made(wg_grad(y, x)), 1), 2 * 4 * at * at * at, 1e-14);
            wg_tensor *g = wg_grad(y, x, .create_graph = true);
            if (way == BY_OPS) {
                made(g);
                trial.factor = 1;
                assert_near(element(made(wg_grad(wg_sum(g), x)), 1), 2 * 12 * at * at, 1e-13);
                continue;
            }
            if (g)
                fail_msg("%s: a gradient without a history", names[way]);
            assert_non_null(
                strstr(wg_error_first()->message, on_leaf ? "the function on a leaf" : "the function on the result of square"));
            expect_error(WG_E_STATE, "would hide what it depends on: compute it with ops");
        }
    wg_free(x), wg_free(buffer);
}

/* A user's jvp, for y = x³. */
static struct trial *jvp_trial;

static wg_status cube_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    double x[3], t[3];
    WG_TRY(wg_read(c->in[0], x));
    WG_TRY(wg_read(tx[0], t));
    for (int i = 0; i < 3; i++)
        t[i] *= 3 * x[i] * x[i];
    ty[0] = tensor_of(jvp_trial, t);
    return ty[0] ? WG_OK : WG_E_NULL;
}

static wg_tensor *apply_cube_op(wg_tensor *const *x, size_t n, void *context)
{
    static const struct wg_op op = {.name = "cube_op",
                                    .n_in = 1,
                                    .n_out = 1,
                                    .kernels = {{.run = {cube_forward, cube_forward}}},
                                    .vjp = cube_backward,
                                    .jvp = cube_jvp,
                                    .saves = WG_IN(0),
                                    .flags = WG_OP_ROW_MAJOR};
    (void)n, (void)context;
    return wg_invoke1(&op, NULL, x[0]);
}

static void a_recorded_jvp_writes_no_numbers(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *t = made(wg_ones(WG_F64, WG_SHAPE(3))), *ty;
    struct trial trial = {.way = WRITE};
    jvp_trial = &trial;
    assert_ok(wg_jvp(apply_cube_op, NULL, &x, 1, &t, NULL, &ty)); /* without a tape nothing is recorded */
    assert_near(element(ty, 1), 3 * element(x, 1) * element(x, 1), 1e-14);
    wg_free(ty);
    {
        WG_TAPE(tape);
        assert_fails(wg_jvp(apply_cube_op, NULL, &x, 1, &t, NULL, &ty), WG_E_STATE, "cube_op: its jvp");
    }
    wg_free(x), wg_free(t);
}

/* ---- what is still allowed ---- */

enum constant { BY_SCALAR, ONE_ELEMENT, WITHOUT_GRAD, FROM_BEFORE, INTEGERS, CONSTANTS };

/* 3 x² gy, where 3 is a tensor. */
static wg_status backward_with_constant(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct trial *trial = c->context;
    wg_tensor *three = trial->buffer;
    const double numbers[] = {3, 3, 3}, number = 3;
    switch ((enum constant)(int)trial->factor) {
    case BY_SCALAR:
        three = wg_scalar(WG_F64, 3);
        break;
    case ONE_ELEMENT:
        three = wg_from(&number, WG_SCALAR);
        break;
    case WITHOUT_GRAD: {
        WG_NO_GRAD;
        three = wg_zeros(WG_F64, WG_SHAPE(3));
        WG_TRY(wg_write(three, numbers));
        break;
    }
    case INTEGERS:
        three = wg_cast(wg_from(((const int64_t[]){3, 3, 3}), WG_SHAPE(3)), WG_F64);
        break;
    default:
        break;
    }
    return WG_GIVE(gx[0], wg_mul(gy[0], wg_mul(wg_square(c->in[0]), three)));
}

static void constants_are_made_by_ops_before_or_without_grad(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *three = made(wg_full(WG_F64, WG_SHAPE(3), 3));
    for (int how = 0; how < CONSTANTS; how++) {
        struct trial trial = {.buffer = three, .factor = how};
        wg_closure closure = cube(&trial);
        closure.backward = backward_with_constant;
        WG_TAPE(tape);
        wg_tensor *g = made(wg_grad(wg_sum(wg_closure_apply(&closure, &x, 1)), x, .create_graph = true));
        assert_near(element(made(wg_grad(wg_sum(g), x)), 2), 6 * element(x, 2), 1e-14);
    }
    wg_free(x), wg_free(three);
}

static wg_status slope_forward(const wg_call *c)
{
    const double *x = wg_data(c->in[0]), *g = wg_data(c->in[1]);
    double *y = wg_data_mut(c->out[0]);
    for (int64_t i = 0; i < wg_numel(c->out[0]); i++)
        y[i] = 3 * x[i] * x[i] * g[i];
    return WG_OK;
}

/* Applies a closure that has no backward. */
static wg_status backward_without_second(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const wg_closure slope = {.name = "slope", .forward = slope_forward, .dtype = WG_F64, .shape = WG_SHAPE(3)};
    return WG_GIVE(gx[0], wg_closure_apply(&slope, ((wg_tensor *[]){c->in[0], gy[0]}), 2));
}

static void a_closure_says_that_it_has_one_derivative_alone(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    struct trial trial = {.way = BY_OPS};
    wg_closure closure = cube(&trial);
    closure.backward = backward_without_second;
    WG_TAPE(tape);
    wg_tensor *g = made(wg_grad(wg_sum(wg_closure_apply(&closure, &x, 1)), x, .create_graph = true));
    assert_near(element(g, 0), 3 * element(x, 0) * element(x, 0), 1e-14);
    assert_null_and_error(wg_grad(wg_sum(g), x), WG_E_NO_GRAD, "slope has no derivative: the closure has no backward");
    closure.backward = NULL; /* also at the application: other paths to x do not hide it */
    wg_tensor *y = made(wg_sum(wg_add(wg_square(x), wg_closure_apply(&closure, &x, 1))));
    assert_null_and_error(wg_grad(y, x), WG_E_NO_GRAD, "cube has no derivative: the closure has no backward");
    wg_free(x);
}

/* Kernels of ops, registered or not, may write their results in a recorded backward. */
static wg_status backward_by_an_op(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    static struct wg_op plain;
    plain = *times_op();
    plain.registered = true;
    wg_tensor *square = wg_invoke2(&plain, NULL, c->in[0], c->in[0]);
    return WG_GIVE(gx[0], wg_mul_scalar(times(gy[0], square), 3));
}

static void kernels_fill_their_results(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    struct trial trial = {.way = BY_OPS};
    wg_closure closure = cube(&trial);
    closure.backward = backward_by_an_op;
    WG_TAPE(tape);
    wg_tensor *g = made(wg_grad(wg_sum(wg_closure_apply(&closure, &x, 1)), x, .create_graph = true));
    assert_near(element(made(wg_grad(wg_sum(g), x)), 0), 6 * element(x, 0), 1e-14);
    wg_free(x);
}

/* ---- what a function is handed ---- */

enum handed { ITS_GRADIENT, A_VIEW_OF_IT, ITS_OPERAND, ITS_RESULT, HANDED };
static int handed, how;

/* Doubles t in place. The function may or may not check the status. */
static wg_status doubles(wg_tensor *t)
{
    double v[3];
    double *at;
    switch (how) {
    case 0:
        at = wg_data_mut(t);
        for (int i = 0; at && i < 3; i++)
            at[i] *= 2;
        return WG_OK;
    case 1:
        WG_TRY(wg_read(t, v));
        for (int i = 0; i < 3; i++)
            v[i] *= 2;
        return wg_write(t, v);
    default:
        return wg_accumulate(t, wg_mul_scalar(t, 1));
    }
}

static wg_status backward_that_writes(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *const given[HANDED] = {gy[0], handed == A_VIEW_OF_IT ? wg_reshape(gy[0], WG_SHAPE(3, 1)) : NULL, c->in[0],
                                      c->out[0]};
    WG_TRY(doubles(given[handed]));
    return WG_GIVE(gx[0], wg_mul(gy[0], wg_mul_scalar(wg_square(c->in[0]), 3)));
}

static void a_backward_does_not_write_what_it_is_handed(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    struct trial trial = {.way = BY_OPS};
    wg_closure closure = cube(&trial);
    closure.backward = backward_that_writes;
    closure.saves = WG_IN(0) | WG_OUT(0);
    for (handed = 0; handed < HANDED; handed++)
        for (how = 0; how < 3; how++)
            for (int create_graph = 0; create_graph < 2; create_graph++) {
                WG_TAPE(tape);
                wg_tensor *h = made(wg_mul_scalar(x, 1)),
                          *y = made(wg_sum(wg_square(wg_add(wg_closure_apply(&closure, &h, 1), h)))), *g;
                const double before = element(h, 1);
                assert_int_equal(wg_grad_many(y, &x, 1, &g, .create_graph = create_graph), WG_E_STATE);
                expect_error(WG_E_STATE,
                             "a function may not write what it is given to read, which others read too: cube: its backward");
                assert_near(element(h, 1), before, 0);
            }
    wg_free(x);
}

static wg_tensor *hook_that_writes(wg_tensor *g, void *context)
{
    (void)context;
    return doubles(g) == WG_OK ? g : NULL;
}

static void a_hook_does_not_write_the_gradient(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    for (how = 0; how < 3; how++)
        for (int on_leaf = 0; on_leaf < 2; on_leaf++)
            for (int create_graph = 0; create_graph < 2; create_graph++) {
                WG_TAPE(tape);
                wg_tensor *h = made(wg_tanh(x)), *g;
                assert_ok(wg_add_hook(on_leaf ? x : h, hook_that_writes, NULL));
                assert_int_equal(wg_grad_many(wg_sum(wg_square(h)), &x, 1, &g, .create_graph = create_graph), WG_E_STATE);
                expect_error(WG_E_STATE, "a function may not write what it is given to read");
            }
    wg_free(x);
}

static wg_status forward_that_writes(const wg_call *c)
{
    WG_TRY(doubles(c->in[0]));
    return cube_forward(c);
}

static void a_forward_does_not_write_its_operands(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    const double before = element(x, 0);
    struct trial trial = {.way = BY_OPS};
    wg_closure closure = cube(&trial);
    closure.forward = forward_that_writes;
    for (int taped = 0; taped < 2; taped++)
        for (how = 0; how < 2; how++) {
            wg_tape *tape = taped ? wg_tape_open() : NULL;
            assert_null_and_error(wg_closure_apply(&closure, &x, 1), WG_E_STATE, "cube: its forward");
            assert_near(element(x, 0), before, 0);
            if (tape)
                assert_ok(wg_tape_close(tape));
        }
    wg_free(x);
}

static wg_status add_one_kernel(const wg_call *c)
{
    double *x = wg_data_mut(c->in[0]);
    for (int64_t i = 0; x && i < wg_numel(c->in[0]); i++)
        x[i] += 1;
    return x ? WG_OK : WG_E_STATE;
}

static wg_status no_results(const wg_call *c, wg_spec *out)
{
    (void)c, (void)out;
    return WG_OK;
}

static void an_op_writes_the_operand_that_it_changes(void **state)
{
    (void)state;
    static const struct wg_op op = {.name = "add_one",
                                    .n_in = 1,
                                    .shape = no_results,
                                    .kernels = {{.run = {add_one_kernel, add_one_kernel}}},
                                    .writes = WG_IN(0)};
    wg_tensor *x = made(wg_zeros(WG_F64, WG_SHAPE(3)));
    assert_ok(wg_invoke(&op, NULL, &x, 1, NULL, 0));
    assert_near(element(x, 2), 1, 0);
    wg_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_recorded_backward_writes_no_numbers),
        TEST(a_hook_of_a_recorded_backward_writes_no_numbers),
        TEST(a_recorded_jvp_writes_no_numbers),
        TEST(constants_are_made_by_ops_before_or_without_grad),
        TEST(a_closure_says_that_it_has_one_derivative_alone),
        TEST(kernels_fill_their_results),
        TEST(a_backward_does_not_write_what_it_is_handed),
        TEST(a_hook_does_not_write_the_gradient),
        TEST(a_forward_does_not_write_its_operands),
        TEST(an_op_writes_the_operand_that_it_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
