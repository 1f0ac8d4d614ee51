/* Datasets: making, sharing and ending them, and making one item. */
#include "dataset.h"

#include "wengert/tape.h"

/* Bytes of a row; false if the shape is none or the product overflows. */
static bool row_bytes(const wg_dataset_row *row, size_t *bytes)
{
    *bytes = wg_dtype_size(row->dtype);
    if (*bytes == 0 || row->shape.rank < 0 || row->shape.rank >= WG_MAX_RANK)
        return false;
    for (int i = 0; i < row->shape.rank; i++)
        if (row->shape.extent[i] < 0 || __builtin_mul_overflow(*bytes, (size_t)row->shape.extent[i], bytes))
            return false;
    return *bytes <= PTRDIFF_MAX;
}

static wg_status measure(const char *op, struct wg_dataset *dataset)
{
    char text[200];
    const wg_dataset_row *rows[2] = {&dataset->info.x, &dataset->info.y};
    size_t bytes[2] = {0, 0};
    for (int i = 0; i < 1 + dataset->info.labels; i++)
        if (!row_bytes(rows[i], &bytes[i]))
            return wg_error_set(WG_E_ARGUMENT, op, "%s: a row %s of dtype %s and shape %s is none of a dataset", op, i ? "y" : "x",
                                wg_dtype_name(rows[i]->dtype), wg_shape_text(rows[i]->shape, text, sizeof text));
    dataset->x_bytes = bytes[0];
    dataset->y_bytes = bytes[1];
    if (dataset->info.length < 0 || dataset->info.workspace > PTRDIFF_MAX)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %lld items, %zu bytes of workspace", op, (long long)dataset->info.length,
                            dataset->info.workspace);
    return WG_OK;
}

wg_dataset *dataset_new(const char *op, const struct wg_dataset *model)
{
    struct wg_dataset measured = *model;
    if (measure(op, &measured) != WG_OK)
        return NULL;
    wg_dataset *dataset = malloc(sizeof *dataset);
    if (!dataset) {
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        return NULL;
    }
    memcpy(dataset, &measured, sizeof *dataset);
    atomic_init(&dataset->owners, 1);
    dataset->draws |= dataset->steps > 0 || (dataset->base && dataset->base->draws);
    if (dataset->base)
        (void)dataset_share(dataset->base);
    return dataset;
}

wg_dataset *dataset_share(wg_dataset *dataset)
{
    atomic_fetch_add(&dataset->owners, 1);
    return dataset;
}

void wg_dataset_destroy(wg_dataset *dataset)
{
    while (dataset && atomic_fetch_sub(&dataset->owners, 1) == 1) {
        wg_dataset *base = dataset->base;
        if (dataset->destroy)
            dataset->destroy(dataset->context);
        free(dataset);
        dataset = base;
    }
}

wg_dataset *wg_dataset_create_with(wg_dataset_function *function, void *context, int64_t length, wg_dataset_options options)
{
    const char *op = "dataset_create";
    if (!function) {
        (void)wg_error_set(WG_E_NULL, op, "%s: the function is NULL", op);
        return NULL;
    }
    const struct wg_dataset model = {
        .info = {length, {options.x_dtype, options.x_shape}, {options.y_dtype, options.y_shape}, options.labels, options.workspace},
        .draws = true,
        .function = function,
        .context = context,
        .destroy = options.destroy};
    return dataset_new(op, &model);
}

wg_dataset_info wg_dataset_inspect(const wg_dataset *dataset)
{
    if (dataset)
        return dataset->info;
    (void)wg_error_set(WG_E_NULL, "dataset_inspect", "dataset_inspect: the dataset is NULL");
    return (wg_dataset_info){.length = 0};
}

/* ---- items ---- */

wg_status dataset_make(const wg_dataset *dataset, const struct dataset_place *place, int64_t index, void *x, void *y,
                       void *workspace)
{
    const uint64_t block = ((uint64_t)place->position << DATASET_STEP_BITS | (uint64_t)dataset->steps) << DATASET_BLOCK_BITS;
    wg_dataset_random random = {.seed = place->seed, .stream = WG_STREAM_AUGMENT + (uint64_t)place->epoch, .block = block};
    const wg_dataset_item item = {index, x, y, &random, workspace};
    const wg_status status = dataset->function(dataset->context, &item);
    return status <= WG_OK ? status : WG_E_BUG;
}

wg_status dataset_item_failed(const char *op, wg_status status, int64_t index, const char *message)
{
    return wg_error_set(status, op, "%s: item %lld: %s", op, (long long)index,
                        message && *message ? message : wg_status_text(status));
}

