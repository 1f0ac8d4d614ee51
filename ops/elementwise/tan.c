/* y = tan x, element by element; dy/dx = 1 + y². */
#ifdef REAL
MAP1(tan, wg_no_params, R(tan)(x))
#else
#define KERNEL_FILE "ops/elementwise/tan.c"
#include "ops/op.h"

WG_DIAGONAL(wg_mul(wg_donate(g), wg_add_scalar(wg_square(c->out[0]), 1)))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_tan = {
    .name = WG_REGISTERED("tan"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(tan),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_OUT(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"round 0", {WG_DIMS(3, 4)}, .n = 1, .low = {-1.2}, .high = {1.2}},
               {"round π", {WG_DIMS(3, 4)}, .n = 1, .low = {2.2}, .high = {4}}),
};
#endif
