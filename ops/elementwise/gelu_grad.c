/* The gradient of gelu: gy (Φ(x) + x φ(x)), φ(x) = e^(-x²/2)/√(2π). Linear in gy; d/dx = gy φ(x) (2 - x²). */
#ifdef REAL
/* The slope at -a, a = |x|, is Φ(-a) - a φ(a), which is 0 for a > 40. The slope at a is 1 minus that. */
WG_INLINE REAL T(gelu_gradient)(REAL x, REAL gy)
{
    const int tail = R(fabs)(x) > (REAL)40, left = x <= (REAL)0;
    const REAL a = tail ? (REAL)40 : R(fabs)(x), slope = (R(mills)(a) - a * (REAL)(0.5 * M_SQRT1_2 * M_2_SQRTPI)) * R(bell)(a);
    const REAL right = (REAL)1 - slope;
    return gy * (left ? slope : right);
}
MAP2(gelu_grad, wg_no_params, T(gelu_gradient)(a, b))
#else
#define KERNEL_FILE "ops/elementwise/gelu_grad.c"
#include "ops/op.h"

/* x is clamped to ±40, where φ is 0 in f64 too, so that x² is finite. */
static wg_tensor *by_x(const wg_call *c, wg_tensor *g)
{
    wg_tensor *square = wg_square(wg_clamp(c->in[0], -40, 40));
    wg_tensor *density = wg_exp(wg_mul_scalar(square, -0.5)), *factor = wg_add_scalar(wg_neg(square), 2);
    return wg_mul_scalar(wg_mul(wg_mul(g, c->in[1]), wg_mul(density, factor)), 0.5 * M_SQRT1_2 * M_2_SQRTPI);
}
WG_DIAGONAL_GRAD(by_x(c, g))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 2, 3, 0, 2, 2);
}

const struct wg_op wg_op_gelu_grad = {
    .name = WG_REGISTERED("gelu_grad"),
    .n_in = 2,
    .n_out = 1,
    .kernels = MAP_KERNELS(gelu_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .inplace = WG_IN(1),
    WG_SAMPLES({"about 0", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-3, -1}, .high = {3, 1}},
               {"tails", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-8, -1}, .high = {8, 1}}),
};
#endif
