/* What pooling ops share, for the element type being compiled. They run over the windows of several images at once. Those images
   are contiguous in memory or, if it pays, are copied into that order first. */
#include "ops/conv/window_shape.h"
#ifndef WG_COUNTING
#include "ops/conv/images.h"
#endif

enum { T(IMAGES) = 64, T(OPERANDS) = 3 };

/* One window of several images: its rows and columns inside the image, and the divisor of a mean. at[k] points into operand k, for the first image: to the
   element of this window if the operand has the shape of the pooled result, otherwise to the channel. */
typedef struct {
    int64_t images;
    struct wg_span rows, columns;
    double divisor;
    ELEM *at[T(OPERANDS)];
} T(window);

/* An operand. pooled: it has the shape of the pooled result, otherwise of the image. s: its strides. */
typedef struct {
    const wg_tensor *t;
    bool pooled, written;
    ELEM *data;
    int64_t s[4];
} T(operand);

typedef struct T(pool) {
    struct wg_window rows, columns;
    int64_t n, channels, together; /* images; images computed together */
    double divisor;                /* of every window's mean; 0: the windows' own */
    bool once;                     /* every element of the image is in exactly one window */
    int operands;
    T(operand) operand[T(OPERANDS)];
    void (*work)(const struct T(pool) * pool, const T(window) * at);
} T(pool);

static void T(pool_channels)(int64_t first, int64_t last, void *context)
{
    const T(pool) *pool = (const T(pool) *)context;
    for (int64_t job = first; job < last; job++) {
        const int64_t channel = job % pool->channels, image = job / pool->channels * pool->together;
        T(window) at;
        at.images = wg_clip(pool->n - image, 0, pool->together);
        for (int64_t i = 0; i < pool->rows.outputs; i++) {
            const double counted = pool->divisor > 0 ? 0 : (double)wg_counted(&pool->rows, i);
            at.rows = wg_span_of(&pool->rows, i);
            for (int64_t j = 0; j < pool->columns.outputs; j++) {
                at.columns = wg_span_of(&pool->columns, j);
                at.divisor = pool->divisor > 0 ? pool->divisor : counted * (double)wg_counted(&pool->columns, j);
                for (int k = 0; k < pool->operands; k++) {
                    const T(operand) *o = &pool->operand[k];
                    at.at[k] = o->data + image * o->s[0] + channel * o->s[1] + (o->pooled ? i * o->s[2] + j * o->s[3] : 0);
                }
                pool->work(pool, &at);
            }
        }
    }
}

/* The element of operand k at the given row and column of the window, for the first of its images. */
static inline ELEM *T(element)(const T(pool) * pool, const T(window) * at, int k, int64_t row, int64_t column)
{
    const int64_t *s = pool->operand[k].s;
    return at->at[k] + (at->rows.first + row * at->rows.step) * s[2] + (at->columns.first + column * at->columns.step) * s[3];
}

#ifndef WG_COUNTING
/* Is copying worth it: are the images of some operand not contiguous, and are there enough images and elements? */
static inline bool T(wants_moving)(const T(pool) * pool)
{
    bool otherwise = false;
    for (int k = 0; k < pool->operands; k++)
        otherwise = otherwise || pool->operand[k].s[0] != 1;
    return otherwise && pool->n >= 4 && pool->operand[0].t->numel >= 4096;
}

/* Pools operands that are copied into a workspace in which images are contiguous. */
static inline wg_status T(pool_moved)(T(pool) * pool, int threads)
{
    T(images) images[T(OPERANDS)];
    int64_t numbers = 0;
    for (int k = 0; k < pool->operands; k++) {
        images[k] = T(images_of)(pool->operand[k].t);
        numbers += images[k].workspace;
    }
    struct wg_storage *workspace = wg_storage_new((size_t)numbers * sizeof(REAL) + 1);
    if (!workspace)
        return WG_E_MEMORY;
    REAL *free = (REAL *)(void *)wg_storage_data(workspace);
    for (int k = 0; k < pool->operands; free += images[k++].workspace) {
        T(operand) *o = &pool->operand[k];
        T(use_room)(&images[k], free);
        if (o->written && !pool->once)
            memset(images[k].data, 0, (size_t)images[k].workspace * sizeof(REAL));
        else
            T(move_images)(o->t, &images[k], true);
        o->data = images[k].data;
        o->s[0] = 1;
        o->s[1] = images[k].channel;
        o->s[2] = images[k].row;
        o->s[3] = images[k].column;
    }
    wg_parallel(threads, wg_ceil_div(pool->n, pool->together) * pool->channels, T(pool_channels), pool);
    for (int k = 0; k < pool->operands; k++)
        if (pool->operand[k].written)
            T(move_images)(pool->operand[k].t, &images[k], false);
    wg_storage_unref(workspace);
    return WG_OK;
}
#endif

/* Do the windows partition the axis? */
static inline bool T(tiles)(const struct wg_window *w)
{
    return w->padding == 0 && w->dilation == 1 && w->stride == w->size && w->outputs * w->size == w->extent;
}

/* Runs work on every window, in row-major order within a channel; threads share the channels. `pooled` is the bit set of
   operands with the shape of the pooled result; the others have that of the image. The last operand is written. If it is the
   image, it is cleared first, unless every element is in exactly one window. */
static inline wg_status T(pool_all)(const wg_call *c, int operands, const wg_tensor *const *operand, unsigned pooled,
                                    void (*work)(const T(pool) * pool, const T(window) * at))
{
    const struct wg_window_params *p = (const struct wg_window_params *)c->params;
    const wg_tensor *x = NULL, *y = NULL, *last = operand[operands - 1];
    T(pool) pool;
    memset(&pool, 0, sizeof pool);
    pool.operands = operands;
    for (int k = 0; k < operands; k++) {
        T(operand) *o = &pool.operand[k];
        o->t = operand[k];
        o->pooled = pooled >> k & 1;
        o->data = (ELEM *)(void *)operand[k]->data;
        memcpy(o->s, wg_strides(operand[k]), sizeof o->s);
        *(o->pooled ? &y : &x) = operand[k];
    }
    pool.operand[operands - 1].written = true;
    pool.rows = wg_window_of(p, 0, wg_extents(x)[2], p->size[0], wg_extents(y)[2]);
    pool.columns = wg_window_of(p, 1, wg_extents(x)[3], p->size[1], wg_extents(y)[3]);
    pool.n = wg_extents(x)[0];
    pool.channels = wg_extents(x)[1];
    pool.together = T(IMAGES);
    const double taps = (double)p->size[0] * (double)p->size[1];
    pool.divisor = p->adaptive || p->ceil_mode || p->exclude_pad ? 0 : taps;
    pool.work = work;
    const int threads = wg_kernel_threads((p->adaptive ? (double)x->numel : (double)y->numel * taps) / 4);
    pool.once = !p->adaptive && T(tiles)(&pool.rows) && T(tiles)(&pool.columns);
    if (last == x && !pool.once)
        memset(last->data, 0, (size_t)last->numel * sizeof(ELEM));
#ifndef WG_COUNTING
    if (T(wants_moving)(&pool))
        return T(pool_moved)(&pool, threads);
#endif
    wg_parallel(threads, wg_ceil_div(pool.n, pool.together) * pool.channels, T(pool_channels), &pool);
    return WG_OK;
}
