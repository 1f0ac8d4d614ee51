/* The Huber loss of each element. With d = |x - t| and c = min(d, delta) it is c (d - c/2): d²/2 for d up to delta, delta (d -
   delta/2) beyond. Its derivative is x - t clamped to [-delta, delta]. */
#ifdef REAL
WG_INLINE REAL T(huber_of)(REAL d, REAL delta)
{
    const REAL c = d <= delta ? d : delta;
    return c * (d - (REAL)0.5 * c);
}
MAP2(huber_terms, double, T(huber_of)(R(fabs)(a - b), (REAL)*p))
#else
#define KERNEL_FILE "ops/loss/huber_terms.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const double delta = *(const double *)c->params;
    WG_TRY(wg_same_float(c, &out->dtype));
    WG_TRY(wg_check_number(c->op->name, "delta", delta, WG_POSITIVE));
    return wg_broadcast_shapes(c, out);
}

wg_tensor *wg_huber_terms(wg_tensor *x, wg_tensor *t, double delta)
{
    return wg_invoke2(&wg_op_huber_terms, &delta, x, t);
}

static wg_tensor *slope(const wg_call *c)
{
    const double delta = *(const double *)c->params;
    return wg_clamp(wg_sub(c->in[0], c->in[1]), -delta, delta);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *g = wg_mul(slope(c), gy[0]);
    WG_TRY(WG_GIVE(gx[0], g));
    return WG_GIVE(gx[1], wg_neg(g));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *t = wg_plus(tx[0], WG_PART(tx[1], wg_neg(tx[1])));
    return wg_jvp_sum(c, wg_mul(slope(c), t), WG_NONE, ty);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 2, 2, 0, 1, 0);
}

const struct wg_op wg_op_huber_terms = {
    .name = WG_REGISTERED("huber_terms"),
    .params_size = sizeof(double),
    WG_PARAMS(WG_PARAM_ONLY(REAL, "delta")),
    .n_in = 2,
    .n_out = 1,
    .shape = shape,
    .kernels = MAP_KERNELS(huber_terms),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .inplace = WG_IN(0) | WG_IN(1),
    .flags = WG_OP_BROADCASTS,
    WG_SAMPLES(
        {"near", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-0.4, -0.4}, .high = {0.4, 0.4}, .params = &(const double){1}},
        {"far", {WG_DIMS(3, 4), WG_DIMS(4)}, .n = 2, .low = {2, -2}, .high = {3, -1}, .params = &(const double){0.5}}),
};
#endif
