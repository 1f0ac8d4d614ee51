/* Rows of tensors: copied by an index, and as a dataset; and a dataset's items by an index. */
#include "dataset.h"
#include "wengert/tape.h"

static size_t row_bytes(const wg_tensor *t)
{
    const wg_shape shape = wg_shape_of(t);
    size_t bytes = wg_dtype_size(wg_dtype_of(t));
    for (int i = 1; i < shape.rank; i++)
        bytes *= (size_t)shape.extent[i];
    return bytes;
}

/* ---- copying rows ---- */

static wg_status check_gather(const wg_tensor *target, const wg_tensor *source, const int64_t *index, size_t n)
{
    const char *op = "dataset_gather_rows";
    if (!target || !source || (!index && n > 0))
        return wg_error_set(WG_E_NULL, op, "%s: an argument is NULL", op);
    if (!wg_data(target) || !wg_data(source)) /* released, dangling, another thread's, which is recorded now */
        return wg_error_first() ? wg_error_first()->code : WG_E_ARGUMENT;
    const wg_shape a = wg_shape_of(target), b = wg_shape_of(source);
    if (wg_dtype_of(target) != wg_dtype_of(source))
        return wg_error_set(WG_E_DTYPE, op, "%s: %s rows into %s", op, wg_dtype_name(wg_dtype_of(source)),
                            wg_dtype_name(wg_dtype_of(target)));
    if (a.rank < 1 || a.rank != b.rank || (size_t)a.extent[0] != n || !wg_is_contiguous(target) || !wg_is_contiguous(source) ||
        memcmp(a.extent + 1, b.extent + 1, (size_t)(a.rank - 1) * sizeof *a.extent) != 0) {
        char to[200], from[200];
        return wg_error_set(WG_E_SHAPE, op, "%s: %zu rows of %s into %s, both contiguous", op, n,
                            wg_shape_text(b, from, sizeof from), wg_shape_text(a, to, sizeof to));
    }
    if (wg_shares_memory(target, source))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: the source shares memory with the target: copy it first (wg_copy)", op);
    for (size_t i = 0; i < n; i++)
        if (index[i] < 0 || index[i] >= b.extent[0])
            return wg_error_set(WG_E_ARGUMENT, op, "%s: row %lld is not in 0..%lld", op, (long long)index[i],
                                (long long)b.extent[0] - 1);
    return WG_OK;
}

wg_status wg_dataset_gather_rows(wg_tensor *target, const wg_tensor *source, const int64_t *index, size_t n)
{
    WG_TRY(check_gather(target, source, index, n));
    const size_t bytes = row_bytes(source);
    if (n == 0 || bytes == 0)
        return WG_OK;
    const char *from = wg_data(source);
    char *to = from ? wg_data_mut(target) : NULL;
    if (!to)
        return wg_error_first() ? wg_error_first()->code : WG_E_RELEASED;
    for (size_t i = 0; i < n; i++)
        memcpy(to + i * bytes, from + (size_t)index[i] * bytes, bytes);
    return WG_OK;
}

