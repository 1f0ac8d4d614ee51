/* y = x Φ(x), Φ the normal distribution function as erfc(-x/√2)/2, which is exact in the left tail; dy/dx = Φ(x) + x φ(x). */
#ifdef REAL
#include "tails.h"
static inline REAL T(gelu_value)(REAL x)
{
    const WIDE v = T(from_left)((WIDE)x, 40);
    return (REAL)(v * (WIDE)0.5 * erfc(v * (WIDE)-M_SQRT1_2));
}
MAP1(gelu, wg_no_params, T(gelu_value)(x))
#else
#define KERNEL_FILE "gelu.c"
#include "op.h"

WG_DIAGONAL(wg_gelu_grad(c->in[0], wg_take(g)))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 3, 0, 1, 1);
}

const struct wg_op wg_op_gelu = {
    .name = "gelu",
    .n_in = 1,
    .n_out = 1,
    .kernel = KERNELS(gelu),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"about 0", {WG_DIMS(3, 4)}, .n = 1, .low = {-3}, .high = {3}},
               {"tails", {WG_DIMS(3, 4)}, .n = 1, .low = {-50}, .high = {50}}),
};
#endif
