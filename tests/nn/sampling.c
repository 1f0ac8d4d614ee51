/* The order of an epoch: values of order.py; frequencies of what is drawn; the state as tensors. */
#include <stdio.h>
#include <unistd.h>

#include "data_check.h"

enum { ROWS = 23 };

static wg_tensor *weights_7_5(void)
{
    double w[ROWS];
    for (int i = 0; i < ROWS; i++)
        w[i] = 7 * i % 5;
    return made(wg_from(w, WG_SHAPE(ROWS)));
}

static wg_batches *batches_of_kind(wg_tensor *x, const char *kind, const wg_tensor *weights, int64_t samples, uint64_t seed)
{
    const bool replacement = strstr(kind, "replacement") != NULL, weighted = strncmp(kind, "weights", 7) == 0;
    return wg_batches_create(x, x, .size = 4, .seed = seed, .replacement = replacement, .samples = samples,
                             .weights = weighted ? weights : WG_NONE);
}

/* One line of order.txt against the batches. */
static void compare(char *line, wg_tensor *x, const wg_tensor *weights)
{
    char *rest, kind[40];
    int used = 0;
    assert_int_equal(sscanf(line, "%39s%n", kind, &used), 1);
    const uint64_t seed = strtoull(line + used, &rest, 10);
    const int64_t epoch = strtoll(rest, &rest, 10), rows = strtoll(rest, &rest, 10), samples = strtoll(rest, &rest, 10);
    assert_int_equal(rows, ROWS);
    wg_batches *batches = batches_of_kind(x, kind, weights, samples, seed);
    assert_non_null(batches);
    assert_ok(wg_batches_restore(batches, (wg_batches_state){seed, epoch, 0}));
    int64_t order[64];
    assert_int_equal(run_epoch(batches, order), samples);
    for (int64_t i = 0; i < samples; i++)
        assert_int_equal(order[i], strtoll(rest, &rest, 10));
    wg_batches_destroy(batches);
}

static void orders_are_those_of_the_description(void **state)
{
    (void)state;
    static char line[4096];
    wg_tensor *x = index_of(ROWS, 0, 1), *weights = weights_7_5();
    FILE *file = fopen(ORDER_VALUES, "r");
    assert_non_null(file);
    int lines = 0;
    for (; fgets(line, sizeof line, file); lines++)
        compare(line, x, weights);
    fclose(file);
    assert_int_equal(lines, 18);
    wg_free(x), wg_free(weights);
}

/* Σ (count - expected)² / expected over classes that are expected to occur. */
static double chi_square(const int64_t *count, const double *expected, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        if (expected[i] > 0)
            sum += ((double)count[i] - expected[i]) * ((double)count[i] - expected[i]) / expected[i];
        else
            assert_int_equal(count[i], 0);
    }
    return sum;
}

/* 10 rows, 8 of weight above 0: 7 degrees of freedom. A right sampler is above 24.3 once in a thousand seeds, below 0.60 too. */
static void weights_are_probabilities(void **state)
{
    (void)state;
    enum { N = 10, DRAWS = 100000 };
    static int64_t drawn[DRAWS];
    const double w[N] = {1, 0, 2, 3, 0.5, 4, 1, 0, 2.5, 6};
    wg_tensor *x = index_of(N, 0, 1), *weights = wg_from(w, WG_SHAPE(N));
    for (uint64_t seed = 0; seed < 3; seed++) {
        wg_batches *batches = wg_batches_create(x, x, .size = 1000, .seed = seed, .replacement = true, .samples = DRAWS,
                                                .weights = weights);
        int64_t count[N] = {0};
        double expected[N], wrong[N];
        assert_int_equal(run_epoch(batches, drawn), DRAWS);
        for (int i = 0; i < DRAWS; i++)
            count[drawn[i]]++;
        for (int i = 0; i < N; i++) {
            expected[i] = w[i] / 20 * DRAWS;
            wrong[i] = expected[i] + (i == 0 ? -500 : i == 2 ? 500 : 0);
        }
        const double chi = chi_square(count, expected, N);
        assert_true(chi > 0.60 && chi < 24.3);
        assert_true(chi_square(count, wrong, N) > 24.3); /* the control: weights that are 1 % off */
        wg_batches_destroy(batches);
    }
    wg_free(x), wg_free(weights);
}

