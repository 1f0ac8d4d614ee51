/* Splits and folds: which rows go to which part. */
#include "wengert/data/split.h"

#include <math.h>

#include "dataset.h"
#include "split.h"
#include "wengert/tape.h"

/* ---- what both check ---- */

static wg_status check_rows_of(const char *op, const char *name, const wg_tensor *t, int64_t rows)
{
    if (!t)
        return wg_error_set(WG_E_NULL, op, "%s: %s is NULL (WG_NONE where there are none)", op, name);
    if (t == WG_NONE)
        return WG_OK;
    if (!wg_data(t) && wg_error_first())
        return dataset_failure();
    char text[200];
    if (wg_dtype_of(t) != WG_I64)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected %s of i64, got %s", op, name, wg_dtype_name(wg_dtype_of(t)));
    if (wg_rank(t) != 1 || wg_extent(t, 0) != rows || !wg_is_contiguous(t))
        return wg_error_set(WG_E_SHAPE, op, "%s: expected %lld contiguous %s, got shape %s", op, (long long)rows, name,
                            wg_shape_text(wg_shape_of(t), text, sizeof text));
    return WG_OK;
}

static wg_status check(const char *op, int64_t rows, wg_dataset_parts *parts, const wg_tensor *labels, const wg_tensor *groups)
{
    if (!parts)
        return wg_error_set(WG_E_NULL, op, "%s: where the parts go is NULL", op);
    *parts = (wg_dataset_parts){NULL, NULL, NULL};
    if (rows < 0 || rows > INT64_MAX / 64)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %lld rows", op, (long long)rows);
    WG_TRY(check_rows_of(op, "labels", labels, rows));
    WG_TRY(check_rows_of(op, "groups", groups, rows));
    if (labels != WG_NONE && groups != WG_NONE)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected labels or groups, got both", op);
    return WG_OK;
}

/* ---- the order of rows, and their classes ---- */

static int by_class(const void *a, const void *b)
{
    const struct split_row *x = a, *y = b;
    if (x->label != y->label)
        return x->label < y->label ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

/* Rows at random or in order; with labels or groups one class after the other, in that order inside each. */
static struct split_row *order_rows(int64_t rows, const wg_tensor *classes, bool shuffle, uint64_t seed)
{
    struct split_row *row = malloc(((size_t)rows + 1) * sizeof *row);
    if (!row)
        return NULL;
    const int64_t *label = classes == WG_NONE ? NULL : wg_data(classes);
    for (int64_t i = 0; i < rows; i++)
        row[i] = (struct split_row){label ? label[i] : 0, i, i, 0};
    wg_dataset_random random = {.seed = seed, .stream = WG_STREAM_SPLIT};
    for (int64_t i = rows - 1; shuffle && i > 0; i--) {
        const int64_t k = wg_dataset_below(&random, i + 1), moved = row[k].row;
        row[k].row = row[i].row;
        row[i].row = moved;
    }
    if (!label)
        return row;
    for (int64_t i = 0; i < rows; i++)
        row[i].label = label[row[i].row];
    qsort(row, (size_t)rows, sizeof *row, by_class);
    return row;
}

/* ---- results ---- */

static int by_row(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* The rows of one part in increasing order. */
static wg_tensor *part_of(const struct split_row *row, int64_t rows, int64_t part, bool all_others)
{
    int64_t n = 0;
    for (int64_t i = 0; i < rows; i++)
        n += (row[i].part == part) != all_others;
    wg_tensor *index = wg_zeros(WG_I64, WG_SHAPE(n));
    int64_t *at = index && n > 0 ? wg_data_mut(index) : NULL;
    if (!at)
        return index && n > 0 ? NULL : index;
    int64_t k = 0;
    for (int64_t i = 0; i < rows; i++)
        if ((row[i].part == part) != all_others)
            at[k++] = row[i].row;
    qsort(at, (size_t)n, sizeof *at, by_row);
    return index;
}

static wg_status hand_out(const struct split_row *row, int64_t rows, wg_dataset_parts *parts, int64_t fold, bool is_fold)
{
    wg_dataset_parts made = {NULL, NULL, NULL};
    made.train = part_of(row, rows, is_fold ? fold : SPLIT_TRAIN, is_fold);
    made.validation = made.train ? part_of(row, rows, is_fold ? fold : SPLIT_VALIDATION, false) : NULL;
    made.test = made.validation ? part_of(row, is_fold ? 0 : rows, SPLIT_TEST, false) : NULL;
    if (made.test) {
        *parts = made;
        return WG_OK;
    }
    const wg_status status = dataset_failure();
    const bool on_tape = wg_tape_top() != NULL;
    dataset_discard(made.train, on_tape);
    dataset_discard(made.validation, on_tape);
    return status;
}

/* ---- sizes ---- */

/* size[SPLIT_PARTS]: of train, validation, test and of what no part gets; together all rows. */
static wg_status find_sizes(const char *op, int64_t rows, const wg_dataset_split_options *o, int64_t *size)
{
    double wish[SPLIT_PARTS] = {o->train, o->validation, o->test, 0}, sum = 0;
    const double whole = o->counts ? (double)rows : 1;
    for (int p = o->train == -1 ? SPLIT_VALIDATION : SPLIT_TRAIN; p < SPLIT_UNUSED; p++) {
        const bool counted = !o->counts || wish[p] == floor(wish[p]);
        if (!(wish[p] >= 0 && wish[p] <= whole) || !counted)
            return wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s from 0 to %g (train may be -1: the rest), got %g", op,
                                o->counts ? "whole counts" : "shares", whole, wish[p]);
        sum += wish[p];
    }
    if (sum > whole * (1 + 1e-12))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: the parts' %s are %g together, above %g", op, o->counts ? "counts" : "shares",
                            sum, whole);
    const int rest = o->train == -1 ? SPLIT_TRAIN : SPLIT_UNUSED;
    wish[rest] = fmax(whole - sum, 0);
    if (!o->counts && wish[rest] < 1e-12)
        wish[rest] = 0; /* shares such as .7, .2 and .1 are 1 up to rounding */
    split_round(rows, wish, SPLIT_PARTS, size);
    return WG_OK;
}

