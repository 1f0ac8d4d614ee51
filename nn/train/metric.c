/* Metrics: the object, whose numbers are two tensors, and what all kinds share. */
#include "metric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wengert/error.h"
#include "wengert/options.h"

static const int64_t max_count = (int64_t)1 << 53; /* so that a count is exact as a real, too */

/* ---- making and freeing ---- */

static bool is_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < ' ' || *c == ',' || *c == '"' || *c == 0x7f)
            return false;
    return name[0] != 0;
}

static wg_status check(const wg_metric_class_options *o, const char *op)
{
    if (!o->name)
        return wg_error_set(WG_E_NULL, op, "%s: the name is NULL", op);
    if (!is_name(o->name))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected a name without comma, quote or control character, got \"%s\"", op,
                            o->name);
    if (isnan(o->threshold))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected threshold to be a number, got nan", op);
    if (o->average > WG_METRIC_AVERAGE_WEIGHTED)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected average to be macro, micro or weighted, got %d", op, (int)o->average);
    return WG_OK;
}

static wg_tensor *own_zeros(wg_dtype dtype, int64_t n)
{
    wg_tensor *t = wg_zeros(dtype, WG_SHAPE(n));
    return t ? wg_adopt(t) : NULL;
}

wg_metric *metric_make(const struct metric_kind *kind, int64_t counts, int64_t sums, wg_metric_class_options options,
                       int64_t classes, const char *op)
{
    if (check(&options, op) != WG_OK)
        return NULL;
    wg_metric *metric = calloc(1, sizeof *metric);
    if (metric) {
        *metric = (wg_metric){.kind = kind, .options = options, .classes = classes, .n_state = sums > 0 ? 2 : 1};
        metric->name = strdup(options.name);
        metric->state[0] = own_zeros(WG_I64, counts);
        metric->state[1] = sums > 0 ? own_zeros(WG_F64, sums) : NULL;
        if (metric->name && metric->state[0] && (metric->state[1] || sums == 0))
            return metric;
    }
    (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    wg_metric_destroy(metric);
    return NULL;
}

void wg_metric_destroy(wg_metric *metric)
{
    if (!metric)
        return;
    wg_disown(metric->state[0]);
    wg_disown(metric->state[1]);
    free(metric->name);
    free(metric);
}

/* ---- its numbers ---- */

const int64_t *metric_counts(const wg_metric *metric)
{
    return wg_data_as(metric->state[0], int64_t);
}

const double *metric_sums(const wg_metric *metric)
{
    return wg_data_as(metric->state[1], double);
}

/* NULL, and the error, said of op unless an earlier one is the first. */
static void *writable(wg_tensor *t, const char *op)
{
    wg_error error;
    const bool first = !wg_error_first();
    void *data = wg_data_mut(t);
    if (!data && first) {
        (void)wg_error_take(&error);
        (void)wg_error_set(error.code, op, "%s: %s", op, error.message);
    }
    return data;
}

int64_t *metric_counts_mut(wg_metric *metric, const char *op)
{
    return writable(metric->state[0], op);
}

double *metric_sums_mut(wg_metric *metric, const char *op)
{
    return writable(metric->state[1], op);
}

wg_status metric_check(const wg_metric *metric, const char *op)
{
    const int64_t *count = metric_counts(metric), n = wg_numel(metric->state[0]);
    int64_t left = max_count / 2; /* what the rest of a matrix may have; of other kinds, the rows */
    if (!count)
        return wg_error_first() ? wg_error_first()->code : WG_E_STATE;
    for (int64_t i = 0; i < n; i++) {
        if (count[i] < 0 || count[i] > left)
            return wg_error_set(WG_E_ARGUMENT, op, "%s: %s: expected 0 to %lld as count %lld of the state, got %lld", op,
                                metric->name, (long long)left, (long long)i, (long long)count[i]);
        left = metric->kind->matrix ? left - count[i] : count[0];
    }
    return WG_OK;
}

/* ---- using it ---- */

wg_status wg_metric_update(wg_metric *metric, const wg_tensor *predictions, const wg_tensor *targets)
{
    const char *op = "metric_update";
    if (!metric)
        return wg_error_set(WG_E_NULL, op, "%s: the metric is NULL", op);
    if (!metric->kind->update)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s is told values, by wg_metric_add", op, metric->name);
    WG_TRY(metric_check(metric, op));
    return metric->kind->update(metric, predictions, targets, op);
}

wg_status wg_metric_add(wg_metric *metric, double value, int64_t rows)
{
    const char *op = "metric_add";
    if (!metric)
        return wg_error_set(WG_E_NULL, op, "%s: the metric is NULL", op);
    if (!metric->kind->told)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s counts predictions, by wg_metric_update", op, metric->name);
    if (rows < 0 || rows > max_count / 2)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected a number of rows of at least 0, got %lld", op, (long long)rows);
    WG_TRY(metric_check(metric, op));
    int64_t *count = metric_counts_mut(metric, op);
    double *sum = count ? metric_sums_mut(metric, op) : NULL;
    if (!sum)
        return wg_error_first()->code;
    count[0] += rows;
    sum[0] += rows > 0 ? value * (double)rows : 0;
    return WG_OK;
}

static bool given(const wg_metric *metric, const char *op)
{
    if (!metric)
        (void)wg_error_set(WG_E_NULL, op, "%s: the metric is NULL", op);
    return metric != NULL;
}

double wg_metric_value(const wg_metric *metric)
{
    const char *op = "metric_value";
    const double value = given(metric, op) && metric_check(metric, op) == WG_OK ? metric->kind->value(metric) : NAN;
    return isnan(value) ? NAN : value; /* 0/0 has a sign, which printf shows */
}

/* Of a confusion matrix all counts are rows, of the others the first one. */
int64_t wg_metric_rows(const wg_metric *metric)
{
    const char *op = "metric_rows";
    const int64_t *count = given(metric, op) && metric_check(metric, op) == WG_OK ? metric_counts(metric) : NULL;
    int64_t rows = count ? count[0] : 0;
    for (int64_t i = 1; count && metric->kind->matrix && i < wg_numel(metric->state[0]); i++)
        rows += count[i];
    return rows;
}

const char *wg_metric_name(const wg_metric *metric)
{
    return given(metric, "metric_name") ? metric->name : "";
}

wg_status wg_metric_reset(wg_metric *metric)
{
    const char *op = "metric_reset";
    if (!given(metric, op))
        return WG_E_NULL;
    for (size_t i = 0; i < metric->n_state; i++) {
        void *data = writable(metric->state[i], op);
        if (!data)
            return wg_error_first()->code;
        memset(data, 0, (size_t)wg_numel(metric->state[i]) * sizeof(int64_t)); /* f64 is as large, and its 0 is all zeros */
    }
    return WG_OK;
}

wg_tensor_list wg_metric_state(const wg_metric *metric)
{
    static const char *const names[] = {"counts", "sums"};
    return given(metric, "metric_state") ? (wg_tensor_list){metric->n_state, metric->state, names}
                                         : (wg_tensor_list){0, NULL, NULL};
}