static void without_weights_all_are_alike(void **state)
{
    (void)state;
    enum { N = 16, DRAWS = 160000 };
    static int64_t drawn[DRAWS];
    wg_tensor *x = index_of(N, 0, 1);
    wg_batches *batches = wg_batches_create(x, x, .size = 1000, .seed = 5, .replacement = true, .samples = DRAWS);
    int64_t count[N] = {0};
    double expected[N];
    assert_int_equal(run_epoch(batches, drawn), DRAWS);
    for (int i = 0; i < DRAWS; i++)
        count[drawn[i]]++;
    for (int i = 0; i < N; i++)
        expected[i] = DRAWS / N;
    const double chi = chi_square(count, expected, N); /* 15 degrees of freedom: above 37.7 once in a thousand */
    assert_true(chi > 3.5 && chi < 37.7);
    wg_batches_destroy(batches), wg_free(x);
}

/* Without replacement: the first is row i with probability w_i / Σ w, the second as among those left. Pairs (first, second) of 4
   rows over many epochs: 12 classes, 11 degrees of freedom: above 31.3 once in a thousand. */
static void weighted_order_is_successive_sampling(void **state)
{
    (void)state;
    enum { N = 4, EPOCHS = 30000 };
    const double w[N] = {1, 2, 3, 4};
    wg_tensor *x = index_of(N, 0, 1), *weights = wg_from(w, WG_SHAPE(N));
    wg_batches *batches = wg_batches_create(x, x, .size = 2, .seed = 11, .samples = 2, .weights = weights);
    int64_t count[N * N] = {0}, pair[4];
    double expected[N * N];
    for (int e = 0; e < EPOCHS; e++) {
        assert_int_equal(run_epoch(batches, pair), 2);
        count[pair[0] * N + pair[1]]++;
    }
    for (int i = 0; i < N * N; i++)
        expected[i] = i / N == i % N ? 0 : EPOCHS * (w[i / N] / 10) * (w[i % N] / (10 - w[i / N]));
    const double chi = chi_square(count, expected, N * N);
    assert_true(chi > 1.6 && chi < 31.3);
    wg_batches_destroy(batches), wg_free(x), wg_free(weights);
}

/* The same draws for weights that are as good as 0 and as good as infinite, where the quotients and sums of f64 have no room. */
static void only_ratios_of_weights_matter(void **state)
{
    (void)state;
    enum { N = 5, DRAWS = 400 };
    const double w[N] = {1, 0, 2, 3, 0.5};
    const int scale[] = {0, -1073, -1060, -1030, 1020}; /* 2^-1074 is the smallest number above 0 */
    int64_t drawn[sizeof scale / sizeof *scale][DRAWS];
    wg_tensor *x = index_of(N, 0, 1);
    for (int replacement = 0; replacement < 2; replacement++)
        for (size_t k = 0; k < sizeof scale / sizeof *scale; k++) {
            double scaled[N];
            for (int i = 0; i < N; i++)
                scaled[i] = ldexp(w[i], scale[k]);
            wg_tensor *weights = wg_from(scaled, WG_SHAPE(N));
            wg_batches *batches = wg_batches_create(x, x, .size = 4, .seed = 3, .weights = weights, .replacement = replacement);
            for (int64_t n = 0; n < DRAWS - N;)
                n += run_epoch(batches, drawn[k] + n);
            assert_memory_equal(drawn[k], drawn[0], (DRAWS - 2 * N) * sizeof(int64_t));
            wg_batches_destroy(batches), wg_free(weights);
        }
    wg_free(x);
    assert_null(wg_error_first());
}

