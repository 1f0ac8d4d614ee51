/* What pooling ops share, for the number type at hand: they go from window to window, of one image, or of several at once if images lie
   side by side in memory. */
#include "window.h"

enum { T(IMAGES) = 64 };

/* One window: output (i,j) of a channel of so many images, and the rows and columns that it covers. */
typedef struct {
    int64_t image, images, channel, i, j;
    struct wg_span rows, columns;
} T(window);

typedef struct T(pool) {
    const wg_call *c;
    struct wg_window rows, columns;
    int64_t images, channels, together; /* images worked on together */
    double divisor;                     /* of a mean; 0: the number of positions */
    void (*work)(const struct T(pool) * pool, const T(window) * at);
} T(pool);

static void T(pool_channels)(int64_t first, int64_t last, void *context)
{
    const T(pool) *pool = (const T(pool) *)context;
    for (int64_t job = first; job < last; job++) {
        T(window) at;
        at.channel = job % pool->channels;
        at.image = job / pool->channels * pool->together;
        at.images = wg_clip(pool->images - at.image, 0, pool->together);
        for (at.i = 0; at.i < pool->rows.outputs; at.i++) {
            at.rows = wg_span_of(&pool->rows, at.i);
            for (at.j = 0; at.j < pool->columns.outputs; at.j++) {
                at.columns = wg_span_of(&pool->columns, at.j);
                pool->work(pool, &at);
            }
        }
    }
}

/* Every window of x, of which y is the pooled image: in row-major order within a channel, channels on several threads. read is what
   is read most. */
static inline wg_status T(pool_all)(const wg_call *c, const wg_tensor *x, const wg_tensor *y, const wg_tensor *read,
                                    void (*work)(const T(pool) * pool, const T(window) * at))
{
    const struct wg_window_params *p = (const struct wg_window_params *)c->params;
    T(pool) pool;
    pool.c = c;
    pool.rows = wg_window_of(p, 0, wg_extents(x)[2], p->size[0], wg_extents(y)[2]);
    pool.columns = wg_window_of(p, 1, wg_extents(x)[3], p->size[1], wg_extents(y)[3]);
    pool.images = wg_extents(x)[0];
    pool.channels = wg_extents(x)[1];
    pool.together = wg_images_innermost(read) ? T(IMAGES) : 1;
    pool.divisor = p->adaptive ? 0 : (double)p->size[0] * (double)p->size[1];
    pool.work = work;
    const double taps = p->adaptive ? (double)x->numel : (double)y->numel * pool.divisor;
    wg_parallel(wg_kernel_threads(taps), wg_ceil_div(pool.images, pool.together) * pool.channels, T(pool_channels), &pool);
    return WG_OK;
}

/* The element of t (N,C,H,W) at that place, for the first of the window's images. */
static inline ELEM *T(element)(const wg_tensor *t, const T(window) * at, int64_t row, int64_t column)
{
    const int64_t *s = wg_strides(t);
    return (ELEM *)(void *)t->data + at->image * s[0] + at->channel * s[1] + row * s[2] + column * s[3];
}

/* What the sum over a window is divided by. */
static inline double T(divisor_of)(const T(pool) * pool, const T(window) * at)
{
    return pool->divisor > 0 ? pool->divisor : (double)at->rows.count * (double)at->columns.count;
}
