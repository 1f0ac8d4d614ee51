/* y = x/2 (1 + tanh u), u = √(2/π) (x + 0.044715 x³) (Hendrycks, Gimpel, 2016). It is computed as x sigmoid(2u), which is accurate
   in the left tail. */
#ifdef REAL
#include "ops/elementwise/tails.h"
WG_INLINE REAL T(gelu_tanh_value)(REAL x)
{
    const WIDE v = (WIDE)T(from_left)(x, 40), z = v * ((WIDE)WG_GELU_1 + (WIDE)WG_GELU_3 * (v * v));
    const WIDE e = W(exp)(-W(fabs)(z));
    return (REAL)(v * (z >= (WIDE)0 ? (WIDE)1 : e) / ((WIDE)1 + e));
}
MAP1(gelu_tanh, wg_no_params, T(gelu_tanh_value)(x))
#else
#define KERNEL_FILE "ops/elementwise/gelu_tanh.c"
#include "ops/op.h"

WG_DIAGONAL(wg_gelu_tanh_grad(c->in[0], wg_donate(g)))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 2, 4, 1, 2, 1);
}

const struct wg_op wg_op_gelu_tanh = {
    .name = WG_REGISTERED("gelu_tanh"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(gelu_tanh),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"about 0", {WG_DIMS(3, 4)}, .n = 1, .low = {-3}, .high = {3}},
               {"tails", {WG_DIMS(3, 4)}, .n = 1, .low = {-50}, .high = {50}}),
};
#endif
