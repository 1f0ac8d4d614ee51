/* The gradient of conv2d with respect to its kernel, with SIMD vectors along images. A sum has 16 parts, image n in part n mod
   16. Each part is one chain of fused multiply-adds x y over i, blocks of 16 images and j, in this order; the parts are added
   pairwise as a tree. */
#ifdef REAL
#include "ops/conv/vectors.h"

#include "ops/conv/images.h"

/* DEPTH: vectors that hold the 16 parts of a sum. SUMS: most vectors of sums in registers. TAPS: most taps of a row computed
   together. ROOM: most sums of a job. NEAR: elements of y that stay in the L1 cache while a job passes over its taps and
   channels of x. */
enum {
    T(DEPTH) = WG_LANES / T(WIDTH),
    T(SUMS) = VECTOR_BYTES == 64 ? 24 : 12,
    T(TAPS) = 5,
    T(ROOM) = 512,
    T(NEAR) = 24576 / (int)sizeof(REAL)
};

/* Channels of y and of x that are computed together with that many taps of a row. */
static inline int64_t T(outputs_with)(int64_t taps)
{
    return taps == 1 ? 6 : taps <= 3 || T(SUMS) == 24 ? 4 : 2;
}

static inline int64_t T(inputs_with)(int64_t taps)
{
    return taps == 1 ? T(SUMS) / 6 : taps <= 3 ? T(SUMS) / 12 : 1;
}

typedef struct {
    const struct wg_pairing *p;
    T(images) x, y;
    int64_t outputs, inputs;                       /* most channels of a job */
    int64_t output_blocks, input_parts, tap_parts; /* parts into which jobs split a group's outputs and inputs and the kernel's
                                                      taps */
    int64_t unit;                                  /* a job's taps are a multiple of this */
} T(pairing);

/* A job: some channels and some taps. Its sums are stored [tap][input][output]. */
typedef struct {
    const REAL *x, *y; /* at the job's first channels */
    int64_t output, outputs, input, inputs, tap, taps;
} T(pairs);

/* Rows of x and of y, and adjacent taps of one row of the kernel. */
typedef struct {
    const REAL *x, *y;
    int64_t rows;                /* number of rows, the same for x and y */
    int64_t at;                  /* the column of x that the first tap reads for column 0 of y */
    int64_t low, high;           /* for these columns all taps are inside, and each reads what the next tap read one column
                                    before */
    T(vector) (*part)[T(DEPTH)]; /* the sums */
    int64_t of_tap, of_input;    /* strides in part */
} T(run);

/* The sums of a block in registers: [tap][channel of x][channel of y]. */
typedef T(vector) T(sums)[T(TAPS)][4][6];

/* Adds columns low to high of a row. Elements of x are kept in registers: each tap reads what the next tap read one column
   before. */
WG_INLINE void T(slide)(const int outputs, const int inputs, const int taps, const T(pairing) * pg, const T(run) * run,
                        const REAL *x, const REAL *y, T(sums) sum)
{
    const int64_t step = pg->p->columns.stride * pg->x.column, input = pg->x.channel, output = pg->y.channel;
    T(vector) seen[T(TAPS)][4];
    x += run->at * pg->x.column + run->low * step;
    y += run->low * pg->y.column;
    WG_UNROLL(t, taps - 1) {
        WG_UNROLL(i, inputs)
            seen[t + 1][i] = T(load)(x + i * input);
        x += step;
    }
    for (int64_t j = run->low; j < run->high; j++, x += step, y += pg->y.column) {
        WG_UNROLL(i, inputs) {
            WG_UNROLL(t, taps - 1)
                seen[t][i] = seen[t + 1][i];
            seen[taps - 1][i] = T(load)(x + i * input);
        }
        WG_UNROLL(o, outputs) {
            const T(vector) from_y = T(load)(y + o * output);
            WG_UNROLL(t, taps)
                WG_UNROLL(i, inputs)
                    sum[t][i][o] = T(add_product)(seen[t][i], from_y, sum[t][i][o]);
        }
    }
}

