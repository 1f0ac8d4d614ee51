/* batch_norm's gradient, an op of its own so that it has one too. With x̂ = (x - mean) rstd over m elements a channel:
   gbeta = Σ gy, ggamma = Σ gy x̂, gx = γ rstd u with u = gy - gbeta/m - x̂ ggamma/m. Sums in f64. */
#ifdef REAL
#include "channel.h"

/* w channels from first on; sx, sg and sy are the channels' strides in x, gy and gx. */
static inline __attribute__((always_inline)) void T(norm_gradient)(const wg_call *c, int64_t first, int64_t w, int64_t sx,
                                                                   int64_t sg, int64_t sy)
{
    const ELEM *x = (const ELEM *)(const void *)c->in[0]->data + first * sx;
    const ELEM *g = (const ELEM *)(const void *)c->in[4]->data + first * sg;
    ELEM *gx = (ELEM *)(void *)c->out[0]->data + first * sy;
    ELEM *ggamma = (ELEM *)(void *)c->out[1]->data, *gbeta = (ELEM *)(void *)c->out[2]->data;
    const int64_t s_gamma = wg_strides(c->out[1])[0], s_beta = wg_strides(c->out[2])[0];
    T(positions) of_x, of_g, of_y;
    WIDE sum[T(GROUP)], dot[T(GROUP)];
    REAL mean[T(GROUP)], scale[T(GROUP)], level[T(GROUP)], slope[T(GROUP)];
    T(positions_beside)(&of_x, c->in[0], c->out[1]);
    T(positions_beside)(&of_g, c->in[4], c->out[1]);
    T(positions_beside)(&of_y, c->out[0], c->out[1]);
    const int64_t count = of_x.plan.count;
    for (int64_t k = 0; k < w; k++) {
        sum[k] = dot[k] = (WIDE)0;
        mean[k] = T(of_channel)(c->in[2], first + k, (REAL)0);
    }
    for (int64_t at = 0, n; at < count; at += n) {
        n = T(run_at)(&of_x, at);
        T(run_at)(&of_g, at);
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < w; k++) {
                const WIDE d = (WIDE)((REAL)x[of_x.offset[i] + k * sx] - mean[k]), gy = (WIDE)(REAL)g[of_g.offset[i] + k * sg];
                sum[k] = sum[k] + gy;
                dot[k] = dot[k] + gy * d;
            }
    }
    for (int64_t k = 0; k < w; k++) {
        const REAL rstd = T(of_channel)(c->in[3], first + k, (REAL)0), gamma = T(of_channel)(c->in[1], first + k, (REAL)1);
        dot[k] = dot[k] * (WIDE)rstd;
        ggamma[(first + k) * s_gamma] = (REAL)dot[k];
        gbeta[(first + k) * s_beta] = (REAL)sum[k];
        scale[k] = gamma * rstd;
        level[k] = (REAL)(sum[k] / (WIDE)count);
        slope[k] = (REAL)(dot[k] / (WIDE)count) * rstd;
    }
    for (int64_t at = 0, n; at < count; at += n) {
        n = T(run_at)(&of_x, at);
        T(run_at)(&of_g, at);
        T(run_at)(&of_y, at);
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < w; k++) {
                const REAL d = (REAL)x[of_x.offset[i] + k * sx] - mean[k];
                gx[of_y.offset[i] + k * sy] = scale[k] * ((REAL)g[of_g.offset[i] + k * sg] - level[k] - d * slope[k]);
            }
    }
}

static void T(norm_gradient_groups)(int64_t first_group, int64_t last_group, void *context)
{
    const wg_call *c = (const wg_call *)context;
    const int64_t channels = wg_extents(c->in[0])[1], width = T(group_width)(c);
    const int64_t sx = wg_strides(c->in[0])[1], sg = wg_strides(c->in[4])[1], sy = wg_strides(c->out[0])[1];
    for (int64_t group = first_group; group < last_group; group++) {
        const int64_t first = group * width, rest = channels - first;
        if (rest < width)
            T(norm_gradient)(c, first, rest, sx, sg, sy);
        else if (width == T(GROUP)) /* a loop of its own, which the compiler vectorises */
            T(norm_gradient)(c, first, T(GROUP), 1, 1, 1);
        else
            T(norm_gradient)(c, first, T(FEW), sx, sg, sy);
    }
}

static wg_status T(batch_norm_grad)(const wg_call *c)
{
    const int64_t width = T(group_width)(c), groups = (wg_extents(c->in[0])[1] + width - 1) / width;
    wg_parallel(wg_kernel_threads(4 * (double)c->in[0]->numel), groups, T(norm_gradient_groups), (void *)(uintptr_t)c);
    return WG_OK;
}
#else
#define KERNEL_FILE "batch_norm_grad.c"
#include "op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    return wg_channels_shape(c, WG_IN(1) | WG_IN(2) | WG_IN(3), out);
}

wg_status wg_batch_norm_grad(wg_tensor *x, wg_tensor *gamma, wg_tensor *mean, wg_tensor *rstd, wg_tensor *gy, wg_tensor **gx,
                             wg_tensor **ggamma, wg_tensor **gbeta)
{
    wg_tensor *in[5] = {x, gamma, mean, rstd, gy}, **to[3] = {gx, ggamma, gbeta};
    return wg_norm_apply(&wg_op_batch_norm_grad, NULL, in, 5, to);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct wg_norm norm = wg_norm_by_channel(c->in[0]);
    return wg_norm_grad_vjp(&norm, c, gy, gx);
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const struct wg_norm norm = wg_norm_by_channel(c->in[0]);
    return wg_norm_grad_jvp(&norm, c, tx, ty);
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_each(c, 6, 3, 0, 0, 0);
    const double channels = (double)wg_extents(c->in[0])[1];
    cost.mul += 3 * channels;
    cost.div = 2 * channels;
    return cost;
}

#define SHAPES(...) {WG_DIMS(__VA_ARGS__), WG_DIMS(3), WG_DIMS(3), WG_DIMS(3), WG_DIMS(__VA_ARGS__)}, .n = 5
const struct wg_op wg_op_batch_norm_grad = {
    .name = "batch_norm_grad",
    .n_in = 5,
    .n_out = 3,
    .optional = WG_IN(1),
    .shape = shape,
    .kernel = KERNELS(batch_norm_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1) | WG_IN(2) | WG_IN(3) | WG_IN(4),
    .inplace = WG_IN(4),
    WG_SAMPLES({"rows", SHAPES(5, 3), .low = {-1, -1, -1, 0.5, -1}, .high = {1, 1, 1, 2, 1}},
               {"plain", SHAPES(2, 3, 2), .low = {-1, 0, -1, 0.5, -1}, .high = {1, 0, 1, 2, 1}, .none = WG_IN(1)},
               {"images", SHAPES(2, 3, 2, 2), .low = {-1, -1, -1, 0.5, -1}, .high = {1, 1, 1, 2, 1}}),
};
#undef SHAPES
#endif
