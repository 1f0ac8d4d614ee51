/* Ops that a program defines by a struct wg_op of its own, with what their definitions may lack: a declaration in .saves, derivatives,
   kernels. */
#include <math.h>

#include "common.h"

/* ---- sq, y = x²: a whole definition ---- */

static void sq_f32(int64_t n, char *const *p, const int64_t *s, const void *params)
{
    (void)params;
    float *y = (float *)(void *)p[0];
    const float *x = (const float *)(const void *)p[1];
    for (int64_t i = 0; i < n; i++)
        y[i * s[0]] = x[i * s[1]] * x[i * s[1]];
}

static void sq_f64(int64_t n, char *const *p, const int64_t *s, const void *params)
{
    (void)params;
    double *y = (double *)(void *)p[0];
    const double *x = (const double *)(const void *)p[1];
    for (int64_t i = 0; i < n; i++)
        y[i * s[0]] = x[i * s[1]] * x[i * s[1]];
}

/* The whole call, for contiguous operands. */
static wg_status sq_run(const wg_call *c)
{
    char *const p[] = {wg_data_mut(c->out[0]), (char *)(uintptr_t)wg_data(c->in[0])};
    const int64_t ones[] = {1, 1};
    (wg_dtype_of(c->in[0]) == WG_F64 ? sq_f64 : sq_f32)(wg_numel(c->in[0]), p, ones, NULL);
    return WG_OK;
}

static wg_tensor *times_slope(const wg_call *c, wg_tensor *g)
{
    return wg_mul(g, wg_mul_scalar(c->in[0], 2));
}

static wg_status sq_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], times_slope(c, gy[0]));
}

static wg_status sq_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return (ty[0] = times_slope(c, tx[0])) ? WG_OK : WG_E_NULL;
}

static const struct wg_op sq = {
    .name = "sq", .n_in = 1, .n_out = 1, .kernels = {{.run = {sq_run, sq_run}}}, .vjp = sq_vjp, .jvp = sq_jvp, .saves = WG_IN(0)};

/* ---- .saves ---- */

/* Backward through the op after its operand was changed. */
static wg_status backward_after_a_change(const struct wg_op *op)
{
    wg_tensor *w = wg_set_requires_grad(wg_full(WG_F32, WG_SHAPE(3), 2), true);
    WG_TAPE(tape);
    wg_tensor *loss = made(wg_sum(made(wg_invoke1(op, NULL, w))));
    ((float *)wg_data_mut(w))[0] = 100;
    const wg_status status = wg_backward(loss);
    assert_null(wg_gradient(w));
    wg_free(w);
    return status;
}

static void a_changed_operand_is_never_a_wrong_gradient(void **state)
{
    (void)state;
    struct wg_op op = sq;
    for (int rows = 0; rows < 2; rows++) {
        op.kernels[0] = rows ? (struct wg_op_kernels){.run = {sq_run, sq_run}, .row = {sq_f32, sq_f64}} : sq.kernels[0];
        op.saves = WG_IN(0);
        assert_fails(backward_after_a_change(&op), WG_E_STALE, "sq: operand 0 was changed after it was used");
        op.saves = 0;
        assert_fails(backward_after_a_change(&op), WG_E_RELEASED,
                     "because sq does not declare that its backward reads it: add WG_IN(i)");
    }
}

static void a_forgotten_declaration_fails_without_a_change_too(void **state)
{
    (void)state;
    struct wg_op op = sq;
    op.saves = WG_OUT(0);
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1);
    {
        WG_TAPE(tape);
        assert_fails(wg_backward(made(wg_sum(made(wg_invoke1(&op, NULL, w))))), WG_E_RELEASED, "because sq does not declare");
        assert_null(wg_gradient(w));
    }
    {
        WG_TAPE(tape);
        const wg_status status = wg_backward(made(wg_sum(made(wg_invoke1(&sq, NULL, w)))));
        assert_ok(status);
        assert_near(element(wg_gradient(w), 2), 2 * element(w, 2), 1e-15);
    }
    wg_free(w);
}

static wg_tensor *applied(wg_tensor *const *x, size_t n, void *op)
{
    (void)n;
    return wg_invoke1(op, NULL, x[0]);
}

