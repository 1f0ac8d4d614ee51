/* How max_pool2d and its gradient find the largest, for the number type at hand: the first in row-major order, or the first NaN. Every
   element of a window is looked at and two comparisons are made, so that the work does not depend on the data. */
#include "pool.h"
#include "route.h"

/* For each image: which tap of the window, in row-major order, x is largest at, and what v, of x's shape, holds there. */
typedef struct {
    int64_t tap[T(IMAGES)];
    REAL v[T(IMAGES)];
} T(largest);

static inline __attribute__((always_inline)) void T(find_images)(const T(window) * at, int64_t images, const wg_tensor *x,
                                                                 const wg_tensor *v, T(largest) * found)
{
    REAL best[T(IMAGES)];
    const int64_t s = wg_strides(x)[0], t = wg_strides(v)[0];
    const int64_t along_x = at->columns.step * wg_strides(x)[3], along_v = at->columns.step * wg_strides(v)[3];
    for (int64_t k = 0; k < images; k++) {
        best[k] = -(REAL)INFINITY; /* also what is largest where nothing is above it: the first then counts */
        found->tap[k] = 0;
        found->v[k] = T(element)(v, at, at->rows.first, at->columns.first)[k * t];
    }
    for (int64_t tap = 0, row = 0; row < at->rows.count; row++) {
        const ELEM *from = T(element)(x, at, at->rows.first + row * at->rows.step, at->columns.first);
        const ELEM *given = T(element)(v, at, at->rows.first + row * at->rows.step, at->columns.first);
        for (int64_t column = 0; column < at->columns.count; column++, tap++)
            for (int64_t k = 0; k < images; k++) {
                const REAL value = from[column * along_x + k * s], passed = given[column * along_v + k * t];
                const bool stays = WG_TAKES_FIRST(best[k], value, >=);
                best[k] = stays ? best[k] : value;
                found->tap[k] = stays ? found->tap[k] : tap;
                found->v[k] = stays ? found->v[k] : passed;
            }
    }
}

static inline void T(find_largest)(const T(window) * at, const wg_tensor *x, const wg_tensor *v, T(largest) * found)
{
    if (at->images == 1) /* a loop of its own, without an inner one */
        T(find_images)(at, 1, x, v, found);
    else
        T(find_images)(at, at->images, x, v, found);
}

/* v's element of each window into y. */
static inline void T(pick_largest)(const T(window) * at, const wg_tensor *x, const wg_tensor *v, const wg_tensor *y)
{
    T(largest) found;
    ELEM *to = T(element)(y, at, at->i, at->j);
    T(find_largest)(at, x, v, &found);
    for (int64_t k = 0; k < at->images; k++)
        to[k * wg_strides(y)[0]] = found.v[k];
}
