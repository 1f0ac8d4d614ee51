/* y = x², element by element; dy/dx = 2x. */
#ifdef REAL
MAP1(square, wg_no_params, x *x)
#else
#define KERNEL_FILE "square.c"
#include "op.h"

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_mul_scalar(wg_take(wg_mul(wg_take(gy[0]), c->in[0])), 2));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = wg_mul_scalar(wg_mul(tx[0], c->in[0]), 2));
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 1, 0, 0, 0);
}

const struct wg_op wg_op_square = {
    .name = "square",
    .n_in = 1,
    .n_out = 1,
    .kernel = KERNELS(square),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1}),
};
#endif
