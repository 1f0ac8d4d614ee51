/* Sums along a line for softmax and its like, for the number type at hand. Their order is one of indices alone: up to 16 terms are added
   one after the other; of more, term i goes into lane i modulo 16, and lanes are joined as a tree. n terms take n - 1 additions. Terms
   of long lines are made in blocks, which vectorise. */

enum { T(LANES) = 16, T(LINE_BLOCK) = 256 };

typedef struct {
    REAL slice[T(LANES)];
    int64_t slices; /* in use */
} T(line_sum);

/* m further terms; only the last block is not a whole number of lanes. */
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

/* The sum of expression, which names element i, for i from 0 to n - 1, n above 0. What follows it is done for each i too, and knows
   the term as term[k]. */
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

/* The largest of n, above 0; NaN may or may not be passed over. */
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

/* y = e^(x - largest); their sum. */
WG_INLINE REAL T(line_exps)(const ELEM *x, int64_t sx, ELEM *y, int64_t sy, int64_t n, REAL largest)
{
    REAL sum = (REAL)0;
    if (sx == 1 && sy == 1)
        LINE_SUM(sum, n, R(exp)((REAL)x[i] - largest), y[i] = term[k]);
    else
        LINE_SUM(sum, n, R(exp)((REAL)x[i * sx] - largest), y[i * sy] = term[k]);
    return sum;
}

/* ---- several short lines at once: see wg_along_axis_grouped ---- */

#define ENTRY ELEM
#include "ops/transpose_tmpl.h"

/* Element i of line k is x[i][k]. All columns are computed, those beyond w on zeros, so that loops are of constant length; where work is
   counted, only w are. */
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
        T(transpose)(x, across, w, n, block[0], WG_REDUCE_WIDTH);
    else
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < w; k++)
                block[i][k] = x[i * s + k * across];
}

static void T(slices_store)(const T(slice_block) block, int64_t n, int64_t w, ELEM *y, int64_t s, int64_t across)
{
    if (s == 1)
        T(transpose)(block[0], WG_REDUCE_WIDTH, n, w, y, across);
    else
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < w; k++)
                y[i * s + k * across] = block[i][k];
}

/* The largest of each line, as line_largest. */
WG_INLINE void T(slices_largest)(const T(slice_block) x, int64_t n, int64_t w, REAL *largest)
{
    for (int64_t k = 0; k < COLUMNS(w); k++)
        largest[k] = x[0][k];
    for (int64_t i = 1; i < n; i++)
        for (int64_t k = 0; k < COLUMNS(w); k++)
            largest[k] = (REAL)x[i][k] > largest[k] ? (REAL)x[i][k] : largest[k];
    (void)w;
}

/* sum[k] is the sum of expression, which names element i of line k, over a line, in LINE_SUM's order. */
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

/* Runs the statement for element i of line k. */
#define LANES_EACH(n, w, statement)              \
    for (int64_t i = 0; i < (n); i++)            \
        for (int64_t k = 0; k < COLUMNS(w); k++) \
    statement
