/* y = x sigmoid x; dy/dx = s (1 + x (1 - s)), s = sigmoid x. For x < 0 it multiplies by e = e^(-|x|/2) twice instead of by e² once:
   nothing overflows, and only the result can be denormal. */
#ifdef REAL
#include "ops/elementwise/tails.h"
WG_INLINE REAL T(silu_value)(REAL x)
{
    const REAL v = T(from_left)(x, 800), e = R(exp)(R(fabs)(v) * (REAL)-0.5), w = v >= (REAL)0 ? (REAL)1 : e;
    return v * w * w / ((REAL)1 + e * e);
}
MAP1(silu, wg_no_params, T(silu_value)(x))
#else
#define KERNEL_FILE "ops/elementwise/silu.c"
#include "ops/op.h"

WG_DIAGONAL(wg_silu_grad(c->in[0], wg_donate(g)))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 1, 4, 1, 2, 1);
}

const struct wg_op wg_op_silu = {
    .name = WG_REGISTERED("silu"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(silu),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"about 0", {WG_DIMS(3, 4)}, .n = 1, .low = {-3}, .high = {3}},
               {"tails", {WG_DIMS(3, 4)}, .n = 1, .low = {-50}, .high = {50}}),
};
#endif
