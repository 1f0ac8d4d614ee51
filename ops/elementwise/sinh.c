/* y = sinh x, element by element; dy/dx = cosh x. */
#ifdef REAL
MAP1(sinh, wg_no_params, R(sinh)(x))
#else
#define KERNEL_FILE "ops/elementwise/sinh.c"
#include "ops/op.h"

WG_DIAGONAL(wg_mul(wg_donate(g), wg_cosh(c->in[0])))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_sinh = {
    .name = WG_REGISTERED("sinh"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(sinh),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {-2}, .high = {2}}),
};
#endif
