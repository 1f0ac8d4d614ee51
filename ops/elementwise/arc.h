/* What asin and acos share. */
#ifndef WG_ARC_H
#define WG_ARC_H

/* g/√(1 - x²): 1 - x² is rounded once, so that it is accurate near ±1 too; and it is differentiated as one, so that at ±1, where the root is
   infinite, no 0 is multiplied by it. */
static inline wg_tensor *wg_over_circle(wg_tensor *g, wg_tensor *x)
{
    return wg_mul(g, wg_rsqrt(wg_take_own(wg_fma(wg_neg(x), x, wg_scalar((wg_dtype)x->dtype, 1)))));
}

#endif