/* Adds columns j to end, for the taps that are inside the image. */
WG_INLINE void T(add_edge)(const int outputs, const int inputs, const int taps, const T(pairing) * pg, const T(run) * run,
                           const REAL *x, const REAL *y, int64_t j, int64_t end, T(sums) sum)
{
    const int64_t stride = pg->p->columns.stride, dilation = pg->p->columns.dilation, extent = pg->p->columns.extent;
    for (; j < end; j++)
        WG_UNROLL(t, taps) {
            const int64_t at = run->at + j * stride + t * dilation;
            if ((uint64_t)at >= (uint64_t)extent)
                continue;
            WG_UNROLL(i, inputs) {
                const T(vector) from_x = T(load)(x + at * pg->x.column + i * pg->x.channel);
                WG_UNROLL(o, outputs)
                    sum[t][i][o] = T(add_product)(from_x, T(load)(y + j * pg->y.column + o * pg->y.channel), sum[t][i][o]);
            }
        }
}

WG_INLINE void T(add_run)(const int outputs, const int inputs, const int taps, const T(pairing) * pg, const T(run) * run)
{
    for (int d = 0; d < T(DEPTH); d++) {
        T(sums) sum;
        WG_UNROLL(t, taps)
            WG_UNROLL(i, inputs)
                WG_UNROLL(o, outputs)
                    sum[t][i][o] = run->part[t * run->of_tap + i * run->of_input + o][d];
        for (int64_t row = 0; row < run->rows; row++)
            for (int64_t image = d * T(WIDTH); image < pg->x.images; image += WG_LANES) {
                const REAL *x = run->x + row * pg->p->rows.stride * pg->x.row + image, *y = run->y + row * pg->y.row + image;
                for (int64_t j = 0, end = run->low;; j = run->high, end = pg->p->columns.outputs) {
                    T(add_edge)(outputs, inputs, taps, pg, run, x, y, j, end, sum);
                    if (end == pg->p->columns.outputs)
                        break;
                    T(slide)(outputs, inputs, taps, pg, run, x, y, sum);
                }
            }
        WG_UNROLL(t, taps)
            WG_UNROLL(i, inputs)
                WG_UNROLL(o, outputs)
                    run->part[t * run->of_tap + i * run->of_input + o][d] = sum[t][i][o];
    }
}

#define BLOCK(outputs, inputs, taps)                    \
    case 100 * taps + 10 * inputs + outputs:            \
        if (outputs * inputs * taps <= T(SUMS))         \
            T(add_run)(outputs, inputs, taps, pg, run); \
        break;
#define BLOCKS(inputs, taps) BLOCK(4, inputs, taps) BLOCK(2, inputs, taps) BLOCK(1, inputs, taps)

static void T(add_block)(int64_t outputs, int64_t inputs, int64_t taps, const T(pairing) * pg, const T(run) * run)
{
    switch (100 * taps + 10 * inputs + outputs) {
        BLOCK(6, 4, 1)
        BLOCK(6, 2, 1)
        BLOCK(6, 1, 1)
        BLOCKS(4, 1)
        BLOCKS(2, 1)
        BLOCKS(1, 1)
        BLOCKS(2, 2)
        BLOCKS(1, 2)
        BLOCKS(2, 3)
        BLOCKS(1, 3)
        BLOCKS(1, 4)
        BLOCKS(1, 5)
    default:
        break;
    }
}
#undef BLOCKS
#undef BLOCK

/* The next block's size when `left` channels remain: most, or 4, 2 or 1 for the rest. */
static inline int64_t T(piece)(int64_t left, int64_t most)
{
    return left >= most ? most : left >= 4 ? 4 : left >= 2 ? 2 : left;
}

