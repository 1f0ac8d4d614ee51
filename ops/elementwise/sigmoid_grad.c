/* The gradient of sigmoid, computed from y = sigmoid x: gy y (1 - y). Linear in gy; d/dy = gy (1 - 2y). */
#ifdef REAL
MAP2(sigmoid_grad, wg_no_params, b *(a *((REAL)1 - a)))
#else
#define KERNEL_FILE "ops/elementwise/sigmoid_grad.c"
#include "ops/op.h"

WG_DIAGONAL_GRAD(wg_mul(wg_mul(g, c->in[1]), wg_add_scalar(wg_donate(wg_mul_scalar(c->in[0], -2)), 1)))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 1, 2, 0, 0, 0);
}

const struct wg_op wg_op_sigmoid_grad = {
    .name = WG_REGISTERED("sigmoid_grad"),
    .n_in = 2,
    .n_out = 1,
    .kernels = MAP_KERNELS(sigmoid_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .inplace = WG_IN(1),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {0.1, -1}, .high = {0.9, 1}}),
};
#endif
