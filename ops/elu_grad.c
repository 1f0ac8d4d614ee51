/* gy scale where y > 0, else gy (y + scale alpha), y = elu x: elu's gradient. Linear in gy; d/dy = gy where y <= 0, else 0. */
#ifdef REAL
WG_INLINE REAL T(elu_gradient)(REAL y, REAL gy, const struct wg_elu_params *p)
{
    const REAL right = (REAL)p->scale,
               left = y + (REAL)(p->scale * p->alpha); /* both, so that the work does not depend on the data */
    return gy * (y > (REAL)0 ? right : left);
}
MAP2(elu_grad, struct wg_elu_params, T(elu_gradient)(a, b, p))
#else
#define KERNEL_FILE "elu_grad.c"
#include "op.h"

wg_tensor *wg_elu_grad(wg_tensor *y, wg_tensor *gy, double alpha, double scale)
{
    const struct wg_elu_params p = {alpha, scale};
    return wg_invoke2(&wg_op_elu_grad, &p, y, gy);
}

WG_DIAGONAL_GRAD(wg_clamp_grad(c->in[0], wg_mul(g, c->in[1]), -(double)INFINITY, 0))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 1, 1, 0, 1, 0);
}

const struct wg_op wg_op_elu_grad = {
    .name = "elu_grad",
    .params_size = sizeof(struct wg_elu_params),
    .n_in = 2,
    .n_out = 1,
    .kernel = MAP_KERNELS(elu_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .inplace = WG_IN(1),
    WG_SAMPLES({"below",
                {WG_DIMS(3, 4), WG_DIMS(3, 4)},
                .n = 2,
                .low = {-0.9, -1},
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
                .low = {-100, -1},
                .high = {100, 1},
                .params = &(const struct wg_elu_params){0.5, 2}}),
};
#endif
