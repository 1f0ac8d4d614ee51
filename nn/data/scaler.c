/* Standardisation: a mean and a scale for each feature, learned in two passes with sums in f64. */
#include <float.h>
#include <math.h>

#include "dataset.h"
#include "wengert/data/split.h"
#include "wengert/tape.h"

enum { MEAN, SCALE, NUMBERS };

static const char *const state_name[NUMBERS] = {"mean", "scale"};

struct wg_dataset_scaler {
    wg_shape features;
    int64_t n; /* features */
    wg_tensor *state[NUMBERS];
};

/* ---- making and freeing ---- */

wg_dataset_scaler *wg_dataset_scaler_create(wg_shape features)
{
    const char *op = "dataset_scaler_create";
    char text[200];
    if (features.rank < 0 || features.rank >= WG_MAX_RANK) {
        (void)wg_error_set(WG_E_SHAPE, op, "%s: features of rank %d: a row has at most %d axes", op, features.rank,
                           WG_MAX_RANK - 1);
        return NULL;
    }
    wg_dataset_scaler *scaler = calloc(1, sizeof *scaler);
    if (!scaler) {
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory for features %s", op, wg_shape_text(features, text, sizeof text));
        return NULL;
    }
    scaler->features = features;
    for (int i = 0; i < NUMBERS; i++) {
        wg_tensor *t = wg_full(WG_F64, features, i == SCALE);
        scaler->state[i] = t ? wg_adopt(t) : NULL;
        if (!scaler->state[i] || wg_set_name(scaler->state[i], state_name[i]) != WG_OK) {
            wg_dataset_scaler_destroy(scaler);
            return NULL;
        }
    }
    scaler->n = wg_numel(scaler->state[MEAN]);
    return scaler;
}

void wg_dataset_scaler_destroy(wg_dataset_scaler *scaler)
{
    if (!scaler)
        return;
    for (int i = 0; i < NUMBERS; i++)
        wg_disown(scaler->state[i]);
    free(scaler);
}

wg_tensor_list wg_dataset_scaler_state(const wg_dataset_scaler *scaler)
{
    if (scaler)
        return (wg_tensor_list){NUMBERS, scaler->state, state_name};
    (void)wg_error_set(WG_E_NULL, "dataset_scaler_state", "dataset_scaler_state: the scaler is NULL");
    return (wg_tensor_list){0, NULL, NULL};
}

/* ---- elements and their features ---- */

/* feature[i]: that of element i of a row. NULL and E_MEMORY. */
static int64_t *map_features(const char *op, const wg_shape *features, const wg_shape *row, int64_t elements)
{
    int64_t *feature = malloc(((size_t)elements + 1) * sizeof *feature);
    if (!feature) {
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        return NULL;
    }
    for (int64_t i = 0; i < elements; i++) {
        int64_t rest = i, stride = 1, at = 0;
        for (int a = row->rank - 1; a >= 0; a--) {
            if (features->extent[a] > 1)
                at += stride * (rest % row->extent[a]);
            rest /= row->extent[a];
            stride *= features->extent[a];
        }
        feature[i] = at;
    }
    return feature;
}

static wg_status check_row(const char *op, const wg_shape *features, wg_dtype dtype, const wg_shape *row)
{
    char a[200], b[200];
    bool fits = features->rank == row->rank;
    for (int i = 0; fits && i < row->rank; i++)
        fits = features->extent[i] == 1 || features->extent[i] == row->extent[i];
    if (dtype != WG_F32 && dtype != WG_F64)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected f32 or f64, got %s", op, wg_dtype_name(dtype));
    if (!fits)
        return wg_error_set(WG_E_SHAPE, op, "%s: rows of shape %s do not fit features %s", op, wg_shape_text(*row, a, sizeof a),
                            wg_shape_text(*features, b, sizeof b));
    return WG_OK;
}

/* The shape of a row of x, which fits the features. */
static wg_status check_x(const char *op, const wg_dataset_scaler *scaler, const wg_tensor *x, wg_shape *row)
{
    if (!scaler || !x)
        return wg_error_set(WG_E_NULL, op, "%s: %s is NULL", op, scaler ? "x" : "the scaler");
    if (x == WG_NONE)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected rows x, got WG_NONE", op);
    if (!wg_data(x) && wg_error_first())
        return dataset_failure();
    const wg_shape whole = wg_shape_of(x);
    if (whole.rank < 1 || !wg_is_contiguous(x))
        return wg_error_set(WG_E_SHAPE, op, "%s: expected contiguous rows", op);
    *row = (wg_shape){.rank = whole.rank - 1};
    memcpy(row->extent, whole.extent + 1, (size_t)row->rank * sizeof *row->extent);
    return check_row(op, &scaler->features, wg_dtype_of(x), row);
}

