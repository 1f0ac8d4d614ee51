/* Closures: two functions and a context, destroyed exactly once; what backward may read. And ops that a user's program defines. */
#include "user_op.h"

#include "core/internal.h"

/* ---- y = k x² with k in the context ---- */

struct context {
    double k;
    int destroyed;
    wg_status forward, backward; /* the status to return */
    bool constant;               /* backward makes a constant from host data */
    bool reads_undeclared;
    wg_status seen[2]; /* the status of reading the operand and the result in backward */
};

static void destroy(void *context)
{
    ((struct context *)context)->destroyed++;
}

static wg_status forward(const wg_call *c)
{
    const struct context *context = c->context;
    if (context->forward != WG_OK)
        return context->forward;
    const double *x = wg_data(c->in[0]);
    double *y = wg_data_mut(c->out[0]);
    for (int64_t i = 0; i < wg_numel(c->out[0]); i++)
        y[i] = context->k * x[i] * x[i];
    return WG_OK;
}

static wg_status backward(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    struct context *context = c->context;
    if (context->backward != WG_OK)
        return context->backward;
    if (context->reads_undeclared) {
        context->seen[0] = wg_data(c->in[0]) ? WG_OK : wg_error_take(NULL);
        context->seen[1] = wg_data(c->out[0]) ? WG_OK : wg_error_take(NULL);
        return WG_GIVE(gx[0], gy[0]);
    }
    if (context->constant) {
        const double twice[] = {2 * context->k, 2 * context->k, 2 * context->k};
        return WG_GIVE(gx[0], wg_mul(gy[0], wg_mul(wg_from(twice, WG_SHAPE(3)), c->in[0])));
    }
    return WG_GIVE(gx[0], wg_mul(gy[0], wg_mul_scalar(c->in[0], 2 * context->k)));
}

static wg_closure square_closure(struct context *context)
{
    return (wg_closure){.name = "scaled_square",
                        .forward = forward,
                        .backward = backward,
                        .saves = WG_IN(0),
                        .dtype = WG_F64,
                        .shape = WG_SHAPE(3),
                        .context = context,
                        .destroy = destroy};
}

static void closure_of_any_order(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    struct context context = {.k = 3};
    const wg_closure closure = square_closure(&context);
    {
        WG_TAPE(tape);
        wg_tensor *y = made(wg_sum(wg_closure_apply(&closure, &x, 1)));
        assert_near(wg_item(y), 3 * wg_item(made(wg_sum(wg_mul(x, x)))), 1e-14);
        wg_tensor *g = made(wg_grad(y, x, .create_graph = true));
        assert_near(element(g, 1), 6 * element(x, 1), 1e-14);
        assert_near(element(made(wg_grad(wg_sum(wg_mul(g, g)), x)), 2), 72 * element(x, 2), 1e-12);
        assert_int_equal(context.destroyed, 0);
    }
    assert_int_equal(context.destroyed, 1);
    wg_free(x);
}

static void closure_context_is_destroyed_once_whatever_happens(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *none = NULL;
    for (int with_tape = 0; with_tape < 2; with_tape++) {
        wg_tape *tape = with_tape ? wg_tape_open() : NULL;
        struct context good = {.k = 1}, bad = {.forward = WG_E_NUMERIC}, null = {.k = 1}, shapeless = {.k = 1}, halfway = {.k = 1};
        wg_closure closure = square_closure(&good);
        wg_tensor *y = made(wg_closure_apply(&closure, &x, 1));
        closure = square_closure(&bad);
        assert_null_and_error(wg_closure_apply(&closure, &x, 1), WG_E_NUMERIC, "scaled_square: ");
        assert_int_equal(bad.destroyed, 1);
        closure = square_closure(&null);
        assert_null_and_error(wg_closure_apply(&closure, &none, 1), WG_E_NULL, "scaled_square: ");
        assert_int_equal(null.destroyed, 1);
        closure = square_closure(&shapeless);
        closure.shape.rank = 9;
        assert_null_and_error(wg_closure_apply(&closure, &x, 1), WG_E_SHAPE, "scaled_square: ");
        assert_int_equal(shapeless.destroyed, 1);
        closure = square_closure(&halfway);
        closure.forward = NULL;
        assert_null_and_error(wg_closure_apply(&closure, &x, 1), WG_E_NULL, "closure_apply: ");
        assert_int_equal(halfway.destroyed, 1);
        assert_int_equal(good.destroyed, !with_tape); /* without a tape nothing can call it again */
        if (with_tape)
            wg_tape_close(tape);
        else
            wg_free(y);
        assert_int_equal(good.destroyed + bad.destroyed + null.destroyed + shapeless.destroyed + halfway.destroyed, 5);
    }
    wg_free(x);
}

