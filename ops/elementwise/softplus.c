/* y = ln(1 + eˣ), computed as max(x, 0) + ln(1 + e^-|x|), which does not overflow; dy/dx = sigmoid x. */
#ifdef REAL
MAP1(softplus, wg_no_params, (x > (REAL)0 ? x : (REAL)0) + R(log1p)(R(exp)(-R(fabs)(x))))
#else
#define KERNEL_FILE "ops/elementwise/softplus.c"
#include "ops/op.h"

WG_DIAGONAL(wg_mul(wg_donate(g), wg_sigmoid(c->in[0])))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 1, 0, 0, 1, 2);
}

const struct wg_op wg_op_softplus = {
    .name = WG_REGISTERED("softplus"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(softplus),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"about 0", {WG_DIMS(3, 4)}, .n = 1, .low = {-3}, .high = {3}},
               {"tails", {WG_DIMS(3, 4)}, .n = 1, .low = {-40}, .high = {40}}),
};
#endif