static double element(const void *data, wg_dtype dtype, int64_t i)
{
    return dtype == WG_F64 ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

/* ---- learning ---- */

/* Rows that are learned from, and what is found about each feature. */
struct rows {
    const void *data;
    wg_dtype dtype;
    const int64_t *index, *feature; /* index: NULL for all rows */
    int64_t n, elements;
};

struct found {
    double low, high, mean, squares;
    int64_t m;
};

static wg_status sum(const char *op, const struct rows *r, struct found *found)
{
    for (int64_t i = 0; i < r->n; i++) {
        const int64_t row = r->index ? r->index[i] : i;
        for (int64_t k = 0; k < r->elements; k++) {
            const double value = element(r->data, r->dtype, row * r->elements + k);
            struct found *f = &found[r->feature[k]];
            if (!isfinite(value))
                return wg_error_set(WG_E_ARGUMENT, op, "%s: element %lld of row %lld is %g", op, (long long)k, (long long)row,
                                    value);
            f->low = f->m == 0 || value < f->low ? value : f->low;
            f->high = f->m == 0 || value > f->high ? value : f->high;
            f->mean += value;
            f->m++;
        }
    }
    return WG_OK;
}

static void sum_squares(const struct rows *r, struct found *found)
{
    for (int64_t i = 0; i < r->n; i++) {
        const int64_t row = r->index ? r->index[i] : i;
        for (int64_t k = 0; k < r->elements; k++) {
            struct found *f = &found[r->feature[k]];
            const double d = element(r->data, r->dtype, row * r->elements + k) - f->mean;
            f->squares += d * d;
        }
    }
}

/* A constant feature is known by its range: sums of equal numbers are rounded, and their variance is not 0. */
static wg_status learn(const char *op, wg_dataset_scaler *scaler, const struct rows *r, struct found *found)
{
    WG_TRY(sum(op, r, found));
    for (int64_t j = 0; j < scaler->n; j++)
        found[j].mean = found[j].low == found[j].high ? found[j].low : found[j].mean / (double)found[j].m;
    sum_squares(r, found);
    double *mean = wg_data_mut(scaler->state[MEAN]), *scale = mean ? wg_data_mut(scaler->state[SCALE]) : NULL;
    if (!scale)
        return dataset_failure();
    for (int64_t j = 0; j < scaler->n; j++)
        if (!isfinite(found[j].mean) || !isfinite(found[j].squares) ||
            (found[j].squares < DBL_MIN && found[j].low != found[j].high))
            return wg_error_set(WG_E_NUMERIC, op, "%s: feature %lld, from %g to %g, has no variance in f64: scale it first", op,
                                (long long)j, found[j].low, found[j].high);
    for (int64_t j = 0; j < scaler->n; j++) {
        const double deviation = sqrt(found[j].squares / (double)found[j].m);
        mean[j] = found[j].mean;
        scale[j] = deviation > 0 ? deviation : 1;
    }
    return WG_OK;
}

wg_status wg_dataset_scaler_fit(wg_dataset_scaler *scaler, const wg_tensor *x, const wg_tensor *index)
{
    const char *op = "dataset_scaler_fit";
    wg_shape row;
    WG_TRY(check_x(op, scaler, x, &row));
    if (index != WG_NONE)
        WG_TRY(dataset_check_index(op, index, wg_extent(x, 0)));
    struct rows r = {.data = wg_data(x), .dtype = wg_dtype_of(x), .elements = 1};
    r.n = index == WG_NONE ? wg_extent(x, 0) : wg_extent(index, 0);
    r.index = index == WG_NONE ? NULL : wg_data(index);
    for (int i = 0; i < row.rank; i++)
        r.elements *= row.extent[i];
    if (r.n == 0 || r.elements == 0)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: there are no elements to learn from", op);
    int64_t *feature = map_features(op, &scaler->features, &row, r.elements);
    struct found *found = calloc((size_t)scaler->n, sizeof *found);
    r.feature = feature;
    const wg_status status = feature && found ? learn(op, scaler, &r, found)
                                              : wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    free(feature);
    free(found);
    return status;
}

/* ---- applying ---- */

/* What each element of a row becomes: (x - mean) / scale, or x scale + mean. */
struct scaling {
    wg_dtype dtype;
    int64_t elements;
    int64_t *feature;
    double *mean, *scale;
    bool inverse;
};

static void scale_row(const struct scaling *s, const void *from, void *to)
{
    for (int64_t i = 0; i < s->elements; i++) {
        const double x = element(from, s->dtype, i), mean = s->mean[s->feature[i]], scale = s->scale[s->feature[i]];
        const double value = s->inverse ? x * scale + mean : (x - mean) / scale;
        if (s->dtype == WG_F64)
            ((double *)to)[i] = value;
        else
            ((float *)to)[i] = (float)value;
    }
}

static void end_scaling(void *context)
{
    struct scaling *s = context;
    free(s->feature);
    free(s->mean);
    free(s);
}

static struct scaling *make_scaling(const char *op, const wg_dataset_scaler *scaler, wg_dtype dtype, const wg_shape *row)
{
    struct scaling *s = calloc(1, sizeof *s);
    const double *mean = wg_data(scaler->state[MEAN]), *scale = wg_data(scaler->state[SCALE]);
    const size_t bytes = (size_t)scaler->n * sizeof *mean;
    if (s) {
        *s = (struct scaling){.dtype = dtype, .elements = 1};
        for (int i = 0; i < row->rank; i++)
            s->elements *= row->extent[i];
        s->feature = map_features(op, &scaler->features, row, s->elements);
        s->mean = malloc(2 * bytes + 1);
    }
    if (!s || !s->feature || !s->mean || (scaler->n > 0 && (!mean || !scale))) {
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        if (s)
            end_scaling(s);
        return NULL;
    }
    s->scale = s->mean + scaler->n;
    if (bytes > 0) {
        memcpy(s->mean, mean, bytes);
        memcpy(s->scale, scale, bytes);
    }
    return s;
}

static wg_tensor *apply(const char *op, const wg_dataset_scaler *scaler, const wg_tensor *x, bool inverse)
{
    wg_shape row;
    if (check_x(op, scaler, x, &row) != WG_OK)
        return NULL;
    struct scaling *s = make_scaling(op, scaler, wg_dtype_of(x), &row);
    wg_tensor *made = s ? wg_zeros(wg_dtype_of(x), wg_shape_of(x)) : NULL;
    char *to = made && wg_numel(made) > 0 ? wg_data_mut(made) : NULL;
    const char *from = wg_data(x);
    if (made && wg_numel(made) > 0 && !to) {
        dataset_discard(made, wg_tape_top() != NULL);
        made = NULL;
    }
    for (int64_t i = 0; to && i < wg_extent(x, 0); i++) {
        const size_t at = (size_t)(i * s->elements) * wg_dtype_size(s->dtype);
        s->inverse = inverse;
        scale_row(s, from + at, to + at);
    }
    if (s)
        end_scaling(s);
    return made;
}

wg_tensor *wg_dataset_scaler_apply(const wg_dataset_scaler *scaler, const wg_tensor *x)
{
    return apply("dataset_scaler_apply", scaler, x, false);
}

wg_tensor *wg_dataset_scaler_invert(const wg_dataset_scaler *scaler, const wg_tensor *x)
{
    return apply("dataset_scaler_invert", scaler, x, true);
}

static wg_status scaled_item(void *context, const void *from, const wg_dataset_item *item)
{
    scale_row(context, from, item->x);
    return WG_OK;
}

wg_dataset *wg_dataset_scaled(wg_dataset *dataset, const wg_dataset_scaler *scaler)
{
    const char *op = "dataset_scaled";
    if (!dataset || !scaler) {
        (void)wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, dataset ? "scaler" : "dataset");
        return NULL;
    }
    const wg_dataset_row *row = &dataset->info.x;
    if (check_row(op, &scaler->features, row->dtype, &row->shape) != WG_OK)
        return NULL;
    struct scaling *s = make_scaling(op, scaler, row->dtype, &row->shape);
    wg_dataset *made = s ? wg_dataset_map(dataset, scaled_item, s, .destroy = end_scaling) : NULL;
    if (s && !made)
        end_scaling(s);
    return made;
}
