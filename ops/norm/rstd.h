/* The reciprocal deviation of a variance, ε included, for the number type at hand. */

/* NaN for a variance beyond f64: 0 would make 0 of every x̂. */
static inline WIDE T(norm_rstd)(WIDE variance)
{
    return ((WIDE)1 + (variance - variance)) / sqrt(variance); /* 1, or NaN where ∞ - ∞ is taken */
}
