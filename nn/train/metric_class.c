/* Metrics of classification: accuracy, top-k, and those that follow from a confusion matrix. */
#include <math.h>

#include "metric.h"
#include "wengert/error.h"

enum { RIGHT = 1, MAX_CLASSES = 4096 }; /* counts: rows, those that are right */

static wg_metric_class_options with_defaults(const char *name, int64_t ignore, double threshold)
{
    return (wg_metric_class_options){.name = name, .ignore = ignore, .threshold = threshold};
}

/* ---- accuracy and top-k ---- */

static wg_status add_right(wg_metric *metric, int64_t rows, int64_t right, const char *op)
{
    int64_t *count = metric_counts_mut(metric, op);
    if (!count)
        return wg_error_first()->code;
    count[0] += rows;
    count[RIGHT] += right;
    return WG_OK;
}

static wg_status update_accuracy(wg_metric *metric, const wg_tensor *predictions, const wg_tensor *labels, const char *op)
{
    const wg_metric_class_options *o = &metric->options;
    struct rows rows;
    int64_t n = 0, right = 0;
    WG_TRY(rows_open(&rows, predictions, labels, 0, o->ignore, false, op));
    for (int64_t i = 0; i < rows.label.n; i++) {
        const int64_t label = rows_label(&rows, i);
        if (label == o->ignore)
            continue;
        n++;
        right += rows_predicted(&rows, i, o->threshold) == label;
    }
    return add_right(metric, n, right, op);
}

/* How many classes come before the label's in the order of scores; -1 if there is a NaN. */
static int64_t rank_of(const struct rows *rows, int64_t row, int64_t label)
{
    const int64_t start = view_offset(&rows->prediction, row);
    const double own = view_at(&rows->prediction, start + label * rows->class_stride);
    int64_t before = 0;
    for (int64_t c = 0; c < rows->classes; c++) {
        const double score = view_at(&rows->prediction, start + c * rows->class_stride);
        if (isnan(score))
            return -1;
        before += score > own || (score == own && c < label);
    }
    return before;
}

static wg_status update_top_k(wg_metric *metric, const wg_tensor *predictions, const wg_tensor *labels, const char *op)
{
    struct rows rows;
    int64_t n = 0, right = 0;
    WG_TRY(rows_open(&rows, predictions, labels, 0, metric->options.ignore, true, op));
    if (rows.classes < metric->classes)
        return wg_error_set(WG_E_SHAPE, op, "%s: expected scores of at least %lld classes, got %lld", op,
                            (long long)metric->classes, (long long)rows.classes);
    for (int64_t i = 0; i < rows.label.n; i++) {
        const int64_t label = rows_label(&rows, i), rank = label == metric->options.ignore ? 0 : rank_of(&rows, i, label);
        n += label != metric->options.ignore;
        right += label != metric->options.ignore && rank >= 0 && rank < metric->classes;
    }
    return add_right(metric, n, right, op);
}

static double share_right(const wg_metric *metric)
{
    const int64_t *count = metric_counts(metric);
    return (double)count[RIGHT] / (double)count[0];
}

static const struct metric_kind accuracy = {update_accuracy, share_right, false, false, BETTER_HIGH},
                                top_k = {update_top_k, share_right, false, false, BETTER_HIGH};

wg_metric *wg_metric_accuracy_with(wg_metric_options options)
{
    return metric_make(&accuracy, 2, 0, with_defaults(options.name, options.ignore, options.threshold), 0, "metric_accuracy");
}

wg_metric *wg_metric_top_k_with(int64_t k, wg_metric_top_k_options options)
{
    const char *op = "metric_top_k";
    if (k < 1) {
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected k of at least 1, got %lld", op, (long long)k);
        return NULL;
    }
    return metric_make(&top_k, 2, 0, with_defaults(options.name, options.ignore, 0), k, op);
}

/* ---- the confusion matrix: classes rows, of classes columns and one more for rows that predict no class ---- */

static wg_status check_predicted(const struct rows *rows, const wg_metric *metric, const char *op)
{
    for (int64_t i = 0; i < rows->label.n; i++) {
        const int64_t guess = rows_label(rows, i) == metric->options.ignore ? 0
                                                                            : rows_predicted(rows, i, metric->options.threshold);
        if (guess < -1 || guess >= metric->classes || (guess < 0 && rows->prediction.dtype == WG_I64))
            return wg_error_set(WG_E_ARGUMENT, op, "%s: prediction %lld: expected a class in 0..%lld, got %lld", op, (long long)i,
                                (long long)metric->classes - 1, (long long)guess);
    }
    return WG_OK;
}

static wg_status update_matrix(wg_metric *metric, const wg_tensor *predictions, const wg_tensor *labels, const char *op)
{
    const int64_t classes = metric->classes;
    struct rows rows;
    WG_TRY(rows_open(&rows, predictions, labels, classes, metric->options.ignore, false, op));
    WG_TRY(check_predicted(&rows, metric, op));
    int64_t *count = metric_counts_mut(metric, op);
    if (!count)
        return wg_error_first()->code;
    for (int64_t i = 0; i < rows.label.n; i++) {
        const int64_t label = rows_label(&rows, i);
        if (label == metric->options.ignore)
            continue;
        const int64_t guess = rows_predicted(&rows, i, metric->options.threshold);
        count[label * (classes + 1) + (guess < 0 ? classes : guess)]++;
    }
    return WG_OK;
}

/* tp, fp and fn of a class; or of all together. */
struct tally {
    double right, wrong, missed;
};

