/* Misuse of derivatives of functions. */
#include "misuse.h"

/* ---- differentiated functions, valid and invalid ---- */

static wg_tensor *squares(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_square(x[0]);
}

static wg_tensor *loss(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_sum(wg_square(x[0]));
}

static wg_tensor *nothing(wg_tensor *const *x, size_t n, void *context)
{
    (void)x;
    (void)n;
    (void)context;
    return NULL;
}

static wg_tensor *none(wg_tensor *const *x, size_t n, void *context)
{
    (void)x;
    (void)n;
    (void)context;
    return WG_NONE;
}

static wg_tensor *integers(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_argmax(x[0], .axis = 0);
}

static wg_tensor *leaves_a_tape_open(wg_tensor *const *x, size_t n, void *context)
{
    wg_tape_open();
    return squares(x, n, context);
}

static wg_tensor *closes_the_tape(wg_tensor *const *x, size_t n, void *context)
{
    wg_tensor *y = squares(x, n, context);
    return wg_tape_close(wg_tape_top()) == WG_OK ? y : NULL;
}

static wg_tensor *fails(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_matmul(x[0], x[0]); /* (2,3) times (2,3) does not fit */
}

static wg_tensor *rank_five(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_reshape(x[0], WG_SHAPE(1, 1, 1, 2, 3));
}

static wg_tensor *sum_of_rank_five(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_sum(wg_square(x[0]));
}

/* ---- each function of the family, called with the common arguments ---- */

typedef wg_status derivative(wg_function *f, wg_tensor *const *x, size_t n);

static wg_status vjp(wg_function *f, wg_tensor *const *x, size_t n)
{
    wg_tensor *y, *gx[4];
    return wg_vjp(f, NULL, x, n, fx.y, &y, gx);
}

static wg_status jvp(wg_function *f, wg_tensor *const *x, size_t n)
{
    wg_tensor *t[4] = {fx.y, WG_NONE, WG_NONE, WG_NONE}, *y, *ty;
    return wg_jvp(f, NULL, x, n, t, &y, &ty);
}

static wg_status hvp(wg_function *f, wg_tensor *const *x, size_t n)
{
    wg_tensor *v[4] = {fx.y, WG_NONE, WG_NONE, WG_NONE}, *y, *g[4], *hv[4];
    return wg_hvp(f, NULL, x, n, v, &y, g, hv);
}

static wg_status jacobian(wg_function *f, wg_tensor *const *x, size_t n)
{
    wg_tensor *j[4];
    return wg_jacobian(f, NULL, x, n, j);
}

static wg_status hessian(wg_function *f, wg_tensor *const *x, size_t n)
{
    wg_tensor *h[16];
    return wg_hessian(f, NULL, x, n, h);
}

static wg_status checkpoint(wg_function *f, wg_tensor *const *x, size_t n)
{
    return wg_checkpoint(f, NULL, x, n) ? WG_OK : wg_error_first()->code;
}

static const struct {
    const char *name;
    derivative *call;
} all[] = {{"vjp: ", vjp},           {"jvp: ", jvp},         {"hvp: ", hvp},
           {"jacobian: ", jacobian}, {"hessian: ", hessian}, {"checkpoint: ", checkpoint}};

enum { ALL = sizeof all / sizeof *all, VJP = 0, JVP, HVP, JACOBIAN, HESSIAN, CHECKPOINT };

static wg_status in_hook[ALL];

static wg_tensor *hook(wg_tensor *g, void *context)
{
    (void)context;
    for (size_t i = 0; i < ALL; i++) {
        in_hook[i] = all[i].call(loss, &fx.x, 1);
        expect_error(WG_E_STATE, all[i].name);
    }
    return g;
}

static void misuse_where_it_is_called(size_t i)
{
    wg_tape *tape = wg_tape_open(); /* fails, and is closed */
    assert_ok(wg_update_begin());
    assert_fails(all[i].call(loss, &fx.x, 1), WG_E_STATE, all[i].name);
    wg_update_cancel();
    wg_tensor *y = made(wg_sum(fx.x));
    assert_ok(wg_add_hook(fx.x, hook, NULL));
    assert_non_null(wg_grad(y, fx.x));
    assert_int_equal(in_hook[i], WG_E_STATE);
    wg_tape_close(tape);
}

static void misuse_of(size_t i)
{
    const char *name = all[i].name;
    derivative *call = all[i].call;
    wg_tensor *x = fx.x;
    const wg_tape *top = wg_tape_top();
    assert_fails(call(NULL, &x, 1), WG_E_NULL, name);
    assert_fails(call(loss, NULL, 1), WG_E_NULL, name);
    assert_fails(call(loss, &x, 0), WG_E_NULL, name);
    FOR_EACH_BAD(IS_NULL, assert_fails(call(loss, &bad, 1), code, name));
    FOR_EACH_BAD(IS_NULL, assert_fails(call(loss, ((wg_tensor *[]){x, bad}), 2), code, name));
    for (int no_grad = 0; no_grad < 2; no_grad++) { /* with a tape of the function's own, and without */
        const bool was_on = wg_grad_mode_set(!no_grad);
        assert_fails(call(nothing, &x, 1), WG_E_NULL, name);
        assert_fails(call(none, &x, 1), WG_E_ARGUMENT, name);
        assert_fails(call(leaves_a_tape_open, &x, 1), WG_E_STATE, "the function left a tape open");
        assert_fails(call(closes_the_tape, &x, 1), WG_E_STATE, "tape_close: a function is running on the tape");
        assert_fails(call(fails, &x, 1), WG_E_SHAPE, "matmul: ");
        if (i != CHECKPOINT)
            assert_fails(call(integers, &x, 1), WG_E_DTYPE, name);
        wg_grad_mode_set(was_on);
        assert_ptr_equal(wg_tape_top(), top);
    }
    misuse_where_it_is_called(i);
}

