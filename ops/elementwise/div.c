/* y = a / b, broadcasting; dy/da = 1/b, dy/db = -y/b. */
#ifdef REAL
MAP2(div, wg_no_params, a / b)
#else
#define KERNEL_FILE "ops/elementwise/div.c"
#include "ops/op.h"

/* The gradient of b divides g y, not g, so that it is 0 where a is 0, even if g / b overflows. That takes one division more than
   (g / b) y, which would share the quotient with the gradient of a. */
static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[0], wg_div(gy[0], c->in[1])));
    return WG_GIVE(gx[1], wg_neg(wg_div(wg_mul(wg_donate(gy[0]), c->out[0]), c->in[1])));
}

/* (ta - y tb) / b */
static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *numerator = tx[0];
    if (!wg_absent(tx[1])) {
        wg_tensor *product = wg_mul(c->out[0], tx[1]);
        numerator = wg_absent(tx[0]) ? wg_neg(product) : wg_sub(tx[0], product);
    }
    return wg_made(ty[0] = wg_div(numerator, c->in[1]));
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 1, 0, 0);
}

const struct wg_op wg_op_div = {
    .name = WG_REGISTERED("div"),
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
