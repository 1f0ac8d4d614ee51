/* What asin and acos share. */
#ifndef WG_ARC_H
#define WG_ARC_H

/* g/√(1 - x²), accurate near ±1 too, where 1 - x² would cancel. */
static inline wg_tensor *wg_over_circle(wg_tensor *g, wg_tensor *x)
{
    return wg_mul(g, wg_rsqrt(wg_mul(wg_add_scalar(wg_neg(x), 1), wg_add_scalar(x, 1))));
}

#endif
