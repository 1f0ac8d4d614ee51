/* Metrics: values of an independent program (metrics.py), in any batches, strides and dtypes; ties, NaN, labels that do not count;
   state, and what is refused. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "failing_malloc.h"
#include "nn_check.h"

enum { MAX_ROWS = 24, MAX_CLASSES = 5 };

struct classes {
    char name[20];
    int n, classes, k, ignore;
    double zero, score[MAX_ROWS * MAX_CLASSES], value[3], average[3][3], each[3][MAX_CLASSES];
    int64_t label[MAX_ROWS], matrix[MAX_CLASSES * MAX_CLASSES];
};

static void read_reals(FILE *file, double *to, int n)
{
    for (int i = 0; i < n; i++)
        assert_int_equal(fscanf(file, "%lf", &to[i]), 1);
}

static void read_integers(FILE *file, int64_t *to, int n)
{
    for (int i = 0; i < n; i++) {
        long long value;
        assert_int_equal(fscanf(file, "%lld", &value), 1);
        to[i] = value;
    }
}

static bool read_case(FILE *file, struct classes *c)
{
    if (fscanf(file, " classes %19s %d %d %d %d %lf", c->name, &c->n, &c->classes, &c->k, &c->ignore, &c->zero) != 6)
        return false;
    assert_true(c->n == MAX_ROWS && c->classes <= MAX_CLASSES);
    read_reals(file, c->score, c->n * c->classes);
    read_integers(file, c->label, c->n);
    read_reals(file, c->value, 3);
    for (int j = 0; j < 3; j++) {
        read_reals(file, c->average[j], 3);
        read_reals(file, c->each[j], c->classes);
    }
    read_integers(file, c->matrix, c->classes * c->classes);
    return true;
}

/* ---- how a case is fed ---- */

enum { WHOLE, IN_FIVES, TRANSPOSED, IMAGES, AS_BYTES, WAYS };

static void update(wg_metric *const *m, int n, wg_tensor *scores, wg_tensor *labels)
{
    assert_non_null(scores);
    assert_non_null(labels);
    for (int i = 0; i < n; i++)
        if (wg_metric_update(m[i], scores, labels) != WG_OK)
            fail_msg("%s", wg_error_first()->message);
}

static wg_tensor *scores_of(const struct classes *c, wg_dtype dtype)
{
    return wg_cast(wg_from(c->score, WG_SHAPE(c->n, c->classes)), dtype);
}

static void feed(const struct classes *c, wg_metric *const *m, int n, wg_dtype dtype, int way)
{
    WG_TAPE(tape);
    wg_tensor *scores = scores_of(c, dtype), *labels = wg_from(c->label, WG_SHAPE(c->n));
    if (way == WHOLE)
        update(m, n, scores, labels);
    else if (way == AS_BYTES)
        update(m, n, scores, wg_cast(labels, WG_U8));
    else if (way == TRANSPOSED)
        update(m, n, wg_transpose(wg_copy(wg_transpose(scores, 0, 1)), 0, 1), labels);
    else if (way == IMAGES) /* (2,C,3,4) for labels (2,3,4) */
        update(m, n, wg_permute(wg_reshape(scores, WG_SHAPE(2, 3, 4, c->classes)), WG_AXES(0, 3, 1, 2)),
               wg_reshape(labels, WG_SHAPE(2, 3, 4)));
    for (int i = 0; i < c->n && way == IN_FIVES; i += 5) {
        const int rows = c->n - i < 5 ? c->n - i : 5;
        update(m, n, wg_from(&c->score[i * c->classes], WG_SHAPE(rows, c->classes)), wg_from(&c->label[i], WG_SHAPE(rows)));
    }
}

static void assert_value(const char *name, double got, double wanted, double tolerance)
{
    if (isnan(wanted) ? !isnan(got) : !(fabs(got - wanted) <= tolerance * (1 + fabs(wanted))))
        fail_msg("%s: got %.17g, wanted %.17g", name, got, wanted);
}

