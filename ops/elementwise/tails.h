/* Shared by activations of the form x F(x) with a factor F that underflows far from 0. They clamp x first, so that no infinite x is
   multiplied by 0; a NaN x stays NaN. Also the constants of gelu_tanh: 2u = x (WG_GELU_1 + WG_GELU_3 x²). */
#define WG_GELU_1 (M_2_SQRTPI * M_SQRT2)
#define WG_GELU_3 (0.044715 * WG_GELU_1)

#ifdef REAL
WG_INLINE REAL T(from_left)(REAL x, double limit)
{
    return x < (REAL)-limit ? (REAL)-limit : x;
}

WG_INLINE REAL T(between)(REAL x, double limit)
{
    const int below = x<(REAL)-limit, above = x>(REAL) limit; /* always both: the work must not depend on the data */
    return below ? (REAL)-limit : above ? (REAL)limit : x;
}
#endif
