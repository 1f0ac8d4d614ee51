/* Σ |x| over axes, accumulated in f64. The gradient is gy sign(x). */
#ifdef REAL
#define NAME sum_abs
#define ACC WIDE
#define TERM(x, c) ((WIDE)R(fabs)(x))
#define COMBINE(a, b) ((a) + (b))
#define FINISH(a, n) ((REAL)(a))
#define EMPTY ((REAL)0)
#include "ops/reduce/reduce_tmpl.h"
#else
#define KERNEL_FILE "ops/reduce/sum_abs.c"
#include "ops/op.h"

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_mul(wg_donate(wg_sign(c->in[0])), wg_restore_axes(c, gy[0])));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = wg_invoke1(&wg_op_sum, c->params, wg_mul(wg_donate(wg_sign(c->in[0])), tx[0])));
}

/* Per result over n elements: n - 1 additions. */
static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_bytes(c);
    if (c->in[0]->numel > 0)
        cost.add = (double)(c->in[0]->numel - c->out[0]->numel);
    return cost;
}

const struct wg_op wg_op_sum_abs = {
    .name = WG_REGISTERED("sum_abs"),
    .params_size = sizeof(struct wg_reduce_params),
    WG_PARAMS(WG_REDUCE_PARAMS),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_reduce_shape,
    .kernels = KERNELS(sum_abs),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    WG_SAMPLES(
        {"all", {WG_DIMS(3, 4)}, .n = 1, .low = {0.1}, .high = {1}, .params = &(const struct wg_reduce_params){.axes = 3}},
        {"rows", {WG_DIMS(3, 4)}, .n = 1, .low = {-1}, .high = {-0.1}, .params = &(const struct wg_reduce_params){.axes = 2}},
        {"columns",
         {WG_DIMS(3, 4)},
         .n = 1,
         .low = {0.1},
         .high = {1},
         .params = &(const struct wg_reduce_params){.axes = 1, .keepdims = true}},
        {"outer", {WG_DIMS(2, 3, 4)}, .n = 1, .low = {-1}, .high = {-0.1}, .params = &(const struct wg_reduce_params){.axes = 5}},
        {"blocks", {WG_DIMS(600)}, .n = 1, .low = {0.1}, .high = {1}, .params = &(const struct wg_reduce_params){.axes = 1}}),
};
#endif
