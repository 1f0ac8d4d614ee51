/* y = 2/√π ∫₀ˣ e^{-t²} dt, element by element; dy/dx = 2/√π e^{-x²}. */
#ifdef REAL
MAP1(erf, wg_no_params, R(erf)(x))
#else
#define KERNEL_FILE "ops/elementwise/erf.c"
#include "ops/op.h"

WG_DIAGONAL(wg_mul_scalar(wg_donate(wg_mul(wg_donate(g), wg_exp(wg_neg(wg_square(c->in[0]))))), M_2_SQRTPI))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_erf = {
    .name = WG_REGISTERED("erf"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(erf),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {-2}, .high = {2}}),
};
#endif
