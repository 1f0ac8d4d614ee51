/* y = 1 / (1 + e⁻ˣ); dy/dx = y (1 - y). */
#ifdef REAL
MAP1(sigmoid, wg_no_params, R(sigmoid)(x))
#else
#define KERNEL_FILE "ops/elementwise/sigmoid.c"
#include "ops/op.h"

WG_DIAGONAL(wg_sigmoid_grad(c->out[0], wg_donate(g)))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_sigmoid = {
    .name = WG_REGISTERED("sigmoid"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(sigmoid),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_OUT(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {-3}, .high = {3}}),
};
#endif
