/* The parts of metrics: the object, its kinds, and reading predictions and targets. */
#ifndef NN_TRAIN_METRIC_H
#define NN_TRAIN_METRIC_H

#include "wengert/metrics.h"

/* What a kind of metric does. update counts a batch that metric_update has found to be readable; on failure nothing has changed. value
   is NaN where nothing was counted. told: wg_metric_add is allowed. matrix: the counts are those of a confusion matrix, all of rows; else the
   first is that of rows, and the others are of some of these. better: which values are, where the kind says it. */
enum metric_better { BETTER_UNKNOWN, BETTER_LOW, BETTER_HIGH };
struct metric_kind {
    wg_status (*update)(wg_metric *metric, const wg_tensor *predictions, const wg_tensor *targets, const char *op);
    double (*value)(const wg_metric *metric);
    bool told, matrix;
    enum metric_better better;
};

struct wg_metric {
    const struct metric_kind *kind;
    char *name;
    wg_metric_class_options options; /* its name is not used */
    int64_t classes;                 /* of a confusion matrix; k of top-k */
    wg_tensor *state[2];             /* counts, i64; sums, f64 */
    size_t n_state;
};

/* What a kind is made of: how many counts and sums there are; options.name is the metric's. */
wg_metric *metric_make(const struct metric_kind *kind, int64_t counts, int64_t sums, wg_metric_class_options options,
                       int64_t classes, const char *op);

/* A program may have written anything into the state, and a checkpoint of another program is anything: E_ARGUMENT unless the counts can be
   those of this metric, so that their sums have no overflow and no share is above 1. */
wg_status metric_check(const wg_metric *metric, const char *op);

/* The numbers, to read; and to change, NULL and the error, said of op, if they cannot be, as inside a capture. */
const int64_t *metric_counts(const wg_metric *metric);
const double *metric_sums(const wg_metric *metric);
int64_t *metric_counts_mut(wg_metric *metric, const char *op);
double *metric_sums_mut(wg_metric *metric, const char *op);

/* ---- reading operands ---- */

/* A tensor of any strides, read by the row-major number of an element. */
struct view {
    const void *data;
    wg_dtype dtype;
    int rank;
    int64_t extent[WG_MAX_RANK], stride[WG_MAX_RANK], n;
};

/* Predictions, seen as a row for each label. classes 0: a value for each row, of which there is no axis of classes. */
struct rows {
    struct view prediction, label;
    int64_t classes, class_stride;
};

wg_status view_open(struct view *view, const wg_tensor *t, const char *what, const char *op);
int64_t view_offset(const struct view *view, int64_t element); /* in elements, from data */
double view_at(const struct view *view, int64_t offset);
double view_real(const struct view *view, int64_t element);
int64_t view_integer(const struct view *view, int64_t element);

/* Opens predictions and labels of classification, in one of the three forms; scores alone where only_scores is true. Every label
   that counts is checked: a class, below `classes`, or below the scores' classes where that is 0. */
wg_status rows_open(struct rows *rows, const wg_tensor *predictions, const wg_tensor *labels, int64_t classes, int64_t ignore,
                    bool only_scores, const char *op);
int64_t rows_label(const struct rows *rows, int64_t row);
/* The class that is predicted; -1: none, for there is a NaN. */
int64_t rows_predicted(const struct rows *rows, int64_t row, double threshold);

#endif
