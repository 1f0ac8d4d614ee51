/* The gradient of tanh, computed from y = tanh x: gy (1 - y²). Linear in gy; d/dy = -2 y gy. */
#ifdef REAL
MAP2(tanh_grad, wg_no_params, b *(1 - a * a))
#else
#define KERNEL_FILE "ops/elementwise/tanh_grad.c"
#include "ops/op.h"

WG_DIAGONAL_GRAD(wg_mul_scalar(wg_mul(wg_mul(c->in[0], c->in[1]), g), -2))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 1, 2, 0, 0, 0);
}

const struct wg_op wg_op_tanh_grad = {
    .name = WG_REGISTERED("tanh_grad"),
    .n_in = 2,
    .n_out = 1,
    .kernels = MAP_KERNELS(tanh_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .inplace = WG_IN(1),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2}),
};
#endif
