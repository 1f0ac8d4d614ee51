/* y = x: a copy of its own, row-major whatever x's order. The gradient is passed on. */
#ifdef REAL
MAP1(copy, wg_no_params, x)
#else
#define KERNEL_FILE "copy.c"
#include "op.h"

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    return WG_GIVE(gx[0], gy[0]);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_bytes(c);
}

const struct wg_op wg_op_copy = {
    .name = "copy", .n_in = 1, .n_out = 1, .kernel = KERNELS(copy), .vjp = vjp, .cost = cost, .flags = WG_ROW_MAJOR,
    WG_SAMPLES({"2x3", {WG_DIMS(2, 3)}, .n = 1}),
};
#endif
