/* The sums of conv2d's gradient by its kernel, with vectors along images. A sum has 16 parts, by the number of the image modulo 16;
   each is one chain of x y added (fma) to what it was, over i, j and images, in this order; the parts are joined as a tree. */
#ifdef REAL
#include "vectors.h"

#include "images.h"

/* Vectors that hold a block of images; sums in registers; channels of y, of x and taps of a block at most; columns times blocks of
   images after which a block of channels goes on to the next tap, so that what it reads stays in the cache. */
enum {
    T(DEPTH) = WG_LANES / T(WIDTH),
    T(SUMS) = (VECTOR_BYTES == 64 ? 24 : 12) / T(DEPTH),
    T(OUTPUTS) = T(SUMS) == 24   ? 6
                 : T(SUMS) == 12 ? 4
                 : T(SUMS) >= 3  ? 3
                                 : 1,
    T(INPUTS) = T(SUMS) / T(OUTPUTS),
    T(TAPS) = 16,
    T(CHUNK) = 32
};

typedef struct {
    const struct wg_pairing *p;
    T(images) x, y;
    int64_t output_blocks, input_blocks, tap_parts; /* of a group, of a group, of the kernel */
} T(pairing);

/* A block of channels and taps. */
typedef struct {
    const REAL *x, *y; /* of its first channels */
    int64_t output, outputs, input, inputs, tap, taps;
} T(pairs);

/* Adds the products of n columns, s and t apart in x and y, to the sums of one tap. */
INLINE void T(add_pairs)(const int outputs, const int inputs, const T(pairing) * pg, int64_t n, const REAL *x, int64_t s,
                         const REAL *y, int64_t t, T(vector) part[T(SUMS)][T(DEPTH)])
{
    const int64_t images = pg->x.images, input = pg->x.channel, output = pg->y.channel;
    T(vector) sum[T(SUMS)][T(DEPTH)];
    EACH(k, outputs * inputs)
    EACH(d, T(DEPTH))
    sum[k][d] = part[k][d];
    for (int64_t j = 0; j < n; j++, x += s, y += t)
        for (int64_t image = 0; image < images; image += WG_LANES)
            EACH(d, T(DEPTH))
            {
                T(vector) from_x[T(INPUTS)];
                EACH(i, inputs)
                from_x[i] = T(load)(x + image + i * input + d * T(WIDTH));
                EACH(o, outputs)
                {
                    const T(vector) from_y = T(load)(y + image + o * output + d * T(WIDTH));
                    EACH(i, inputs)
                    sum[o * inputs + i][d] = T(add_product)(from_x[i], from_y, sum[o * inputs + i][d]);
                }
            }
    EACH(k, outputs * inputs)
    EACH(d, T(DEPTH))
    part[k][d] = sum[k][d];
}

#define BLOCK(outputs, inputs)                                                    \
    case 8 * outputs + inputs:                                                    \
        if (outputs <= T(OUTPUTS) && inputs <= T(INPUTS))                         \
            T(add_pairs)(outputs, inputs, pg, n, x, step, y, pg->y.column, part); \
        break;

static void T(add_columns)(const T(pairing) * pg, const T(pairs) * at, int64_t n, const REAL *x, const REAL *y,
                           T(vector) part[T(SUMS)][T(DEPTH)])
{
    const int64_t step = pg->p->columns.stride * pg->x.column;
    switch (8 * at->outputs + at->inputs) {
        BLOCK(6, 4)
        BLOCK(6, 3)
        BLOCK(6, 2)
        BLOCK(6, 1)
        BLOCK(4, 4)
        BLOCK(4, 3)
        BLOCK(4, 2)
        BLOCK(4, 1)
        BLOCK(3, 2)
        BLOCK(3, 1)
        BLOCK(2, 4)
        BLOCK(2, 3)
        BLOCK(2, 2)
        BLOCK(2, 1)
        BLOCK(1, 4)
        BLOCK(1, 3)
        BLOCK(1, 2)
        BLOCK(1, 1)
    default:
        break;
    }
}
#undef BLOCK

