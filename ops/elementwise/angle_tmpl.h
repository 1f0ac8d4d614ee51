/* Row kernels of sin and cos. A block whose elements all satisfy |x| <= ANGLE_TO is computed by a vectorised formula. In any other
   block each element with |x| <= ANGLE_TO is computed by the same formula, the others by the math library. So no result depends on
   neighbouring elements. */
#ifdef WG_COUNTING
#define MAP_ANGLE(name) MAP1(name, wg_no_params, R(name)(x))
#else
#ifndef ANGLE_TO
#define ANGLE_TO 0x1p20f
enum { ANGLES = 64 };
#endif

#define MAP_ANGLE(name)                                                                         \
    WG_INLINE REAL T(name##_of)(REAL x)                                                         \
    {                                                                                           \
        return R(fabs)(x) <= ANGLE_TO ? R(near_##name)(x) : R(name)(x);                         \
    }                                                                                           \
    static void T(name##_block)(int64_t n, REAL * x)                                            \
    {                                                                                           \
        int far = 0;                                                                            \
        for (int64_t i = 0; i < n; i++)                                                         \
            far |= !(R(fabs)(x[i]) <= ANGLE_TO);                                                \
        if (far)                                                                                \
            for (int64_t i = 0; i < n; i++)                                                     \
                x[i] = T(name##_of)(x[i]);                                                      \
        else                                                                                    \
            WG_LOOP(n)                                                                          \
                x[i] = R(near_##name)(x[i]);                                                    \
    }                                                                                           \
    static void T(name##_row)(int64_t n, char *const *at, const int64_t *s, const void *params) \
    {                                                                                           \
        ELEM *y = (ELEM *)(void *)at[0];                                                        \
        const ELEM *x = (const ELEM *)(const void *)at[1];                                      \
        REAL block[ANGLES];                                                                     \
        (void)params;                                                                           \
        if (n <= 1)                                                                             \
            WG_STEPS(n, *x, T(name##_of)(last))                                                 \
        for (int64_t from = 0, m; n > 1 && from < n; from += m) {                               \
            m = n - from < ANGLES ? n - from : ANGLES;                                          \
            const int64_t whole = (m + 15) / 16 * 16; /* a multiple of every vector length */   \
            for (int64_t i = 0; i < m; i++)                                                     \
                block[i] = x[(from + i) * s[1]];                                                \
            for (int64_t i = m; i < whole; i++)                                                 \
                block[i] = 0;                                                                   \
            T(name##_block)(whole, block);                                                      \
            for (int64_t i = 0; i < m; i++)                                                     \
                y[(from + i) * s[0]] = block[i];                                                \
        }                                                                                       \
    }                                                                                           \
    static wg_status T(name)(const wg_call *c)                                                  \
    {                                                                                           \
        return wg_map(c, sizeof(ELEM), T(name##_row));                                          \
    }
#endif
