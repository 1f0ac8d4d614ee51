/* y = a b, broadcasting; dy/da = b, dy/db = a. */
#ifdef REAL
MAP2(mul, wg_no_params, a *b)
#else
#define KERNEL_FILE "ops/elementwise/mul.c"
#include "ops/op.h"

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[0], wg_mul(gy[0], c->in[1])));
    return WG_GIVE(gx[1], wg_mul(gy[0], c->in[0]));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_jvp_sum(c, WG_PART(tx[0], wg_mul(tx[0], c->in[1])), WG_PART(tx[1], wg_mul(tx[1], c->in[0])), ty);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 1, 0, 0, 0);
}

const struct wg_op wg_op_mul = {
    .name = WG_REGISTERED("mul"),
    .n_in = 2,
    .n_out = 1,
    .kernels = MAP_KERNELS(mul),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .inplace = WG_IN(0) | WG_IN(1),
    .flags = WG_OP_SWAPS,
    WG_SAMPLES({"same shape", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2}),
};
#endif