/* Rows of very small weight come behind all others, and in an order that differs from epoch to epoch. */
static void small_weights_are_drawn_among_large_ones(void **state)
{
    (void)state;
    enum { N = 8, EPOCHS = 800 };
    const double w[N] = {1e-310, 1e300, 1e-310, 1, 1e-310, 1e-310, 1e300, 1};
    int64_t first_small[N] = {0}, row[N];
    wg_tensor *x = index_of(N, 0, 1), *weights = wg_from(w, WG_SHAPE(N));
    wg_batches *batches = wg_batches_create(x, x, .size = N, .seed = 8, .weights = weights);
    for (int e = 0; e < EPOCHS; e++) {
        assert_int_equal(run_epoch(batches, row), N);
        for (int i = 0; i < N; i++)
            assert_near(w[row[i]], i < 2 ? 1e300 : i < 4 ? 1 : 1e-310, 0);
        first_small[row[4]]++;
    }
    for (int i = 0; i < N; i++) /* 200 ± 5 standard deviations */
        assert_true(w[i] < 1 ? first_small[i] > 138 && first_small[i] < 262 : first_small[i] == 0);
    wg_batches_destroy(batches), wg_free(x), wg_free(weights);
}

/* All rows of weight above 0, each once, when samples is left open. */
static void rows_of_weight_0_never_come(void **state)
{
    (void)state;
    wg_tensor *x = index_of(ROWS, 0, 1), *weights = weights_7_5();
    wg_batches *batches = wg_batches_create(x, x, .size = 5, .seed = 1, .weights = weights);
    int64_t order[ROWS];
    int seen[ROWS] = {0};
    assert_int_equal(run_epoch(batches, order), 18);
    assert_int_equal(wg_batches_per_epoch(batches), 4);
    for (int i = 0; i < 18; i++)
        seen[order[i]]++;
    for (int i = 0; i < ROWS; i++)
        assert_int_equal(seen[i], 7 * i % 5 > 0);
    wg_batches_destroy(batches), wg_free(x), wg_free(weights);
}

/* Of every kind: what is restored in mid-epoch, by the struct and by the tensors, goes on as the whole run. */
static void every_kind_is_restored_exactly(void **state)
{
    (void)state;
    static const char *const kinds[] = {"shuffle", "replacement", "weights", "weights_replacement"};
    wg_tensor *x = index_of(ROWS, 0, 1), *weights = weights_7_5();
    for (size_t k = 0; k < 4; k++) {
        wg_batches *whole = batches_of_kind(x, kinds[k], weights, 15, 9), *by_struct = batches_of_kind(x, kinds[k], weights, 15, 1),
                   *by_tensors = batches_of_kind(x, kinds[k], weights, 15, 2);
        int64_t rest[3][16], next[3][16];
        run_epoch(whole, rest[0]);
        wg_tensor *rows, *labels;
        assert_ok(wg_batches_next(whole, &rows, &labels));
        wg_free(rows), wg_free(labels);
        assert_ok(wg_batches_restore(by_struct, wg_batches_state_of(whole)));
        const wg_tensor_list from = wg_batches_state_list(whole), to = wg_batches_state_list(by_tensors);
        assert_int_equal(from.n, 3);
        for (size_t i = 0; i < 3; i++) {
            assert_string_equal(from.name[i], to.name[i]);
            assert_ok(wg_write(to.tensor[i], (const int64_t *)wg_data(from.tensor[i])));
        }
        wg_batches *all[3] = {whole, by_struct, by_tensors};
        for (int i = 0; i < 3; i++) {
            assert_int_equal(run_epoch(all[i], rest[i]), 11);
            assert_int_equal(run_epoch(all[i], next[i]), 15);
            assert_memory_equal(rest[i], rest[0], 11 * sizeof(int64_t));
            assert_memory_equal(next[i], next[0], 15 * sizeof(int64_t));
            assert_int_equal(wg_batches_state_of(all[i]).epoch, 3);
            wg_batches_destroy(all[i]);
        }
    }
    wg_free(x), wg_free(weights);
}

