/* Activations of the form x Φ(x), whose Φ underflows far from 0: there x is cut off first, so that no infinite x is multiplied by a
   Φ of 0. NaN stays. And the numbers of gelu's approximation, 2u = x (WG_GELU_1 + WG_GELU_3 x²). */
#define WG_GELU_1 (M_2_SQRTPI * M_SQRT2)
#define WG_GELU_3 (0.044715 * WG_GELU_1)

#ifdef REAL
WG_INLINE REAL T(from_left)(REAL x, double limit)
{
    return x < (REAL)-limit ? (REAL)-limit : x;
}

WG_INLINE REAL T(between)(REAL x, double limit)
{
    const int below = x<(REAL)-limit, above = x>(REAL) limit; /* both, so that the work does not depend on the data */
    return below ? (REAL)-limit : above ? (REAL)limit : x;
}
#endif
