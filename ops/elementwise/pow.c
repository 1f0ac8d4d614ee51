/* y = aᵇ, broadcasting; dy/da = b aᵇ⁻¹, dy/db = y ln a. At a = 0 these could be 0·∞. There the derivatives use 1 instead of a,
   selected by a mask that passes no gradient back, so higher derivatives are finite wherever the mathematical ones are. */
#ifdef REAL
MAP2(pow, wg_no_params, R(pow)(a, b))
#else
#define KERNEL_FILE "ops/elementwise/pow.c"
#include "ops/op.h"

/* 1 where a = 0 and relation(b, 0) holds, else a. */
static wg_tensor *base(const wg_call *c, wg_tensor *(*relation)(wg_tensor *, wg_tensor *))
{
    wg_tensor *a = c->in[0], *zero = wg_scalar((wg_dtype)a->dtype, 0), *one = wg_scalar((wg_dtype)a->dtype, 1);
    return wg_where(wg_logical_and(wg_eq(a, zero), relation(c->in[1], zero)), one, a);
}

static wg_tensor *by_a(const wg_call *c, wg_tensor *g)
{
    wg_tensor *b = c->in[1];
    return wg_mul(g, wg_mul(b, wg_pow(base(c, wg_eq), wg_add_scalar(b, -1))));
}

static wg_tensor *by_b(const wg_call *c, wg_tensor *g)
{
    return wg_mul(g, wg_mul(c->out[0], wg_log(base(c, wg_ge))));
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[0], by_a(c, gy[0])));
    return WG_GIVE(gx[1], by_b(c, wg_donate(gy[0])));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_jvp_sum(c, WG_PART(tx[0], by_a(c, tx[0])), WG_PART(tx[1], by_b(c, tx[1])), ty);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_pow = {
    .name = WG_REGISTERED("pow"),
    .n_in = 2,
    .n_out = 1,
    .kernels = MAP_KERNELS(pow),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1) | WG_OUT(0),
    .inplace = WG_IN(0) | WG_IN(1),
    WG_SAMPLES({"same shape", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {0.3, -2}, .high = {2, 2}},
               {"large exponents", {WG_DIMS(2, 3), WG_DIMS(2, 3)}, .n = 2, .low = {0.7, 4}, .high = {1.3, 9}}),
};
#endif
