/* The gradient of relu, computed from y = relu x: gy where y > 0 or y is NaN, else 0. Linear in gy, piecewise constant in y. */
#ifdef REAL
MAP2(relu_grad, wg_no_params, a <= (REAL)0 ? (REAL)0 : b)
#else
#define KERNEL_FILE "ops/elementwise/relu_grad.c"
#include "ops/op.h"

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 1, 0);
}

const struct wg_op wg_op_relu_grad = {
    .name = WG_REGISTERED("relu_grad"),
    .n_in = 2,
    .n_out = 1,
    .kernels = MAP_KERNELS(relu_grad),
    .vjp = wg_vjp_routed,
    .jvp = wg_jvp_routed,
    .cost = cost,
    .saves = WG_IN(0),
    .flat = WG_IN(0),
    .inplace = WG_IN(1),
    WG_SAMPLES({"open", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {0.1}, .high = {1}},
               {"shut", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-1}, .high = {-0.1}},
               {"mixed", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-100}, .high = {100}}),
};
#endif
