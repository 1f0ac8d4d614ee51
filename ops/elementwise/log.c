/* y = ln x, element by element; dy/dx = 1/x. */
#ifdef REAL
MAP1(log, wg_no_params, R(log)(x))
#else
#define KERNEL_FILE "ops/elementwise/log.c"
#include "ops/op.h"

WG_DIAGONAL(wg_div(wg_donate(g), c->in[0]))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_log = {
    .name = WG_REGISTERED("log"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(log),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {0.25}, .high = {3}}),
};
#endif
