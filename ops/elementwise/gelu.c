/* y = x Φ(x), where Φ is the standard normal distribution function; dy/dx = Φ(x) + x φ(x). It is computed as max(x, 0) - |x|
   Φ(-|x|), which is accurate in the left tail. Φ(-|x|) is e^(-x²/2) Mills(|x|) (R(bell), R(mills)); for |x| > 40 it is 0. */
#ifdef REAL
WG_INLINE REAL T(gelu_value)(REAL x)
{
    const int tail = R(fabs)(x) > (REAL)40, left = x <= (REAL)0; /* always both: the work must not depend on the data */
    const REAL a = tail ? (REAL)40 : R(fabs)(x);
    return (left ? (REAL)0 : x) - a * R(mills)(a) * R(bell)(a);
}
MAP1(gelu, wg_no_params, T(gelu_value)(x))
#else
#define KERNEL_FILE "ops/elementwise/gelu.c"
#include "ops/op.h"

WG_DIAGONAL(wg_gelu_grad(c->in[0], wg_donate(g)))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 1, 2, 0, 2, 2);
}

const struct wg_op wg_op_gelu = {
    .name = WG_REGISTERED("gelu"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(gelu),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"about 0", {WG_DIMS(3, 4)}, .n = 1, .low = {-3}, .high = {3}},
               {"tails", {WG_DIMS(3, 4)}, .n = 1, .low = {-50}, .high = {50}}),
};
#endif
