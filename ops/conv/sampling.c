/* The constants of resample: which elements of an axis an element of its result reads, and by which weights. */
#include "ops/conv/sampling.h"

#include "ops/conv/window_shape.h"
#include "ops/op.h"

enum { MAX_TAPS = 4 };

/* The elements that one element of the result reads. */
struct taps {
    int count;
    int64_t index[MAX_TAPS];
    double weight[MAX_TAPS];
};

static void add_tap(struct taps *taps, int64_t index, double weight)
{
    if (weight == 0)
        return;
    taps->index[taps->count] = index;
    taps->weight[taps->count++] = weight;
}

/* ---- interpolation: the formulas of PyTorch 1.13's upsampling, in f64 ---- */

/* ⌊s⌋ in 0 … n - 1. Rounding to f32 first takes back the error of s where s should be an integer; from 2²³ on f32 has no fractions. */
static int64_t floor_in(double s, int64_t n)
{
    const double floored = s < 0x1p23 ? (double)floorf((float)s) : floor(s);
    return floored < (double)n ? wg_clip((int64_t)floored, 0, n - 1) : n - 1;
}

static double position_of(const wg_sampling *s, int64_t i)
{
    return s->align_corners ? (double)i * s->step : ((double)i + 0.5) * s->step - 0.5;
}

static void linear_taps(const wg_sampling *s, int64_t n, int64_t i, struct taps *taps)
{
    if (s->extent == n) {
        add_tap(taps, i, 1);
        return;
    }
    const double at = fmax(position_of(s, i), 0);
    const int64_t low = floor_in(at, n);
    const double part = fmin(fmax(at - (double)low, 0), 1);
    add_tap(taps, low, 1 - part);
    add_tap(taps, low < n - 1 ? low + 1 : low, part);
}

/* The cubic convolution kernel (Keys, 1981) at distance d, with a = -0.75. */
static double cubic(double d)
{
    const double a = -0.75;
    if (d <= 1)
        return ((a + 2) * d - (a + 3)) * d * d + 1;
    return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
}

static void cubic_taps(const wg_sampling *s, int64_t n, int64_t i, struct taps *taps)
{
    const double at = fmin(position_of(s, i), (double)n), low = floor(at), part = at - low;
    for (int k = -1; k <= 2; k++)
        add_tap(taps, wg_clip((int64_t)low + k, 0, n - 1), cubic(fabs(part - k)));
}

/* ---- all rules ---- */

static int64_t mirrored(int64_t i, int64_t n)
{
    return i < 0 ? -i : i < n ? i : 2 * (n - 1) - i;
}

static int64_t wrapped(int64_t i, int64_t n)
{
    return i < 0 ? i + n : i < n ? i : i - n;
}

static struct taps taps_at(const wg_sampling *s, int64_t n, int64_t i)
{
    struct taps taps = {.count = 0};
    int64_t at;
    switch (s->rule) {
    case WG_SAMPLING_NEAREST:
        add_tap(&taps, floor_in((double)i * s->step, n), 1);
        break;
    case WG_SAMPLING_NEAREST_EXACT:
        add_tap(&taps, floor_in(fmax(position_of(s, i), 0) + 0.5, n), 1);
        break;
    case WG_SAMPLING_LINEAR:
        linear_taps(s, n, i, &taps);
        break;
    case WG_SAMPLING_CUBIC:
        cubic_taps(s, n, i, &taps);
        break;
    case WG_SAMPLING_REFLECT:
        add_tap(&taps, mirrored(i - s->before, n), 1);
        break;
    case WG_SAMPLING_REPLICATE:
        add_tap(&taps, wg_clip(i - s->before, 0, n - 1), 1);
        break;
    case WG_SAMPLING_CIRCULAR:
        add_tap(&taps, wrapped(i - s->before, n), 1);
        break;
    case WG_SAMPLING_WINDOWS:
        at = i / s->size * s->stride + i % s->size * s->dilation - s->before;
        add_tap(&taps, at, at >= 0 && at < n);
        break;
    }
    return taps;
}

static const wg_sampling *sampling_of(const wg_call *c)
{
    return &((const struct wg_sampling_params *)c->params)->sampling;
}

/* ---- checks ---- */

int wg_sampling_axis(const wg_call *c)
{
    return ((const struct wg_sampling_params *)c->params)->axis;
}

