/* gy added to zeros where windows of x have their largest, window by window in row-major order: max_pool2d's gradient. Linear in gy,
   flat in x. */
#ifdef REAL
#include "max_pool.h"

static void T(window_from_output)(const T(pool) * pool, const T(window) * at)
{
    const wg_tensor *x = pool->c->in[0], *gy = pool->c->in[1], *gx = pool->c->out[0];
    const ELEM *from = T(element)(gy, at, at->i, at->j);
    T(largest) found;
    T(find_largest)(at, x, x, &found);
    for (int64_t k = 0; k < at->images; k++) {
        const int64_t row = found.tap[k] / at->columns.count, column = found.tap[k] % at->columns.count;
        ELEM *to = T(element)(gx, at, at->rows.first + row * at->rows.step, at->columns.first + column * at->columns.step);
        to[k * wg_strides(gx)[0]] += (REAL)from[k * wg_strides(gy)[0]];
    }
}

static wg_status T(max_pool2d_grad)(const wg_call *c)
{
    memset(c->out[0]->data, 0, (size_t)c->out[0]->numel * sizeof(ELEM));
    return T(pool_all)(c, c->in[0], c->in[1], c->in[0], T(window_from_output));
}
#else
#define KERNEL_FILE "max_pool2d_grad.c"
#include "op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_pool_shape(c, true, out));
    WG_TRY(wg_expect_extents(c, out->extent, c->in[1]));
    memcpy(out->extent, wg_extents(c->in[0]), 4 * sizeof *out->extent);
    return WG_OK;
}

wg_tensor *wg_max_pool2d_grad(wg_tensor *x, wg_tensor *gy, wg_pool_options options)
{
    const struct wg_window_params p = wg_pool_params(options);
    return wg_invoke2(&wg_op_max_pool2d_grad, &p, x, gy);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[1], wg_max_pool2d_pick(c->in[0], gy[0], wg_pool_options_of(c->params)));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = WG_PART(tx[1], wg_invoke2(c->op, c->params, c->in[0], tx[1])));
}

static wg_cost cost(const wg_call *c)
{
    double pairs;
    wg_cost cost = wg_pool_cost(c, c->in[0], c->in[1], WG_IN(0), &pairs);
    cost.compare = 2 * pairs;
    cost.add = (double)c->in[1]->numel;
    return cost;
}

const struct wg_op wg_op_max_pool2d_grad = {
    .name = "max_pool2d_grad",
    .params_size = sizeof(struct wg_window_params),
    .n_in = 2,
    .n_out = 1,
    .shape = shape,
    .kernel = KERNELS(max_pool2d_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .flat = WG_IN(0),
    WG_SAMPLES(
        {"2x2", {WG_DIMS(5, 1, 4, 6), WG_DIMS(5, 1, 2, 3)}, .n = 2, .distinct = 1, WG_WINDOWS(2, 2, 0, 0, 1, 1, 1, .size = {2, 2})},
        {"overlap",
         {WG_DIMS(1, 2, 4, 5), WG_DIMS(1, 2, 5, 3)},
         .n = 2,
         .distinct = 1,
         WG_WINDOWS(1, 2, 1, 1, 1, 1, 1, .size = {2, 3})},
        {"adaptive",
         {WG_DIMS(1, 2, 5, 4), WG_DIMS(1, 2, 3, 2)},
         .n = 2,
         .distinct = 1,
         WG_WINDOWS(1, 1, 0, 0, 1, 1, 1, .size = {3, 2}, .adaptive = true)}),
};
#endif
