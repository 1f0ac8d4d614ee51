/* How max_pool2d and its gradient find the maximum of a window, for the element type being compiled: the first maximum in
   row-major order, or the first NaN. Every element of a window is read, so that the work does not depend on the data. */
#include "ops/conv/pool.h"
#include "ops/route.h"
#ifndef WG_COUNTING
#include "ops/conv/vectors.h"
#endif

/* The maximum of operand 0 over a window, for each image. */
static inline void T(find_largest)(const T(pool) * pool, const T(window) * at, REAL *best)
{
    const int64_t s = pool->operand[0].s[0], n = at->images;
    for (int64_t k = 0; k < n; k++)
        best[k] = -(REAL)INFINITY; /* also the result if no element is greater */
    for (int64_t row = 0; row < at->rows.count; row++)
        for (int64_t column = 0; column < at->columns.count; column++) {
            const ELEM *from = T(element)(pool, at, 0, row, column);
            if (s == 1)
                for (int64_t k = 0; k < n; k++) {
                    const REAL value = from[k];
                    best[k] = WG_TAKES_FIRST(best[k], value, >=) ? best[k] : value;
                }
            else
                for (int64_t k = 0; k < n; k++) {
                    const REAL value = from[k * s];
                    best[k] = WG_TAKES_FIRST(best[k], value, >=) ? best[k] : value;
                }
        }
}

/* Is value the maximum of its window, or NaN? May hold for several elements. */
#define WG_IS_LARGEST(value, best) (((value) == (best)) | ((value) != (value)))

#ifndef WG_COUNTING
/* The maximum of operand 0 over a window, for vectors of images from image k on. */
WG_INLINE void T(largest_from)(const int vectors, const T(pool) * pool, const T(window) * at, int64_t k, T(vector) best[4])
{
    WG_UNROLL(i, vectors)
        best[i] = T(splat)(-(REAL)INFINITY);
    for (int64_t row = 0; row < at->rows.count; row++)
        for (int64_t column = 0; column < at->columns.count; column++) {
            const REAL *from = T(element)(pool, at, 0, row, column) + k;
            WG_UNROLL(i, vectors) {
                const T(vector) value = T(load)(from + i * T(WIDTH));
                best[i] = T(choose)(WG_TAKES_FIRST(best[i], value, >=), best[i], value);
            }
        }
}

/* Work on a window for so many vectors of images, from image k on. */
typedef void T(vector_work)(const int vectors, const T(pool) * pool, const T(window) * at, int64_t k);

/* Runs work on all images of a window: in vectors if images are contiguous in every operand, and the rest one by one. */
WG_INLINE void T(window_by)(T(vector_work) * work, const T(pool) * pool, const T(window) * at,
                            void (*one_by_one)(const T(pool) * pool, const T(window) * at))
{
    int64_t k = 0, n = at->images;
    for (int i = 0; i < pool->operands; i++)
        n = pool->operand[i].s[0] == 1 ? n : 0;
    for (; n - k >= 4 * T(WIDTH); k += 4 * T(WIDTH))
        work(4, pool, at, k);
    for (; n - k >= 2 * T(WIDTH); k += 2 * T(WIDTH))
        work(2, pool, at, k);
    for (; n - k >= T(WIDTH); k += T(WIDTH))
        work(1, pool, at, k);
    if (k == at->images)
        return;
    T(window) left = *at;
    left.images -= k;
    for (int i = 0; i < pool->operands; i++)
        left.at[i] += k;
    one_by_one(pool, &left);
}
#endif
