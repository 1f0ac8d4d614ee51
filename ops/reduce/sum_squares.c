/* Σ x² over axes, accumulated in f64. The gradient is 2 gy x. */
#ifdef REAL
#define NAME sum_squares
#define ACC WIDE
#define TERM(x, c) ((WIDE)(x) * (WIDE)(x))
#define COMBINE(a, b) ((a) + (b))
#define FINISH(a, n) ((REAL)(a))
#define EMPTY ((REAL)0)
#include "ops/reduce/reduce_tmpl.h"
#else
#define KERNEL_FILE "ops/reduce/sum_squares.c"
#include "ops/op.h"

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_mul(c->in[0], wg_mul_scalar(wg_restore_axes(c, gy[0]), 2)));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *product = wg_mul(c->in[0], tx[0]);
    return wg_made(ty[0] = wg_mul_scalar(wg_donate(wg_invoke1(&wg_op_sum, c->params, product)), 2));
}

/* Per result over n elements: n squares and n - 1 additions. */
static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_bytes(c);
    if (c->in[0]->numel > 0) {
        cost.mul = (double)c->in[0]->numel;
        cost.add = (double)(c->in[0]->numel - c->out[0]->numel);
    }
    return cost;
}

const struct wg_op wg_op_sum_squares = {
    .name = WG_REGISTERED("sum_squares"),
    .params_size = sizeof(struct wg_reduce_params),
    WG_PARAMS(WG_REDUCE_PARAMS),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_reduce_shape,
    .kernels = KERNELS(sum_squares),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    WG_SAMPLES({"all", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 3}},
               {"rows", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 2}},
               {"columns", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 1, .keepdims = true}},
               {"outer", {WG_DIMS(2, 3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 5}},
               {"blocks", {WG_DIMS(600)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 1}}),
};
#endif
