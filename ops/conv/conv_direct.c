/* conv2d and its gradient with respect to the image, with SIMD vectors along images. A block of several vectors of images and
   several channels of the result keeps its sums in registers. Each sum is one chain of fused multiply-adds x w over u, v and the
   channels summed over, in this order, starting from the bias. */
#ifdef REAL
#include "ops/conv/vectors.h"

#include "ops/conv/images.h"

/* PACK: channels of the result whose weights are stored together. SUMS: most vectors of sums in a block. VECTORS: most vectors
   of images in a block. NEAR: elements that the caches close to a core (1 MiB) hold. */
enum {
    T(PACK) = 6,
    T(SUMS) = VECTOR_BYTES == 64 ? 24 : 12,
    T(VECTORS) = VECTOR_BYTES == 64 ? 4 : 2,
    T(NEAR) = (1 << 20) / (int)sizeof(REAL)
};

typedef struct {
    const struct wg_correlation *c;
    T(images) from, to;
    const REAL *w, *bias;                 /* packed weights [group][pack of outputs][u][v][input][output], bias [group][output] */
    int64_t packs, pack;                  /* packs in a group; elements of a pack */
    const struct wg_taps *rows, *columns; /* taps of each row and column of the result */
    int64_t height, width;                /* extents of the result */
    int64_t vectors;                      /* vectors in all images */
    bool distant;                         /* from is larger than NEAR */
} T(correlation);

/* A block's addresses, for its first image, first channel and column 0. */
typedef struct {
    const REAL *from, *w, *bias;
    REAL *to;
    const struct wg_taps *rows;
    int64_t outputs; /* channels of the block that exist; the others are padding */
} T(place);

/* Computes one row of a block's channels and images. Channels are too far apart in memory for the hardware prefetcher, so the
   elements that the next column reads and this one does not are prefetched here. */
WG_INLINE void T(correlate_row)(const int outputs, const int vectors, const T(correlation) * cv, const T(place) * at)
{
    const struct wg_correlation *c = cv->c;
    const int64_t taps = c->columns.size, inputs = c->inputs, channel = cv->from.channel;
    const struct wg_taps rows = *at->rows;
    for (int64_t column = 0; column < cv->width; column++) {
        const struct wg_taps columns = cv->columns[column];
        T(vector) sum[T(SUMS)][T(VECTORS)];
        WG_UNROLL(o, outputs) {
            const T(vector) start = T(splat)(at->bias[o]);
            WG_UNROLL(k, vectors)
                sum[o][k] = start;
        }
        const struct wg_taps next = cv->columns[column + 1 < cv->width ? column + 1 : column];
        const int64_t ahead = (next.place + (next.count - 1) * next.place_step - columns.place) * cv->from.column;
        for (int64_t a = 0; a < rows.count; a++)
            for (int64_t b = 0; b < columns.count; b++) {
                const REAL *x = at->from + (rows.place + a * rows.place_step) * cv->from.row +
                                (columns.place + b * columns.place_step) * cv->from.column;
                const REAL *w = at->w +
                                ((rows.tap + a * rows.tap_step) * taps + columns.tap + b * columns.tap_step) * inputs * T(PACK);
                for (int64_t i = 0; i < inputs; i++, x += channel, w += T(PACK)) {
                    T(vector) image[T(VECTORS)];
                    if (b == 0 && cv->distant)
                        WG_UNROLL(k, vectors)
                            __builtin_prefetch(x + ahead + k * T(WIDTH));
                    WG_UNROLL(k, vectors)
                        image[k] = T(load)(x + k * T(WIDTH));
                    WG_UNROLL(o, outputs) {
                        const T(vector) weight = T(splat)(w[o % T(PACK) + o / T(PACK) * cv->pack]);
                        WG_UNROLL(k, vectors)
                            sum[o][k] = T(add_product)(weight, image[k], sum[o][k]);
                    }
                }
            }
        REAL *to = at->to + column * cv->to.column;
        WG_UNROLL(o, outputs) {
            if (o < at->outputs)
                WG_UNROLL(k, vectors)
                    T(store)(to + o * cv->to.channel + k * T(WIDTH), c->relu ? T(positive)(sum[o][k]) : sum[o][k]);
        }
    }
}

