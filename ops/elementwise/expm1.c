/* y = eˣ - 1, element by element, accurate near 0. dy/dx = eˣ, computed from x, as y + 1 would lose all accuracy in the left
   tail. */
#ifdef REAL
MAP1(expm1, wg_no_params, R(expm1)(x))
#else
#define KERNEL_FILE "ops/elementwise/expm1.c"
#include "ops/op.h"

WG_DIAGONAL(wg_mul(wg_donate(g), wg_exp(c->in[0])))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_expm1 = {
    .name = WG_REGISTERED("expm1"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(expm1),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {-2}, .high = {2}},
               {"near 0", {WG_DIMS(3, 4)}, .n = 1, .low = {-1e-3}, .high = {1e-3}}),
};
#endif
