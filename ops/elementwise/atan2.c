/* y = atan2(a, b), the angle of the point with ordinate a and abscissa b, broadcasting; dy/da = b/(a² + b²), dy/db = -a/(a² +
   b²). */
#ifdef REAL
MAP2(atan2, wg_no_params, R(atan2)(a, b))
#else
#define KERNEL_FILE "ops/elementwise/atan2.c"
#include "ops/op.h"

static wg_tensor *by_a(const wg_call *c, wg_tensor *g)
{
    return wg_mul(g, wg_atan2_slope(c->in[0], c->in[1]));
}

static wg_tensor *by_b(const wg_call *c, wg_tensor *g)
{
    return wg_neg(wg_donate(wg_mul(g, wg_atan2_slope(c->in[1], c->in[0]))));
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[0], by_a(c, gy[0])));
    return WG_GIVE(gx[1], by_b(c, gy[0]));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_jvp_sum(c, WG_PART(tx[0], by_a(c, tx[0])), WG_PART(tx[1], by_b(c, tx[1])), ty);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_atan2 = {
    .name = WG_REGISTERED("atan2"),
    .n_in = 2,
    .n_out = 1,
    .kernels = MAP_KERNELS(atan2),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .inplace = WG_IN(0) | WG_IN(1),
    WG_SAMPLES({"right", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-1, 0.5}, .high = {1, 2}},
               {"left, above", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {0.3, -2}, .high = {1, -0.3}},
               {"below", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-2, -1}, .high = {-0.5, 1}}),
};
#endif
