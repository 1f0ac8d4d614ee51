/* Misuse of metrics and of the training helper. */
#include "misuse.h"

/* ---- metrics ---- */

static void misuse_making_metrics(void)
{
    const char *bad[] = {"", "a,b", "a\"b", "a\nb"};
    assert_null_and_error(wg_metric_accuracy(.name = NULL), WG_E_NULL, "metric_accuracy: the name is NULL");
    assert_null_and_error(wg_metric_top_k(2, .name = NULL), WG_E_NULL, "metric_top_k: the name is NULL");
    assert_null_and_error(wg_metric_precision(2, .name = NULL), WG_E_NULL, "metric_precision: the name is NULL");
    assert_null_and_error(wg_metric_recall(2, .name = NULL), WG_E_NULL, "metric_recall: the name is NULL");
    assert_null_and_error(wg_metric_f1(2, .name = NULL), WG_E_NULL, "metric_f1: the name is NULL");
    assert_null_and_error(wg_metric_confusion(2, .name = NULL), WG_E_NULL, "metric_confusion: the name is NULL");
    assert_null_and_error(wg_metric_perplexity(.name = NULL), WG_E_NULL, "metric_perplexity: the name is NULL");
    assert_null_and_error(wg_metric_mse(.name = NULL), WG_E_NULL, "metric_mse: the name is NULL");
    assert_null_and_error(wg_metric_mae(.name = NULL), WG_E_NULL, "metric_mae: the name is NULL");
    assert_null_and_error(wg_metric_r2(.name = NULL), WG_E_NULL, "metric_r2: the name is NULL");
    assert_null_and_error(wg_metric_mean(.name = NULL), WG_E_NULL, "metric_mean: the name is NULL");
    for (int i = 0; i < 4; i++)
        assert_null_and_error(wg_metric_mean(.name = bad[i]), WG_E_ARGUMENT, "metric_mean: expected a name without comma");
    assert_null_and_error(wg_metric_top_k(0), WG_E_ARGUMENT, "metric_top_k: expected k of at least 1, got 0");
    assert_null_and_error(wg_metric_precision(0), WG_E_ARGUMENT, "metric_precision: expected 1 to 4096 classes, got 0");
    assert_null_and_error(wg_metric_recall(-1), WG_E_ARGUMENT, "metric_recall: expected 1 to 4096 classes, got -1");
    assert_null_and_error(wg_metric_f1(4097), WG_E_ARGUMENT, "metric_f1: expected 1 to 4096 classes, got 4097");
    assert_null_and_error(wg_metric_confusion(INT64_MAX), WG_E_ARGUMENT, "metric_confusion: expected 1 to 4096 classes");
    assert_null_and_error(wg_metric_accuracy(.threshold = NAN), WG_E_ARGUMENT,
                          "metric_accuracy: expected threshold to be a number");
    assert_null_and_error(wg_metric_f1(2, .average = (wg_metric_average)3), WG_E_ARGUMENT,
                          "metric_f1: expected average to be macro");
}

static void misuse_counting(void)
{
    wg_metric *accuracy = wg_metric_accuracy(), *mean = wg_metric_mean(), *mse = wg_metric_mse();
    assert_fails(wg_metric_update(NULL, fx.x, fx.labels), WG_E_NULL, "metric_update: the metric is NULL");
    assert_fails(wg_metric_add(NULL, 1, 1), WG_E_NULL, "metric_add: the metric is NULL");
    assert_fails(wg_metric_update(mean, fx.x, fx.labels), WG_E_ARGUMENT, "metric_update: loss is told values, by wg_metric_add");
    assert_fails(wg_metric_add(accuracy, 1, 1), WG_E_ARGUMENT, "metric_add: accuracy counts predictions, by wg_metric_update");
    assert_fails(wg_metric_add(mean, 1, -1), WG_E_ARGUMENT, "metric_add: expected a number of rows of at least 0, got -1");
    assert_fails(wg_metric_add(mean, 1, INT64_MAX), WG_E_ARGUMENT, "metric_add: expected a number of rows");
    REFUSED_STATUS("metric_update", wg_metric_update(accuracy, bad, fx.labels));
    REFUSED_STATUS("metric_update", wg_metric_update(accuracy, fx.x, bad));
    REFUSED_STATUS("metric_update", wg_metric_update(mse, bad, fx.y));
    REFUSED_STATUS("metric_update", wg_metric_update(mse, fx.y, bad));
    assert_int_equal(wg_metric_rows(accuracy) + wg_metric_rows(mean) + wg_metric_rows(mse), 0);
    wg_metric_destroy(accuracy), wg_metric_destroy(mean), wg_metric_destroy(mse);
}

