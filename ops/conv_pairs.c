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
    T(CHUNK) = 40
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

/* A run of columns: what is added to sums of so many channels of y and, side by side, of x or of taps. */
typedef struct {
    const REAL *x, *y;
    int64_t n, images;           /* columns, and what is worked on of each */
    int64_t step, input;         /* in x: from column to column; from channel to channel or from tap to tap */
    T(vector) (*part)[T(DEPTH)]; /* the sums */
    int64_t of_y, of_x;          /* steps in part */
} T(run);

WG_INLINE void T(add_run)(const int outputs, const int inputs, const T(pairing) * pg, const T(run) * run)
{
    const int64_t images = run->images, step = run->step, input = run->input, output = pg->y.channel, column = pg->y.column;
    const REAL *x = run->x, *y = run->y;
    T(vector) sum[T(OUTPUTS)][T(INPUTS)][T(DEPTH)];
    WG_EACH(o, outputs)
        WG_EACH(i, inputs)
            WG_EACH(d, T(DEPTH))
                sum[o][i][d] = run->part[o * run->of_y + i * run->of_x][d];
    for (int64_t j = 0; j < run->n; j++, x += step, y += column)
        for (int64_t image = 0; image < images; image += WG_LANES)
            WG_EACH(d, T(DEPTH)) {
                T(vector) from_x[T(INPUTS)];
                WG_EACH(i, inputs)
                    from_x[i] = T(load)(x + image + i * input + d * T(WIDTH));
                WG_EACH(o, outputs) {
                    const T(vector) from_y = T(load)(y + image + o * output + d * T(WIDTH));
                    WG_EACH(i, inputs)
                        sum[o][i][d] = T(add_product)(from_x[i], from_y, sum[o][i][d]);
                }
            }
    WG_EACH(o, outputs)
        WG_EACH(i, inputs)
            WG_EACH(d, T(DEPTH))
                run->part[o * run->of_y + i * run->of_x][d] = sum[o][i][d];
}

#define BLOCK(outputs, inputs)                            \
    case 8 * outputs + inputs:                            \
        if (outputs <= T(OUTPUTS) && inputs <= T(INPUTS)) \
            T(add_run)(outputs, inputs, pg, &run);        \
        break;

/* A row of x and of y, and the sums of tap v of a row of taps; those of the taps behind it follow. */
typedef struct {
    const REAL *x, *y;
    int64_t v;
    T(vector) (*part)[T(DEPTH)];
} T(row);

/* Columns first to last for taps v + t, v + t + 1, … of a row of taps: one, for all channels of x of the block, or count of them. */
static void T(add_columns)(const T(pairing) * pg, const T(pairs) * at, const T(row) * row, int64_t t, int64_t count, int64_t first,
                           int64_t last)
{
    const struct wg_window *columns = &pg->p->columns;
    if (first >= last)
        return;
    T(run)
    run = {.n = last - first, .images = pg->x.images, .step = columns->stride * pg->x.column, .part = row->part + t * T(SUMS)};
    run.x = row->x + wg_position(columns, first, row->v + t) * pg->x.column;
    run.y = row->y + first * pg->y.column;
    run.input = count > 1 ? columns->dilation * pg->x.column : pg->x.channel;
    run.of_y = count > 1 ? 1 : at->inputs;
    run.of_x = count > 1 ? T(SUMS) : 1;
    if (run.step == run.images && pg->y.column == run.images) { /* one run of memory */
        run.images *= run.n;
        run.n = 1;
    }
    switch (8 * at->outputs + (count > 1 ? count : at->inputs)) {
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

/* The columns of begin to end at which tap v looks inside the image. */
static inline void T(columns_of)(const struct wg_window *w, int64_t v, int64_t begin, int64_t end, int64_t *first, int64_t *last)
{
    *first = wg_clip(wg_first_window(w, v, 0), begin, end);
    *last = wg_clip(wg_first_window(w, v, w->extent), *first, end);
}

/* Columns begin to end for count taps of a row of taps: together where all of them look inside the image, each for itself to the left
   and to the right of that. */
static void T(add_taps)(const T(pairing) * pg, const T(pairs) * at, const T(row) * row, int64_t count, int64_t begin, int64_t end)
{
    int64_t first[T(INPUTS)], last[T(INPUTS)], low = begin, high = end;
    for (int64_t t = 0; t < count; t++) {
        T(columns_of)(&pg->p->columns, row->v + t, begin, end, &first[t], &last[t]);
        low = first[t] > low ? first[t] : low;
        high = last[t] < high ? last[t] : high;
    }
    high = high < low ? low : high;
    for (int64_t t = 0; t < count && count > 1; t++)
        T(add_columns)(pg, at, row, t, 1, first[t], wg_clip(low, first[t], last[t]));
    T(add_columns)(pg, at, row, 0, count, low, high);
    for (int64_t t = 0; t < count && count > 1; t++)
        T(add_columns)(pg, at, row, t, 1, wg_clip(high, first[t], last[t]), last[t]);
}

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
    const int64_t *s = wg_strides(p->w), blocks = pg->x.images / WG_LANES;
    const int64_t chunk = wg_ceil_div(columns->outputs, wg_ceil_div(columns->outputs * blocks, T(CHUNK)));
    T(vector) part[T(TAPS) * T(SUMS)][T(DEPTH)];
    memset(part, 0, (size_t)(at->taps * T(SUMS)) * sizeof part[0]);
    for (int64_t i = 0; i < rows->outputs; i++)
        for (int64_t begin = 0; begin < columns->outputs; begin += chunk)
            for (int64_t k = 0, u = at->tap / columns->size, v = at->tap % columns->size, count; k < at->taps; k += count) {
                const int64_t left = wg_clip(columns->size - v, 0, at->taps - k), row = wg_position(rows, i, u);
                const T(row) of = {at->x + row * pg->x.row, at->y + i * pg->y.row, v, part + k * T(SUMS)};
                count = at->inputs > 1 ? 1 : wg_ceil_div(left, wg_ceil_div(left, T(INPUTS))); /* taps that are worked on together */
                if (row >= 0 && row < rows->extent)
                    T(add_taps)(pg, at, &of, count, begin, wg_clip(begin + chunk, 0, columns->outputs));
                v += count;
                if (v == columns->size)
                    u++, v = 0;
            }
    for (int64_t k = 0; k < at->taps; k++)
        for (int64_t j = 0; j < at->outputs * at->inputs; j++) {
            const int64_t o = at->output + j / at->inputs, c = at->input + j % at->inputs, tap = at->tap + k;
            REAL *w = (REAL *)(void *)p->w->data + o * s[0] + c * s[1] + tap / columns->size * s[2] + tap % columns->size * s[3];
            REAL lane[WG_LANES];
            memcpy(lane, part[k * T(SUMS) + j], sizeof lane);
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
