/* y = x s; s is rounded to x's dtype. dy/dx = s. */
#ifdef REAL
MAP1(mul_scalar, double, x *(REAL)*p)
#else
#define KERNEL_FILE "ops/elementwise/mul_scalar.c"
#include "ops/op.h"

wg_tensor *wg_mul_scalar(wg_tensor *x, double s)
{
    return wg_invoke1(&wg_op_mul_scalar, &s, x);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const double *s = c->params;
    return WG_GIVE(gx[0], wg_mul_scalar(wg_donate(gy[0]), *s));
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 1, 0, 0, 0);
}

const struct wg_op wg_op_mul_scalar = {
    .name = WG_REGISTERED("mul_scalar"),
    .params_size = sizeof(double),
    WG_PARAMS(WG_PARAM_ONLY(REAL, "")),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(mul_scalar),
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .cost = cost,
    .inplace = WG_IN(0),
    WG_SAMPLES({"2x3", {WG_DIMS(2, 3)}, .n = 1, .params = &(const double){-1.5}}),
};
#endif