static void misuse_vjp(void)
{
    wg_tensor *x = fx.x, *gx;
    misuse_of(VJP);
    assert_fails(wg_vjp(squares, NULL, &x, 1, fx.y, NULL, NULL), WG_E_NULL, "vjp: ");
    FOR_EACH_BAD(IS_NULL, if (bad_ != IS_NONE) assert_fails(wg_vjp(squares, NULL, &x, 1, bad, NULL, &gx), code, "vjp: "));
    assert_fails(wg_vjp(squares, NULL, &x, 1, WG_NONE, NULL, &gx), WG_E_SHAPE, "vjp: v is ");
    assert_fails(wg_vjp(squares, NULL, &x, 1, fx.odd, NULL, &gx), WG_E_SHAPE, "vjp: v is ");
    assert_fails(wg_vjp(squares, NULL, &x, 1, fx.wide, NULL, &gx), WG_E_DTYPE, "vjp: v is ");
}

static void misuse_jvp(void)
{
    wg_tensor *x = fx.x, *t = fx.y, *ty;
    misuse_of(JVP);
    assert_fails(wg_jvp(squares, NULL, &x, 1, NULL, NULL, &ty), WG_E_NULL, "jvp: ");
    assert_fails(wg_jvp(squares, NULL, &x, 1, &t, NULL, NULL), WG_E_NULL, "jvp: ");
    FOR_EACH_BAD(IS_NULL, if (bad_ != IS_NONE) assert_fails(wg_jvp(squares, NULL, &x, 1, &bad, NULL, &ty), code, "jvp: "));
    assert_fails(wg_jvp(squares, NULL, &x, 1, &fx.odd, NULL, &ty), WG_E_SHAPE, "jvp: tangent 0 is ");
    assert_fails(wg_jvp(squares, NULL, &x, 1, &fx.wide, NULL, &ty), WG_E_DTYPE, "jvp: tangent 0 is ");
    wg_tensor *two[2] = {x, fx.labels}, *tangents[2] = {t, fx.labels};
    assert_fails(wg_jvp(squares, NULL, two, 2, tangents, NULL, &ty), WG_E_DTYPE, "jvp: tangent 1 is ");
}

static void misuse_hvp(void)
{
    wg_tensor *x = fx.x, *v = fx.y, *hv;
    misuse_of(HVP);
    assert_fails(wg_hvp(loss, NULL, &x, 1, NULL, NULL, NULL, &hv), WG_E_NULL, "hvp: ");
    assert_fails(wg_hvp(loss, NULL, &x, 1, &v, NULL, NULL, NULL), WG_E_NULL, "hvp: ");
    FOR_EACH_BAD(IS_NULL, if (bad_ != IS_NONE) assert_fails(wg_hvp(loss, NULL, &x, 1, &bad, NULL, NULL, &hv), code, "hvp: "));
    assert_fails(wg_hvp(loss, NULL, &x, 1, &fx.odd, NULL, NULL, &hv), WG_E_SHAPE, "hvp: tangent 0 is ");
    assert_fails(wg_hvp(loss, NULL, &x, 1, &fx.wide, NULL, NULL, &hv), WG_E_DTYPE, "hvp: tangent 0 is ");
    assert_fails(wg_hvp(squares, NULL, &x, 1, &v, NULL, NULL, &hv), WG_E_SHAPE, "hvp: the function's result is [2, 3]");
}

static void misuse_jacobian(void)
{
    wg_tensor *x = fx.x, *j, *flat = wg_reshape(fx.x, WG_SHAPE(1, 1, 2, 3));
    misuse_of(JACOBIAN);
    assert_fails(wg_jacobian(squares, NULL, &x, 1, NULL), WG_E_NULL, "jacobian: ");
    assert_fails(wg_jacobian(rank_five, NULL, &flat, 1, &j), WG_E_SHAPE, "jacobian: [1, 1, 1, 2, 3] by [1, 1, 2, 3] is of rank 9");
}

static void misuse_hessian(void)
{
    wg_tensor *x = fx.x, *h, *deep = wg_reshape(fx.x, WG_SHAPE(1, 1, 1, 2, 3));
    misuse_of(HESSIAN);
    assert_fails(wg_hessian(loss, NULL, &x, 1, NULL), WG_E_NULL, "hessian: ");
    assert_fails(wg_hessian(squares, NULL, &x, 1, &h), WG_E_SHAPE, "hessian: the function's result is [2, 3]");
    assert_fails(wg_hessian(sum_of_rank_five, NULL, &deep, 1, &h), WG_E_SHAPE, "is of rank 10, above 8");
}

static void misuse_checkpoint(void)
{
    misuse_of(CHECKPOINT);
}

static const struct misuse table[] = {
    {"wg_vjp", misuse_vjp},           {"wg_jvp", misuse_jvp},         {"wg_hvp", misuse_hvp},
    {"wg_jacobian", misuse_jacobian}, {"wg_hessian", misuse_hessian}, {"wg_checkpoint", misuse_checkpoint},
};

MISUSE_MAIN(table)
