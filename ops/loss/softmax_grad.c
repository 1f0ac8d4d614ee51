/* The gradient of softmax, as an op, so that it can be differentiated again: y (gy - Σ gy y) along an axis, y = softmax(x). */
#ifdef REAL
#include "ops/loss/slices.h"

static void T(softmax_grad_slice)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    ELEM *gx = (ELEM *)(void *)at[0];
    const ELEM *y = (const ELEM *)(const void *)at[1], *gy = (const ELEM *)(const void *)at[2];
    REAL dot = (REAL)0;
    (void)params;
    if (n == 0)
        return;
    if (s[0] == 1 && s[1] == 1 && s[2] == 1) {
        LINE_SUM(dot, n, (REAL)gy[i] * (REAL)y[i]);
        WG_LOOP(n)
            gx[i] = (REAL)y[i] * ((REAL)gy[i] - dot);
    } else {
        LINE_SUM(dot, n, (REAL)gy[i * s[2]] * (REAL)y[i * s[1]]);
        WG_LOOP(n)
            gx[i * s[0]] = (REAL)y[i * s[1]] * ((REAL)gy[i * s[2]] - dot);
    }
}

static void T(softmax_grad_slices)(int64_t n, int64_t w, char *const *at, const int64_t *s, const int64_t *across,
                                   const void *params)
{
    T(slice_block) y, gy;
    REAL dot[WG_REDUCE_WIDTH];
    (void)params;
    if (n == 0)
        return;
    T(slices_load)((const ELEM *)(const void *)at[1], s[1], across[1], n, w, y);
    T(slices_load)((const ELEM *)(const void *)at[2], s[2], across[2], n, w, gy);
    LANES_SUM(dot, n, w, (REAL)gy[i][k] * (REAL)y[i][k]);
    LANES_EACH(n, w, y[i][k] = (REAL)y[i][k] * ((REAL)gy[i][k] - dot[k]));
    T(slices_store)(y, n, w, (ELEM *)(void *)at[0], s[0], across[0]);
}

static wg_status T(softmax_grad)(const wg_call *c)
{
    return wg_along_axis_grouped(c, *(const int *)c->params, sizeof(ELEM), T(softmax_grad_slice), T(softmax_grad_slices));
}
#else
#define KERNEL_FILE "ops/loss/softmax_grad.c"
#include "ops/op.h"

wg_tensor *wg_softmax_grad(wg_tensor *y, wg_tensor *gy, int axis)
{
    wg_tensor *in[2] = {y, gy};
    return wg_apply_along(&wg_op_softmax_grad, in, 2, axis);
}

/* The derivative of Σ u y (gy - s), s = Σ gy y, with respect to y: u (gy - s) - gy Σ u y. */
static wg_tensor *by_y(const wg_call *c, wg_tensor *u, int axis)
{
    wg_tensor *y = c->in[0], *gy = c->in[1];
    wg_tensor *s = wg_sum(wg_mul(gy, y), .axis = axis, .keepdims = true);
    wg_tensor *t = wg_sum(wg_mul(u, y), .axis = axis, .keepdims = true);
    return wg_sub(wg_mul(u, wg_sub(gy, s)), wg_mul(gy, t));
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const int axis = *(const int *)c->params;
    WG_TRY(WG_GIVE(gx[0], by_y(c, gy[0], axis)));
    return WG_GIVE(gx[1], wg_softmax_grad(c->in[0], wg_donate(gy[0]), axis));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const int axis = *(const int *)c->params;
    if (wg_absent(tx[0]))
        return wg_made(ty[0] = wg_softmax_grad(c->in[0], tx[1], axis));
    wg_tensor *y = c->in[0], *gy = c->in[1], *t = tx[0];
    wg_tensor *rest = wg_sub(gy, wg_sum(wg_mul(gy, y), .axis = axis, .keepdims = true));
    wg_tensor *by_first = wg_sub(wg_mul(t, rest), wg_mul(y, wg_sum(wg_mul(gy, t), .axis = axis, .keepdims = true)));
    return wg_jvp_sum(c, by_first, WG_PART(tx[1], wg_softmax_grad(y, tx[1], axis)), ty);
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_each(c, 2, 2, 0, 0, 0);
    cost.add -= wg_axis_slices(c);
    return cost;
}

const struct wg_op wg_op_softmax_grad = {
    .name = WG_REGISTERED("softmax_grad"),
    .params_size = sizeof(int),
    WG_PARAMS(WG_PARAM_ONLY(INT, "axis")),
    .n_in = 2,
    .n_out = 1,
    .shape = wg_axis_shape,
    .kernels = KERNELS(softmax_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .inplace = WG_IN(1),
    WG_SAMPLES({"rows", {WG_DIMS(3, 5), WG_DIMS(3, 5)}, .n = 2, .params = &(const int){1}},
               {"middle", {WG_DIMS(2, 3, 4), WG_DIMS(2, 3, 4)}, .n = 2, .params = &(const int){1}}),
};
#endif
