/* Windows of a series as a dataset. */
#include "dataset.h"

/* A handle of its own keeps the memory where it is, and threads may not ask for its address. */
struct windows {
    wg_tensor *series;
    const char *from;
    size_t window, stride, step; /* bytes of a window, between the beginnings of two, of an element of the series */
};

static wg_status copy_window(void *context, const wg_dataset_item *item)
{
    const struct windows *w = context;
    const char *from = w->from + (size_t)item->index * w->stride;
    if (w->window == 0)
        return WG_OK;
    memcpy(item->x, from, w->window);
    if (item->y)
        memcpy(item->y, from + w->step, w->window);
    return WG_OK;
}

static void free_windows(void *context)
{
    struct windows *w = context;
    wg_free(w->series);
    free(w);
}

static wg_status check(const char *op, const wg_tensor *series, int64_t length, const wg_dataset_windows_options *o)
{
    char text[200];
    if (!series)
        return wg_error_set(WG_E_NULL, op, "%s: the series is NULL", op);
    if (series == WG_NONE)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected a series, got WG_NONE", op);
    if (!wg_data(series) && wg_numel(series) != 0) /* released, dangling, another thread's, which is recorded now */
        return dataset_failure();
    if (wg_rank(series) < 1 || !wg_is_contiguous(series))
        return wg_error_set(WG_E_SHAPE, op, "%s: expected a contiguous series (n, …), got %s", op,
                            wg_shape_text(wg_shape_of(series), text, sizeof text));
    if (length < 1 || o->stride < 1)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected a length and a .stride of at least 1, got %lld and %lld", op,
                            (long long)length, (long long)o->stride);
    if (length > wg_extent(series, 0) - o->next)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected a series of at least %lld elements%s, got %lld", op,
                            (long long)length + o->next, o->next ? ", one of them for .next" : "", (long long)wg_extent(series, 0));
    return WG_OK;
}

wg_dataset *wg_dataset_windows_with(wg_tensor *series, int64_t length, wg_dataset_windows_options options)
{
    const char *op = "dataset_windows";
    if (check(op, series, length, &options) != WG_OK)
        return NULL;
    struct windows *w = calloc(1, sizeof *w);
    wg_tensor *kept = w ? wg_keep(series) : NULL;
    if (!kept) {
        if (!w)
            (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        free(w);
        return NULL;
    }
    const int64_t n = wg_extent(series, 0);
    wg_dataset_row row = {wg_dtype_of(series), wg_shape_of(series)};
    row.shape.extent[0] = length;
    *w = (struct windows){.series = kept, .from = wg_data(kept)};
    w->step = (size_t)(wg_numel(series) / n) * wg_dtype_size(row.dtype);
    w->window = (size_t)length * w->step;
    /* A stride beyond the series makes one window; bounding it keeps the product of bytes small. */
    w->stride = (size_t)(options.stride < n ? options.stride : n) * w->step;
    const struct wg_dataset model = {.info = {.length = (n - options.next - length) / options.stride + 1,
                                              .x = row,
                                              .y = options.next ? row : (wg_dataset_row){.dtype = WG_F32},
                                              .labels = options.next},
                                     .function = copy_window,
                                     .context = w,
                                     .destroy = free_windows};
    wg_dataset *dataset = dataset_new(op, &model);
    if (!dataset)
        free_windows(w);
    return dataset;
}
