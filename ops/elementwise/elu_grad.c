/* The gradient of elu: gy scale where x > 0, else gy scale alpha eˣ. It is computed from x, as y + scale alpha would lose all
   accuracy in the left tail. Linear in gy; d/dx = gy scale alpha eˣ where x <= 0, else 0. */
#ifdef REAL
WG_INLINE REAL T(elu_gradient)(REAL x, REAL gy, const struct wg_elu_params *p)
{
    const REAL right = (REAL)p->scale,
               left = (REAL)(p->scale * p->alpha) * R(exp)(x); /* always both: the work must not depend on the data */
    return gy * (x > (REAL)0 ? right : left);
}
MAP2(elu_grad, struct wg_elu_params, T(elu_gradient)(a, b, p))
#else
#define KERNEL_FILE "ops/elementwise/elu_grad.c"
#include "ops/op.h"

wg_tensor *wg_elu_grad(wg_tensor *x, wg_tensor *gy, double alpha, double scale)
{
    const struct wg_elu_params p = {alpha, scale};
    if (wg_elu_check("elu_grad", alpha, scale) != WG_OK)
        return NULL;
    return wg_invoke2(&wg_op_elu_grad, &p, x, gy);
}

/* The derivative with respect to x, times g. It equals elu_grad of x and g gy where x <= 0; clamp_grad sets it to 0 where x > 0. */
static wg_tensor *by_x(const wg_call *c, wg_tensor *g)
{
    wg_tensor *second = wg_invoke2(c->op, c->params, c->in[0], wg_mul(g, c->in[1]));
    return wg_clamp_grad(c->in[0], second, -(double)INFINITY, 0);
}
WG_DIAGONAL_GRAD(by_x(c, g))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 2, 0, 1, 1);
}

const struct wg_op wg_op_elu_grad = {
    .name = WG_REGISTERED("elu_grad"),
    .params_size = sizeof(struct wg_elu_params),
    WG_PARAMS(WG_PARAM_UNLESS(1, REAL, struct wg_elu_params, alpha), WG_PARAM_UNLESS(1, REAL, struct wg_elu_params, scale)),
    .n_in = 2,
    .n_out = 1,
    .kernels = MAP_KERNELS(elu_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .inplace = WG_IN(1),
    WG_SAMPLES({"below",
                {WG_DIMS(3, 4), WG_DIMS(3, 4)},
                .n = 2,
                .low = {-3, -1},
                .high = {-0.1, 1},
                .params = &(const struct wg_elu_params){1, 1}},
               {"above",
                {WG_DIMS(3, 4), WG_DIMS(3, 4)},
                .n = 2,
                .low = {0.1, -1},
                .high = {1, 1},
                .params = &(const struct wg_elu_params){0.5, 2}},
               {"mixed",
                {WG_DIMS(3, 4), WG_DIMS(3, 4)},
                .n = 2,
                .low = {-9, -1},
                .high = {9, 1},
                .params = &(const struct wg_elu_params){0.5, 2}}),
};
#endif