#define ROW(outputs, vectors)                       \
    case 16 * vectors + outputs:                    \
        T(correlate_row)(outputs, vectors, cv, at); \
        break;

static void T(correlate_block)(int64_t vectors, const T(correlation) * cv, const T(place) * at)
{
    const int64_t n = at->outputs, outputs = n <= 2 ? n : n <= 4 ? 4 : n <= 6 ? 6 : n <= 8 ? 8 : 12;
    switch (16 * vectors + outputs) {
#if VECTOR_BYTES == 64
        ROW(6, 4)
        ROW(4, 4)
        ROW(2, 4)
        ROW(1, 4)
        ROW(12, 2)
        ROW(8, 2)
        ROW(12, 1)
        ROW(8, 1)
        ROW(6, 1)
        ROW(4, 1)
        ROW(2, 1)
        ROW(1, 1)
#endif
        ROW(6, 2)
        ROW(4, 2)
        ROW(2, 2)
        ROW(1, 2)
    default:
        break;
    }
}
#undef ROW

/* Splits the vectors into blocks of VECTORS; the rest is split into blocks of half as many, down to one. Returns the size of a
   block and sets *first to its first vector. */
static int64_t T(block_of)(int64_t vectors, int64_t block, int64_t *first)
{
    int64_t n = T(VECTORS), before = vectors / n;
    *first = block * n;
    if (block < before)
        return n;
    *first = before * n;
    for (n /= 2; n > 0; n /= 2)
        if (vectors & n) {
            if (block == before)
                break;
            before++;
            *first += n;
        }
    return n;
}

/* A job is one row, a block of images and two packs of channels. The packs of a row are consecutive jobs, so that the elements
   which they read stay cached. Threads share rows and not packs, because the last packs may have few channels. */
static void T(correlate_rows)(int64_t first, int64_t last, void *context)
{
    const T(correlation) *cv = (const T(correlation) *)context;
    const struct wg_correlation *c = cv->c;
    const int64_t pairs = wg_ceil_div(cv->packs, 2);
    for (int64_t job = first; job < last; job++) {
        const int64_t pair = job % pairs, row = job / pairs % cv->height, group = job / pairs / cv->height % c->groups;
        int64_t vector, output = 2 * pair * T(PACK);
        const int64_t vectors = T(block_of)(cv->vectors, job / pairs / cv->height / c->groups, &vector);
        const int64_t end = wg_clip(c->outputs, 0, output + 2 * T(PACK)),
                      width = vectors * T(PACK) < T(SUMS) ? 2 * T(PACK) : T(PACK);
        for (; output < end; output += width) {
            const int64_t packed = group * cv->packs + output / T(PACK);
            T(place) at;
            at.outputs = wg_clip(end - output, 0, width);
            at.from = cv->from.data + group * c->inputs * cv->from.channel + vector * T(WIDTH);
            at.to = cv->to.data + (group * c->outputs + output) * cv->to.channel + row * cv->to.row + vector * T(WIDTH);
            at.w = cv->w + packed * cv->pack;
            at.bias = cv->bias + packed * T(PACK);
            at.rows = cv->rows + row;
            T(correlate_block)(vectors, cv, &at);
        }
    }
}

/* Copies weights and biases into the order in which blocks read them, with zeros where a pack is not full. */
static void T(pack_weights)(const T(correlation) * cv, REAL *w, REAL *bias)
{
    const struct wg_correlation *c = cv->c;
    const int64_t *s = wg_strides(c->w), output = c->spreads ? s[1] : s[0], input = c->spreads ? s[0] : s[1];
    const int64_t group = (c->spreads ? c->inputs : c->outputs) * s[0];
    const int64_t columns = c->columns.size, taps = c->rows.size * columns;
    const REAL *from_w = (const REAL *)(const void *)c->w->data, *from_b = NULL;
    if (c->bias)
        from_b = (const REAL *)(const void *)c->bias->data;
    for (int64_t p = 0; p < c->groups * cv->packs; p++)
        for (int64_t o = 0; o < T(PACK); o++) {
            const int64_t at = p % cv->packs * T(PACK) + o, g = p / cv->packs;
            const bool filled = at < c->outputs;
            bias[p * T(PACK) + o] = filled && from_b ? from_b[(g * c->outputs + at) * wg_strides(c->bias)[0]] : 0;
            for (int64_t tap = 0; tap < taps; tap++)
                for (int64_t i = 0; i < c->inputs; i++)
                    w[p * cv->pack + (tap * c->inputs + i) * T(PACK) + o] =
                        filled ? from_w[g * group + at * output + i * input + tap / columns * s[2] + tap % columns * s[3]] : 0;
        }
}

