/* The row kernel: y = s x where the mask is not 0, otherwise 0. params is s, a double. */
WG_INLINE REAL T(mask_scale_of)(REAL x, uint8_t mask, REAL factor)
{
    /* Both factors are selected: selecting the product would compile to a branch on the mask, and either factor may be infinite. */
    return (mask ? factor : (REAL)0) * (mask ? x : (REAL)0);
}

static void T(mask_scale_row)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    ELEM *y = (ELEM *)(void *)at[0];
    const ELEM *x = (const ELEM *)(const void *)at[1];
    const uint8_t *mask = (const uint8_t *)(const void *)at[2];
    const REAL factor = (REAL) * (const double *)params;
    if (s[0] == 1 && s[1] == 1 && s[2] == 1)
        WG_LOOP(n)
            y[i] = T(mask_scale_of)(x[i], mask[i], factor);
    else
        WG_LOOP(n)
            y[i * s[0]] = T(mask_scale_of)(x[i * s[1]], mask[i * s[2]], factor);
}