/* The list is that of the live state: it is valid after a restore, and shows it. */
static void the_state_list_stays_valid(void **state)
{
    (void)state;
    wg_tensor *x = index_of(ROWS, 0, 1);
    wg_batches *batches = wg_batches_create(x, x, .size = 5, .seed = 3);
    const wg_tensor_list list = wg_batches_state_list(batches);
    assert_string_equal(list.name[0], "seed");
    assert_string_equal(list.name[1], "epoch");
    assert_string_equal(list.name[2], "position");
    assert_ok(wg_batches_restore(batches, (wg_batches_state){UINT64_MAX - 4, 12, 10}));
    assert_int_equal(*(const int64_t *)wg_data(list.tensor[0]), -5);
    assert_int_equal(*(const int64_t *)wg_data(list.tensor[1]), 12);
    assert_int_equal(*(const int64_t *)wg_data(list.tensor[2]), 10);
    assert_true(wg_batches_state_of(batches).seed == UINT64_MAX - 4);
    const int64_t far = ROWS + 1, here = 5;
    assert_ok(wg_write(list.tensor[2], &far));
    wg_tensor *rows, *labels;
    assert_fails(wg_batches_next(batches, &rows, &labels), WG_E_ARGUMENT, "batches_next: epoch 12, position 24 of 23 rows");
    assert_ok(wg_write(list.tensor[2], &here));
    assert_ok(wg_batches_next(batches, &rows, &labels));
    assert_int_equal(*(const int64_t *)wg_data(list.tensor[2]), 10);
    wg_free(rows), wg_free(labels);
    wg_batches_destroy(batches), wg_free(x);
}

static void a_failed_step_keeps_the_position(void **state)
{
    (void)state;
    wg_tensor *x = index_of(ROWS, 0, 1);
    wg_batches *batches = wg_batches_create(x, x, .size = 5, .seed = 3);
    wg_tape *tape = wg_tape_open();
    wg_tensor *rows, *labels;
    assert_ok(wg_batches_next(batches, &rows, &labels));
    (void)wg_error_set(WG_E_NUMERIC, "step", "step: this one fails");
    (void)!wg_tape_close(tape);
    expect_error(WG_E_NUMERIC, "step: this one fails");
    assert_int_equal(wg_batches_state_of(batches).position, 5);
    wg_batches_destroy(batches), wg_free(x);
}

static void options_that_exclude_each_other(void **state)
{
    (void)state;
    wg_tensor *x = index_of(4, 0, 1), *none = wg_zeros(WG_F32, WG_SHAPE(4)),
              *bad = wg_from(((const float[]){1, -1, 1, 1}), WG_SHAPE(4)), *short_one = wg_ones(WG_F32, WG_SHAPE(3)),
              *two = wg_from(((const float[]){1, 0, 1, 0}), WG_SHAPE(4));
    assert_null_and_error(wg_batches_create(x, x, .shuffle = false, .replacement = true), WG_E_ARGUMENT, "excludes replacement");
    assert_null_and_error(wg_batches_create(x, x, .shuffle = false, .weights = two), WG_E_ARGUMENT, "excludes weights");
    assert_null_and_error(wg_batches_create(x, x, .samples = 5), WG_E_ARGUMENT, "got 5 of 4 rows");
    assert_null_and_error(wg_batches_create(x, x, .samples = -1), WG_E_ARGUMENT, "got -1");
    assert_null_and_error(wg_batches_create(x, x, .samples = 3, .weights = two), WG_E_ARGUMENT, "3 samples of 2 rows");
    assert_null_and_error(wg_batches_create(x, x, .weights = none), WG_E_ARGUMENT, "a sum above 0");
    assert_null_and_error(wg_batches_create(x, x, .weights = bad), WG_E_ARGUMENT, "got -1 at 1");
    assert_null_and_error(wg_batches_create(x, x, .weights = short_one), WG_E_SHAPE,
                          "expected 4 contiguous weights, got shape [3]");
    assert_null_and_error(wg_batches_create(x, x, .weights = x), WG_E_DTYPE, "got i64");
    assert_null_and_error(wg_batches_create(x, x, .weights = NULL), WG_E_NULL, "weights is NULL");
    assert_null_and_error(wg_batches_create(x, x, .workers = -1), WG_E_ARGUMENT, "got -1 and 0");
    assert_null_and_error(wg_batches_create(x, x, .ahead = 2), WG_E_ARGUMENT, "ahead from 0");
    wg_free(x), wg_free(none), wg_free(bad), wg_free(short_one), wg_free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(orders_are_those_of_the_description), TEST(weights_are_probabilities),
        TEST(without_weights_all_are_alike),       TEST(weighted_order_is_successive_sampling),
        TEST(only_ratios_of_weights_matter),       TEST(small_weights_are_drawn_among_large_ones),
        TEST(rows_of_weight_0_never_come),         TEST(every_kind_is_restored_exactly),
        TEST(the_state_list_stays_valid),          TEST(a_failed_step_keeps_the_position),
        TEST(options_that_exclude_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
