/* y = a b + d, rounded once, broadcasting; dy/da = b, dy/db = a, dy/dd = 1. */
#ifdef REAL
MAP3(fma, wg_no_params, R(fma)(a, b, d))
#else
#define KERNEL_FILE "ops/elementwise/fma.c"
#include "ops/op.h"

wg_tensor *wg_fma(wg_tensor *a, wg_tensor *b, wg_tensor *d)
{
    return wg_invoke3(&wg_op_fma, NULL, a, b, d);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[0], wg_mul(gy[0], c->in[1])));
    WG_TRY(WG_GIVE(gx[1], wg_mul(gy[0], c->in[0])));
    return WG_GIVE(gx[2], gy[0]);
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *product = WG_NONE;
    if (!wg_absent(tx[0]) || !wg_absent(tx[1]))
        WG_TRY(wg_jvp_sum(c, WG_PART(tx[0], wg_mul(tx[0], c->in[1])), WG_PART(tx[1], wg_mul(tx[1], c->in[0])), &product));
    return wg_jvp_sum(c, product, tx[2], ty);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 1, 1, 0, 0, 0);
}

const struct wg_op wg_op_fma = {
    .name = WG_REGISTERED("fma"),
    .n_in = 3,
    .n_out = 1,
    .kernels = MAP_KERNELS(fma),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .inplace = WG_IN(0) | WG_IN(1) | WG_IN(2),
    WG_SAMPLES({"same shape", {WG_DIMS(3, 4), WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 3},
               {"broadcast", {WG_DIMS(2, 3, 1), WG_DIMS(4), WG_DIMS(3, 1)}, .n = 3}),
};
#endif
