/* Reading predictions and targets, whatever their strides and dtypes. */
#include <math.h>
#include <string.h>

#include "metric.h"
#include "wengert/error.h"

/* ---- elements ---- */

/* The error of a call is said of op, unless an earlier one is the first. */
static wg_status said_of(const char *op, bool first, const char *what)
{
    wg_error error = {.code = WG_E_ARGUMENT};
    if (!first)
        return wg_error_first()->code;
    (void)wg_error_take(&error);
    return wg_error_set(error.code, op, "%s: %s: %s", op, what, error.message);
}

wg_status view_open(struct view *view, const wg_tensor *t, const char *what, const char *op)
{
    const bool first = !wg_error_first();
    if (!t || t == WG_NONE)
        return wg_error_set(t ? WG_E_ARGUMENT : WG_E_NULL, op, "%s: the %s are %s", op, what, t ? "WG_NONE" : "NULL");
    const wg_shape shape = wg_shape_of(t);
    *view = (struct view){.data = wg_data(t), .dtype = wg_dtype_of(t), .rank = shape.rank, .n = wg_numel(t)};
    if (!view->data && (view->n > 0 || wg_error_first())) /* released, dangling, another thread's */
        return said_of(op, first, what);
    for (int i = 0; i < shape.rank; i++) {
        view->extent[i] = shape.extent[i];
        view->stride[i] = wg_stride(t, i);
    }
    return WG_OK;
}

int64_t view_offset(const struct view *view, int64_t element)
{
    int64_t offset = 0;
    for (int i = view->rank - 1; i > 0; i--) {
        offset += element % view->extent[i] * view->stride[i];
        element /= view->extent[i];
    }
    return view->rank > 0 ? offset + element * view->stride[0] : 0;
}

double view_at(const struct view *view, int64_t offset)
{
    switch (view->dtype) {
    case WG_F32:
        return (double)((const float *)view->data)[offset];
    case WG_F64:
        return ((const double *)view->data)[offset];
    case WG_I64:
        return (double)((const int64_t *)view->data)[offset];
    default:
        return ((const uint8_t *)view->data)[offset];
    }
}

double view_real(const struct view *view, int64_t element)
{
    return view_at(view, view_offset(view, element));
}

int64_t view_integer(const struct view *view, int64_t element)
{
    const int64_t offset = view_offset(view, element);
    return view->dtype == WG_I64 ? ((const int64_t *)view->data)[offset] : (int64_t)view_at(view, offset);
}

/* ---- rows of classification ---- */

static bool is_real(wg_dtype dtype)
{
    return dtype == WG_F32 || dtype == WG_F64;
}

static bool same_extents(const struct view *a, const struct view *b)
{
    return a->rank == b->rank && memcmp(a->extent, b->extent, (size_t)a->rank * sizeof *a->extent) == 0;
}

/* Takes the axis of classes, the second, out of the scores; false if what is left has not the labels' shape. */
static bool split_classes(struct rows *rows)
{
    struct view *scores = &rows->prediction;
    if (scores->rank != rows->label.rank + 1 || scores->rank < 2 || scores->extent[1] < 1)
        return false;
    rows->classes = scores->extent[1];
    rows->class_stride = scores->stride[1];
    for (int i = 1; i + 1 < scores->rank; i++) {
        scores->extent[i] = scores->extent[i + 1];
        scores->stride[i] = scores->stride[i + 1];
    }
    scores->rank--;
    scores->n = rows->label.n;
    return same_extents(scores, &rows->label);
}

static wg_status check_forms(const struct rows *rows, bool only_scores, const char *op)
{
    const wg_dtype labels = rows->label.dtype, predictions = rows->prediction.dtype;
    if (rows->classes == 0 && only_scores)
        return wg_error_set(WG_E_SHAPE, op, "%s: expected scores of all classes, (N,C) for labels (N), got one value a label", op);
    if (rows->classes > 0 && !is_real(predictions))
        return wg_error_set(WG_E_DTYPE, op, "%s: expected scores of f32 or f64, got %s", op, wg_dtype_name(predictions));
    if (is_real(labels) && (rows->classes > 0 || labels != predictions))
        return wg_error_set(WG_E_DTYPE, op, "%s: expected labels of i64 or u8, got %s for predictions of %s", op,
                            wg_dtype_name(labels), wg_dtype_name(predictions));
    return WG_OK;
}

/* A label that is real is 0 or 1. */
static wg_status check_labels(const struct rows *rows, int64_t classes, int64_t ignore, const char *op)
{
    const bool real = is_real(rows->label.dtype);
    const int64_t limit = classes > 0                       ? classes
                          : rows->classes > 0               ? rows->classes
                          : is_real(rows->prediction.dtype) ? 2
                                                            : INT64_MAX;
    for (int64_t i = 0; i < rows->label.n; i++) {
        const double value = real ? view_real(&rows->label, i) : 0;
        const int64_t label = real ? 0 : view_integer(&rows->label, i);
        if (real && value != 0 && value != 1)
            return wg_error_set(WG_E_ARGUMENT, op, "%s: label %lld: expected 0 or 1, got %g", op, (long long)i, value);
        if (label != ignore && (label < 0 || label >= limit))
            return wg_error_set(WG_E_ARGUMENT, op, "%s: label %lld: expected a class in 0..%lld, got %lld", op, (long long)i,
                                (long long)limit - 1, (long long)label);
    }
    return WG_OK;
}

wg_status rows_open(struct rows *rows, const wg_tensor *predictions, const wg_tensor *labels, int64_t classes, int64_t ignore,
                    bool only_scores, const char *op)
{
    char a[160], b[160];
    WG_TRY(view_open(&rows->prediction, predictions, "predictions", op));
    WG_TRY(view_open(&rows->label, labels, "labels", op));
    rows->classes = rows->class_stride = 0;
    const bool fits = same_extents(&rows->prediction, &rows->label) || split_classes(rows);
    if (!fits || (classes > 0 && rows->classes > 0 && rows->classes != classes))
        return wg_error_set(WG_E_SHAPE, op, "%s: expected scores (N,C,…) of %s classes, or one value a label; got %s for labels %s",
                            op, classes > 0 ? "the metric's" : "all", wg_shape_text(wg_shape_of(predictions), a, sizeof a),
                            wg_shape_text(wg_shape_of(labels), b, sizeof b));
    WG_TRY(check_forms(rows, only_scores, op));
    return check_labels(rows, classes, ignore, op);
}

int64_t rows_label(const struct rows *rows, int64_t row)
{
    return is_real(rows->label.dtype) ? (int64_t)view_real(&rows->label, row) : view_integer(&rows->label, row);
}

int64_t rows_predicted(const struct rows *rows, int64_t row, double threshold)
{
    const struct view *scores = &rows->prediction;
    if (!is_real(scores->dtype))
        return view_integer(scores, row);
    const int64_t start = view_offset(scores, row);
    double largest = view_at(scores, start);
    int64_t best = 0;
    if (rows->classes == 0)
        return isnan(largest) ? -1 : largest > threshold;
    for (int64_t c = 0; c < rows->classes; c++) {
        const double score = view_at(scores, start + c * rows->class_stride);
        if (isnan(score))
            return -1;
        if (score > largest) {
            largest = score;
            best = c;
        }
    }
    return best;
}
