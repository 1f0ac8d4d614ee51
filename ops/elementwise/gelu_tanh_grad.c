/* The gradient of gelu_tanh. With z = 2u, s = sigmoid z and t = 1 - s = sigmoid(-z) it is gy s (1 + x t z'). Linear in gy;
   d/dx = gy s t (2z' + x ((t - s) z'² + z'')). */
#ifdef REAL
#include "ops/elementwise/tails.h"
WG_INLINE REAL T(gelu_tanh_gradient)(REAL x, REAL gy)
{
    const WIDE v = (WIDE)T(between)(x, 40), cubic = (WIDE)WG_GELU_3 * (v * v), z = v * ((WIDE)WG_GELU_1 + cubic);
    const WIDE slope = (WIDE)WG_GELU_1 + (WIDE)3 * cubic, e = W(exp)(-W(fabs)(z)), near = (WIDE)1 / ((WIDE)1 + e), far = e * near;
    const int right = z >= (WIDE)0;
    return (REAL)((WIDE)gy * ((right ? near : far) * ((WIDE)1 + v * (right ? far : near) * slope)));
}
MAP2(gelu_tanh_grad, wg_no_params, T(gelu_tanh_gradient)(a, b))
#else
#define KERNEL_FILE "ops/elementwise/gelu_tanh_grad.c"
#include "ops/elementwise/tails.h"
#include "ops/op.h"

/* x is clamped to ±40, where s t is 0 in f64 too, so that its powers are finite. */
static wg_tensor *by_x(const wg_call *c, wg_tensor *g)
{
    wg_tensor *x = wg_clamp(c->in[0], -40, 40), *cubic = wg_mul_scalar(wg_square(x), WG_GELU_3);
    wg_tensor *z = wg_mul(x, wg_add_scalar(cubic, WG_GELU_1)), *s = wg_sigmoid(z), *t = wg_sigmoid(wg_neg(z));
    wg_tensor *z1 = wg_add_scalar(wg_mul_scalar(cubic, 3), WG_GELU_1), *z2 = wg_mul_scalar(x, 6 * WG_GELU_3);
    wg_tensor *second = wg_add(wg_mul(wg_sub(t, s), wg_square(z1)), z2);
    wg_tensor *factor = wg_add(wg_mul_scalar(z1, 2), wg_mul(x, second));
    return wg_mul(wg_mul(g, c->in[1]), wg_mul(wg_mul(s, t), factor));
}
WG_DIAGONAL_GRAD(by_x(c, g))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 4, 9, 1, 3, 1);
}

const struct wg_op wg_op_gelu_tanh_grad = {
    .name = WG_REGISTERED("gelu_tanh_grad"),
    .n_in = 2,
    .n_out = 1,
    .kernels = MAP_KERNELS(gelu_tanh_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .inplace = WG_IN(1),
    WG_SAMPLES({"about 0", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-3, -1}, .high = {3, 1}},
               {"tails", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-6, -1}, .high = {6, 1}}),
};
#endif