static REAL T(join_parts)(REAL part[WG_LANES])
{
    for (int half = WG_LANES / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            part[k] = part[k] + part[k + half];
    return part[0];
}

/* All products of a block. */
static void T(pair_block)(const T(pairing) * pg, const T(pairs) * at)
{
    const struct wg_pairing *p = pg->p;
    const struct wg_window *rows = &p->rows, *columns = &p->columns;
    const int64_t chunk = wg_ceil_div(T(CHUNK), pg->x.images / WG_LANES), *s = wg_strides(p->w);
    T(vector) part[T(TAPS)][T(SUMS)][T(DEPTH)];
    memset(part, 0, (size_t)at->taps * sizeof part[0]);
    for (int64_t i = 0; i < rows->outputs; i++)
        for (int64_t begin = 0; begin < columns->outputs; begin += chunk)
            for (int64_t k = 0; k < at->taps; k++) {
                const int64_t u = (at->tap + k) / columns->size, v = (at->tap + k) % columns->size, row = wg_position(rows, i, u);
                const int64_t first = wg_clip(wg_first_window(columns, v, 0), begin, begin + chunk);
                const int64_t last = wg_clip(wg_first_window(columns, v, columns->extent), first, begin + chunk);
                if (row < 0 || row >= rows->extent || first == last)
                    continue;
                T(add_columns)
                (pg, at, last - first, at->x + row * pg->x.row + wg_position(columns, first, v) * pg->x.column,
                 at->y + i * pg->y.row + first * pg->y.column, part[k]);
            }
    for (int64_t k = 0; k < at->taps; k++)
        for (int64_t j = 0; j < at->outputs * at->inputs; j++) {
            const int64_t o = at->output + j / at->inputs, c = at->input + j % at->inputs, tap = at->tap + k;
            REAL *w = (REAL *)(void *)p->w->data + o * s[0] + c * s[1] + tap / columns->size * s[2] + tap % columns->size * s[3];
            REAL lane[WG_LANES];
            memcpy(lane, part[k][j], sizeof lane);
            *w = T(join_parts)(lane);
        }
}

/* Channels are parted into blocks of at most so many, what is left over into 4, 2 and 1 of y's. */
static int64_t T(block_of)(int64_t channels, int64_t most, bool of_y, int64_t block, int64_t *first)
{
    int64_t size = 0;
    *first = 0;
    do {
        *first += size;
        size = wg_clip(channels - *first, 0, most);
        if (of_y && size < most)
            size = size >= 4 ? 4 : size >= 2 ? 2 : size;
    } while (block-- > 0 && size > 0);
    return size;
}

static int64_t T(blocks_of)(int64_t channels, int64_t most, bool of_y)
{
    int64_t n = 0, first;
    while (T(block_of)(channels, most, of_y, n, &first) > 0)
        n++;
    return n;
}

/* A job is a block of channels of y, a block of channels of x and a part of the taps. */
static void T(pair_blocks)(int64_t first, int64_t last, void *context)
{
    const T(pairing) *pg = (const T(pairing) *)context;
    const struct wg_pairing *p = pg->p;
    const int64_t taps = p->rows.size * p->columns.size;
    for (int64_t job = first; job < last; job++) {
        const int64_t part = job % pg->tap_parts, input = job / pg->tap_parts % pg->input_blocks;
        const int64_t output = job / pg->tap_parts / pg->input_blocks % pg->output_blocks;
        const int64_t group = job / pg->tap_parts / pg->input_blocks / pg->output_blocks;
        T(pairs) at;
        at.tap = taps * part / pg->tap_parts;
        at.taps = taps * (part + 1) / pg->tap_parts - at.tap;
        at.outputs = T(block_of)(p->outputs, T(OUTPUTS), true, output, &at.output);
        at.inputs = T(block_of)(p->inputs, T(INPUTS), false, input, &at.input);
        at.output += group * p->outputs;
        at.x = pg->x.data + (group * p->inputs + at.input) * pg->x.channel;
        at.y = pg->y.data + at.output * pg->y.channel;
        T(pair_block)(pg, &at);
    }
}

wg_status T(wg_pair)(const struct wg_pairing *p)
{
    T(pairing) pg = {.p = p, .x = T(images_of)(p->x), .y = T(images_of)(p->y)};
    const double work = (double)p->y->numel * (double)(p->rows.size * p->columns.size * p->inputs) / 4; /* as in conv_lanes.c */
    const int threads = wg_kernel_threads(work);
    struct wg_storage *room = NULL;
    if (pg.x.room + pg.y.room > 0) {
        room = wg_storage_new((size_t)(pg.x.room + pg.y.room) * sizeof(REAL));
        if (!room)
            return WG_E_MEMORY;
        T(use_room)(&pg.x, (REAL *)(void *)wg_storage_data(room));
        T(use_room)(&pg.y, (REAL *)(void *)wg_storage_data(room) + pg.x.room);
        T(move_images)(p->x, &pg.x, true);
        T(move_images)(p->y, &pg.y, true);
    }
    pg.output_blocks = T(blocks_of)(p->outputs, T(OUTPUTS), true);
    pg.input_blocks = T(blocks_of)(p->inputs, T(INPUTS), false);
    const int64_t taps = p->rows.size * p->columns.size, blocks = p->groups * pg.output_blocks * pg.input_blocks;
    const int64_t least = wg_ceil_div(taps, T(TAPS)), wanted = blocks > 0 ? wg_ceil_div(threads, blocks) : 1;
    pg.tap_parts = wg_clip(wanted, least, taps);
    wg_parallel(threads, blocks * pg.tap_parts, T(pair_blocks), &pg);
    if (room)
        wg_storage_unref(room);
    return WG_OK;
}
#else
#include "conv_lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define KERNEL_FILE "conv_pairs.c"
#include "op.h"
#endif