static void misuse_asking_metrics(void)
{
    wg_metric *accuracy = wg_metric_accuracy(), *f1 = wg_metric_f1(2);
    assert_true(isnan(wg_metric_value(NULL)));
    expect_error(WG_E_NULL, "metric_value: the metric is NULL");
    assert_int_equal(wg_metric_rows(NULL), 0);
    expect_error(WG_E_NULL, "metric_rows: the metric is NULL");
    assert_string_equal(wg_metric_name(NULL), "");
    expect_error(WG_E_NULL, "metric_name: the metric is NULL");
    assert_fails(wg_metric_reset(NULL), WG_E_NULL, "metric_reset: the metric is NULL");
    assert_int_equal(wg_metric_state(NULL).n, 0);
    expect_error(WG_E_NULL, "metric_state: the metric is NULL");
    assert_true(isnan(wg_metric_of_class(NULL, 0)));
    expect_error(WG_E_NULL, "metric_of_class: the metric is NULL");
    assert_true(isnan(wg_metric_of_class(accuracy, 0)));
    expect_error(WG_E_ARGUMENT, "metric_of_class: expected precision, recall or f1");
    assert_true(isnan(wg_metric_of_class(f1, 2)) && isnan(wg_metric_of_class(f1, -1)));
    expect_error(WG_E_ARGUMENT, "metric_of_class: expected precision, recall or f1, and one of its classes, got f1 and 2");
    assert_null_and_error(wg_metric_matrix(NULL), WG_E_NULL, "metric_matrix: the metric is NULL");
    assert_null_and_error(wg_metric_matrix(accuracy), WG_E_ARGUMENT, "metric_matrix: expected precision, recall, f1 or confusion");
    wg_metric_destroy(NULL);
    wg_metric_destroy(accuracy), wg_metric_destroy(f1);
}

static const struct misuse table[] = {
    {"wg_metric_accuracy_with", misuse_making_metrics},
    {"wg_metric_top_k_with", misuse_making_metrics},
    {"wg_metric_precision_with", misuse_making_metrics},
    {"wg_metric_recall_with", misuse_making_metrics},
    {"wg_metric_f1_with", misuse_making_metrics},
    {"wg_metric_confusion_with", misuse_making_metrics},
    {"wg_metric_perplexity_with", misuse_making_metrics},
    {"wg_metric_mse_with", misuse_making_metrics},
    {"wg_metric_mae_with", misuse_making_metrics},
    {"wg_metric_r2_with", misuse_making_metrics},
    {"wg_metric_mean_with", misuse_making_metrics},
    {"wg_metric_update", misuse_counting},
    {"wg_metric_add", misuse_counting},
    {"wg_metric_value", misuse_asking_metrics},
    {"wg_metric_rows", misuse_asking_metrics},
    {"wg_metric_name", misuse_asking_metrics},
    {"wg_metric_reset", misuse_asking_metrics},
    {"wg_metric_state", misuse_asking_metrics},
    {"wg_metric_of_class", misuse_asking_metrics},
    {"wg_metric_matrix", misuse_asking_metrics},
    {"wg_metric_destroy", misuse_asking_metrics},
};

MISUSE_MAIN(table)
