/* y_i = e^{x_i} / Σ e^{x_j} along an axis. The maximum is subtracted first, so nothing overflows. For the order of the sums see
   slices.h. */
#ifdef REAL
#include "ops/loss/slices.h"

static void T(softmax_slice)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    ELEM *y = (ELEM *)(void *)at[0];
    const ELEM *x = (const ELEM *)(const void *)at[1];
    (void)params;
    if (n == 0)
        return;
    const REAL sum = T(line_exps)(x, s[1], y, s[0], n, T(line_largest)(x, s[1], n));
    if (s[0] == 1 && n > T(LANES)) /* short slices: a vector load of elements just stored one by one would stall */
        WG_LOOP(n)
            y[i] = (REAL)y[i] / sum;
    else
        WG_LOOP(n)
            y[i * s[0]] = (REAL)y[i * s[0]] / sum;
}

static void T(softmax_slices)(int64_t n, int64_t w, char *const *at, const int64_t *s, const int64_t *across, const void *params)
{
    T(slice_block) x;
    REAL largest[WG_REDUCE_WIDTH], sum[WG_REDUCE_WIDTH];
    (void)params;
    if (n == 0)
        return;
    T(slices_load)((const ELEM *)(const void *)at[1], s[1], across[1], n, w, x);
    T(slices_largest)(x, n, w, largest);
    LANES_EACH(n, w, x[i][k] = R(exp)((REAL)x[i][k] - largest[k]));
    LANES_SUM(sum, n, w, (REAL)x[i][k]);
    LANES_EACH(n, w, x[i][k] = (REAL)x[i][k] / sum[k]);
    T(slices_store)(x, n, w, (ELEM *)(void *)at[0], s[0], across[0]);
}

static wg_status T(softmax)(const wg_call *c)
{
    return wg_along_axis_grouped(c, *(const int *)c->params, sizeof(ELEM), T(softmax_slice), T(softmax_slices));
}
#else
#define KERNEL_FILE "ops/loss/softmax.c"
#include "ops/op.h"

wg_tensor *wg_softmax_with(wg_tensor *x, wg_softmax_options options)
{
    return wg_apply_along(&wg_op_softmax, &x, 1, options.axis);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_softmax_grad(c->out[0], wg_donate(gy[0]), *(const int *)c->params));
}

/* The Jacobian is symmetric. */
static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = wg_softmax_grad(c->out[0], tx[0], *(const int *)c->params));
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_each(c, 2, 0, 1, 1, 1);
    cost.compare -= wg_axis_slices(c);
    cost.add -= wg_axis_slices(c);
    return cost;
}

const struct wg_op wg_op_softmax = {
    .name = WG_REGISTERED("softmax"),
    .params_size = sizeof(int),
    WG_PARAMS(WG_PARAM_ONLY(INT, "axis")),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_axis_shape,
    .kernels = KERNELS(softmax),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_OUT(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"rows", {WG_DIMS(3, 5)}, .n = 1, .low = {-3}, .high = {3}, .params = &(const int){1}},
               {"long rows", {WG_DIMS(2, 300)}, .n = 1, .low = {-3}, .high = {3}, .params = &(const int){1}},
               {"columns", {WG_DIMS(3, 5)}, .n = 1, .low = {-3}, .high = {3}, .params = &(const int){0}},
               {"middle", {WG_DIMS(2, 3, 4)}, .n = 1, .low = {-3}, .high = {3}, .params = &(const int){1}}),
};
#endif
