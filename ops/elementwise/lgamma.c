/* y = ln |Γ(x)|, element by element; dy/dx = digamma x. Always computed in f64: near its zeros, and below 0, the error of the
   library's f32 function is more than a few units in the last place. */
#ifdef REAL
WG_INLINE REAL T(lgamma_value)(REAL x)
{
    int sign; /* lgamma would store it in a global variable */
    return (REAL)lgamma_r((WIDE)x, &sign);
}
MAP1(lgamma, wg_no_params, T(lgamma_value)(x))
#else
#define KERNEL_FILE "ops/elementwise/lgamma.c"
#include "ops/op.h"

WG_DIAGONAL(wg_mul(wg_donate(g), wg_digamma(c->in[0])))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_lgamma = {
    .name = WG_REGISTERED("lgamma"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(lgamma),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"above", {WG_DIMS(3, 4)}, .n = 1, .low = {0.3}, .high = {4}},
               {"below", {WG_DIMS(3, 4)}, .n = 1, .low = {-1.8}, .high = {-1.2}}),
};
#endif
