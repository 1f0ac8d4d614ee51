/* The mean over axes. The gradient is gy/n, broadcast: scaled at the result's size, then a view with stride 0. */
#ifdef REAL
#define NAME mean
#define COMBINE(a, b) ((a) + (b))
#define FINISH(a, n) ((a) / (REAL)(n))
#define EMPTY ((REAL)NAN)
#define TRANSPOSED_UNDER WG_REDUCE_LANES /* from this length on, rows are vectorised along the row */
#include "ops/reduce/reduce_tmpl.h"
#else
#define KERNEL_FILE "ops/reduce/mean.c"
#include "ops/op.h"

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const double n = (double)c->in[0]->numel / (double)c->out[0]->numel;
    return WG_GIVE(gx[0], wg_broadcast_to(wg_mul_scalar(wg_restore_axes(c, gy[0]), 1 / n), wg_shape_of(c->in[0])));
}

/* Per result over n elements: n - 1 additions and one division. */
static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_bytes(c);
    if (c->in[0]->numel > 0) {
        cost.add = (double)(c->in[0]->numel - c->out[0]->numel);
        cost.div = (double)c->out[0]->numel;
    }
    return cost;
}

const struct wg_op wg_op_mean = {
    .name = WG_REGISTERED("mean"),
    .params_size = sizeof(struct wg_reduce_params),
    WG_PARAMS(WG_REDUCE_PARAMS),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_reduce_shape,
    .kernels = REDUCE_KERNELS(mean),
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .cost = cost,
    WG_SAMPLES({"all", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 3}},
               {"rows", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 2}},
               {"columns", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 1, .keepdims = true}},
               {"outer", {WG_DIMS(2, 3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 5}},
               {"blocks", {WG_DIMS(600)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 1}}),
};
#endif
