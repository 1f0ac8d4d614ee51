/* y_i = x_i - log Σ e^{x_j} along an axis, computed as (x_i - m) - log Σ e^{x_j - m} with the maximum m. For the order of the
   sums see slices.h. */
#ifdef REAL
#include "ops/loss/slices.h"

static void T(log_softmax_slice)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    ELEM *y = (ELEM *)(void *)at[0];
    const ELEM *x = (const ELEM *)(const void *)at[1];
    (void)params;
    if (n == 0)
        return;
    const REAL largest = T(line_largest)(x, s[1], n);
    REAL sum = (REAL)0;
    if (s[1] == 1)
        LINE_SUM(sum, n, R(exp)((REAL)x[i] - largest));
    else
        LINE_SUM(sum, n, R(exp)((REAL)x[i * s[1]] - largest));
    const REAL log_sum = R(log)(sum);
    if (s[0] == 1 && s[1] == 1)
        WG_LOOP(n)
            y[i] = ((REAL)x[i] - largest) - log_sum;
    else
        WG_LOOP(n)
            y[i * s[0]] = ((REAL)x[i * s[1]] - largest) - log_sum;
}

static void T(log_softmax_slices)(int64_t n, int64_t w, char *const *at, const int64_t *s, const int64_t *across,
                                  const void *params)
{
    T(slice_block) x;
    REAL largest[WG_REDUCE_WIDTH], sum[WG_REDUCE_WIDTH];
    (void)params;
    if (n == 0)
        return;
    T(slices_load)((const ELEM *)(const void *)at[1], s[1], across[1], n, w, x);
    T(slices_largest)(x, n, w, largest);
    LANES_SUM(sum, n, w, R(exp)((REAL)x[i][k] - largest[k]));
    for (int64_t k = 0; k < COLUMNS(w); k++)
        sum[k] = R(log)(sum[k]);
    LANES_EACH(n, w, x[i][k] = ((REAL)x[i][k] - largest[k]) - sum[k]);
    T(slices_store)(x, n, w, (ELEM *)(void *)at[0], s[0], across[0]);
}

static wg_status T(log_softmax)(const wg_call *c)
{
    return wg_along_axis_grouped(c, *(const int *)c->params, sizeof(ELEM), T(log_softmax_slice), T(log_softmax_slices));
}
#else
#define KERNEL_FILE "ops/loss/log_softmax.c"
#include "ops/op.h"

wg_tensor *wg_log_softmax_with(wg_tensor *x, wg_softmax_options options)
{
    return wg_apply_along(&wg_op_log_softmax, &x, 1, options.axis);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_log_softmax_grad(c->out[0], wg_donate(gy[0]), *(const int *)c->params));
}

/* The Jacobian-vector product: t - Σ e^y t. */
static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const int axis = *(const int *)c->params;
    wg_tensor *mean = wg_sum(wg_mul(wg_exp(c->out[0]), tx[0]), .axis = axis, .keepdims = true);
    return wg_made(ty[0] = wg_sub(tx[0], mean));
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_each(c, 4, 0, 0, 1, 1);
    cost.compare -= wg_axis_slices(c);
    cost.add -= wg_axis_slices(c);
    cost.transcendental += wg_axis_slices(c);
    return cost;
}

const struct wg_op wg_op_log_softmax = {
    .name = WG_REGISTERED("log_softmax"),
    .params_size = sizeof(int),
    WG_PARAMS(WG_PARAM_ONLY(INT, "axis")),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_axis_shape,
    .kernels = KERNELS(log_softmax),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_OUT(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"rows", {WG_DIMS(3, 5)}, .n = 1, .low = {-3}, .high = {3}, .params = &(const int){1}},
               {"columns", {WG_DIMS(3, 5)}, .n = 1, .low = {-3}, .high = {3}, .params = &(const int){0}},
               {"middle", {WG_DIMS(2, 3, 4)}, .n = 1, .low = {-3}, .high = {3}, .params = &(const int){1}}),
};
#endif
