/* y = √x, element by element; dy/dx = 1/(2y). */
#ifdef REAL
MAP1(sqrt, wg_no_params, R(sqrt)(x))
#else
#define KERNEL_FILE "ops/elementwise/sqrt.c"
#include "ops/op.h"

WG_DIAGONAL(wg_mul_scalar(wg_donate(wg_div(wg_donate(g), c->out[0])), 0.5))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_sqrt = {
    .name = WG_REGISTERED("sqrt"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(sqrt),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_OUT(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {0.25}, .high = {3}}),
};
#endif