static void check_case(const struct classes *c, wg_dtype dtype, int way)
{
    typedef wg_metric *make(int64_t classes, wg_metric_class_options options);
    static make *const makers[3] = {wg_metric_precision_with, wg_metric_recall_with, wg_metric_f1_with};
    const int64_t ignore = c->ignore ? 1 : WG_IGNORE_NOTHING;
    wg_metric *m[13] = {wg_metric_accuracy(.ignore = ignore), wg_metric_top_k(c->k, .ignore = ignore),
                        wg_metric_perplexity(.ignore = ignore), wg_metric_confusion(c->classes, .ignore = ignore)};
    for (int j = 0; j < 9; j++)
        m[4 + j] = makers[j / 3](
            c->classes, (wg_metric_class_options){
                            .name = "m", .ignore = ignore, .average = (wg_metric_average)(j % 3), .zero_division = c->zero});
    feed(c, m, 13, dtype, way);
    for (int j = 0; j < 3; j++)
        assert_value(c->name, wg_metric_value(m[j]), c->value[j], j == 2 ? 1e-12 : 0);
    assert_value(c->name, wg_metric_value(m[3]), c->value[0], 0);
    for (int j = 0; j < 9; j++)
        assert_value(c->name, wg_metric_value(m[4 + j]), c->average[j / 3][j % 3], 1e-14);
    for (int64_t k = 0; k < c->classes; k++)
        for (int j = 0; j < 3; j++)
            assert_value(c->name, wg_metric_of_class(m[4 + 3 * j], k), c->each[j][k], 0);
    wg_tensor *matrix = wg_metric_matrix(m[3]);
    int64_t got[MAX_CLASSES * MAX_CLASSES];
    assert_int_equal(wg_read(matrix, got), WG_OK);
    assert_memory_equal(got, c->matrix, (size_t)(c->classes * c->classes) * sizeof *got);
    int64_t rows = 0;
    for (int i = 0; i < c->n; i++)
        rows += c->label[i] != ignore;
    for (int j = 0; j < 13; j++) {
        assert_int_equal(wg_metric_rows(m[j]), rows);
        wg_metric_destroy(m[j]);
    }
    wg_free(matrix);
    assert_no_error();
}

static void classification_agrees_with_the_definitions(void **state)
{
    (void)state;
    FILE *file = fopen(METRIC_VALUES, "r");
    assert_non_null(file);
    struct classes c;
    int cases = 0;
    while (read_case(file, &c)) {
        for (int way = 0; way < WAYS; way++)
            for (int wide = 0; wide < 2; wide++)
                check_case(&c, wide ? WG_F64 : WG_F32, way);
        cases++;
    }
    fclose(file);
    assert_int_equal(cases, 8);
}

static bool read_regression(FILE *file, double *p, double *t, double *value)
{
    char word[20], name[20];
    int n;
    while (fscanf(file, "%19s", word) == 1)
        if (strcmp(word, "reals") == 0 && fscanf(file, "%19s %d", name, &n) == 2) {
            assert_int_equal(n, MAX_ROWS);
            read_reals(file, p, n), read_reals(file, t, n), read_reals(file, value, 3);
            return true;
        }
    return false;
}

static void regression_agrees_with_exact_sums(void **state)
{
    (void)state;
    FILE *file = fopen(METRIC_VALUES, "r");
    assert_non_null(file);
    double p[MAX_ROWS], t[MAX_ROWS], value[3];
    int cases = 0;
    for (; read_regression(file, p, t, value); cases++)
        for (int rows = 5; rows <= MAX_ROWS; rows += 19) { /* batches of 5 and of 24 */
            wg_metric *m[3] = {wg_metric_mse(), wg_metric_mae(), wg_metric_r2()};
            for (int i = 0; i < MAX_ROWS; i += rows) {
                const int n = MAX_ROWS - i < rows ? MAX_ROWS - i : rows;
                WG_TAPE(tape);
                update(m, 3, wg_from(&p[i], WG_SHAPE(n)), wg_from(&t[i], WG_SHAPE(n)));
            }
            for (int j = 0; j < 3; j++) {
                assert_value("regression", wg_metric_value(m[j]), value[j], 1e-12);
                assert_int_equal(wg_metric_rows(m[j]), MAX_ROWS);
                wg_metric_destroy(m[j]);
            }
        }
    fclose(file);
    assert_int_equal(cases, 5);
    assert_no_error();
}

