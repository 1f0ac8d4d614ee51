/* y = a - b, broadcasting; dy/da = 1, dy/db = -1. */
#ifdef REAL
MAP2(sub, wg_no_params, a - b)
#else
#define KERNEL_FILE "ops/elementwise/sub.c"
#include "ops/op.h"

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    WG_TRY(WG_GIVE(gx[0], gy[0]));
    return WG_GIVE(gx[1], wg_neg(gy[0]));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_jvp_sum(c, tx[0], WG_PART(tx[1], wg_neg(tx[1])), ty);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 1, 0, 0, 0, 0);
}

const struct wg_op wg_op_sub = {
    .name = WG_REGISTERED("sub"),
    .n_in = 2,
    .n_out = 1,
    .kernels = MAP_KERNELS(sub),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .inplace = WG_IN(0) | WG_IN(1),
    WG_SAMPLES({"same shape", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2}),
};
#endif
