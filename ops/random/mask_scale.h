/* A row: y = s x where a mask is not 0, else 0; s, a double, is its params. */
WG_INLINE REAL T(mask_scale_of)(REAL x, uint8_t mask, REAL factor)
{
    /* Both factors chosen: to choose the product would be a branch, which waits for the mask, and either may be infinite. */
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
