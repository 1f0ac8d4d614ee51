/* y = tanh x, element by element; dy/dx = 1 - y². */
#ifdef REAL
MAP1(tanh, wg_no_params, R(tanh)(x))
#else
#define KERNEL_FILE "ops/elementwise/tanh.c"
#include "ops/op.h"

WG_DIAGONAL(wg_tanh_grad(c->out[0], wg_donate(g)))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_tanh = {
    .name = WG_REGISTERED("tanh"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(tanh),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_OUT(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {-3}, .high = {3}}),
};
#endif