static wg_status check_interpolation(const wg_call *c, const wg_sampling *s, int64_t n)
{
    if (s->extent < 1 || !(s->step >= 0 && isfinite(s->step)))
        return wg_window_error(c, WG_E_ARGUMENT, "expected an extent of at least 1 and a step in [0, inf), got %lld and %g",
                               (long long)s->extent, s->step);
    return n > 0 ? WG_OK : wg_call_error(c, WG_E_SHAPE, "expected at least one element to interpolate, got none");
}

static wg_status check_padding(const wg_call *c, const wg_sampling *s, int64_t n)
{
    int64_t after;
    if (s->before < 0 || s->extent < 0 || __builtin_sub_overflow(s->extent, s->before, &after) ||
        __builtin_sub_overflow(after, n, &after) || after < 0)
        return wg_window_error(c, WG_E_ARGUMENT, "expected padding of at least 0, got %lld before and %lld in all on %lld",
                               (long long)s->before, (long long)s->extent, (long long)n);
    const int64_t most = s->rule == WG_SAMPLING_REFLECT ? n - 1 : s->rule == WG_SAMPLING_CIRCULAR ? n : INT64_MAX;
    if (n < 1 || s->before > most || after > most)
        return wg_window_error(c, WG_E_SHAPE, "expected %s, got padding of %lld and %lld on %lld",
                               s->rule == WG_SAMPLING_REFLECT    ? "mirrored padding that is shorter than the axis"
                               : s->rule == WG_SAMPLING_CIRCULAR ? "circular padding of at most the axis' extent"
                                                                 : "an element to repeat",
                               (long long)s->before, (long long)after, (long long)n);
    return WG_OK;
}

static wg_status check_windows(const wg_call *c, const wg_sampling *s)
{
    int64_t last, reach;
    if (s->size < 1 || s->stride < 1 || s->dilation < 1 || s->before < 0 || s->extent < 0 || s->extent % s->size != 0)
        return wg_window_error(
            c, WG_E_ARGUMENT,
            "expected size, stride and dilation of at least 1, padding of at least 0 and whole windows, got %lld, %lld, %lld, %lld and %lld elements",
            (long long)s->size, (long long)s->stride, (long long)s->dilation, (long long)s->before, (long long)s->extent);
    if (__builtin_mul_overflow(s->extent / s->size, s->stride, &last) || __builtin_mul_overflow(s->size, s->dilation, &reach) ||
        __builtin_add_overflow(last, reach, &last))
        return wg_call_error(c, WG_E_SHAPE, "the windows are too large");
    return WG_OK;
}

wg_status wg_sampling_check_axis(const wg_call *c)
{
    const int axis = wg_sampling_axis(c);
    return axis >= 0 && axis < c->in[0]->rank ? WG_OK : wg_call_error(c, WG_E_ARGUMENT, "there is no such axis");
}

wg_status wg_sampling_check(const wg_call *c, int64_t extent)
{
    const wg_sampling *s = sampling_of(c);
    if ((unsigned)s->rule > WG_SAMPLING_WINDOWS)
        return wg_window_error(c, WG_E_ARGUMENT, "there is no rule %d", (int)s->rule);
    if (s->rule == WG_SAMPLING_WINDOWS)
        return check_windows(c, s);
    return s->rule < WG_SAMPLING_REFLECT ? check_interpolation(c, s, extent) : check_padding(c, s, extent);
}

/* ---- the table ---- */

static void fill_rows(const wg_sampling *s, int64_t n, struct wg_sampling_table *table)
{
    int64_t e = 0;
    for (int64_t i = 0; i < s->extent; i++) {
        const struct taps taps = taps_at(s, n, i);
        table->first[i] = e;
        for (int k = 0; k < taps.count; k++, e++) {
            table->index[e] = taps.index[k];
            table->weight[e] = taps.weight[k];
        }
    }
    table->first[s->extent] = e;
}

/* Row j gets the elements of the result that read j, in their order: counted first, then each put behind the last one of its row. */
static void fill_columns(const wg_sampling *s, int64_t n, struct wg_sampling_table *table)
{
    int64_t *next = table->first + 1; /* next[j]: where row j's next entry goes; in the end where row j ends */
    memset(table->first, 0, (size_t)(n + 1) * sizeof *table->first);
    for (int64_t i = 0; i < s->extent; i++) {
        const struct taps taps = taps_at(s, n, i);
        for (int k = 0; k < taps.count; k++)
            if (taps.index[k] + 1 < n)
                next[taps.index[k] + 1]++;
    }
    for (int64_t j = 1; j < n; j++)
        next[j] += next[j - 1];
    for (int64_t i = 0; i < s->extent; i++) {
        const struct taps taps = taps_at(s, n, i);
        for (int k = 0; k < taps.count; k++) {
            const int64_t e = next[taps.index[k]]++;
            table->index[e] = i;
            table->weight[e] = taps.weight[k];
        }
    }
}

