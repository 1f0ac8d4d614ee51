/* The gradient of clamp: gy where low <= x <= high or x is NaN, else 0. Linear in gy, piecewise constant in x. */
#ifdef REAL
WG_INLINE REAL T(clamp_gradient)(REAL x, REAL gy, const struct wg_bounds *p)
{
    const int below = x<(REAL)p->low, above = x>(REAL) p->high;
    return below | above ? (REAL)0 : gy;
}
MAP2(clamp_grad, struct wg_bounds, T(clamp_gradient)(a, b, p))
#else
#define KERNEL_FILE "ops/elementwise/clamp_grad.c"
#include "ops/op.h"

wg_tensor *wg_clamp_grad(wg_tensor *x, wg_tensor *gy, double low, double high)
{
    const struct wg_bounds p = {low, high};
    if (wg_bounds_check("clamp_grad", low, high) != WG_OK)
        return NULL;
    return wg_invoke2(&wg_op_clamp_grad, &p, x, gy);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 2, 0);
}

const struct wg_op wg_op_clamp_grad = {
    .name = WG_REGISTERED("clamp_grad"),
    .params_size = sizeof(struct wg_bounds),
    WG_PARAMS(WG_PARAM(REAL, struct wg_bounds, low), WG_PARAM(REAL, struct wg_bounds, high)),
    .n_in = 2,
    .n_out = 1,
    .kernels = MAP_KERNELS(clamp_grad),
    .vjp = wg_vjp_routed,
    .jvp = wg_jvp_routed,
    .cost = cost,
    .saves = WG_IN(0),
    .flat = WG_IN(0),
    .inplace = WG_IN(1),
    WG_SAMPLES({"inside", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .params = &(const struct wg_bounds){-2, 2}},
               {"outside", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .params = &(const struct wg_bounds){2, 3}},
               {"mixed",
                {WG_DIMS(3, 4), WG_DIMS(3, 4)},
                .n = 2,
                .low = {-100, -1},
                .high = {100, 1},
                .params = &(const struct wg_bounds){-50, 50}}),
};
#endif
