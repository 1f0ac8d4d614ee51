/* Metrics: how good predictions are, counted over many batches.

       wg_metric *accuracy = wg_metric_accuracy(), *f1 = wg_metric_f1(10);
       for each batch {
           …
           WG_TRY(wg_metric_update(accuracy, logits, labels));
           WG_TRY(wg_metric_update(f1, logits, labels));
       }
       printf("%.4f %.4f\n", wg_metric_value(accuracy), wg_metric_value(f1));

   A metric adds up counts (i64) and sums (f64), so its value is that of all rows together, however they were cut into batches: it
   is no mean of the batches' values. Its numbers are tensors of its own (wg_metric_state), which a checkpoint can hold. All of it is
   on the side of the program: inside a function that is captured an update is E_STATE, and a step that fails takes back nothing of
   what was counted. */
#ifndef WENGERT_METRICS_H
#define WENGERT_METRICS_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include "ops.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wg_metric wg_metric;

/* ---- classification ----

   Labels are i64 or u8 and number the classes from 0. Predictions have one of three forms:
     scores     f32 or f64, (N,C) or (N,C,…) for labels (N,…), as wg_cross_entropy takes them: the class of the largest score is predicted;
                of equal ones the first, as wg_argmax finds it.
     a score    f32 or f64, of the labels' shape, for two classes: class 1 is predicted where the score is above .threshold, which is 0
                for logits (set 0.5 for probabilities). The labels may be of the scores' dtype then: 0 or 1.
     classes    i64 or u8, of the labels' shape.
   A row with a NaN among its scores predicts no class: it counts as wrong, for every metric. So a network whose outputs are NaN has
   an accuracy of 0, and none that is NaN. Rows whose label is .ignore do not count. .name: what logs call the metric; it is copied.

   The constructors return NULL and record the error on failure: E_ARGUMENT (an option or a size out of its range, a name that is
   empty or has a comma, a quote or a control character), E_NULL (the name), E_MEMORY. */

typedef struct WG_NAMED wg_metric_options {
    const char *name;
    int64_t ignore;
    double threshold;
} wg_metric_options;

/* The share of rows whose label is predicted. */
#define wg_metric_accuracy(...) \
    wg_metric_accuracy_with(    \
        WG_OPTIONS(wg_metric_options, .name = "accuracy", .ignore = WG_IGNORE_NOTHING, .threshold = 0, __VA_ARGS__))
WG_API wg_metric *wg_metric_accuracy_with(wg_metric_options options);

/* The share of rows whose label is among the k classes with the largest scores; of equal scores the one of the smaller class is the
   larger. Scores only, of at least k classes (else E_SHAPE). k = 1 is the accuracy. Cost: a comparison for each score. */
typedef struct WG_NAMED wg_metric_top_k_options {
    const char *name;
    int64_t ignore;
} wg_metric_top_k_options;
#define wg_metric_top_k(k, ...) \
    wg_metric_top_k_with((k), WG_OPTIONS(wg_metric_top_k_options, .name = "top_k", .ignore = WG_IGNORE_NOTHING, __VA_ARGS__))
WG_API wg_metric *wg_metric_top_k_with(int64_t k, wg_metric_top_k_options options);

/* How the values of the classes become one. MACRO: their mean, each class with the same weight, those without rows too. MICRO: of all
   classes' counts together. WEIGHTED: their mean, weighted by the rows that have the class as their label. */
typedef enum wg_metric_average { WG_METRIC_AVERAGE_MACRO, WG_METRIC_AVERAGE_MICRO, WG_METRIC_AVERAGE_WEIGHTED } wg_metric_average;

