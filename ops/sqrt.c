/* y = √x, element by element; dy/dx = 1/(2y). */
#ifdef REAL
MAP1(sqrt, wg_no_params, R(sqrt)(x))
#else
#define KERNEL_FILE "sqrt.c"
#include "op.h"

static wg_tensor *by_x(const wg_call *c, wg_tensor *g)
{
    return wg_mul_scalar(wg_take(wg_div(g, c->out[0])), 0.5);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], by_x(c, wg_take(gy[0])));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = by_x(c, tx[0]));
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_sqrt = {
    .name = "sqrt",
    .n_in = 1,
    .n_out = 1,
    .kernel = KERNELS(sqrt),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_OUT(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {0.25}, .high = {3}}),
};
#endif
