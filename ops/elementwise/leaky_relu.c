/* y = x for x > 0, else slope x; dy/dx = 1 for x > 0, else slope. */
#ifdef REAL
WG_INLINE REAL T(leaky)(REAL x, REAL slope)
{
    /* Selects the factor. Selecting between x and slope x would compile to a branch; max(x, 0) + slope min(x, 0) would give NaN for
       an infinite slope. */
    return x * (x > (REAL)0 ? (REAL)1 : slope);
}
MAP1(leaky_relu, double, T(leaky)(x, (REAL)*p))
#else
#define KERNEL_FILE "ops/elementwise/leaky_relu.c"
#include "ops/op.h"

wg_tensor *wg_leaky_relu_with(wg_tensor *x, wg_leaky_relu_options options)
{
    if (wg_check_number("leaky_relu", "slope", options.slope, WG_ANY_NUMBER) != WG_OK)
        return NULL;
    return wg_invoke1(&wg_op_leaky_relu, &options.slope, x);
}

WG_DIAGONAL(wg_leaky_relu_grad(c->in[0], wg_donate(g), *(const double *)c->params))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 1, 0, 1, 0);
}

const struct wg_op wg_op_leaky_relu = {
    .name = WG_REGISTERED("leaky_relu"),
    .params_size = sizeof(double),
    WG_PARAMS(WG_PARAM_ONLY(REAL, "slope")),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(leaky_relu),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"above", {WG_DIMS(3, 4)}, .n = 1, .low = {0.1}, .high = {1}, .params = &(const double){0.01}},
               {"below", {WG_DIMS(3, 4)}, .n = 1, .low = {-1}, .high = {-0.1}, .params = &(const double){0.01}},
               {"mixed", {WG_DIMS(3, 4)}, .n = 1, .low = {-100}, .high = {100}, .params = &(const double){-0.5}}),
};
#endif