static void gradcheck_finds_a_forgotten_declaration(void **state)
{
    (void)state;
    struct wg_op op = sq;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    assert_ok(wg_gradcheck(applied, &op, &x, 1));
    op.saves = 0;
    assert_fails(wg_gradcheck(applied, &op, &x, 1), WG_E_RELEASED, "because sq does not declare");
    wg_free(x);
}

/* A jvp is held to .saves as a vjp is. */
static void a_jvp_reads_what_is_declared(void **state)
{
    (void)state;
    struct wg_op op = sq;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *t = made(wg_ones(WG_F64, WG_SHAPE(3)));
    {
        WG_TAPE(tape);
        wg_tensor *ty = NULL;
        assert_ok(wg_jvp(applied, &op, &x, 1, &t, NULL, &ty));
        assert_near(element(ty, 1), 2 * element(x, 1), 1e-15);
        op.saves = 0;
        assert_fails(wg_jvp(applied, &op, &x, 1, &t, NULL, &ty), WG_E_RELEASED,
                     "because sq does not declare that its jvp reads it");
    }
    wg_free(x), wg_free(t);
}

/* ---- derivatives ---- */

static void an_op_without_vjp_is_no_constant(void **state)
{
    (void)state;
    const char *text = "sq has no derivative: the op has no .vjp (if that is meant, say WG_OP_NO_DERIVATIVE and .reason)";
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(3), 1), *v = leaf(WG_F64, WG_SHAPE(3), 2);
    struct wg_op op = sq;
    op.vjp = NULL;
    for (int rows = 0; rows < 2; rows++) {
        op.kernels[0] = rows ? (struct wg_op_kernels){.run = {sq_run, sq_run}, .row = {sq_f32, sq_f64}} : sq.kernels[0];
        WG_TAPE(tape);
        wg_tensor *loss = made(wg_sum(wg_add(wg_invoke1(&op, NULL, w), v)));
        assert_fails(wg_backward(loss, .retain = true), WG_E_NO_GRAD, text);
        assert_null(wg_gradient(w));
        assert_null(wg_gradient(v));
        assert_null_and_error(wg_grad(loss, w), WG_E_NO_GRAD, text);
        wg_tensor *g = made(wg_grad(loss, v)); /* its way does not lead through sq */
        assert_near(element(g, 0), 1, 0);
    }
    op.jvp = NULL;
    {
        WG_TAPE(tape);
        wg_tensor *t = made(wg_ones(WG_F64, WG_SHAPE(3))), *ty = NULL;
        assert_fails(wg_jvp(applied, &op, &w, 1, &t, NULL, &ty), WG_E_NO_GRAD, text);
    }
    op.flags = WG_OP_STOP_GRADIENT;
    {
        WG_TAPE(tape);
        assert_ok(wg_backward(made(wg_sum(wg_add(wg_invoke1(&op, NULL, w), v)))));
        assert_null(wg_gradient(w));
        assert_non_null(wg_gradient(v));
    }
    wg_free(w), wg_free(v);
}

/* ---- what is missing is named ---- */

static void a_message_says_what_was_expected(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F32, WG_SHAPE(3), 1), *in[2] = {x, x}, *y = NULL;
    struct wg_op op = sq;
    op.kernels[0].run[WG_F64] = NULL;
    assert_null_and_error(wg_invoke1(&op, NULL, x), WG_E_BUG,
                          "sq: the op has no portable kernel for f64: expected .kernels[0].run");
    op.kernels[0] = (struct wg_op_kernels){.row = {sq_f32, sq_f64}};
    assert_null_and_error(wg_invoke1(&op, NULL, x), WG_E_BUG, ".row stands beside it");
    op = sq;
    op.params_size = 8;
    assert_null_and_error(wg_invoke1(&op, NULL, x), WG_E_NULL, "sq: expected 8 bytes of params, got NULL");
    assert_fails(wg_invoke(&sq, NULL, in, 2, &y, 1), WG_E_ARGUMENT, "sq: expected 1 operands (.n_in) and up to 1 results");
    wg_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_changed_operand_is_never_a_wrong_gradient),
        TEST(a_forgotten_declaration_fails_without_a_change_too),
        TEST(gradcheck_finds_a_forgotten_declaration),
        TEST(a_jvp_reads_what_is_declared),
        TEST(an_op_without_vjp_is_no_constant),
        TEST(a_message_says_what_was_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
