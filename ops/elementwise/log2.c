/* y = log₂ x, element by element; dy/dx = 1/(x ln 2). */
#ifdef REAL
MAP1(log2, wg_no_params, R(log2)(x))
#else
#define KERNEL_FILE "ops/elementwise/log2.c"
#include "ops/op.h"

WG_DIAGONAL(wg_mul_scalar(wg_donate(wg_div(wg_donate(g), c->in[0])), 1 / M_LN2))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_log2 = {
    .name = WG_REGISTERED("log2"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(log2),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {0.25}, .high = {3}}),
};
#endif