static void two_classes_have_one_score_and_a_threshold(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const float score[] = {-1, 0, 0.25f, 2, NAN};
    const float real[] = {0, 0, 1, 1, 1};
    const int64_t whole[] = {0, 0, 1, 1, 1}, guessed[] = {1, 0, 0, 1, 1};
    wg_tensor *scores = wg_from(score, WG_SHAPE(5, 1)), *labels = wg_from(whole, WG_SHAPE(5, 1));
    wg_metric *logits = wg_metric_accuracy(), *strict = wg_metric_accuracy(.threshold = 0.5), *f1 = wg_metric_f1(2),
              *classes = wg_metric_confusion(2);
    assert_int_equal(wg_metric_update(logits, scores, labels), WG_OK);
    assert_int_equal(wg_metric_update(strict, scores, wg_from(real, WG_SHAPE(5, 1))), WG_OK);
    assert_int_equal(wg_metric_update(f1, scores, labels), WG_OK);
    assert_int_equal(wg_metric_update(classes, wg_from(guessed, WG_SHAPE(5, 1)), labels), WG_OK);
    assert_true(wg_metric_value(logits) == 0.8);         /* 0 is class 0; NaN is wrong */
    assert_true(wg_metric_value(strict) == 0.6);         /* 0.25 is class 0 */
    assert_close(wg_metric_of_class(f1, 1), 0.8, 1e-15); /* tp 2, fp 0, fn 1 */
    assert_true(wg_metric_value(classes) == 0.6);
    wg_metric_destroy(logits), wg_metric_destroy(strict), wg_metric_destroy(f1), wg_metric_destroy(classes);
    assert_no_error();
}

static void means_are_weighted_and_perplexity_is_their_exponential(void **state)
{
    (void)state;
    wg_metric *mean = wg_metric_mean(), *perplexity = wg_metric_perplexity();
    assert_true(isnan(wg_metric_value(mean)) && wg_metric_rows(mean) == 0);
    assert_int_equal(wg_metric_add(mean, 1, 3), WG_OK);
    assert_int_equal(wg_metric_add(mean, 2, 1), WG_OK);
    assert_int_equal(wg_metric_add(mean, NAN, 0), WG_OK); /* not read */
    assert_true(wg_metric_value(mean) == 1.25 && wg_metric_rows(mean) == 4);
    assert_int_equal(wg_metric_add(perplexity, log(8), 10), WG_OK);
    assert_close(wg_metric_value(perplexity), 8, 1e-15);
    assert_int_equal(wg_metric_reset(mean), WG_OK);
    assert_true(isnan(wg_metric_value(mean)) && wg_metric_rows(mean) == 0);
    assert_string_equal(wg_metric_name(mean), "loss");
    assert_int_equal(wg_metric_add(mean, NAN, 1), WG_OK);
    assert_true(isnan(wg_metric_value(mean)));
    wg_metric_destroy(mean), wg_metric_destroy(perplexity);
    assert_no_error();
}