wg_tensor *wg_dataset_take_rows(const wg_tensor *source, const wg_tensor *index)
{
    const char *op = "dataset_take_rows";
    if (!source || !index) {
        (void)wg_error_set(WG_E_NULL, op, "%s: %s is NULL", op, source ? "the index" : "the source");
        return NULL;
    }
    const bool read = source != WG_NONE && (wg_data(source) || !wg_error_first());
    if (!read || wg_rank(source) < 1 || !wg_is_contiguous(source)) {
        if (read || source == WG_NONE)
            (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected contiguous rows", op);
        return NULL;
    }
    if (dataset_check_index(op, index, wg_extent(source, 0)) != WG_OK)
        return NULL;
    wg_shape shape = wg_shape_of(source);
    shape.extent[0] = wg_extent(index, 0);
    wg_tensor *rows = wg_zeros(wg_dtype_of(source), shape);
    const size_t bytes = row_bytes(source);
    if (!rows || shape.extent[0] == 0 || bytes == 0)
        return rows;
    const int64_t *at = wg_data(index);
    const char *from = wg_data(source);
    char *to = at && from ? wg_data_mut(rows) : NULL;
    if (!to) { /* inside a capture */
        dataset_discard(rows, wg_tape_top() != NULL);
        return NULL;
    }
    for (int64_t i = 0; i < shape.extent[0]; i++)
        memcpy(to + (size_t)i * bytes, from + (size_t)at[i] * bytes, bytes);
    return rows;
}

/* ---- tensors as a dataset ---- */

/* The addresses are taken once: a handle of its own keeps the memory where it is, and threads may not ask for it. */
struct tensors {
    wg_tensor *x, *y;
    const char *from_x, *from_y;
    size_t x_bytes, y_bytes;
};

static wg_status copy_row(void *context, const wg_dataset_item *item)
{
    const struct tensors *t = context;
    if (t->x_bytes > 0)
        memcpy(item->x, t->from_x + (size_t)item->index * t->x_bytes, t->x_bytes);
    if (t->y_bytes > 0)
        memcpy(item->y, t->from_y + (size_t)item->index * t->y_bytes, t->y_bytes);
    return WG_OK;
}

static void free_tensors(void *context)
{
    struct tensors *t = context;
    wg_free(t->x);
    if (t->y != WG_NONE)
        wg_free(t->y);
    free(t);
}

static wg_status check_tensors(const char *op, const wg_tensor *x, const wg_tensor *y)
{
    if (!x || !y)
        return wg_error_set(WG_E_NULL, op, "%s: %s is NULL", op, x ? "y (WG_NONE where there are no labels)" : "x");
    const bool labels = y != WG_NONE;
    if (x == WG_NONE)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected rows x, got WG_NONE", op);
    if (wg_rank(x) < 1 || (labels && (wg_rank(y) < 1 || wg_extent(x, 0) != wg_extent(y, 0)))) {
        char a[200], b[200];
        return wg_error_set(WG_E_SHAPE, op, "%s: expected as many rows of x as of y: %s, %s", op,
                            wg_shape_text(wg_shape_of(x), a, sizeof a),
                            labels ? wg_shape_text(wg_shape_of(y), b, sizeof b) : "none");
    }
    if (!wg_is_contiguous(x) || (labels && !wg_is_contiguous(y)))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected contiguous rows: wg_copy them", op);
    return WG_OK;
}

static wg_dataset_row row_of(const wg_tensor *t)
{
    const wg_shape whole = wg_shape_of(t);
    wg_dataset_row row = {wg_dtype_of(t), {.rank = whole.rank - 1}};
    memcpy(row.shape.extent, whole.extent + 1, (size_t)(whole.rank - 1) * sizeof *whole.extent);
    return row;
}

wg_dataset *dataset_of(const char *op, wg_tensor *x, wg_tensor *y)
{
    if (check_tensors(op, x, y) != WG_OK)
        return NULL;
    struct tensors *t = calloc(1, sizeof *t);
    if (!t) {
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        return NULL;
    }
    const bool labels = y != WG_NONE;
    struct wg_dataset model = {.info = {.length = wg_extent(x, 0), .x = row_of(x), .labels = labels},
                               .function = copy_row,
                               .context = t,
                               .destroy = free_tensors};
    t->x_bytes = row_bytes(x);
    if (labels) {
        model.info.y = row_of(y);
        t->y_bytes = row_bytes(y);
    }
    t->x = wg_keep(x);
    t->y = !labels ? WG_NONE : t->x ? wg_keep(y) : NULL;
    if (t->x && t->y) {
        t->from_x = wg_data(t->x);
        t->from_y = labels ? wg_data(t->y) : NULL;
        wg_dataset *dataset = dataset_new(op, &model);
        if (dataset)
            return dataset;
    }
    free_tensors(t);
    return NULL;
}

wg_dataset *wg_dataset_of(wg_tensor *x, wg_tensor *y)
{
    return dataset_of("dataset_of", x, y);
}

/* ---- a dataset's items by an index ---- */

struct subset {
    const wg_dataset *base;
    int64_t index[];
};

static wg_status item_of_subset(void *context, const wg_dataset_item *item)
{
    const struct subset *subset = context;
    wg_dataset_item at = *item;
    at.index = subset->index[item->index];
    return subset->base->function(subset->base->context, &at);
}

/* The index of a subset of a subset is composed, so that chains stay short. */
wg_dataset *wg_dataset_subset(wg_dataset *dataset, const wg_tensor *index)
{
    const char *op = "dataset_subset";
    if (!dataset) {
        (void)wg_error_set(WG_E_NULL, op, "%s: the dataset is NULL", op);
        return NULL;
    }
    if (dataset_check_index(op, index, dataset->info.length) != WG_OK)
        return NULL;
    const size_t n = (size_t)wg_extent(index, 0);
    const struct subset *outer = dataset->function == item_of_subset ? dataset->context : NULL;
    struct subset *subset = malloc(sizeof *subset + n * sizeof *subset->index);
    if (!subset) {
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        return NULL;
    }
    const int64_t *at = wg_data(index);
    for (size_t i = 0; i < n; i++)
        subset->index[i] = outer ? outer->index[at[i]] : at[i];
    struct wg_dataset model = *dataset;
    model.base = outer ? dataset->base : dataset;
    model.info.length = (int64_t)n;
    model.function = item_of_subset;
    model.context = subset;
    model.destroy = free;
    subset->base = model.base;
    wg_dataset *made = dataset_new(op, &model);
    if (!made)
        free(subset);
    return made;
}
