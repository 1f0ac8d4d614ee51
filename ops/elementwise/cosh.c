/* y = cosh x, element by element; dy/dx = sinh x. */
#ifdef REAL
MAP1(cosh, wg_no_params, R(cosh)(x))
#else
#define KERNEL_FILE "ops/elementwise/cosh.c"
#include "ops/op.h"

WG_DIAGONAL(wg_mul(wg_donate(g), wg_sinh(c->in[0])))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_cosh = {
    .name = WG_REGISTERED("cosh"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(cosh),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {-2}, .high = {2}}),
};
#endif
