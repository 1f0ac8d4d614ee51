/* y = x clamped to low … high, NaN for NaN; dy/dx = 1 for low <= x <= high, else 0. */
#ifdef REAL
WG_INLINE REAL T(clamp_value)(REAL x, const struct wg_bounds *p)
{
    const REAL low = (REAL)p->low, high = (REAL)p->high;
    const int below = x<low, above = x> high; /* always both: the work must not depend on the data */
    return below ? low : above ? high : x;
}
MAP1(clamp, struct wg_bounds, T(clamp_value)(x, p))
#else
#define KERNEL_FILE "ops/elementwise/clamp.c"
#include "ops/op.h"

wg_tensor *wg_clamp(wg_tensor *x, double low, double high)
{
    const struct wg_bounds p = {low, high};
    if (wg_bounds_check("clamp", low, high) != WG_OK)
        return NULL;
    return wg_invoke1(&wg_op_clamp, &p, x);
}

static wg_tensor *inside(const wg_call *c, wg_tensor *g)
{
    const struct wg_bounds *p = c->params;
    return wg_clamp_grad(c->in[0], g, p->low, p->high);
}
WG_DIAGONAL(inside(c, wg_donate(g)))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 2, 0);
}

const struct wg_op wg_op_clamp = {
    .name = WG_REGISTERED("clamp"),
    .params_size = sizeof(struct wg_bounds),
    WG_PARAMS(WG_PARAM(REAL, struct wg_bounds, low), WG_PARAM(REAL, struct wg_bounds, high)),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(clamp),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    .flags = WG_OP_ROUTES,
    WG_SAMPLES({"inside", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_bounds){-2, 2}},
               {"below", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_bounds){2, (double)INFINITY}},
               {"above", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_bounds){-3, -2}},
               {"mixed", {WG_DIMS(3, 4)}, .n = 1, .low = {-100}, .high = {100}, .params = &(const struct wg_bounds){-50, 50}}),
};
#endif
