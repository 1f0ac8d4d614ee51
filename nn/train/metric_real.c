/* Metrics that add up reals: perplexity, errors of regression, means. */
#include <math.h>
#include <string.h>

#include "metric.h"
#include "wengert/error.h"

static wg_metric_class_options named(const char *name)
{
    return (wg_metric_class_options){.name = name, .ignore = WG_IGNORE_NOTHING};
}

static wg_status add(wg_metric *metric, double sum, int64_t n, const char *op)
{
    int64_t *count = metric_counts_mut(metric, op);
    double *sums = count ? metric_sums_mut(metric, op) : NULL;
    if (!sums)
        return wg_error_first()->code;
    count[0] += n;
    sums[0] += sum;
    return WG_OK;
}

static double mean(const wg_metric *metric)
{
    return metric_sums(metric)[0] / (double)metric_counts(metric)[0];
}

static const struct metric_kind told = {NULL, mean, true, false, BETTER_UNKNOWN};

wg_metric *wg_metric_mean_with(wg_metric_mean_options options)
{
    return metric_make(&told, 1, 1, named(options.name), 0, "metric_mean");
}

/* ---- perplexity ---- */

/* -ln softmax of the row's scores at the label; infinite where that class has probability 0, as all have where all scores are -inf. */
static double loss_of(const struct rows *rows, int64_t row, int64_t label)
{
    const struct view *scores = &rows->prediction;
    const int64_t start = view_offset(scores, row);
    double largest = -INFINITY, sum = 0;
    bool bad = false;
    for (int64_t c = 0; c < rows->classes; c++) {
        const double score = view_at(scores, start + c * rows->class_stride);
        largest = fmax(largest, score);
        bad = bad || isnan(score);
    }
    if (largest == -INFINITY)
        return bad ? NAN : INFINITY;
    for (int64_t c = 0; c < rows->classes; c++)
        sum += exp(view_at(scores, start + c * rows->class_stride) - largest);
    return log(sum) - (view_at(scores, start + label * rows->class_stride) - largest);
}

static wg_status update_perplexity(wg_metric *metric, const wg_tensor *scores, const wg_tensor *labels, const char *op)
{
    struct rows rows;
    double sum = 0;
    int64_t n = 0;
    WG_TRY(rows_open(&rows, scores, labels, 0, metric->options.ignore, true, op));
    for (int64_t i = 0; i < rows.label.n; i++) {
        const int64_t label = rows_label(&rows, i);
        if (label == metric->options.ignore)
            continue;
        sum += loss_of(&rows, i, label);
        n++;
    }
    return add(metric, sum, n, op);
}

static double exp_mean(const wg_metric *metric)
{
    return exp(mean(metric));
}

static const struct metric_kind perplexity = {update_perplexity, exp_mean, true, false, BETTER_LOW};

wg_metric *wg_metric_perplexity_with(wg_metric_top_k_options options)
{
    wg_metric_class_options all = named(options.name);
    all.ignore = options.ignore;
    return metric_make(&perplexity, 1, 1, all, 0, "metric_perplexity");
}

/* ---- regression ---- */

struct pairs {
    struct view prediction, target;
};

static wg_status open_pairs(struct pairs *pairs, const wg_tensor *predictions, const wg_tensor *targets, const char *op)
{
    char a[160], b[160];
    WG_TRY(view_open(&pairs->prediction, predictions, "predictions", op));
    WG_TRY(view_open(&pairs->target, targets, "targets", op));
    const struct view *p = &pairs->prediction, *t = &pairs->target;
    if ((p->dtype != WG_F32 && p->dtype != WG_F64) || t->dtype != p->dtype)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected predictions and targets of f32, or of f64, got %s and %s", op,
                            wg_dtype_name(p->dtype), wg_dtype_name(t->dtype));
    if (p->rank != t->rank || memcmp(p->extent, t->extent, (size_t)p->rank * sizeof *p->extent) != 0)
        return wg_error_set(WG_E_SHAPE, op, "%s: expected predictions and targets of one shape, got %s and %s", op,
                            wg_shape_text(wg_shape_of(predictions), a, sizeof a), wg_shape_text(wg_shape_of(targets), b, sizeof b));
    return WG_OK;
}