wg_status wg_sampling_table_make(const wg_call *c, bool transposed, struct wg_sampling_table *table)
{
    const wg_sampling *s = sampling_of(c);
    const int64_t extent = wg_extents(transposed ? c->out[0] : c->in[0])[wg_sampling_axis(c)];
    const bool weighted = s->rule == WG_SAMPLING_LINEAR || s->rule == WG_SAMPLING_CUBIC;
    const int64_t taps = s->rule == WG_SAMPLING_CUBIC ? MAX_TAPS : weighted ? 2 : 1;
    size_t entries, bytes;
    *table = (struct wg_sampling_table){.rows = transposed ? extent : s->extent, .unit = !weighted};
    if (__builtin_mul_overflow((size_t)s->extent, (size_t)taps, &entries) ||
        __builtin_mul_overflow(2 * entries + (size_t)table->rows + 1, sizeof(int64_t), &bytes))
        return WG_E_MEMORY;
    table->memory = wg_storage_new(bytes);
    if (!table->memory)
        return WG_E_MEMORY;
    table->first = (int64_t *)(void *)wg_storage_data(table->memory);
    table->index = table->first + table->rows + 1;
    table->weight = (double *)(void *)(table->index + entries);
    (transposed ? fill_columns : fill_rows)(s, extent, table);
    return WG_OK;
}

void wg_sampling_table_free(struct wg_sampling_table *table)
{
    wg_storage_unref(table->memory);
}

/* ---- cost ---- */

/* Entries of A; its rows and columns with an entry. */
struct extent_of_table {
    double entries, rows, columns;
};

/* Columns are seen in nearly increasing order, at most MAX_TAPS behind the last one: `recent` has a bit for each of the 64 columns up
   to that one. Windows go back further. */
static struct extent_of_table count_table(const wg_sampling *s, int64_t n)
{
    struct extent_of_table t = {0};
    uint64_t recent = 0;
    int64_t last = -1;
    for (int64_t i = 0; i < s->extent; i++) {
        const struct taps taps = taps_at(s, n, i);
        t.rows += taps.count > 0;
        t.entries += taps.count;
        for (int k = 0; k < taps.count && s->rule <= WG_SAMPLING_CUBIC; k++) {
            const int64_t ahead = taps.index[k] - last;
            if (ahead > 0) {
                recent = ahead < 64 ? recent << ahead : 0;
                last = taps.index[k];
            }
            const uint64_t bit = UINT64_C(1) << (last - taps.index[k]);
            t.columns += !(recent & bit);
            recent |= bit;
        }
    }
    return t;
}

static double columns_of_windows(const wg_sampling *s, int64_t n)
{
    const struct wg_window w = {n, s->extent / s->size, s->size, s->stride, s->before, s->dilation, false, false};
    double seen = 0;
    for (int64_t j = 0; j < n; j++) {
        bool read = false;
        for (int64_t u = 0; u < w.size && !read; u++)
            read = wg_window_at(&w, j, u) >= 0;
        seen += read;
    }
    return seen;
}

wg_cost wg_sampling_cost(const wg_call *c, bool transposed)
{
    const int axis = wg_sampling_axis(c);
    const wg_sampling *s = sampling_of(c);
    const int64_t n = wg_extents(transposed ? c->out[0] : c->in[0])[axis], of_x = wg_extents(c->in[0])[axis];
    wg_cost cost = wg_cost_bytes(c);
    if (c->out[0]->numel == 0)
        return cost;
    struct extent_of_table t = count_table(s, n);
    t.columns = s->rule == WG_SAMPLING_WINDOWS ? columns_of_windows(s, n) : s->rule < WG_SAMPLING_REFLECT ? t.columns : (double)n;
    const double lines = (double)(c->out[0]->numel / wg_extents(c->out[0])[axis]);
    cost.add = lines * (t.entries - (transposed ? t.columns : t.rows));
    cost.mul = s->rule == WG_SAMPLING_LINEAR || s->rule == WG_SAMPLING_CUBIC ? lines * t.entries : 0;
    if (of_x > 0 && wg_strides(c->in[0])[axis] != 0)
        cost.bytes_read *= (transposed ? t.rows : t.columns) / (double)of_x;
    return cost;
}
