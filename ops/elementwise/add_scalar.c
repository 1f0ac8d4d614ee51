/* y = x + s; s is rounded to x's dtype. dy/dx = 1. */
#ifdef REAL
MAP1(add_scalar, double, x + (REAL)*p)
#else
#define KERNEL_FILE "ops/elementwise/add_scalar.c"
#include "ops/op.h"

wg_tensor *wg_add_scalar(wg_tensor *x, double s)
{
    return wg_invoke1(&wg_op_add_scalar, &s, x);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    return WG_GIVE(gx[0], gy[0]);
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    (void)c;
    ty[0] = tx[0];
    return WG_OK;
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 1, 0, 0, 0, 0);
}

const struct wg_op wg_op_add_scalar = {
    .name = WG_REGISTERED("add_scalar"),
    .params_size = sizeof(double),
    WG_PARAMS(WG_PARAM_ONLY(REAL, "")),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(add_scalar),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .inplace = WG_IN(0),
    WG_SAMPLES({"2x3", {WG_DIMS(2, 3)}, .n = 1, .params = &(const double){0.75}}),
};
#endif