/* Adds a job's products for rows i to end of y and for count taps of one kernel row, beginning with tap. */
static void T(add_taps)(const T(pairing) * pg, const T(pairs) * at, T(vector) (*part)[T(DEPTH)], int64_t i, int64_t end,
                        int64_t tap, int64_t count)
{
    const struct wg_window *rows = &pg->p->rows, *columns = &pg->p->columns;
    const int64_t u = tap / columns->size, v = tap % columns->size;
    T(run) run = {.of_input = at->outputs, .of_tap = at->outputs * at->inputs};
    i = wg_clip(wg_first_window(rows, u, 0), i, end);
    run.rows = wg_clip(wg_first_window(rows, u, rows->extent), i, end) - i;
    if (run.rows == 0)
        return;
    run.y = at->y + i * pg->y.row;
    run.at = wg_position(columns, 0, v);
    if (count == 1 || columns->stride == columns->dilation) {
        run.low = wg_first_window(columns, v, 0);
        run.high = wg_first_window(columns, v + count - 1, columns->extent);
    }
    if (run.low >= run.high)
        run.low = run.high = columns->outputs;
    for (int64_t c = 0, inputs; c < at->inputs; c += inputs) {
        inputs = T(piece)(at->inputs - c, T(inputs_with)(count));
        run.x = at->x + c * pg->x.channel + wg_position(rows, i, u) * pg->x.row;
        run.part = part + (tap - at->tap) * run.of_tap + c * run.of_input;
        T(add_block)(at->outputs, inputs, count, pg, &run);
    }
}