/* The confusion matrix of 1 to 4096 classes, and what follows from it. For a class, with tp rows that have it and are predicted so, fp
   that are predicted so and do not have it, fn that have it and are not predicted so:
     precision  tp / (tp + fp)
     recall     tp / (tp + fn)
     f1         2 tp / (2 tp + fp + fn), the harmonic mean of the two
   Where the denominator is 0, the value is .zero_division, 0 by default; the mean of classes includes it. The value of
   wg_metric_confusion is the accuracy. Of two classes, that of class 1 alone, as it is often reported, is wg_metric_of_class(m, 1).
   Scores have that many classes, else E_SHAPE. Source of F: van Rijsbergen, 1979. */
typedef struct WG_NAMED wg_metric_class_options {
    const char *name;
    int64_t ignore;
    double threshold;
    wg_metric_average average;
    double zero_division;
} wg_metric_class_options;
#define WG_METRIC_CLASS_OPTIONS_(kind, ...)                                                        \
    WG_OPTIONS(wg_metric_class_options, .name = kind, .ignore = WG_IGNORE_NOTHING, .threshold = 0, \
               .average = WG_METRIC_AVERAGE_MACRO, .zero_division = 0, __VA_ARGS__)
#define wg_metric_precision(classes, ...) wg_metric_precision_with((classes), WG_METRIC_CLASS_OPTIONS_("precision", __VA_ARGS__))
#define wg_metric_recall(classes, ...) wg_metric_recall_with((classes), WG_METRIC_CLASS_OPTIONS_("recall", __VA_ARGS__))
#define wg_metric_f1(classes, ...) wg_metric_f1_with((classes), WG_METRIC_CLASS_OPTIONS_("f1", __VA_ARGS__))
#define wg_metric_confusion(classes, ...) \
    wg_metric_confusion_with(             \
        (classes), WG_OPTIONS(wg_metric_options, .name = "accuracy", .ignore = WG_IGNORE_NOTHING, .threshold = 0, __VA_ARGS__))
WG_API wg_metric *wg_metric_precision_with(int64_t classes, wg_metric_class_options options);
WG_API wg_metric *wg_metric_recall_with(int64_t classes, wg_metric_class_options options);
WG_API wg_metric *wg_metric_f1_with(int64_t classes, wg_metric_class_options options);
WG_API wg_metric *wg_metric_confusion_with(int64_t classes, wg_metric_options options);

/* The value of one class, of wg_metric_precision, recall and f1. NaN and the error: E_NULL, E_ARGUMENT (another kind of metric, no
   such class). */
WG_API double wg_metric_of_class(const wg_metric *metric, int64_t class_index);

/* The confusion matrix of these four kinds, i64 (classes, classes), made like any tensor: row i, column j counts the rows that have class
   i and for which class j is predicted. A row with a NaN among its scores predicts no class and is not counted. NULL and the error: E_NULL, E_ARGUMENT,
   E_MEMORY. */
WG_API wg_tensor *wg_metric_matrix(const wg_metric *metric);

/* ---- language models ---- */

/* exp of the mean loss of a token, -ln softmax(scores) at its label: scores (N,C) or (N,C,…) with labels (N,…), f32 or f64,
   computed in f64 with the largest score subtracted. Labels that are .ignore do not count. Or the losses are told, by
   wg_metric_add(m, mean loss of a batch, its tokens). Infinite where a label's score is -∞, NaN where a score is. */
#define wg_metric_perplexity(...) \
    wg_metric_perplexity_with(WG_OPTIONS(wg_metric_top_k_options, .name = "perplexity", .ignore = WG_IGNORE_NOTHING, __VA_ARGS__))
WG_API wg_metric *wg_metric_perplexity_with(wg_metric_top_k_options options);

/* ---- regression, and means ----

   Predictions and targets are f32 or f64, of one shape and dtype; all elements count as one population. NaN gives NaN. */
