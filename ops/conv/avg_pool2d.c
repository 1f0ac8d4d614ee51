/* The mean of each window, summed in f64. Padding counts as zeros, so the divisor is the window's size; adaptive windows, those that
   leave out padding, and those of ceil_mode, which may end beyond it, divide by the number of elements that count (wg_counted). */
#ifdef REAL
#include "ops/conv/pool.h"

static void T(window_to_mean)(const T(pool) * pool, const T(window) * at)
{
    const WIDE divisor = (WIDE)at->divisor;
    const int64_t s = pool->operand[0].s[0], n = at->images;
    ELEM *to = at->at[1];
    WIDE sum[T(IMAGES)];
    for (int64_t k = 0; k < n; k++)
        sum[k] = (WIDE)0;
    for (int64_t row = 0; row < at->rows.count; row++)
        for (int64_t column = 0; column < at->columns.count; column++) {
            const ELEM *from = T(element)(pool, at, 0, row, column);
            if (s == 1)
                for (int64_t k = 0; k < n; k++)
                    sum[k] = sum[k] + (WIDE)(REAL)from[k];
            else
                for (int64_t k = 0; k < n; k++)
                    sum[k] = sum[k] + (WIDE)(REAL)from[k * s];
        }
    for (int64_t k = 0; k < n; k++)
        to[k * pool->operand[1].s[0]] = (REAL)(sum[k] / divisor);
}

static wg_status T(avg_pool2d)(const wg_call *c)
{
    const wg_tensor *const operands[] = {c->in[0], c->out[0]};
    return T(pool_all)(c, 2, operands, 2u, T(window_to_mean));
}
#else
#define KERNEL_FILE "ops/conv/avg_pool2d.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    return wg_pool_shape(c, ((const struct wg_window_params *)c->params)->exclude_pad, out);
}

wg_tensor *wg_avg_pool2d_with(wg_tensor *x, wg_avg_pool_options options)
{
    const struct wg_window_params p = wg_avg_pool_params(options);
    return wg_invoke1(&wg_op_avg_pool2d, &p, x);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    struct wg_window_params p = *(const struct wg_window_params *)c->params;
    p.image[0] = wg_extents(c->in[0])[2];
    p.image[1] = wg_extents(c->in[0])[3];
    return WG_GIVE(gx[0], wg_invoke1(&wg_op_avg_pool2d_grad, &p, gy[0]));
}

static wg_cost cost(const wg_call *c)
{
    double pairs;
    wg_cost cost = wg_pool_cost(c, c->in[0], c->out[0], WG_IN(0), &pairs);
    cost.add = pairs;
    cost.div = (double)c->out[0]->numel;
    return cost;
}

const struct wg_op wg_op_avg_pool2d = {
    .name = WG_REGISTERED("avg_pool2d"),
    .params_size = sizeof(struct wg_window_params),
    WG_PARAMS(WG_POOL_PARAMS),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(avg_pool2d),
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .cost = cost,
    WG_SAMPLES(
        {"2x2", {WG_DIMS(2, 3, 5, 4)}, .n = 1, WG_WINDOWS(2, 2, 0, 0, 1, 1, 1, .size = {2, 2})},
        {"overlapping", {WG_DIMS(1, 2, 4, 5)}, .n = 1, WG_WINDOWS(1, 2, 1, 1, 1, 1, 1, .size = {2, 3})},
        {"dilated", {WG_DIMS(2, 1, 4, 5)}, .n = 1, WG_WINDOWS(1, 2, 0, 1, 2, 2, 1, .size = {2, 3})},
        {"padding only", {WG_DIMS(1, 1, 2, 1)}, .n = 1, WG_WINDOWS(1, 2, 2, 1, 1, 1, 1, .size = {2, 1})},
        {"ceil", {WG_DIMS(2, 1, 4, 6)}, .n = 1, WG_WINDOWS(3, 2, 1, 1, 1, 1, 1, .size = {3, 3}, .ceil_mode = true)},
        {"ceil of a short axis", {WG_DIMS(1, 2, 1, 5)}, .n = 1, WG_WINDOWS(2, 2, 0, 1, 1, 1, 1, .size = {2, 3}, .ceil_mode = true)},
        {"without padding", {WG_DIMS(2, 2, 4, 3)}, .n = 1, WG_WINDOWS(2, 1, 1, 1, 1, 1, 1, .size = {3, 2}, .exclude_pad = true)},
        {"ceil without padding",
         {WG_DIMS(1, 2, 4, 3)},
         .n = 1,
         WG_WINDOWS(3, 2, 1, 0, 1, 1, 1, .size = {2, 2}, .ceil_mode = true, .exclude_pad = true)},
        {"adaptive", {WG_DIMS(1, 2, 5, 4)}, .n = 1, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1, .size = {3, 2}, .adaptive = true)}),
};
#endif