static int inner_destroyed;

static void count_inner(void *context)
{
    (void)context;
    inner_destroyed++;
}

/* A backward function that applies a closure. */
static wg_status backward_by_closure(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    struct context *context = c->context;
    wg_closure inner = square_closure(context);
    inner.destroy = count_inner;
    inner.backward = backward;
    wg_tensor *x = c->in[0];
    return WG_GIVE(gx[0], wg_mul(gy[0], wg_closure_apply(&inner, &x, 1)));
}

static void closure_in_an_unrecorded_backward_is_destroyed_at_once(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    struct context context = {.k = 1};
    wg_closure closure = square_closure(&context);
    closure.backward = backward_by_closure;
    for (int create_graph = 0; create_graph < 2; create_graph++) {
        inner_destroyed = 0;
        {
            WG_TAPE(tape);
            wg_tensor *y = made(wg_closure_apply(&closure, &x, 1));
            made(wg_grad(wg_sum(y), x, .create_graph = create_graph));
            assert_int_equal(inner_destroyed, !create_graph);
        }
        assert_int_equal(inner_destroyed, 1);
    }
    assert_int_equal(context.destroyed, 2);
    wg_free(x);
}

static void closure_backward_sees_only_what_it_declared(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    for (int saves = 0; saves < 4; saves++) {
        struct context context = {.k = 1, .reads_undeclared = true};
        wg_closure closure = square_closure(&context);
        closure.saves = (saves & 1 ? WG_IN(0) : 0) | (saves & 2 ? WG_OUT(0) : 0);
        WG_TAPE(tape);
        wg_tensor *in[] = {x, x}; /* the same tensor twice */
        wg_tensor *y = made(wg_closure_apply(&closure, in, 1));
        made(wg_grad(wg_sum(y), x));
        assert_int_equal(context.seen[0], saves & 1 ? WG_OK : WG_E_RELEASED);
        assert_int_equal(context.seen[1], saves & 2 ? WG_OK : WG_E_RELEASED);
        assert_non_null(wg_data(y)); /* only backward may not read it */
        made(wg_grad(wg_sum(y), x));
        made(wg_add(y, x));
    }
    wg_free(x);
}

static wg_status product_forward(const wg_call *c)
{
    const double *a = wg_data(c->in[0]), *b = wg_data(c->in[1]);
    double *y = wg_data_mut(c->out[0]);
    for (int64_t i = 0; i < wg_numel(c->out[0]); i++)
        y[i] = a[i] * b[i];
    return WG_OK;
}

static wg_status product_backward(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *twice = wg_mul_scalar(gy[0], 0.5);
    (void)c;
    WG_TRY(WG_GIVE(gx[0], twice));
    return WG_GIVE(gx[1], twice);
}

static void closure_of_one_operand_twice_leaves_it_readable(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    const wg_closure closure = {
        .name = "product", .forward = product_forward, .backward = product_backward, .dtype = WG_F64, .shape = WG_SHAPE(3)};
    WG_TAPE(tape);
    wg_tensor *h = made(wg_tanh(x)), *in[] = {h, h};
    wg_tensor *y = made(wg_closure_apply(&closure, in, 2));
    made(wg_grad(wg_sum(y), x));
    assert_non_null(wg_data(h));
    made(wg_add(h, h));
    wg_free(x);
}

