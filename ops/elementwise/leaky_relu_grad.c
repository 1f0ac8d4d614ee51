/* The gradient of leaky_relu: gy where x > 0, else slope gy. Linear in gy, piecewise constant in x. */
#ifdef REAL
WG_INLINE REAL T(leaky_gradient)(REAL x, REAL gy, REAL slope)
{
    return gy * (x > (REAL)0 ? (REAL)1 : slope); /* selects the factor, as leaky_relu.c explains */
}
MAP2(leaky_relu_grad, double, T(leaky_gradient)(a, b, (REAL)*p))
#else
#define KERNEL_FILE "ops/elementwise/leaky_relu_grad.c"
#include "ops/op.h"

wg_tensor *wg_leaky_relu_grad(wg_tensor *x, wg_tensor *gy, double slope)
{
    if (wg_check_number("leaky_relu_grad", "slope", slope, WG_ANY_NUMBER) != WG_OK)
        return NULL;
    return wg_invoke2(&wg_op_leaky_relu_grad, &slope, x, gy);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 1, 0, 1, 0);
}

const struct wg_op wg_op_leaky_relu_grad = {
    .name = WG_REGISTERED("leaky_relu_grad"),
    .params_size = sizeof(double),
    WG_PARAMS(WG_PARAM_ONLY(REAL, "slope")),
    .n_in = 2,
    .n_out = 1,
    .kernels = MAP_KERNELS(leaky_relu_grad),
    .vjp = wg_vjp_routed,
    .jvp = wg_jvp_routed,
    .cost = cost,
    .saves = WG_IN(0),
    .flat = WG_IN(0),
    .inplace = WG_IN(1),
    WG_SAMPLES(
        {"above", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {0.1}, .high = {1}, .params = &(const double){0.01}},
        {"mixed", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-100, -1}, .high = {100, 1}, .params = &(const double){0.01}}),
};
#endif