/* The state of one, written into another, goes on as the first. */
static void state_is_all_that_there_is(void **state)
{
    (void)state;
    wg_metric *before[2] = {wg_metric_f1(3), wg_metric_r2()}, *after[2] = {wg_metric_f1(3), wg_metric_r2()};
    const double p[] = {1, 2, 4}, t[] = {1, 3, 9};
    const int64_t guess[] = {0, 2, 1}, label[] = {0, 1, 1};
    for (int round = 0; round < 2; round++) {
        WG_TAPE(tape);
        wg_metric *const *m = round ? after : before;
        assert_int_equal(wg_metric_update(m[0], wg_from(guess, WG_SHAPE(3)), wg_from(label, WG_SHAPE(3))), WG_OK);
        assert_int_equal(wg_metric_update(m[1], wg_from(p, WG_SHAPE(3)), wg_from(t, WG_SHAPE(3))), WG_OK);
        for (int i = 0; i < 2 && round == 0; i++) {
            const wg_tensor_list from = wg_metric_state(before[i]), to = wg_metric_state(after[i]);
            assert_int_equal(from.n, i == 0 ? 1 : 2);
            assert_string_equal(from.name[0], "counts");
            for (size_t k = 0; k < from.n; k++)
                assert_int_equal(wg_write_raw(to.tensor[k], wg_data(from.tensor[k])), WG_OK);
        }
    }
    for (int i = 0; i < 2; i++) {
        assert_true(wg_metric_value(before[i]) == wg_metric_value(after[i])); /* twice the same rows */
        assert_int_equal(wg_metric_rows(after[i]), 2 * wg_metric_rows(before[i]));
    }
    assert_int_equal(wg_write(wg_metric_state(after[1]).tensor[0], (const int64_t[]){-1}), WG_OK);
    assert_int_equal(wg_metric_add(after[1], 1, 1), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "metric_add: r2 counts predictions");
    WG_TAPE(tape);
    assert_int_equal(wg_metric_update(after[1], wg_from(p, WG_SHAPE(3)), wg_from(t, WG_SHAPE(3))), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "expected 0 to 4503599627370496 as count 0 of the state, got -1");
    for (int i = 0; i < 2; i++)
        wg_metric_destroy(before[i]), wg_metric_destroy(after[i]);
}

/* Writes counts into a metric's state, as a checkpoint of another program may, and asks for everything that there is. */
static void expect_refused(wg_metric *m, const int64_t *counts, const char *text)
{
    assert_int_equal(wg_write(wg_metric_state(m).tensor[0], counts), WG_OK);
    assert_true(isnan(wg_metric_value(m)));
    assert_error(WG_E_ARGUMENT, text);
    assert_int_equal(wg_metric_rows(m), 0);
    assert_error(WG_E_ARGUMENT, text);
}

static void counts_that_cannot_be_are_refused(void **state)
{
    (void)state;
    const int64_t most = (int64_t)1 << 52;
    wg_metric *accuracy = wg_metric_accuracy(), *f1 = wg_metric_f1(2), *mean = wg_metric_mean();
    expect_refused(accuracy, (const int64_t[]){2, 3}, "metric_"); /* more are right than there are rows */
    expect_refused(accuracy, (const int64_t[]){2, -1}, "accuracy: expected 0 to 2 as count 1 of the state, got -1");
    expect_refused(mean, (const int64_t[]){INT64_MAX}, "as count 0 of the state, got 9223372036854775807");
    expect_refused(f1, (const int64_t[]){most, 0, 0, 1, 0, 0}, "f1: expected 0 to 0 as count 3 of the state, got 1");
    expect_refused(f1, (const int64_t[]){INT64_MAX, INT64_MAX, INT64_MAX, 0, 0, 0}, "as count 0 of the state");
    assert_true(isnan(wg_metric_of_class(f1, 0)));
    assert_error(WG_E_ARGUMENT, "metric_of_class: f1: expected 0 to");
    assert_null(wg_metric_matrix(f1));
    assert_error(WG_E_ARGUMENT, "metric_matrix: f1: expected 0 to");
    assert_int_equal(wg_write(wg_metric_state(f1).tensor[0], (const int64_t[]){most - 3, 1, 0, 1, 1, 0}),
                     WG_OK); /* as many as can be */
    assert_int_equal(wg_metric_rows(f1), most);
    assert_true(wg_metric_value(f1) > 0.7);
    wg_metric_destroy(accuracy), wg_metric_destroy(f1), wg_metric_destroy(mean);
}

/* Scores of -inf are probabilities of 0: where all are, no class is possible. NaN stays NaN. */
static void impossible_classes_have_infinite_perplexity(void **state)
{
    (void)state;
    const double low = -INFINITY, rows[][3] = {{low, low, low}, {low, 0, 0}, {low, low, NAN}, {0, low, low}};
    const double expected[] = {INFINITY, INFINITY, NAN, 1};
    for (int i = 0; i < 4; i++) {
        WG_TAPE(tape);
        wg_metric *m = wg_metric_perplexity();
        assert_int_equal(wg_metric_update(m, wg_from(rows[i], WG_SHAPE(1, 3)), wg_from((const int64_t[]){0}, WG_SHAPE(1))), WG_OK);
        assert_true(isnan(expected[i]) ? isnan(wg_metric_value(m)) : wg_metric_value(m) == expected[i]);
        wg_metric_destroy(m);
    }
}

