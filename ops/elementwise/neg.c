/* y = -x; dy/dx = -1. The cost counts no arithmetic for a change of sign. */
#ifdef REAL
MAP1(neg, wg_no_params, -x)
#else
#define KERNEL_FILE "ops/elementwise/neg.c"
#include "ops/op.h"

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    return WG_GIVE(gx[0], wg_neg(wg_donate(gy[0])));
}

const struct wg_op wg_op_neg = {
    .name = WG_REGISTERED("neg"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(neg),
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .cost = wg_cost_bytes,
    .inplace = WG_IN(0),
    WG_SAMPLES({"2x3", {WG_DIMS(2, 3)}, .n = 1}),
};
#endif
