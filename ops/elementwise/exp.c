/* y = eˣ, element by element; dy/dx = y. */
#ifdef REAL
MAP1(exp, wg_no_params, R(exp)(x))
#else
#define KERNEL_FILE "ops/elementwise/exp.c"
#include "ops/op.h"

WG_DIAGONAL(wg_mul(wg_donate(g), c->out[0]))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_exp = {
    .name = WG_REGISTERED("exp"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(exp),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_OUT(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {-2}, .high = {2}}),
};
#endif
