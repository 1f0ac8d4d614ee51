/* y = a / b, broadcasting; dy/da = 1/b, dy/db = -y/b. */
#ifdef REAL
MAP2(div, wg_no_params, a / b)
#else
#define KERNEL_FILE "ops/elementwise/div.c"
#include "ops/op.h"

static wg_tensor *by_b(const wg_call *c, wg_tensor *g)
{
    return wg_neg(wg_div(wg_mul(g, c->out[0]), c->in[1]));
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[0], wg_div(gy[0], c->in[1])));
    return WG_GIVE(gx[1], by_b(c, wg_donate(gy[0])));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_jvp_sum(c, WG_PART(tx[0], wg_div(tx[0], c->in[1])), WG_PART(tx[1], by_b(c, tx[1])), ty);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 1, 0, 0);
}

const struct wg_op wg_op_div = {
    .name = "div",
    .n_in = 2,
    .n_out = 1,
    .kernels = MAP_KERNELS(div),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(1) | WG_OUT(0),
    .inplace = WG_IN(0) | WG_IN(1),
    WG_SAMPLES({"above", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-1, 0.5}, .high = {1, 2}},
               {"below", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-1, -2}, .high = {1, -0.5}}),
};
#endif
