/* Sums along a slice, for softmax, log_softmax, their gradients and cross entropy, in the element type being compiled. The order
   of a sum depends on indices alone: up to 16 terms are added in order; of more, term i is added to accumulator i mod 16, and
   the accumulators are added pairwise as a tree. n terms cost n - 1 additions. The terms of long slices are computed in blocks,
   which vectorise. */

enum { T(LANES) = 16, T(LINE_BLOCK) = 256 };

typedef struct {
    REAL slice[T(LANES)];
    int64_t slices; /* accumulators in use */
} T(line_sum);

/* Adds m terms. m is a multiple of LANES in every call but the last. */
WG_INLINE void T(line_add)(T(line_sum) * s, const REAL *term, int64_t m)
{
    int64_t at = 0;
    if (s->slices == 0) {
        s->slices = m < T(LANES) ? m : T(LANES);
        for (int64_t k = 0; k < s->slices; k++)
            s->slice[k] = term[k];
        at = T(LANES);
    }
    for (; at + T(LANES) <= m; at += T(LANES))
        for (int64_t k = 0; k < T(LANES); k++)
            s->slice[k] = s->slice[k] + term[at + k];
    for (int64_t k = 0; at + k < m; k++)
        s->slice[k] = s->slice[k] + term[at + k];
}

WG_INLINE REAL T(line_end)(T(line_sum) * s)
{
    for (int64_t half = T(LANES) / 2; half > 0; half /= 2)
        for (int64_t k = 0; k < half && k + half < s->slices; k++)
            s->slice[k] = s->slice[k] + s->slice[k + half];
    return s->slice[0];
}

/* Sets sum to the sum over i = 0 … n - 1, n > 0, of expression, which refers to element i. Further arguments are statements that
   run for each i and find the term in term[k]. */
#define LINE_SUM(sum, n, expression, ...)                                              \
    do {                                                                               \
        if ((n) <= T(LANES)) {                                                         \
            REAL term[T(LANES)];                                                       \
            for (int64_t k = 0, i = 0; k < (n); k++, i++) {                            \
                term[k] = expression;                                                  \
                (sum) = k == 0 ? term[k] : (sum) + term[k];                            \
                __VA_ARGS__;                                                           \
            }                                                                          \
            break;                                                                     \
        }                                                                              \
        T(line_sum) line_;                                                             \
        line_.slices = 0;                                                              \
        for (int64_t first_ = 0; first_ < (n); first_ += T(LINE_BLOCK)) {              \
            REAL term[T(LINE_BLOCK)];                                                  \
            const int64_t m = (n)-first_ < T(LINE_BLOCK) ? (n)-first_ : T(LINE_BLOCK); \
            _Pragma("omp simd") for (int64_t k = 0; k < m; k++)                        \
            {                                                                          \
                const int64_t i = first_ + k;                                          \
                term[k] = expression;                                                  \
                __VA_ARGS__;                                                           \
            }                                                                          \
            T(line_add)(&line_, term, m);                                              \
        }                                                                              \
        (sum) = T(line_end)(&line_);                                                   \
    } while (0)

/* The maximum of n > 0 elements. It may or may not be NaN if one of them is. */
WG_INLINE REAL T(line_largest)(const ELEM *x, int64_t s, int64_t n)
{
    REAL largest = x[0];
    if (s == 1 && n > T(LANES)) {
#pragma omp simd reduction(max : largest)
        for (int64_t i = 1; i < n; i++)
            largest = (REAL)x[i] > largest ? (REAL)x[i] : largest;
    } else {
        for (int64_t i = 1; i < n; i++)
            largest = (REAL)x[i * s] > largest ? (REAL)x[i * s] : largest;
    }
    return largest;
}