static REAL T(join_parts)(REAL part[WG_LANES])
{
    for (int half = WG_LANES / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            part[k] = part[k] + part[k + half];
    return part[0];
}

static void T(pair_block)(const T(pairing) * pg, const T(pairs) * at)
{
    const struct wg_pairing *p = pg->p;
    const int64_t *s = wg_strides(p->w), size = p->columns.size, channels = at->outputs * at->inputs;
    T(vector) part[T(ROOM)][T(DEPTH)];
    memset(part, 0, (size_t)(at->taps * channels) * sizeof part[0]);
    const int64_t most = T(NEAR) / (at->outputs * pg->y.images * p->columns.outputs) + 1;
    for (int64_t i = 0; i < p->rows.outputs; i += most)
        for (int64_t k = 0, count; k < at->taps; k += count) {
            const int64_t left = wg_clip(size - (at->tap + k) % size, 0, at->taps - k);
            count = wg_ceil_div(left, wg_ceil_div(left, T(TAPS)));
            T(add_taps)(pg, at, part, i, wg_clip(i + most, 0, p->rows.outputs), at->tap + k, count);
        }
    for (int64_t k = 0; k < at->taps; k++)
        for (int64_t j = 0; j < channels; j++) {
            const int64_t o = at->output + j % at->outputs, c = at->input + j / at->outputs, tap = at->tap + k;
            REAL *w = (REAL *)(void *)p->w->data + o * s[0] + c * s[1] + tap / size * s[2] + tap % size * s[3];
            REAL lane[WG_LANES];
            memcpy(lane, part[k * channels + j], sizeof lane);
            *w = T(join_parts)(lane);
        }
}

/* Splits channels into blocks of at most `most`. Returns the size of a block, 0 after the last, and sets *first to its first
   channel. */
static int64_t T(block_at)(int64_t channels, int64_t most, int64_t block, int64_t *first)
{
    int64_t size = 0;
    *first = 0;
    do {
        *first += size;
        size = T(piece)(channels - *first, most);
    } while (block-- > 0 && size > 0);
    return size;
}

static void T(pair_blocks)(int64_t first, int64_t last, void *context)
{
    const T(pairing) *pg = (const T(pairing) *)context;
    const struct wg_pairing *p = pg->p;
    const int64_t units = p->rows.size * p->columns.size / pg->unit;
    for (int64_t job = first; job < last; job++) {
        const int64_t block = job % pg->output_blocks, part = job / pg->output_blocks % pg->tap_parts;
        const int64_t input = job / pg->output_blocks / pg->tap_parts % pg->input_parts;
        const int64_t group = job / pg->output_blocks / pg->tap_parts / pg->input_parts;
        T(pairs) at;
        at.tap = units * part / pg->tap_parts * pg->unit;
        at.taps = units * (part + 1) / pg->tap_parts * pg->unit - at.tap;
        at.outputs = T(block_at)(p->outputs, pg->outputs, block, &at.output);
        at.input = input * pg->inputs;
        at.inputs = wg_clip(p->inputs - at.input, 0, pg->inputs);
        at.output += group * p->outputs;
        at.x = pg->x.data + (group * p->inputs + at.input) * pg->x.channel;
        at.y = pg->y.data + at.output * pg->y.channel;
        T(pair_block)(pg, &at);
    }
}

/* Splits the work into jobs of at most ROOM sums each; with several threads, into about 8 jobs or more per thread. */
static void T(part_work)(T(pairing) * pg, int threads)
{
    const struct wg_pairing *p = pg->p;
    const int64_t size = p->columns.size, taps = p->rows.size * size, together = wg_ceil_div(size, wg_ceil_div(size, T(TAPS)));
    const int64_t step = T(inputs_with)(together);
    int64_t first;
    pg->outputs = T(outputs_with)(together);
    pg->unit = size * pg->outputs * step <= T(ROOM) ? size : 1;
    pg->output_blocks = 0;
    while (T(block_at)(p->outputs, pg->outputs, pg->output_blocks, &first) > 0)
        pg->output_blocks++;
    const int64_t units = taps / pg->unit, most = T(ROOM) / (pg->outputs * step * pg->unit); /* most units of a job */
    pg->tap_parts = wg_ceil_div(units, most);
    pg->inputs = T(ROOM) / (pg->outputs * wg_ceil_div(units, pg->tap_parts) * pg->unit) / step * step;
    pg->input_parts = wg_ceil_div(p->inputs, pg->inputs);
    pg->inputs = wg_ceil_div(wg_ceil_div(p->inputs, pg->input_parts), step) * step;
    pg->input_parts = wg_ceil_div(p->inputs, pg->inputs);
    const int64_t jobs = p->groups * pg->output_blocks * pg->input_parts;
    if (threads > 1) /* there is work then, so jobs > 0 */
        pg->tap_parts = wg_clip(wg_ceil_div(8 * threads, jobs), pg->tap_parts, units);
}

wg_status T(wg_pair)(const struct wg_pairing *p)
{
    T(pairing) pg = {.p = p, .x = T(images_of)(p->x), .y = T(images_of)(p->y)};
    const double work = (double)p->y->numel * (double)(p->rows.size * p->columns.size * p->inputs) / 4; /* see conv_direct.c */
    const int threads = wg_kernel_threads(work);
    struct wg_storage *workspace = NULL;
    if (pg.x.workspace + pg.y.workspace > 0) {
        workspace = wg_storage_new((size_t)(pg.x.workspace + pg.y.workspace) * sizeof(REAL));
        if (!workspace)
            return WG_E_MEMORY;
        T(use_room)(&pg.x, (REAL *)(void *)wg_storage_data(workspace));
        T(use_room)(&pg.y, (REAL *)(void *)wg_storage_data(workspace) + pg.x.workspace);
        T(move_images)(p->x, &pg.x, true);
        T(move_images)(p->y, &pg.y, true);
    }
    T(part_work)(&pg, threads);
    wg_parallel(threads, p->groups * pg.output_blocks * pg.input_parts * pg.tap_parts, T(pair_blocks), &pg);
    if (workspace)
        wg_storage_unref(workspace);
    return WG_OK;
}
#else
#include "ops/conv/conv_direct.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define KERNEL_FILE "ops/conv/conv_weight_grad.c"
#include "ops/op.h"
#endif
