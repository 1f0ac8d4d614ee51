/* The gradient of avg_pool2d: each window adds gy / divisor to every position that it covers, windows in row-major order. */
#ifdef REAL
#include "ops/conv/pool.h"

static void T(window_from_mean)(const T(pool) * pool, const T(window) * at)
{
    const REAL divisor = (REAL)at->divisor;
    const int64_t s = pool->operand[1].s[0], n = at->images;
    const ELEM *from = at->at[0];
    REAL share[T(IMAGES)];
    for (int64_t k = 0; k < n; k++)
        share[k] = (REAL)from[k * pool->operand[0].s[0]] / divisor;
    for (int64_t row = 0; row < at->rows.count; row++)
        for (int64_t column = 0; column < at->columns.count; column++) {
            ELEM *to = T(element)(pool, at, 1, row, column);
            if (s == 1)
                for (int64_t k = 0; k < n; k++)
                    to[k] = (pool->once ? (REAL)0 : (REAL)to[k]) + share[k];
            else
                for (int64_t k = 0; k < n; k++)
                    to[k * s] = (pool->once ? (REAL)0 : (REAL)to[k * s]) + share[k];
        }
}

static wg_status T(avg_pool2d_grad)(const wg_call *c)
{
    const wg_tensor *const operands[] = {c->in[0], c->out[0]};
    return T(pool_all)(c, 2, operands, 1u, T(window_from_mean));
}
#else
#define KERNEL_FILE "ops/conv/avg_pool2d_grad.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct wg_window_params *p = c->params;
    int64_t y[4];
    WG_TRY(wg_same_float(c, &out->dtype));
    if (c->in[0]->rank != 4)
        return wg_call_error(c, WG_E_SHAPE, "expected images (N,C,height,width)");
    out->rank = 4;
    memcpy(out->extent, wg_extents(c->in[0]), 2 * sizeof *out->extent);
    memcpy(out->extent + 2, p->image, 2 * sizeof *out->extent);
    WG_TRY(wg_pool_result(c, p, out->extent, p->exclude_pad, y));
    return wg_expect_extents(c, y, c->in[0]);
}

wg_tensor *wg_avg_pool2d_grad(wg_tensor *gy, int64_t height, int64_t width, wg_avg_pool_options options)
{
    struct wg_window_params p = wg_avg_pool_params(options);
    p.image[0] = height;
    p.image[1] = width;
    return wg_invoke1(&wg_op_avg_pool2d_grad, &p, gy);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_invoke1(&wg_op_avg_pool2d, c->params, gy[0]));
}

static wg_cost cost(const wg_call *c)
{
    double pairs;
    wg_cost cost = wg_pool_cost(c, c->out[0], c->in[0], 0, &pairs);
    cost.add = pairs;
    cost.div = c->out[0]->numel ? (double)c->in[0]->numel : 0;
    return cost;
}

const struct wg_op wg_op_avg_pool2d_grad = {
    .name = WG_REGISTERED("avg_pool2d_grad"),
    .params_size = sizeof(struct wg_window_params),
    WG_PARAMS(WG_POOL_PARAMS),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(avg_pool2d_grad),
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .cost = cost,
    WG_SAMPLES({"2x2", {WG_DIMS(5, 3, 2, 4)}, .n = 1, WG_WINDOWS(2, 2, 0, 0, 1, 1, 1, .size = {2, 2}, .image = {5, 9})},
               {"overlapping", {WG_DIMS(1, 2, 5, 3)}, .n = 1, WG_WINDOWS(1, 2, 1, 1, 1, 1, 1, .size = {2, 3}, .image = {4, 5})},
               {"dilated", {WG_DIMS(2, 1, 2, 2)}, .n = 1, WG_WINDOWS(1, 2, 0, 1, 2, 2, 1, .size = {2, 3}, .image = {4, 5})},
               {"ceil without padding",
                {WG_DIMS(1, 2, 2, 2)},
                .n = 1,
                WG_WINDOWS(3, 2, 1, 0, 1, 1, 1, .size = {2, 2}, .image = {4, 3}, .ceil_mode = true, .exclude_pad = true)},
               {"adaptive",
                {WG_DIMS(1, 2, 3, 2)},
                .n = 1,
                WG_WINDOWS(1, 1, 0, 0, 1, 1, 1, .size = {3, 2}, .image = {5, 4}, .adaptive = true)}),
};
#endif