/* y = e^(x - largest); returns the sum of y. */
WG_INLINE REAL T(line_exps)(const ELEM *x, int64_t sx, ELEM *y, int64_t sy, int64_t n, REAL largest)
{
    REAL sum = (REAL)0;
    if (sx == 1 && sy == 1)
        LINE_SUM(sum, n, R(exp)((REAL)x[i] - largest), y[i] = term[k]);
    else
        LINE_SUM(sum, n, R(exp)((REAL)x[i * sx] - largest), y[i * sy] = term[k]);
    return sum;
}

/* ---- several short slices at once: see wg_along_axis_grouped ---- */

/* x[i][k] is element i of slice k. Loops run over all WG_REDUCE_WIDTH columns, so that their length is constant; the columns
   beyond w hold zeros. In the instance that counts work they run over w columns. */
typedef ELEM T(slice_block)[WG_REDUCE_SHORT][WG_REDUCE_WIDTH];
#ifdef VECTOR_BYTES
#define COLUMNS(w) WG_REDUCE_WIDTH
#else
#define COLUMNS(w) (w)
#endif

static __attribute__((noinline)) void T(slices_load)(const ELEM *x, int64_t s, int64_t across, int64_t n, int64_t w,
                                                     T(slice_block) block)
{
#ifdef VECTOR_BYTES
    if (w < WG_REDUCE_WIDTH)
        memset(block, 0, (size_t)n * sizeof *block);
#endif
    if (s == 1)
        T(wg_transpose)(x, across, w, n, block[0], WG_REDUCE_WIDTH);
    else
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < w; k++)
                block[i][k] = x[i * s + k * across];
}

static void T(slices_store)(const T(slice_block) block, int64_t n, int64_t w, ELEM *y, int64_t s, int64_t across)
{
    if (s == 1)
        T(wg_transpose)(block[0], WG_REDUCE_WIDTH, n, w, y, across);
    else
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < w; k++)
                y[i * s + k * across] = block[i][k];
}

/* The maximum of each slice, as line_largest. */
WG_INLINE void T(slices_largest)(const T(slice_block) x, int64_t n, int64_t w, REAL *largest)
{
    for (int64_t k = 0; k < COLUMNS(w); k++)
        largest[k] = x[0][k];
    for (int64_t i = 1; i < n; i++)
        for (int64_t k = 0; k < COLUMNS(w); k++)
            largest[k] = (REAL)x[i][k] > largest[k] ? (REAL)x[i][k] : largest[k];
    (void)w;
}

/* Sets sum[k] to the sum over slice k of expression, which refers to element i of slice k. The order is that of LINE_SUM. */
#define LANES_SUM(sum, n, w, expression)                                                  \
    do {                                                                                  \
        REAL slice_[T(LANES)][WG_REDUCE_WIDTH];                                           \
        const int64_t slices_ = (n) <= T(LANES) ? 1 : T(LANES);                           \
        for (int64_t i = 0; i < slices_; i++)                                             \
            for (int64_t k = 0; k < COLUMNS(w); k++)                                      \
                slice_[i][k] = expression;                                                \
        for (int64_t i = slices_; i < (n); i++)                                           \
            for (int64_t k = 0; k < COLUMNS(w); k++)                                      \
                slice_[i & (slices_ - 1)][k] = slice_[i & (slices_ - 1)][k] + expression; \
        for (int64_t half = slices_ / 2; half > 0; half /= 2)                             \
            for (int64_t i = 0; i < half; i++)                                            \
                for (int64_t k = 0; k < COLUMNS(w); k++)                                  \
                    slice_[i][k] = slice_[i][k] + slice_[i + half][k];                    \
        for (int64_t k = 0; k < COLUMNS(w); k++)                                          \
            (sum)[k] = slice_[0][k];                                                      \
        (void)(w);                                                                        \
    } while (0)

/* Runs the statement for element i of slice k. */
#define LANES_EACH(n, w, statement)              \
    for (int64_t i = 0; i < (n); i++)            \
        for (int64_t k = 0; k < COLUMNS(w); k++) \
    statement
