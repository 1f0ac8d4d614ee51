/* y = xᵖ, element by element; dy/dx = p xᵖ⁻¹. p is not rounded to f32. p = 2 and 3 use multiplications, p = -1 a division. */
#ifdef REAL
WG_INLINE REAL T(power)(REAL x, double p)
{
    return p == 2 ? x * x : p == 3 ? x * x * x : p == -1 ? (REAL)1 / x : (REAL)pow((WIDE)x, (WIDE)p);
}
MAP1(pow_scalar, double, T(power)(x, *p))
#else
#define KERNEL_FILE "ops/elementwise/pow_scalar.c"
#include "ops/op.h"

wg_tensor *wg_pow_scalar(wg_tensor *x, double p)
{
    return wg_invoke1(&wg_op_pow_scalar, &p, x);
}

/* p xᵖ⁻¹ g for p other than 0. */
static wg_tensor *times_slope(const wg_call *c, wg_tensor *g)
{
    const double p = *(const double *)c->params;
    return p == 1 ? g : wg_mul(wg_mul_scalar(g, p), p == 2 ? c->in[0] : wg_pow_scalar(c->in[0], p - 1));
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const wg_tensor *x = c->in[0];
    if (*(const double *)c->params == 0)
        return WG_GIVE(gx[0], wg_broadcast_to(wg_scalar((wg_dtype)x->dtype, 0), wg_shape_of(x)));
    return WG_GIVE(gx[0], times_slope(c, gy[0]));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = *(const double *)c->params == 0 ? WG_NONE : times_slope(c, tx[0]));
}

static wg_cost cost(const wg_call *c)
{
    const double p = *(const double *)c->params;
    const int mul = p == 2 ? 1 : p == 3 ? 2 : 0, div = p == -1;
    return wg_cost_each(c, 0, mul, div, 0, mul + div == 0);
}

#define POWER(p)                      \
    .n = 1, .params = &(const double) \
    {                                 \
        p                             \
    }

const struct wg_op wg_op_pow_scalar = {
    .name = WG_REGISTERED("pow_scalar"),
    .params_size = sizeof(double),
    WG_PARAMS(WG_PARAM_ONLY(REAL, "exponent")),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(pow_scalar),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"2.5", {WG_DIMS(3, 4)}, .low = {0.3}, .high = {2}, POWER(2.5)},
               {"-0.5", {WG_DIMS(3, 4)}, .low = {0.3}, .high = {2}, POWER(-0.5)},
               {"-1", {WG_DIMS(3, 4)}, .low = {-2}, .high = {-0.5}, POWER(-1)}, {"0", {WG_DIMS(3, 4)}, POWER(0)},
               {"1", {WG_DIMS(3, 4)}, POWER(1)}, {"2", {WG_DIMS(3, 4)}, POWER(2)}, {"3", {WG_DIMS(3, 4)}, POWER(3)},
               {"4", {WG_DIMS(3, 4)}, POWER(4)}),
};
#endif
