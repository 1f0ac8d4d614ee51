/* Shared by asin and acos: their derivative. */
#ifndef WG_ARC_H
#define WG_ARC_H

/* g/√(1 - x²). An fma computes 1 - x², which is rounded once and so is accurate near ±1 too. It is also differentiated as one op,
   not as a product: at ±1, where 1/√(1 - x²) is infinite, no factor of 0 is multiplied by it. */
static inline wg_tensor *wg_over_circle(wg_tensor *g, wg_tensor *x)
{
    return wg_mul(g, wg_rsqrt(wg_take_own(wg_fma(wg_neg(x), x, wg_scalar((wg_dtype)x->dtype, 1)))));
}

#endif
