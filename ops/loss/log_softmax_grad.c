/* The gradient of log_softmax, as an op, so that it can be differentiated again: gy - e^y Σ gy along an axis, y =
   log_softmax(x). */
#ifdef REAL
#include "ops/loss/slices.h"

static void T(log_softmax_grad_slice)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    ELEM *gx = (ELEM *)(void *)at[0];
    const ELEM *y = (const ELEM *)(const void *)at[1], *gy = (const ELEM *)(const void *)at[2];
    REAL sum = (REAL)0;
    (void)params;
    if (n == 0)
        return;
    if (s[0] == 1 && s[1] == 1 && s[2] == 1) {
        LINE_SUM(sum, n, (REAL)gy[i]);
        WG_LOOP(n)
            gx[i] = (REAL)gy[i] - R(exp)((REAL)y[i]) * sum;
    } else {
        LINE_SUM(sum, n, (REAL)gy[i * s[2]]);
        WG_LOOP(n)
            gx[i * s[0]] = (REAL)gy[i * s[2]] - R(exp)((REAL)y[i * s[1]]) * sum;
    }
}

static void T(log_softmax_grad_slices)(int64_t n, int64_t w, char *const *at, const int64_t *s, const int64_t *across,
                                       const void *params)
{
    T(slice_block) y, gy;
    REAL sum[WG_REDUCE_WIDTH];
    (void)params;
    if (n == 0)
        return;
    T(slices_load)((const ELEM *)(const void *)at[1], s[1], across[1], n, w, y);
    T(slices_load)((const ELEM *)(const void *)at[2], s[2], across[2], n, w, gy);
    LANES_SUM(sum, n, w, (REAL)gy[i][k]);
    LANES_EACH(n, w, y[i][k] = (REAL)gy[i][k] - R(exp)((REAL)y[i][k]) * sum[k]);
    T(slices_store)(y, n, w, (ELEM *)(void *)at[0], s[0], across[0]);
}

static wg_status T(log_softmax_grad)(const wg_call *c)
{
    return wg_along_axis_grouped(c, *(const int *)c->params, sizeof(ELEM), T(log_softmax_grad_slice), T(log_softmax_grad_slices));
}
#else
#define KERNEL_FILE "ops/loss/log_softmax_grad.c"
#include "ops/op.h"

wg_tensor *wg_log_softmax_grad(wg_tensor *y, wg_tensor *gy, int axis)
{
    wg_tensor *in[2] = {y, gy};
    return wg_apply_along(&wg_op_log_softmax_grad, in, 2, axis);
}

/* The derivative with respect to y applied to u: -u e^y Σ gy. The Jacobian is diagonal, so vjp and jvp share it. */
static wg_tensor *by_y(const wg_call *c, wg_tensor *u, int axis)
{
    wg_tensor *sum = wg_sum(c->in[1], .axis = axis, .keepdims = true);
    return wg_neg(wg_mul(wg_mul(u, wg_exp(c->in[0])), sum));
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const int axis = *(const int *)c->params;
    wg_tensor *u = gy[0];
    WG_TRY(WG_GIVE(gx[0], by_y(c, u, axis)));
    return WG_GIVE(gx[1], wg_sub(u, wg_sum(wg_mul(u, wg_exp(c->in[0])), .axis = axis, .keepdims = true)));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const int axis = *(const int *)c->params;
    return wg_jvp_sum(c, WG_PART(tx[0], by_y(c, tx[0], axis)), WG_PART(tx[1], wg_log_softmax_grad(c->in[0], tx[1], axis)), ty);
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_each(c, 2, 1, 0, 0, 1);
    cost.add -= wg_axis_slices(c);
    return cost;
}

const struct wg_op wg_op_log_softmax_grad = {
    .name = WG_REGISTERED("log_softmax_grad"),
    .params_size = sizeof(int),
    WG_PARAMS(WG_PARAM_ONLY(INT, "axis")),
    .n_in = 2,
    .n_out = 1,
    .shape = wg_axis_shape,
    .kernels = KERNELS(log_softmax_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .inplace = WG_IN(1),
    WG_SAMPLES({"rows", {WG_DIMS(3, 5), WG_DIMS(3, 5)}, .n = 2, .params = &(const int){1}},
               {"middle", {WG_DIMS(2, 3, 4), WG_DIMS(2, 3, 4)}, .n = 2, .params = &(const int){1}}),
};
#endif
