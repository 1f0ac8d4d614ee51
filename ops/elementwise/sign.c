/* y = -1, 0 or 1, the sign of x; NaN for NaN. Piecewise constant: the derivative is 0. */
#ifdef REAL
WG_INLINE REAL T(sign_value)(REAL x)
{
    const int above = x > (REAL)0, below = x < (REAL)0; /* always both: the work must not depend on the data */
    return above ? (REAL)1 : below ? (REAL)-1 : x;
}
MAP1(sign, wg_no_params, T(sign_value)(x))
#else
#define KERNEL_FILE "ops/elementwise/sign.c"
#include "ops/op.h"

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 2, 0);
}

const struct wg_op wg_op_sign = {
    .name = WG_REGISTERED("sign"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(sign),
    .vjp = wg_vjp_flat,
    .jvp = wg_jvp_flat,
    .cost = cost,
    .flat = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"above", {WG_DIMS(3, 4)}, .n = 1, .low = {0.1}, .high = {1}},
               {"below", {WG_DIMS(3, 4)}, .n = 1, .low = {-1}, .high = {-0.1}}),
};
#endif
