/* y = ln(1 + x), element by element, accurate near 0; dy/dx = 1/(1 + x). */
#ifdef REAL
MAP1(log1p, wg_no_params, R(log1p)(x))
#else
#define KERNEL_FILE "ops/elementwise/log1p.c"
#include "ops/op.h"

WG_DIAGONAL(wg_div(wg_donate(g), wg_add_scalar(c->in[0], 1)))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_log1p = {
    .name = WG_REGISTERED("log1p"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(log1p),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {-0.7}, .high = {3}},
               {"near 0", {WG_DIMS(3, 4)}, .n = 1, .low = {-1e-3}, .high = {1e-3}}),
};
#endif
