/* The reciprocal deviation 1/√variance, for the element type being compiled; ε is already in the variance. */

/* NaN if the variance overflowed f64: 0 would make every x̂ 0. */
static inline WIDE T(norm_rstd)(WIDE variance)
{
    return ((WIDE)1 + (variance - variance)) / sqrt(variance); /* the numerator is 1, or NaN (∞ - ∞) for an infinite variance */
}
