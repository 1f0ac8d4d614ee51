/* y = b/(a² + b²), broadcasting: the derivative of atan2 with respect to a. It is a separate op so that no square overflows or
   underflows unless the result does: if the larger of |a| and |b| is above 2^400 or below 2^-400, f64 operands are scaled by a
   power of two, which is exact. With q = a/(a² + b²), the op's value at (b, a): dy/da = -2 y q, dy/db = q² - y². */
#ifdef REAL
WG_INLINE REAL T(slope_of)(REAL ordinate, REAL abscissa)
{
    const WIDE a = (WIDE)ordinate, b = (WIDE)abscissa, size_a = W(fabs)(a), size_b = W(fabs)(b);
    const WIDE larger = size_a > size_b ? size_a : size_b;
    const int large = larger > (WIDE)0x1p400, small = larger<(WIDE)0x1p-400, infinite = larger>(WIDE) 1.7976931348623157e308;
    const WIDE scale = sizeof(REAL) < sizeof(WIDE) ? (WIDE)1 : large ? (WIDE)0x1p-600 : small ? (WIDE)0x1p600 : (WIDE)1;
    const WIDE u = a * scale, v = b * scale, top = infinite ? (WIDE)0 : v; /* at infinity 0, or NaN if one is NaN */
    return (REAL)(top / (u * u + v * v) * scale);
}
MAP2(atan2_slope, wg_no_params, T(slope_of)(a, b))
#else
#define KERNEL_FILE "ops/elementwise/atan2_slope.c"
#include "ops/op.h"

/* The derivatives times g: by_a is -2 y q g; by_b is (q² - y²) g, computed as (q - y) (q + y) g. */
static wg_tensor *by_a(const wg_call *c, wg_tensor *g)
{
    wg_tensor *q = wg_atan2_slope(c->in[1], c->in[0]);
    return wg_mul(wg_mul(wg_mul_scalar(g, -2), c->out[0]), q);
}

static wg_tensor *by_b(const wg_call *c, wg_tensor *g)
{
    wg_tensor *q = wg_atan2_slope(c->in[1], c->in[0]), *y = c->out[0];
    return wg_mul(wg_mul(g, wg_sub(q, y)), wg_add(q, y));
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
    return wg_cost_each(c, 1, 5, 1, 4, 0);
}

const struct wg_op wg_op_atan2_slope = {
    .name = WG_REGISTERED("atan2_slope"),
    .n_in = 2,
    .n_out = 1,
    .kernels = MAP_KERNELS(atan2_slope),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1) | WG_OUT(0),
    .inplace = WG_IN(0) | WG_IN(1),
    WG_SAMPLES({"right", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-1, 0.5}, .high = {1, 2}},
               {"below", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-2, -1}, .high = {-0.5, 1}}),
};
#endif
