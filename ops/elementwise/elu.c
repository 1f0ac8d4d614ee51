/* y = scale x for x > 0, else scale alpha (eˣ - 1), computed with expm1; dy/dx = scale for x > 0, else scale alpha eˣ. */
#ifdef REAL
WG_INLINE REAL T(elu_value)(REAL x, const struct wg_elu_params *p)
{
    const REAL right = (REAL)p->scale * x, left = (REAL)(p->scale * p->alpha) * R(expm1)(x);
    return x > (REAL)0 ? right : left;
}
MAP1(elu, struct wg_elu_params, T(elu_value)(x, p))
#else
#define KERNEL_FILE "ops/elementwise/elu.c"
#include "ops/op.h"

wg_tensor *wg_elu_with(wg_tensor *x, wg_elu_options options)
{
    const struct wg_elu_params p = {options.alpha, options.scale};
    if (wg_elu_check("elu", p.alpha, p.scale) != WG_OK)
        return NULL;
    return wg_invoke1(&wg_op_elu, &p, x);
}

static wg_tensor *slope(const wg_call *c, wg_tensor *g)
{
    const struct wg_elu_params *p = c->params;
    return wg_elu_grad(c->in[0], g, p->alpha, p->scale);
}
WG_DIAGONAL(slope(c, wg_donate(g)))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 2, 0, 1, 1);
}

const struct wg_op wg_op_elu = {
    .name = WG_REGISTERED("elu"),
    .params_size = sizeof(struct wg_elu_params),
    WG_PARAMS(WG_PARAM_UNLESS(1, REAL, struct wg_elu_params, alpha), WG_PARAM_UNLESS(1, REAL, struct wg_elu_params, scale)),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(elu),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"above", {WG_DIMS(3, 4)}, .n = 1, .low = {0.1}, .high = {1}, .params = &(const struct wg_elu_params){1, 1}},
               {"below", {WG_DIMS(3, 4)}, .n = 1, .low = {-3}, .high = {-0.1}, .params = &(const struct wg_elu_params){0.5, 2}},
               {"mixed", {WG_DIMS(3, 4)}, .n = 1, .low = {-9}, .high = {9}, .params = &(const struct wg_elu_params){0, 1.5}}),
};
#endif