typedef struct WG_NAMED wg_metric_mean_options {
    const char *name;
} wg_metric_mean_options;
#define wg_metric_mse(...) wg_metric_mse_with(WG_OPTIONS(wg_metric_mean_options, .name = "mse", __VA_ARGS__))
#define wg_metric_mae(...) wg_metric_mae_with(WG_OPTIONS(wg_metric_mean_options, .name = "mae", __VA_ARGS__))
#define wg_metric_r2(...) wg_metric_r2_with(WG_OPTIONS(wg_metric_mean_options, .name = "r2", __VA_ARGS__))
WG_API wg_metric *wg_metric_mse_with(wg_metric_mean_options options); /* the mean of (p - t)² */
WG_API wg_metric *wg_metric_mae_with(wg_metric_mean_options options); /* the mean of |p - t| */
/* R² = 1 - Σ(p - t)² / Σ(t - mean t)². Where all targets are equal it is 1 if all predictions are right, and else 0. The second sum
   is made of the batches' own means and sums (Chan, Golub, LeVeque, 1983), so that a large mean cancels nothing. */
WG_API wg_metric *wg_metric_r2_with(wg_metric_mean_options options);

/* The mean of values that are told by wg_metric_add, each weighted by its rows: the loss of an epoch from the mean losses of its
   batches, the last of which may be smaller. */
#define wg_metric_mean(...) wg_metric_mean_with(WG_OPTIONS(wg_metric_mean_options, .name = "loss", __VA_ARGS__))
WG_API wg_metric *wg_metric_mean_with(wg_metric_mean_options options);

/* ---- using a metric ---- */

/* Counts a batch. All of it is checked first, and on failure nothing has changed: E_NULL; E_ARGUMENT (WG_NONE, a label that is no
   class, with its place; a metric that is told values; a number in the state out of its range), E_SHAPE, E_DTYPE, E_STATE, and the
   errors of reading a tensor. Any strides. */
WG_API WG_MUST_CHECK wg_status wg_metric_update(wg_metric *metric, const wg_tensor *predictions, const wg_tensor *targets);

/* Tells wg_metric_mean or wg_metric_perplexity a mean over rows ≥ 0. Of 0 rows the value is not read. Errors: as of the update. */
WG_API WG_MUST_CHECK wg_status wg_metric_add(wg_metric *metric, double value, int64_t rows);

WG_API double wg_metric_value(const wg_metric *metric);            /* NaN where no row was counted; NaN and E_NULL for NULL */
WG_API int64_t wg_metric_rows(const wg_metric *metric);            /* rows or elements that were counted; 0 and E_NULL for NULL */
WG_API const char *wg_metric_name(const wg_metric *metric);        /* borrowed; "" and E_NULL for NULL */
WG_API WG_MUST_CHECK wg_status wg_metric_reset(wg_metric *metric); /* as it was made; E_NULL, E_STATE (in a capture) */

/* All numbers, to read and write: "counts" (i64) and, of those that add up reals, "sums" (f64). */
WG_API wg_tensor_list wg_metric_state(const wg_metric *metric);

WG_API void wg_metric_destroy(wg_metric *metric); /* NULL is allowed */

/* A list of metrics by value, borrowed: WG_METRICS(accuracy, f1). */
enum { WG_MAX_METRICS = 16 };
typedef struct wg_metric_list {
    size_t n;
    wg_metric *metric[WG_MAX_METRICS];
} wg_metric_list;
#ifndef __cplusplus
#define WG_METRICS(...) ((wg_metric_list){sizeof((wg_metric *[]){__VA_ARGS__}) / sizeof(wg_metric *), {__VA_ARGS__}})
#define WG_NO_METRICS \
    {                 \
        .n = 0        \
    }
#else
#define WG_METRICS(...) wg_metrics_from_(__VA_ARGS__)
#define WG_NO_METRICS wg_metric_list()
#endif

#ifdef __cplusplus
}
extern "C++" {
template <class... Metric> inline wg_metric_list wg_metrics_from_(Metric... metric)
{
    static_assert(sizeof...(metric) <= WG_MAX_METRICS, "at most 16 metrics");
    return {sizeof...(metric), {metric...}};
}
}
#endif

#endif
