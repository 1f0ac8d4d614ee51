/* y = max(x, 0), NaN for NaN; dy/dx = 1 for x > 0, else 0. */
#ifdef REAL
MAP1(relu, wg_no_params, x <= (REAL)0 ? (REAL)0 : x)
#else
#define KERNEL_FILE "ops/elementwise/relu.c"
#include "ops/op.h"

WG_DIAGONAL(wg_relu_grad(c->out[0], wg_donate(g)))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 1, 0);
}

const struct wg_op wg_op_relu = {
    .name = WG_REGISTERED("relu"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(relu),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_OUT(0),
    .inplace = WG_IN(0),
    .flags = WG_OP_ROUTES,
    WG_SAMPLES({"above", {WG_DIMS(3, 4)}, .n = 1, .low = {0.1}, .high = {1}},
               {"below", {WG_DIMS(3, 4)}, .n = 1, .low = {-1}, .high = {-0.1}},
               {"mixed", {WG_DIMS(3, 4)}, .n = 1, .low = {-100}, .high = {100}}),
};
#endif
