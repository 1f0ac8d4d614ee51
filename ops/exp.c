/* y = eˣ, element by element; dy/dx = y. */
#ifdef REAL
MAP1(exp, wg_no_params, R(exp)(x))
#else
#define KERNEL_FILE "exp.c"
#include "op.h"

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_mul(wg_take(gy[0]), c->out[0]));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = wg_mul(tx[0], c->out[0]));
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_exp = {
    .name = "exp",
    .n_in = 1,
    .n_out = 1,
    .kernel = KERNELS(exp),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_OUT(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {-2}, .high = {2}}),
};
#endif