/* ---- what is refused changes nothing ---- */

static void refuse(wg_metric *m, wg_tensor *predictions, wg_tensor *targets, wg_status code, const char *text)
{
    const wg_tensor_list list = wg_metric_state(m);
    unsigned char before[1000];
    const size_t size = (size_t)wg_numel(list.tensor[0]) * 8;
    assert_true(size <= sizeof before);
    memcpy(before, wg_data(list.tensor[0]), size);
    assert_int_equal(wg_metric_update(m, predictions, targets), code);
    assert_error(code, text);
    assert_memory_equal(before, wg_data(list.tensor[0]), size);
}

static void what_cannot_be_counted_is_refused(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_metric *accuracy = wg_metric_accuracy(), *f1 = wg_metric_f1(3), *top = wg_metric_top_k(4), *mse = wg_metric_mse(),
              *perplexity = wg_metric_perplexity();
    wg_tensor *scores = wg_zeros(WG_F32, WG_SHAPE(4, 3)), *labels = wg_from(((const int64_t[]){0, 1, 2, 3}), WG_SHAPE(4));
    wg_tensor *good = wg_zeros(WG_I64, WG_SHAPE(4)), *half = wg_full(WG_F32, WG_SHAPE(4), 0.5),
              *zeros = wg_zeros(WG_F32, WG_SHAPE(4));
    refuse(accuracy, scores, labels, WG_E_ARGUMENT, "metric_update: label 3: expected a class in 0..2, got 3");
    refuse(accuracy, zeros, labels, WG_E_ARGUMENT, "label 2: expected a class in 0..1, got 2");
    refuse(f1, labels, good, WG_E_ARGUMENT, "prediction 3: expected a class in 0..2, got 3");
    refuse(f1, wg_zeros(WG_F32, WG_SHAPE(4, 2)), good, WG_E_SHAPE, "of the metric's classes");
    refuse(accuracy, scores, wg_zeros(WG_I64, WG_SHAPE(3)), WG_E_SHAPE, "got [4, 3] for labels [3]");
    refuse(accuracy, wg_zeros(WG_F32, WG_SHAPE(4, 0)), good, WG_E_SHAPE, "metric_update: ");
    refuse(accuracy, wg_zeros(WG_I64, WG_SHAPE(4, 3)), good, WG_E_DTYPE, "expected scores of f32 or f64, got i64");
    refuse(accuracy, scores, zeros, WG_E_DTYPE, "expected labels of i64 or u8, got f32");
    refuse(accuracy, zeros, half, WG_E_ARGUMENT, "label 0: expected 0 or 1, got 0.5");
    refuse(top, scores, good, WG_E_SHAPE, "expected scores of at least 4 classes, got 3");
    refuse(top, good, good, WG_E_SHAPE, "expected scores of all classes");
    refuse(perplexity, good, good, WG_E_SHAPE, "expected scores of all classes");
    refuse(mse, good, good, WG_E_DTYPE, "expected predictions and targets of f32, or of f64, got i64 and i64");
    refuse(mse, zeros, scores, WG_E_SHAPE, "of one shape, got [4] and [4, 3]");
    refuse(mse, NULL, scores, WG_E_NULL, "the predictions are NULL");
    refuse(mse, zeros, WG_NONE, WG_E_ARGUMENT, "the targets are WG_NONE");
    wg_metric_destroy(accuracy), wg_metric_destroy(f1), wg_metric_destroy(top), wg_metric_destroy(mse),
        wg_metric_destroy(perplexity);
}