static void constants_inside_a_recorded_backward_are_refused(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    struct context context = {.k = 3, .constant = true};
    const wg_closure closure = square_closure(&context);
    WG_TAPE(tape);
    wg_tensor *y = made(wg_sum(wg_closure_apply(&closure, &x, 1)));
    assert_near(element(made(wg_grad(y, x)), 0), 6 * element(x, 0), 1e-14); /* not recorded, so nothing is hidden */
    assert_null_and_error(wg_grad(y, x, .create_graph = true), WG_E_STATE, "from: a constant made from host data");
    wg_free(x);
}

static void failing_backward_changes_nothing_and_is_recorded(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    struct context context = {.k = 3, .backward = WG_E_NUMERIC};
    const wg_closure closure = square_closure(&context);
    {
        WG_TAPE(tape);
        wg_tensor *y = made(wg_sum(wg_add(wg_closure_apply(&closure, &x, 1), x)));
        assert_fails(wg_backward(y, .retain = true), WG_E_NUMERIC, "scaled_square: its backward failed");
        assert_null(wg_gradient(x));
        context.backward = WG_OK;
        assert_ok(wg_backward(y));
        assert_near(element(wg_gradient(x), 0), 6 * element(x, 0) + 1, 1e-14);
    }
    wg_free(x);
}

static wg_status smuggled_backward(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    return WG_GIVE(gx[0], wg_mul(gy[0], wg_detach(wg_mul_scalar(c->in[0], 2))));
}

static void check_mode_finds_a_value_that_backward_hides(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    struct context context = {.k = 1};
    wg_closure closure = square_closure(&context);
    wg_check_mode_set(true);
    {
        WG_TAPE(tape);
        made(wg_closure_apply(&closure, &x, 1));
        closure.backward = smuggled_backward;
        assert_null_and_error(wg_closure_apply(&closure, &x, 1), WG_E_BUG, "scaled_square: its second derivative");
    }
    assert_int_equal(context.destroyed, 2);
    wg_check_mode_set(false);
    wg_free(x);
}

/* The example of PyTorch's issue 76185 and of its tutorial on double backward: y = sinh x saves eˣ and e⁻ˣ. They are neither
   operands nor results, so backward does not see how they depend on x. In PyTorch the second derivative is silently wrong. */
struct intermediates {
    wg_tensor *up, *down;
    bool as_numbers; /* backward makes constants of their elements */
};

static wg_status sinh_forward(const wg_call *c)
{
    const struct intermediates *saved = c->context;
    const double *x = wg_data(c->in[0]);
    double *y = wg_data_mut(c->out[0]), *up = wg_data_mut(saved->up), *down = wg_data_mut(saved->down);
    for (int64_t i = 0; i < wg_numel(c->in[0]); i++) {
        up[i] = exp(x[i]);
        down[i] = exp(-x[i]);
        y[i] = (up[i] - down[i]) / 2;
    }
    return WG_OK;
}

static wg_status sinh_backward(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct intermediates *saved = c->context;
    wg_tensor *up = saved->up, *down = saved->down;
    if (saved->as_numbers) {
        up = wg_from((const double *)wg_data(up), WG_SHAPE(3));
        down = wg_from((const double *)wg_data(down), WG_SHAPE(3));
    }
    return WG_GIVE(gx[0], wg_mul(gy[0], wg_mul_scalar(wg_add(up, down), 0.5)));
}

static void pytorch_issue_76185_saved_intermediate(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    struct intermediates saved = {wg_zeros(WG_F64, WG_SHAPE(3)), wg_zeros(WG_F64, WG_SHAPE(3)), false};
    const wg_closure closure = {.name = "sinh_of_mine",
                                .forward = sinh_forward,
                                .backward = sinh_backward,
                                .dtype = WG_F64,
                                .shape = WG_SHAPE(3),
                                .context = &saved};
    for (int as_numbers = 0; as_numbers < 2; as_numbers++) {
        WG_TAPE(tape);
        saved.as_numbers = as_numbers;
        wg_tensor *y = made(wg_closure_apply(&closure, &x, 1));
        assert_near(element(made(wg_grad(wg_sum(y), x)), 1), cosh(element(x, 1)), 1e-14); /* the first derivative is right */
        wg_check_mode_set(true);
        wg_tensor *z = wg_closure_apply(&closure, &x, 1); /* check mode runs at the first application */
        wg_check_mode_set(false);
        assert_null(z);
        expect_error(as_numbers ? WG_E_STATE : WG_E_BUG,
                     as_numbers ? "would hide what it depends on: compute it with ops, or declare it saved"
                                : "its backward reads a value that is neither operand nor result");
    }
    wg_free(x), wg_free(saved.up), wg_free(saved.down);
}

