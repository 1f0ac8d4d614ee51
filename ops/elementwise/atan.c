/* y = arctan x, element by element; dy/dx = 1/(1 + x²). */
#ifdef REAL
MAP1(atan, wg_no_params, R(atan)(x))
#else
#define KERNEL_FILE "ops/elementwise/atan.c"
#include "ops/op.h"

WG_DIAGONAL(wg_div(wg_donate(g), wg_add_scalar(wg_square(c->in[0]), 1)))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_atan = {
    .name = WG_REGISTERED("atan"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(atan),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {-3}, .high = {3}}),
};
#endif