static struct tally tally_of(const wg_metric *metric, int64_t class_index)
{
    const int64_t classes = metric->classes, *count = metric_counts(metric);
    int64_t row = 0, column = 0;
    for (int64_t c = 0; c <= classes; c++)
        row += count[class_index * (classes + 1) + c];
    for (int64_t c = 0; c < classes; c++)
        column += count[c * (classes + 1) + class_index];
    const int64_t right = count[class_index * (classes + 1) + class_index];
    return (struct tally){(double)right, (double)(column - right), (double)(row - right)};
}

static double share(double part, double whole, const wg_metric *metric)
{
    return whole > 0 ? part / whole : metric->options.zero_division;
}

typedef double measure(const wg_metric *metric, struct tally t);

static double measure_precision(const wg_metric *metric, struct tally t)
{
    return share(t.right, t.right + t.wrong, metric);
}

static double measure_recall(const wg_metric *metric, struct tally t)
{
    return share(t.right, t.right + t.missed, metric);
}

static double measure_f1(const wg_metric *metric, struct tally t)
{
    return share(2 * t.right, 2 * t.right + t.wrong + t.missed, metric);
}

/* One value of all classes. */
static double averaged(const wg_metric *metric, measure *of)
{
    struct tally all = {0, 0, 0};
    double sum = 0, weights = 0, rows = 0;
    for (int64_t c = 0; c < metric->classes; c++) {
        const struct tally t = tally_of(metric, c);
        const double weight = metric->options.average == WG_METRIC_AVERAGE_WEIGHTED ? t.right + t.missed : 1;
        all.right += t.right, all.wrong += t.wrong, all.missed += t.missed;
        sum += weight * of(metric, t);
        weights += weight;
        rows += t.right + t.missed;
    }
    if (rows == 0)
        return NAN;
    return metric->options.average == WG_METRIC_AVERAGE_MICRO ? of(metric, all) : sum / weights;
}

static double value_precision(const wg_metric *metric)
{
    return averaged(metric, measure_precision);
}

static double value_recall(const wg_metric *metric)
{
    return averaged(metric, measure_recall);
}

static double value_f1(const wg_metric *metric)
{
    return averaged(metric, measure_f1);
}

static double value_matrix(const wg_metric *metric)
{
    double right = 0;
    for (int64_t c = 0; c < metric->classes; c++)
        right += tally_of(metric, c).right;
    return right / (double)wg_metric_rows(metric);
}

static const struct metric_kind precision = {update_matrix, value_precision, false, true, BETTER_HIGH},
                                recall = {update_matrix, value_recall, false, true, BETTER_HIGH},
                                f1 = {update_matrix, value_f1, false, true, BETTER_HIGH},
                                confusion = {update_matrix, value_matrix, false, true, BETTER_HIGH};

static wg_metric *make_matrix(const struct metric_kind *kind, int64_t classes, wg_metric_class_options options, const char *op)
{
    if (classes < 1 || classes > MAX_CLASSES) {
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected 1 to %d classes, got %lld", op, MAX_CLASSES, (long long)classes);
        return NULL;
    }
    return metric_make(kind, classes * (classes + 1), 0, options, classes, op);
}

wg_metric *wg_metric_precision_with(int64_t classes, wg_metric_class_options options)
{
    return make_matrix(&precision, classes, options, "metric_precision");
}

wg_metric *wg_metric_recall_with(int64_t classes, wg_metric_class_options options)
{
    return make_matrix(&recall, classes, options, "metric_recall");
}

wg_metric *wg_metric_f1_with(int64_t classes, wg_metric_class_options options)
{
    return make_matrix(&f1, classes, options, "metric_f1");
}

wg_metric *wg_metric_confusion_with(int64_t classes, wg_metric_options options)
{
    return make_matrix(&confusion, classes, with_defaults(options.name, options.ignore, options.threshold), "metric_confusion");
}

double wg_metric_of_class(const wg_metric *metric, int64_t class_index)
{
    const char *op = "metric_of_class";
    if (!metric) {
        (void)wg_error_set(WG_E_NULL, op, "%s: the metric is NULL", op);
        return NAN;
    }
    measure *const of = metric->kind == &precision ? measure_precision
                        : metric->kind == &recall  ? measure_recall
                        : metric->kind == &f1      ? measure_f1
                                                   : NULL;
    if (!of || class_index < 0 || class_index >= metric->classes) {
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected precision, recall or f1, and one of its classes, got %s and %lld", op,
                           metric->name, (long long)class_index);
        return NAN;
    }
    return metric_check(metric, op) == WG_OK ? of(metric, tally_of(metric, class_index)) : NAN;
}

wg_tensor *wg_metric_matrix(const wg_metric *metric)
{
    const char *op = "metric_matrix";
    if (!metric || !metric->kind->matrix) {
        (void)wg_error_set(metric ? WG_E_ARGUMENT : WG_E_NULL, op,
                           metric ? "%s: expected precision, recall, f1 or confusion, got %s" : "%s: the metric is NULL", op,
                           metric ? metric->name : "");
        return NULL;
    }
    const int64_t classes = metric->classes, *count = metric_check(metric, op) == WG_OK ? metric_counts(metric) : NULL;
    wg_tensor *matrix = count ? wg_zeros(WG_I64, WG_SHAPE(classes, classes)) : NULL;
    int64_t *to = matrix ? wg_data_mut(matrix) : NULL;
    for (int64_t i = 0; to && i < classes; i++)
        for (int64_t j = 0; j < classes; j++)
            to[i * classes + j] = count[i * (classes + 1) + j];
    return to ? matrix : NULL;
}
