/* How max_pool2d and its gradient find the largest, for the number type at hand: the first in row-major order, or the first NaN. Every
   element of a window is looked at, so that the work does not depend on the data. */
#include "pool.h"
#include "route.h"

/* The largest of operand 0 for each image. */
static inline void T(find_largest)(const T(pool) * pool, const T(window) * at, REAL *best)
{
    const int64_t s = pool->operand[0].s[0], n = at->images;
    for (int64_t k = 0; k < n; k++)
        best[k] = -(REAL)INFINITY; /* also what is largest where nothing is above it */
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

/* Is a value one that is largest? */
#define WG_IS_LARGEST(value, best) (((value) == (best)) | ((value) != (value)))
