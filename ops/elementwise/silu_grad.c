/* The gradient of silu: gy s (1 + x t), s = sigmoid x, t = 1 - s = sigmoid(-x). Linear in gy; d/dx = gy s t (2 + x (t - s)). */
#ifdef REAL
#include "ops/elementwise/tails.h"
WG_INLINE REAL T(silu_gradient)(REAL x, REAL gy)
{
    const REAL v = T(between)(x, 800), e = R(exp)(R(fabs)(v) * (REAL)-0.5), near = (REAL)1 / ((REAL)1 + e * e), far = e * e * near;
    const int right = v >= (REAL)0;
    const REAL w = right ? (REAL)1 : e, t = right ? far : near; /* s = near w², t = 1 - s */
    return gy * (near * w * ((REAL)1 + v * t) * w);
}
MAP2(silu_grad, wg_no_params, T(silu_gradient)(a, b))
#else
#define KERNEL_FILE "ops/elementwise/silu_grad.c"
#include "ops/op.h"

/* x is clamped to ±800, where s t is 0 in f64 too, so that no infinite x is multiplied by 0. */
static wg_tensor *by_x(const wg_call *c, wg_tensor *g)
{
    wg_tensor *x = wg_clamp(c->in[0], -800, 800), *s = wg_sigmoid(x), *t = wg_sigmoid(wg_neg(x));
    wg_tensor *factor = wg_add_scalar(wg_mul(x, wg_sub(t, s)), 2);
    return wg_mul(wg_mul(g, c->in[1]), wg_mul(wg_mul(s, t), factor));
}
WG_DIAGONAL_GRAD(by_x(c, g))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 2, 9, 1, 3, 1);
}

const struct wg_op wg_op_silu_grad = {
    .name = WG_REGISTERED("silu_grad"),
    .n_in = 2,
    .n_out = 1,
    .kernels = MAP_KERNELS(silu_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .inplace = WG_IN(1),
    WG_SAMPLES({"about 0", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-3, -1}, .high = {3, 1}},
               {"tails", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-30, -1}, .high = {30, 1}}),
};
#endif