wg_status T(wg_correlate)(const struct wg_correlation *c)
{
    T(correlation) cv = {.c = c, .from = T(images_of)(c->from), .to = T(images_of)(c->to)};
    cv.height = c->spreads ? c->rows.extent : c->rows.outputs;
    cv.width = c->spreads ? c->columns.extent : c->columns.outputs;
    cv.packs = wg_ceil_div(c->outputs, T(PACK));
    cv.pack = c->rows.size * c->columns.size * c->inputs * T(PACK);
    cv.distant = c->from->numel > T(NEAR);
    cv.vectors = cv.to.images / T(WIDTH);
    const int64_t rest = cv.vectors % T(VECTORS), blocks = cv.vectors / T(VECTORS) + (rest & 1) + (rest >> 1);
    const int64_t packs = c->groups * cv.packs, numbers = cv.from.workspace + cv.to.workspace + packs * (cv.pack + T(PACK));
    struct wg_storage *workspace = wg_storage_new((size_t)(cv.height + cv.width) * sizeof(struct wg_taps) +
                                                  (size_t)numbers * sizeof(REAL));
    if (!workspace)
        return WG_E_MEMORY;
    REAL *free = (REAL *)(void *)wg_storage_data(workspace);
    T(use_room)(&cv.from, free);
    T(use_room)(&cv.to, free + cv.from.workspace);
    REAL *w = free + cv.from.workspace + cv.to.workspace, *bias = w + packs * cv.pack;
    struct wg_taps *taps = (struct wg_taps *)(void *)(bias + packs * T(PACK));
    cv.w = w;
    cv.bias = bias;
    cv.rows = taps;
    cv.columns = taps + cv.height;
    wg_find_taps(&c->rows, c->spreads, taps);
    wg_find_taps(&c->columns, c->spreads, taps + cv.height);
    T(pack_weights)(&cv, w, bias);
    const double work = (double)c->to->numel * (double)(c->rows.size * c->columns.size * c->inputs) /
                        4; /* a product counts as a quarter of an operation */
    T(move_images)(c->from, &cv.from, true);
    wg_parallel(wg_kernel_threads(work), blocks * wg_ceil_div(cv.packs, 2) * c->groups * cv.height, T(correlate_rows), &cv);
    T(move_images)(c->to, &cv.to, false);
    wg_storage_unref(workspace);
    return WG_OK;
}
#else
#include "ops/conv/conv_direct.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define KERNEL_FILE "ops/conv/conv_direct.c"
#include "ops/op.h"

static struct wg_taps taps_of_output(const struct wg_window *w, int64_t i)
{
    const int64_t first = wg_first_tap(w, i, 0);
    return (struct wg_taps){first, 1, wg_position(w, i, first), w->dilation, wg_first_tap(w, i, w->extent) - first};
}

/* The taps whose windows contain a position. Consecutive ones have a constant difference, as have their windows, so the first
   two determine the steps. */
static struct wg_taps taps_of_position(const struct wg_window *w, int64_t position)
{
    struct wg_taps t = {0};
    for (int64_t u = 0; u < w->size; u++) {
        const int64_t i = wg_window_at(w, position, u);
        if (i < 0)
            continue;
        if (t.count == 0) {
            t.tap = u;
            t.place = i;
        } else if (t.count == 1) {
            t.tap_step = u - t.tap;
            t.place_step = i - t.place;
        }
        t.count++;
    }
    return t;
}

void wg_find_taps(const struct wg_window *w, bool spreads, struct wg_taps *taps)
{
    const int64_t n = spreads ? w->extent : w->outputs;
    for (int64_t i = 0; i < n; i++)
        taps[i] = spreads ? taps_of_position(w, i) : taps_of_output(w, i);
}
#endif
