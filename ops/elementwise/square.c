/* y = x², element by element; dy/dx = 2x. */
#ifdef REAL
MAP1(square, wg_no_params, x *x)
#else
#define KERNEL_FILE "ops/elementwise/square.c"
#include "ops/op.h"

WG_DIAGONAL(wg_mul_scalar(wg_donate(wg_mul(wg_donate(g), c->in[0])), 2))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 1, 0, 0, 0);
}

const struct wg_op wg_op_square = {
    .name = WG_REGISTERED("square"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(square),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1}),
};
#endif
