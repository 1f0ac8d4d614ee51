/* y = 1/√x, element by element; dy/dx = -y³/2. */
#ifdef REAL
MAP1(rsqrt, wg_no_params, (REAL)1 / R(sqrt)(x))
#else
#define KERNEL_FILE "ops/elementwise/rsqrt.c"
#include "ops/op.h"

WG_DIAGONAL(wg_mul_scalar(wg_donate(wg_mul(wg_donate(g), wg_mul(c->out[0], wg_square(c->out[0])))), -0.5))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 1, 0, 1);
}

const struct wg_op wg_op_rsqrt = {
    .name = WG_REGISTERED("rsqrt"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(rsqrt),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_OUT(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {0.25}, .high = {3}}),
};
#endif
