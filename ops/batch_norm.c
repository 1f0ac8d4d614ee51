/* x̂ = (x - μ)/√(σ² + ε), y = γ x̂ + β per channel (Ioffe, Szegedy, 2015). Two passes in f64: first μ, then σ² about it. μ and the
   reciprocal deviation are outputs too, which the gradient reads. */
#ifdef REAL
#include "channel.h"

/* w channels from first on; sx and sy are the channels' strides in x and y. */
static inline __attribute__((always_inline)) void T(normalise)(const wg_call *c, int64_t first, int64_t w, int64_t sx, int64_t sy)
{
    const ELEM *x = (const ELEM *)(const void *)c->in[0]->data + first * sx;
    ELEM *y = (ELEM *)(void *)c->out[0]->data + first * sy;
    ELEM *means = (ELEM *)(void *)c->out[1]->data, *rstds = (ELEM *)(void *)c->out[2]->data;
    const int64_t s_mean = wg_strides(c->out[1])[0], s_rstd = wg_strides(c->out[2])[0];
    T(positions) of_x, of_y;
    WIDE mean[T(GROUP)], variance[T(GROUP)];
    REAL scale[T(GROUP)], shift[T(GROUP)];
    T(positions_beside)(&of_x, c->in[0], c->out[1]);
    T(positions_beside)(&of_y, c->out[0], c->out[1]);
    const int64_t count = of_x.plan.count;
    for (int64_t k = 0; k < w; k++)
        mean[k] = variance[k] = (WIDE)0;
    for (int64_t at = 0, n; at < count; at += n) {
        n = T(run_at)(&of_x, at);
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < w; k++)
                mean[k] = mean[k] + (WIDE)(REAL)x[of_x.offset[i] + k * sx];
    }
    for (int64_t k = 0; k < w; k++)
        mean[k] = mean[k] / (WIDE)count;
    for (int64_t at = 0, n; at < count; at += n) {
        n = T(run_at)(&of_x, at);
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < w; k++) {
                const WIDE d = (WIDE)(REAL)x[of_x.offset[i] + k * sx] - mean[k];
                variance[k] = variance[k] + d * d;
            }
    }
    for (int64_t k = 0; k < w; k++) {
        const REAL rstd = (REAL)((WIDE)1 / sqrt(variance[k] / (WIDE)count + (WIDE) * (const double *)c->params));
        means[(first + k) * s_mean] = (REAL)mean[k];
        rstds[(first + k) * s_rstd] = rstd;
        scale[k] = rstd * T(of_channel)(c->in[1], first + k, (REAL)1);
        shift[k] = T(of_channel)(c->in[2], first + k, (REAL)0);
    }
    for (int64_t at = 0, n; at < count; at += n) {
        n = T(run_at)(&of_x, at);
        T(run_at)(&of_y, at);
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < w; k++) /* the difference in f64: a large mean would spoil it */
                y[of_y.offset[i] + k * sy] = (REAL)((WIDE)(REAL)x[of_x.offset[i] + k * sx] - mean[k]) * scale[k] + shift[k];
    }
}

static void T(normalise_groups)(int64_t first_group, int64_t last_group, void *context)
{
    const wg_call *c = (const wg_call *)context;
    const int64_t channels = wg_extents(c->in[0])[1], width = T(group_width)(c);
    const int64_t sx = wg_strides(c->in[0])[1], sy = wg_strides(c->out[0])[1];
    for (int64_t group = first_group; group < last_group; group++) {
        const int64_t first = group * width, rest = channels - first;
        if (rest < width)
            T(normalise)(c, first, rest, sx, sy);
        else if (width == T(GROUP)) /* a loop of its own, which the compiler vectorises */
            T(normalise)(c, first, T(GROUP), 1, 1);
        else
            T(normalise)(c, first, T(FEW), sx, sy);
    }
}

static wg_status T(batch_norm)(const wg_call *c)
{
    const int64_t width = T(group_width)(c), groups = (wg_extents(c->in[0])[1] + width - 1) / width;
    wg_parallel(wg_kernel_threads(4 * (double)c->in[0]->numel), groups, T(normalise_groups), (void *)(uintptr_t)c);
    return WG_OK;
}
#else
#define KERNEL_FILE "batch_norm.c"
#include "op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_norm_eps(c));
    return wg_channels_shape(c, WG_IN(1) | WG_IN(2), out);
}

wg_tensor *wg_batch_norm(wg_tensor *x, wg_tensor *gamma, wg_tensor *beta, double eps, wg_tensor **mean, wg_tensor **rstd)
{
    wg_tensor *y = NULL, *in[3] = {x, gamma, beta}, **to[3] = {&y, mean, rstd};
    return wg_norm_apply(&wg_op_batch_norm, &eps, in, 3, to) == WG_OK ? y : NULL;
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct wg_norm norm = wg_norm_by_channel(c->in[0]);
    return wg_norm_vjp(&norm, c, gy, gx);
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const struct wg_norm norm = wg_norm_by_channel(c->in[0]);
    return wg_norm_jvp(&norm, c, tx, ty);
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_each(c, 5, 2, 0, 0, 0);
    const double channels = (double)wg_extents(c->in[0])[1];
    cost.add += channels;
    cost.mul += channels;
    cost.div = 3 * channels;
    cost.transcendental = channels;
    return cost;
}

const struct wg_op wg_op_batch_norm = {
    .name = "batch_norm",
    .params_size = sizeof(double),
    .n_in = 3,
    .n_out = 3,
    .optional = WG_IN(1) | WG_IN(2),
    .shape = shape,
    .kernel = KERNELS(batch_norm),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1) | WG_OUT(1) | WG_OUT(2),
    WG_SAMPLES({"rows", {WG_DIMS(5, 3), WG_DIMS(3), WG_DIMS(3)}, .n = 3, .params = &(const double){1e-2}},
               {"images", {WG_DIMS(3, 2, 2, 3), WG_DIMS(2), WG_DIMS(2)}, .n = 3, .params = &(const double){1e-2}},
               {"plain", {WG_DIMS(4, 2), {0}, {0}}, .n = 3, .none = WG_IN(1) | WG_IN(2), .params = &(const double){1e-2}},
               {"groups", {WG_DIMS(4, 19), WG_DIMS(19), WG_DIMS(19)}, .n = 3, .params = &(const double){1e-2}}),
};
#endif