wg_status wg_dataset_split_with(int64_t rows, wg_dataset_parts *parts, wg_dataset_split_options options)
{
    const char *op = "dataset_split";
    int64_t size[SPLIT_PARTS];
    WG_TRY(check(op, rows, parts, options.labels, options.groups));
    WG_TRY(find_sizes(op, rows, &options, size));
    const bool grouped = options.groups != WG_NONE;
    struct split_row *row = order_rows(rows, grouped ? options.groups : options.labels, options.shuffle, options.seed);
    const bool done = row && (grouped ? split_groups(row, rows, size, SPLIT_PARTS) : split_classes(row, rows, size));
    const wg_status status = done ? hand_out(row, rows, parts, 0, false) : wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    free(row);
    return status;
}

/* ---- folds ---- */

/* Rows are dealt in turn, class after class, so that folds differ by one row at most, and so does each class in them. Without
   labels and shuffle the folds are ranges. */
static void deal(struct split_row *row, int64_t rows, int64_t k, bool ranges)
{
    for (int64_t i = 0; i < rows; i++)
        row[i].part = ranges ? (int64_t)((__int128)i * k / rows) : i % k;
}

static bool deal_groups(struct split_row *row, int64_t rows, int64_t k)
{
    int64_t *size = malloc((size_t)k * sizeof *size);
    for (int64_t f = 0; size && f < k; f++)
        size[f] = rows / k + (f < rows % k);
    const bool done = size && split_groups(row, rows, size, k);
    free(size);
    return done;
}

wg_status wg_dataset_fold_with(int64_t rows, int64_t k, int64_t fold, wg_dataset_parts *parts, wg_dataset_folds_options options)
{
    const char *op = "dataset_fold";
    WG_TRY(check(op, rows, parts, options.labels, options.groups));
    if (k < 2 || k > rows || fold < 0 || fold >= k)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected 2 to %lld folds and one of them, from 0, got %lld and %lld", op,
                            (long long)rows, (long long)k, (long long)fold);
    const bool grouped = options.groups != WG_NONE, ranges = !options.shuffle && options.labels == WG_NONE;
    struct split_row *row = order_rows(rows, grouped ? options.groups : options.labels, options.shuffle, options.seed);
    bool done = row != NULL;
    if (row && grouped)
        done = deal_groups(row, rows, k);
    else if (row)
        deal(row, rows, k, ranges);
    const wg_status status = done ? hand_out(row, rows, parts, fold, true) : wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    free(row);
    return status;
}
