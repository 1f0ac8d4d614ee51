/* y = 1/x, element by element; dy/dx = -y². */
#ifdef REAL
MAP1(reciprocal, wg_no_params, (REAL)1 / x)
#else
#define KERNEL_FILE "ops/elementwise/reciprocal.c"
#include "ops/op.h"

WG_DIAGONAL(wg_neg(wg_donate(wg_mul(wg_donate(wg_mul(wg_donate(g), c->out[0])), c->out[0]))))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 1, 0, 0);
}

const struct wg_op wg_op_reciprocal = {
    .name = WG_REGISTERED("reciprocal"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(reciprocal),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_OUT(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"above", {WG_DIMS(3, 4)}, .n = 1, .low = {0.5}, .high = {2}},
               {"below", {WG_DIMS(3, 4)}, .n = 1, .low = {-2}, .high = {-0.5}}),
};
#endif