static double error_at(const struct pairs *pairs, int64_t i)
{
    return view_real(&pairs->prediction, i) - view_real(&pairs->target, i);
}

static wg_status update_mse(wg_metric *metric, const wg_tensor *predictions, const wg_tensor *targets, const char *op)
{
    struct pairs pairs;
    double sum = 0;
    WG_TRY(open_pairs(&pairs, predictions, targets, op));
    for (int64_t i = 0; i < pairs.target.n; i++)
        sum += error_at(&pairs, i) * error_at(&pairs, i);
    return add(metric, sum, pairs.target.n, op);
}

static wg_status update_mae(wg_metric *metric, const wg_tensor *predictions, const wg_tensor *targets, const char *op)
{
    struct pairs pairs;
    double sum = 0;
    WG_TRY(open_pairs(&pairs, predictions, targets, op));
    for (int64_t i = 0; i < pairs.target.n; i++)
        sum += fabs(error_at(&pairs, i));
    return add(metric, sum, pairs.target.n, op);
}

enum { ERRORS, MEAN, SPREAD, R2_SUMS }; /* Σ(p - t)², the targets' mean, Σ(t - mean)² */

static wg_status update_r2(wg_metric *metric, const wg_tensor *predictions, const wg_tensor *targets, const char *op)
{
    struct pairs pairs;
    double errors = 0, center = 0, spread = 0;
    WG_TRY(open_pairs(&pairs, predictions, targets, op));
    const int64_t n = pairs.target.n;
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        const double target = view_real(&pairs.target, i);
        center += target / (double)n;
        low = fmin(low, target), high = fmax(high, target);
    }
    center = low == high ? low : center; /* a sum of equal numbers is rounded, and their spread would not be 0 */
    for (int64_t i = 0; i < n; i++) {
        const double off = view_real(&pairs.target, i) - center;
        errors += error_at(&pairs, i) * error_at(&pairs, i);
        spread += off * off;
    }
    double *sum = metric_sums_mut(metric, op);
    if (!sum || n == 0)
        return sum ? WG_OK : wg_error_first()->code;
    const double before = (double)metric_counts(metric)[0], all = before + (double)n, shift = center - sum[MEAN];
    WG_TRY(add(metric, errors, n, op));
    sum[MEAN] += shift * (double)n / all;
    sum[SPREAD] += spread + shift * shift * before * (double)n / all;
    return WG_OK;
}

static double value_r2(const wg_metric *metric)
{
    const double *sum = metric_sums(metric);
    if (metric_counts(metric)[0] == 0 || isnan(sum[ERRORS]) || isnan(sum[SPREAD]))
        return NAN;
    if (sum[SPREAD] == 0)
        return sum[ERRORS] == 0 ? 1 : 0;
    return 1 - sum[ERRORS] / sum[SPREAD];
}

static const struct metric_kind mse = {update_mse, mean, false, false, BETTER_LOW},
                                mae = {update_mae, mean, false, false, BETTER_LOW},
                                r2 = {update_r2, value_r2, false, false, BETTER_HIGH};

wg_metric *wg_metric_mse_with(wg_metric_mean_options options)
{
    return metric_make(&mse, 1, 1, named(options.name), 0, "metric_mse");
}

wg_metric *wg_metric_mae_with(wg_metric_mean_options options)
{
    return metric_make(&mae, 1, 1, named(options.name), 0, "metric_mae");
}

wg_metric *wg_metric_r2_with(wg_metric_mean_options options)
{
    return metric_make(&r2, 1, R2_SUMS, named(options.name), 0, "metric_r2");
}