/* If there is an error that nobody has taken, it stays the first one. */
wg_status dataset_make_here(const char *op, const wg_dataset *dataset, const struct dataset_place *place, int64_t index, void *x,
                            void *y, void *workspace)
{
    const bool first = !wg_error_first();
    const wg_status status = dataset_make(dataset, place, index, x, y, workspace);
    if (status == WG_OK)
        return WG_OK;
    wg_error error = {.code = WG_OK};
    if (first)
        (void)wg_error_take(&error);
    return dataset_item_failed(op, status, index, error.message);
}

/* ---- reading items into tensors ---- */

wg_status dataset_check_index(const char *op, const wg_tensor *index, int64_t rows)
{
    if (!index)
        return wg_error_set(WG_E_NULL, op, "%s: the index is NULL", op);
    const int64_t *at = index == WG_NONE ? NULL : wg_data(index);
    if (index == WG_NONE || (!at && wg_error_first()))
        return index == WG_NONE ? wg_error_set(WG_E_ARGUMENT, op, "%s: expected an index, got WG_NONE", op) : dataset_failure();
    char text[200];
    if (wg_dtype_of(index) != WG_I64)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected an index of i64, got %s", op, wg_dtype_name(wg_dtype_of(index)));
    if (wg_rank(index) != 1 || !wg_is_contiguous(index))
        return wg_error_set(WG_E_SHAPE, op, "%s: expected a contiguous index of shape (n), got %s", op,
                            wg_shape_text(wg_shape_of(index), text, sizeof text));
    for (int64_t i = 0; i < wg_extent(index, 0); i++)
        if (at[i] < 0 || at[i] >= rows)
            return wg_error_set(WG_E_ARGUMENT, op, "%s: row %lld is not in 0..%lld", op, (long long)at[i], (long long)rows - 1);
    return WG_OK;
}

static wg_tensor *rows_of(const wg_dataset_row *row, int64_t n)
{
    wg_shape shape = {.rank = row->shape.rank + 1, .extent = {n}};
    memcpy(shape.extent + 1, row->shape.extent, (size_t)row->shape.rank * sizeof *shape.extent);
    return wg_zeros(row->dtype, shape);
}

static wg_status read_items(const char *op, const wg_dataset *dataset, const int64_t *index, int64_t n, wg_tensor *x, wg_tensor *y,
                            wg_dataset_items_options options)
{
    struct dataset_place place = {options.seed, options.epoch, 0};
    void *workspace;
    char *to_x = wg_data_mut(x), *to_y = y == WG_NONE ? NULL : wg_data_mut(y);
    if (n > 0 && (!to_x || (y != WG_NONE && !to_y)))
        return dataset_failure();
    if (!dataset_workspace(dataset, &workspace))
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    wg_status status = WG_OK;
    for (int64_t i = 0; i < n && status == WG_OK; i++) {
        place.position = i;
        status = dataset_make_here(op, dataset, &place, index ? index[i] : i, to_x + (size_t)i * dataset->x_bytes,
                                   to_y ? to_y + (size_t)i * dataset->y_bytes : NULL, workspace);
    }
    free(workspace);
    return status;
}

wg_status wg_dataset_items_with(const wg_dataset *dataset, const wg_tensor *index, wg_tensor **x, wg_tensor **y,
                                wg_dataset_items_options options)
{
    const char *op = "dataset_items";
    if (x)
        *x = NULL;
    if (y)
        *y = NULL;
    if (!dataset || !index || !x || (!y && dataset->info.labels))
        return wg_error_set(WG_E_NULL, op, "%s: expected a dataset, an index or WG_NONE, and where to put x and y; got NULL", op);
    if (options.epoch < 0)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: epoch %lld", op, (long long)options.epoch);
    if (index != WG_NONE)
        WG_TRY(dataset_check_index(op, index, dataset->info.length));
    const int64_t n = index == WG_NONE ? dataset->info.length : wg_extent(index, 0);
    wg_tensor *rows = rows_of(&dataset->info.x, n);
    wg_tensor *labels = !dataset->info.labels ? WG_NONE : rows ? rows_of(&dataset->info.y, n) : NULL;
    const wg_status status = !rows || !labels
                                 ? dataset_failure()
                                 : read_items(op, dataset, index == WG_NONE ? NULL : wg_data(index), n, rows, labels, options);
    if (status != WG_OK) {
        const bool on_tape = wg_tape_top() != NULL;
        dataset_discard(rows, on_tape);
        dataset_discard(labels, on_tape);
        return status;
    }
    *x = rows;
    if (y)
        *y = labels;
    return WG_OK;
}
