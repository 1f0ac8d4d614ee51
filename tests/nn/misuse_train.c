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

/* ---- logs ---- */

static void misuse_logs(void)
{
    const wg_train_value value[] = {{"loss", 1}}, nameless[] = {{NULL, 1}}, twice[] = {{"x", 1}, {"x", 2}};
    const wg_train_value bad_names[][1] = {{{"", 1}}, {{"a,b", 1}}, {{"a\"", 1}}, {{"a\n", 1}}, {{"epoch", 1}}};
    assert_null_and_error(wg_train_log_csv(NULL), WG_E_NULL, "train_log_csv: the path is NULL");
    assert_null_and_error(wg_train_log_csv(""), WG_E_ARGUMENT, "train_log_csv: the path is empty");
    assert_null_and_error(wg_train_log_tensorboard(NULL), WG_E_NULL, "train_log_tensorboard: the path is NULL");
    assert_null_and_error(wg_train_log_tensorboard(""), WG_E_ARGUMENT, "train_log_tensorboard: the path is empty");
    wg_train_log *log = wg_train_log_csv("/dev/null");
    assert_fails(wg_train_log_write(NULL, 1, value, 1), WG_E_NULL, "train_log_write: the log is NULL");
    assert_fails(wg_train_log_write(log, 1, NULL, 1), WG_E_NULL, "train_log_write: the values are NULL");
    assert_fails(wg_train_log_write(log, 1, nameless, 1), WG_E_NULL, "train_log_write: the name of value 0 is NULL");
    assert_fails(wg_train_log_write(log, 1, twice, 2), WG_E_ARGUMENT, "train_log_write: two values are called \"x\"");
    assert_fails(wg_train_log_write(log, -1, value, 1), WG_E_ARGUMENT, "train_log_write: expected an epoch of at least 0, got -1");
    for (int i = 0; i < 5; i++)
        assert_fails(wg_train_log_write(log, 1, bad_names[i], 1), WG_E_ARGUMENT, "train_log_write: expected names without comma");
    assert_ok(wg_train_log_write(log, 1, NULL, 0)); /* none of them was a first row */
    wg_train_log_destroy(log);
    wg_train_log_destroy(NULL);
}

/* ---- the helper ---- */

static wg_tensor *never(wg_tensor *x, wg_tensor *y, void *context)
{
    (void)x, (void)y, (void)context;
    fail_msg("a step was taken");
    return NULL;
}

static wg_status nothing(void *context)
{
    (void)context;
    return WG_OK;
}

static struct {
    wg_nn_module *net;
    wg_optim *optim;
    wg_batches *batches;
    wg_metric *mean, *same, *missing;
    wg_stopping *stopping;
} run;

/* With these options nothing is trained; the message begins with "train: ". */
#define NOT_TRAINED(code, text, ...) \
    assert_fails(wg_train(run.net, run.optim, run.batches, never, NULL, __VA_ARGS__), code, "train: " text)

