/* The sum over axes. The gradient is gy, broadcast: a view with stride 0. */
#ifdef REAL
#define NAME sum
#define COMBINE(a, b) ((a) + (b))
#define FINISH(a, n) (a)
#define EMPTY ((REAL)0)
#define TRANSPOSED_UNDER WG_REDUCE_LANES /* from this length on, rows are vectorised along the row */
#include "ops/reduce/reduce_tmpl.h"
#else
#define KERNEL_FILE "ops/reduce/sum.c"
#include "ops/op.h"

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_broadcast_to(wg_restore_axes(c, gy[0]), wg_shape_of(c->in[0])));
}

/* Per result over n elements: n - 1 additions. */
static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_bytes(c);
    if (c->in[0]->numel > 0)
        cost.add = (double)(c->in[0]->numel - c->out[0]->numel);
    return cost;
}

const struct wg_op wg_op_sum = {
    .name = WG_REGISTERED("sum"),
    .params_size = sizeof(struct wg_reduce_params),
    WG_PARAMS(WG_REDUCE_PARAMS),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_reduce_shape,
    .kernels = REDUCE_KERNELS(sum),
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .cost = cost,
    WG_SAMPLES({"all", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 3}},
               {"rows", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 2}},
               {"columns", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 1, .keepdims = true}},
               {"middle", {WG_DIMS(2, 3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 2}},
               {"outer", {WG_DIMS(2, 3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 5}},
               {"blocks", {WG_DIMS(600)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 1}}),
};
#endif