static void nothing_is_counted_in_batches_without_rows(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_metric *m[3] = {wg_metric_accuracy(), wg_metric_f1(3), wg_metric_perplexity()}, *real[2] = {wg_metric_mse(), wg_metric_r2()};
    update(m, 3, wg_zeros(WG_F32, WG_SHAPE(0, 3)), wg_zeros(WG_I64, WG_SHAPE(0)));
    update(real, 2, wg_zeros(WG_F32, WG_SHAPE(0)), wg_zeros(WG_F32, WG_SHAPE(0)));
    for (int i = 0; i < 5; i++) {
        wg_metric *metric = i < 3 ? m[i] : real[i - 3];
        assert_true(isnan(wg_metric_value(metric)));
        assert_int_equal(wg_metric_rows(metric), 0);
        wg_metric_destroy(metric);
    }
    assert_no_error();
}

static wg_status count_inside(void *context)
{
    WG_TAPE(tape);
    wg_tensor *zeros = wg_zeros(WG_F32, WG_SHAPE(2));
    WG_TRY(wg_error_if_null(zeros));
    return context ? wg_metric_add(context, 1, 1) : WG_OK;
}

/* A replay would not count. */
static void an_update_inside_a_captured_step_is_refused(void **state)
{
    (void)state;
    wg_metric *mean = wg_metric_mean();
    assert_null(wg_replay_capture(count_inside, mean));
    assert_error(WG_E_STATE, "metric_add: ");
    assert_int_equal(wg_metric_rows(mean), 0);
    wg_metric_destroy(mean);
}

/* ---- memory ---- */

static wg_metric *make(int kind)
{
    switch (kind) {
    case 0:
        return wg_metric_accuracy();
    case 1:
        return wg_metric_top_k(2);
    case 2:
        return wg_metric_f1(3);
    case 3:
        return wg_metric_perplexity();
    case 4:
        return wg_metric_r2();
    default:
        return NULL;
    }
}

/* The at-th allocation fails, of the library's pool or of malloc. */
static void fail_memory(int at, bool outside)
{
    fail_at = outside ? at : -1;
    wg_memory_fail(outside ? -1 : at, false);
}

static void wherever_memory_runs_out_nothing_is_made(void **state)
{
    (void)state;
    int failures = 0;
    for (int kind = 0; kind < 5; kind++)
        for (int outside = 0; outside < 2; outside++)
            for (int at = 0;; at++, failures++) {
                wg_memory_trim();
                fail_memory(at, outside);
                wg_metric *metric = make(kind);
                fail_memory(-1, outside);
                wg_metric_destroy(metric);
                if (metric)
                    break;
                assert_error(WG_E_MEMORY, "");
            }
    assert_true(failures >= 5 * 3);
    wg_metric *f1 = wg_metric_f1(3);
    for (int at = 0;; at++) {
        wg_memory_trim();
        fail_memory(at, false);
        wg_tensor *matrix = wg_metric_matrix(f1);
        fail_memory(-1, false);
        wg_free(matrix);
        if (matrix)
            break;
        assert_error(WG_E_MEMORY, "");
    }
    wg_metric_destroy(f1);
    assert_no_error();
}

/* Of targets that are all equal R² is 0, or 1 where nothing is wrong, also where the sum of the targets is rounded. */
static void r2_of_equal_targets(void **state)
{
    (void)state;
    for (int64_t n = 1; n < 40; n++) {
        wg_tensor *targets = wg_full(WG_F64, WG_SHAPE(n), 0.1), *zeros = wg_zeros(WG_F64, WG_SHAPE(n));
        wg_metric *r2 = wg_metric_r2();
        assert_int_equal(wg_metric_update(r2, zeros, targets), WG_OK);
        assert_true(wg_metric_value(r2) == 0);
        wg_metric_destroy(r2), wg_free(targets), wg_free(zeros);
    }
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(r2_of_equal_targets),
        TEST(wherever_memory_runs_out_nothing_is_made),
        TEST(classification_agrees_with_the_definitions),
        TEST(regression_agrees_with_exact_sums),
        TEST(two_classes_have_one_score_and_a_threshold),
        TEST(means_are_weighted_and_perplexity_is_their_exponential),
        TEST(state_is_all_that_there_is),
        TEST(counts_that_cannot_be_are_refused),
        TEST(impossible_classes_have_infinite_perplexity),
        TEST(what_cannot_be_counted_is_refused),
        TEST(nothing_is_counted_in_batches_without_rows),
        TEST(an_update_inside_a_captured_step_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
