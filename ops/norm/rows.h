/* What layer_norm and its gradient share, for the element type being compiled: sums along a row in f64, in PARTS interleaved
   parts that are added pairwise as a tree, so that the order depends on indices alone. */

enum { T(PARTS) = 16 };

static inline WIDE T(joined)(WIDE *part)
{
    for (int64_t half = T(PARTS) / 2; half > 0; half /= 2)
        for (int64_t k = 0; k < half; k++)
            part[k] = part[k] + part[k + half];
    return part[0];
}

/* Runs the statements, which add element i to part k, for all n elements. */
#define FOR_PARTS(n, ...)                            \
    do {                                             \
        int64_t i0 = 0;                              \
        for (; i0 + T(PARTS) <= (n); i0 += T(PARTS)) \
            for (int64_t k = 0; k < T(PARTS); k++) { \
                const int64_t i = i0 + k;            \
                __VA_ARGS__;                         \
            }                                        \
        for (int64_t k = 0; i0 + k < (n); k++) {     \
            const int64_t i = i0 + k;                \
            __VA_ARGS__;                             \
        }                                            \
    } while (0)