static void misuse_options_of_training(void)
{
    wg_metric_list many = {.n = WG_MAX_METRICS + 1};
    wg_train_parts parts = {.n = WG_MAX_TRAIN_PARTS + 1};
    NOT_TRAINED(WG_E_ARGUMENT, "expected .epochs of at least 1, got 0", .clip_norm = 1);
    NOT_TRAINED(WG_E_ARGUMENT, "expected .epochs of at least 1, got -1", .epochs = -1);
    NOT_TRAINED(WG_E_ARGUMENT, "expected .clip_norm above 0, got 0", .epochs = 1, .clip_norm = 0);
    NOT_TRAINED(WG_E_ARGUMENT, "expected .clip_norm above 0, got nan", .epochs = 1, .clip_norm = NAN);
    NOT_TRAINED(WG_E_ARGUMENT, "expected .validate", .epochs = 1, .validation = WG_METRICS(run.mean));
    NOT_TRAINED(WG_E_ARGUMENT, "expected .watch", .epochs = 1, .metrics = WG_METRICS(run.mean), .watch = run.mean);
    NOT_TRAINED(WG_E_ARGUMENT, "expected .watch", .epochs = 1, .stopping = run.stopping, .watch = run.mean);
    NOT_TRAINED(WG_E_ARGUMENT, "expected .stopping", .epochs = 1, .restore_best = true);
    NOT_TRAINED(WG_E_ARGUMENT, "expected .checkpoint, the file of the run, beside .resume", .epochs = 1, .resume = true);
    NOT_TRAINED(WG_E_ARGUMENT, "expected .resume beside .previous", .epochs = 1, .checkpoint = "/tmp/x", .previous = true);
    NOT_TRAINED(WG_E_ARGUMENT, "expected at most 8 parts in .state, got 9", .epochs = 1, .state = parts);
    NOT_TRAINED(WG_E_NULL, "the name of part 0 of .state is NULL", .epochs = 1, .state = WG_TRAIN_PARTS({NULL, {0, NULL, NULL}}));
    NOT_TRAINED(WG_E_ARGUMENT, "expected .terminal", .epochs = 1, .terminal = (wg_train_terminal)3);
    NOT_TRAINED(WG_E_ARGUMENT, "expected metrics of different names, got \"loss\"", .epochs = 1, .metrics = WG_METRICS(run.mean));
    NOT_TRAINED(WG_E_ARGUMENT, "expected metrics of different names, got \"validation_same\"", .epochs = 1, .validate = nothing,
                .validation = WG_METRICS(run.same, run.same));
    NOT_TRAINED(WG_E_NULL, "metric 0 of .metrics is NULL", .epochs = 1, .metrics = WG_METRICS(run.missing));
    NOT_TRAINED(WG_E_ARGUMENT, "expected at most 16 metrics in .metrics, got 17", .epochs = 1, .metrics = many);
    NOT_TRAINED(WG_E_ARGUMENT, "expected at most 16 metrics in .validation, got 17", .epochs = 1, .validate = nothing,
                .validation = many);
}

static void misuse_training(void)
{
    wg_train_result result;
    wg_nn_module *net = wg_nn_linear(3, 2);
    wg_tensor *x = wg_own(wg_zeros(WG_F32, WG_SHAPE(4, 3)));
    run.net = net, run.optim = wg_optim_sgd(wg_nn_parameters(net), .lr = 0.1),
    run.batches = wg_batches_create(x, WG_NONE, .seed = 1);
    run.mean = wg_metric_mean(), run.same = wg_metric_mean(.name = "same"), run.stopping = wg_stopping_create();
    assert_fails(wg_train(NULL, run.optim, run.batches, never, NULL, .epochs = 1), WG_E_NULL, "train: the network is NULL");
    assert_fails(wg_train(run.net, NULL, run.batches, never, NULL, .epochs = 1), WG_E_NULL, "train: the optimizer is NULL");
    assert_fails(wg_train(run.net, run.optim, NULL, never, NULL, .epochs = 1), WG_E_NULL, "train: the iterator of batches is NULL");
    assert_fails(wg_train(run.net, run.optim, run.batches, NULL, NULL, .epochs = 1), WG_E_NULL,
                 "train: the function of the loss is NULL");
    NOT_TRAINED(WG_E_STATE, "expected no open tape: each step opens its own", .epochs = 1, .result = &result);
    assert_true(result.end == WG_TRAIN_END_ERROR && result.epochs == 0 && result.steps == 0 && isnan(result.loss));
    misuse_options_of_training();
    wg_stopping_destroy(run.stopping), wg_metric_destroy(run.mean), wg_metric_destroy(run.same);
    wg_batches_destroy(run.batches), wg_optim_destroy(run.optim), wg_nn_destroy(net), wg_free(x);
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
    {"wg_train_log_csv_with", misuse_logs},
    {"wg_train_log_tensorboard", misuse_logs},
    {"wg_train_log_write", misuse_logs},
    {"wg_train_log_destroy", misuse_logs},
    {"wg_train_with", misuse_training},
};

MISUSE_MAIN(table)