/* ---- an op defined outside the library by struct wg_op ---- */

static void op_of_a_users_program(void **state)
{
    (void)state;
    wg_tensor *a = leaf(WG_F64, WG_SHAPE(2, 3), 1), *b = leaf(WG_F64, WG_SHAPE(2, 3), 2);
    {
        WG_TAPE(tape);
        wg_tensor *y = made(wg_sum(times(times(a, b), a))); /* a² b */
        wg_tensor *g = made(wg_grad(y, a, .create_graph = true));
        assert_near(element(g, 4), 2 * element(a, 4) * element(b, 4), 1e-14);
        wg_tensor *gg = made(wg_grad(wg_sum(g), b));
        assert_near(element(gg, 5), 2 * element(a, 5), 1e-14);
        assert_null_and_error(times(a, made(wg_ones(WG_F32, WG_SHAPE(2, 3)))), WG_E_DTYPE, "times: ");
        assert_null_and_error(times(a, made(wg_ones(WG_F64, WG_SHAPE(5)))), WG_E_SHAPE,
                              "times: shapes do not broadcast: f64 [2, 3] x f64 [5]");
    }
    wg_free(a);
    wg_free(b);
}

static wg_status ten_times(const wg_call *c)
{
    double from[6], *to = wg_data_mut(c->out[0]);
    WG_TRY(wg_read(c->in[0], from));
    for (int i = 0; i < 6; i++)
        to[i] = 10 * from[i];
    return WG_OK;
}

static void a_result_is_row_major_whatever_the_operand_is(void **state)
{
    (void)state;
    const double numbers_of_m[] = {1, 2, 3, 4, 5, 6}, want[] = {10, 40, 20, 50, 30, 60};
    const wg_closure closure = {.name = "ten_times", .forward = ten_times, .dtype = WG_F64, .shape = WG_SHAPE(3, 2)};
    WG_TAPE(tape);
    wg_tensor *m = made(wg_transpose(made(wg_from(numbers_of_m, WG_SHAPE(2, 3))), 0, 1));
    wg_tensor *y = made(wg_closure_apply(&closure, &m, 1));
    assert_true(wg_is_contiguous(y));
    for (int i = 0; i < 6; i++)
        assert_near(element(y, i), want[i], 0);
}

static wg_status reads_what_it_did_not_declare(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_mul(gy[0], c->in[0]));
}

static void an_undeclared_operand_is_said_to_be_one(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(6), 1);
    const wg_closure closure = {.name = "ten_times",
                                .forward = ten_times,
                                .backward = reads_what_it_did_not_declare,
                                .dtype = WG_F64,
                                .shape = WG_SHAPE(6)};
    WG_TAPE(tape);
    wg_tensor *y = made(wg_sum(made(wg_closure_apply(&closure, &x, 1))));
    assert_fails(wg_backward(y), WG_E_RELEASED, "add WG_IN(i) for operand i");
    wg_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_result_is_row_major_whatever_the_operand_is),
        TEST(an_undeclared_operand_is_said_to_be_one),
        TEST(closure_of_any_order),
        TEST(closure_context_is_destroyed_once_whatever_happens),
        TEST(closure_in_an_unrecorded_backward_is_destroyed_at_once),
        TEST(closure_backward_sees_only_what_it_declared),
        TEST(closure_of_one_operand_twice_leaves_it_readable),
        TEST(constants_inside_a_recorded_backward_are_refused),
        TEST(failing_backward_changes_nothing_and_is_recorded),
        TEST(check_mode_finds_a_value_that_backward_hides),
        TEST(pytorch_issue_76185_saved_intermediate),
        TEST(op_of_a_users_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
