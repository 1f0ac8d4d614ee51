/* Mini-batches: every row once an epoch, the same order from the same seed, exact restart; rows gathered. */
#include "nn_check.h"

enum { ROWS = 23 };

static wg_tensor *make_rows(void)
{
    float data[ROWS][2];
    for (int i = 0; i < ROWS; i++)
        data[i][0] = (float)i, data[i][1] = (float)-i;
    return wg_from(&data[0][0], WG_SHAPE(ROWS, 2));
}

static wg_tensor *make_labels(void)
{
    int64_t data[ROWS];
    for (int i = 0; i < ROWS; i++)
        data[i] = 100 + i;
    return wg_from(data, WG_SHAPE(ROWS));
}

/* Runs to the end of the epoch; the rows visited go to order. Returns how many. */
static int visit_epoch(wg_batches *batches, int64_t *order)
{
    int n = 0;
    for (;;) {
        WG_TAPE(tape);
        wg_tensor *x, *y;
        assert_int_equal(wg_batches_next(batches, &x, &y), WG_OK);
        if (!x) {
            assert_null(y);
            return n;
        }
        const float *rows = wg_data(x);
        const int64_t *labels = wg_data(y);
        assert_int_equal(wg_extent(x, 0), wg_extent(y, 0));
        for (int64_t i = 0; i < wg_extent(x, 0); i++) {
            assert_true(rows[2 * i + 1] == -rows[2 * i]);
            assert_int_equal(labels[i], 100 + (int64_t)rows[2 * i]);
            order[n++] = labels[i] - 100;
        }
        assert_int_equal(wg_tape_nodes(tape), 0); /* batches are data, no part of the graph */
    }
}

static void every_row_comes_once_an_epoch(void **state)
{
    (void)state;
    wg_tensor *x = make_rows(), *y = make_labels();
    wg_batches *batches = wg_batches_create(x, y, .size = 5, .seed = 3);
    int64_t order[3][ROWS];
    assert_int_equal(wg_batches_per_epoch(batches), 5);
    for (int epoch = 0; epoch < 3; epoch++) {
        int seen[ROWS] = {0};
        assert_int_equal(visit_epoch(batches, order[epoch]), ROWS);
        for (int i = 0; i < ROWS; i++)
            seen[order[epoch][i]]++;
        for (int i = 0; i < ROWS; i++)
            assert_int_equal(seen[i], 1);
    }
    assert_memory_not_equal(order[0], order[1], sizeof order[0]);
    assert_memory_not_equal(order[1], order[2], sizeof order[0]);
    wg_batches_destroy(batches), wg_batches_destroy(NULL), wg_free(x), wg_free(y);
    assert_no_error();
}

static void the_seed_makes_the_order(void **state)
{
    (void)state;
    wg_tensor *x = make_rows(), *y = make_labels();
    int64_t order[3][ROWS];
    const uint64_t seeds[3] = {3, 3, 4};
    for (int i = 0; i < 3; i++) {
        wg_batches *batches = wg_batches_create(x, y, .size = i == 0 ? 5 : 7, .seed = seeds[i]);
        visit_epoch(batches, order[i]);
        wg_batches_destroy(batches);
    }
    assert_memory_equal(order[0], order[1], sizeof order[0]);
    assert_memory_not_equal(order[0], order[2], sizeof order[0]);
    wg_free(x), wg_free(y);
}

static void options_leave_order_or_the_last_batch(void **state)
{
    (void)state;
    wg_tensor *x = make_rows(), *y = make_labels();
    int64_t order[ROWS];
    wg_batches *plain = wg_batches_create(x, y, .size = 5, .shuffle = false);
    assert_int_equal(visit_epoch(plain, order), ROWS);
    for (int i = 0; i < ROWS; i++)
        assert_int_equal(order[i], i);
    wg_batches *full = wg_batches_create(x, y, .size = 5, .drop_last = true);
    assert_int_equal(wg_batches_per_epoch(full), 4);
    assert_int_equal(visit_epoch(full, order), 20);
    wg_batches *large = wg_batches_create(x, y, .size = 100, .drop_last = true);
    assert_int_equal(visit_epoch(large, order), ROWS);
    wg_batches *unlabelled = wg_batches_create(x, WG_NONE, .size = 23);
    wg_tensor *rows, *none;
    assert_int_equal(wg_batches_next(unlabelled, &rows, &none), WG_OK);
    assert_ptr_equal(none, WG_NONE);
    wg_free(rows); /* without a tape it is the caller's */
    assert_int_equal(wg_batches_next(unlabelled, &rows, NULL), WG_OK);
    assert_null(rows);
    wg_batches_destroy(plain), wg_batches_destroy(full), wg_batches_destroy(large), wg_batches_destroy(unlabelled);
    wg_free(x), wg_free(y);
    assert_no_error();
}

static void a_restored_run_goes_on_exactly(void **state)
{
    (void)state;
    wg_tensor *x = make_rows(), *y = make_labels();
    wg_batches *whole = wg_batches_create(x, y, .size = 5, .seed = 3), *resumed = wg_batches_create(x, y, .size = 5);
    int64_t ignored[ROWS], rest[2][ROWS] = {{0}, {0}}, next[2][ROWS];
    visit_epoch(whole, ignored);
    for (int i = 0; i < 2; i++) {
        wg_tensor *rows, *labels;
        assert_int_equal(wg_batches_next(whole, &rows, &labels), WG_OK);
        wg_free(rows), wg_free(labels);
    }
    const wg_batches_state at = wg_batches_state_of(whole);
    assert_int_equal(at.epoch, 1);
    assert_int_equal(at.position, 10);
    assert_int_equal(wg_batches_restore(resumed, at), WG_OK);
    assert_int_equal(visit_epoch(whole, rest[0]), 13);
    assert_int_equal(visit_epoch(resumed, rest[1]), 13);
    assert_memory_equal(rest[0], rest[1], sizeof rest[0]);
    visit_epoch(whole, next[0]), visit_epoch(resumed, next[1]);
    assert_memory_equal(next[0], next[1], sizeof next[0]);
    wg_batches_destroy(whole), wg_batches_destroy(resumed), wg_free(x), wg_free(y);
    assert_no_error();
}

static void a_failed_batch_leaves_the_position(void **state)
{
    (void)state;
    wg_tensor *x = make_rows(), *y = make_labels();
    wg_batches *broken = wg_batches_create(x, y, .size = 5, .seed = 3), *whole = wg_batches_create(x, y, .size = 5, .seed = 3);
    int64_t k = 0;
    for (;; k++) {
        wg_tensor *rows, *labels;
        wg_memory_fail(k, false);
        const wg_status status = wg_batches_next(broken, &rows, &labels);
        wg_memory_fail(-1, false);
        if (status == WG_OK) {
            wg_free(rows), wg_free(labels);
            break;
        }
        assert_int_equal(status, WG_E_MEMORY);
        assert_true(!rows && !labels);
        assert_int_equal(wg_error_take(NULL), WG_E_MEMORY);
        assert_int_equal(wg_batches_state_of(broken).position, 0);
        assert_null(wg_tape_top());
    }
    assert_true(k > 3);
    int64_t order[2][ROWS];
    assert_int_equal(visit_epoch(broken, order[0]), 18);
    visit_epoch(whole, order[1]);
    assert_memory_equal(order[0], order[1] + 5, 18 * sizeof(int64_t));
    wg_batches_destroy(broken), wg_batches_destroy(whole), wg_free(x), wg_free(y);
    assert_no_error();
}

/* On a tape the rows that were gathered are the tape's: the error that memory ran out is the only one. */
static void a_failed_batch_of_a_step_is_one_error(void **state)
{
    (void)state;
    wg_tensor *x = wg_zeros(WG_F32, WG_SHAPE(20, 5000)), *y = wg_zeros(WG_F32, WG_SHAPE(20, 200000));
    wg_batches *batches = wg_batches_create(x, y, .size = 5, .shuffle = false);
    int64_t failed = 0;
    for (wg_tensor *rows = NULL; !rows; failed++) {
        WG_TAPE(tape);
        wg_tensor *labels;
        wg_memory_trim();
        wg_memory_fail(failed, false);
        const wg_status status = wg_batches_next(batches, &rows, &labels);
        wg_memory_fail(-1, false);
        assert_true(status == (rows ? WG_OK : WG_E_MEMORY));
        assert_true(rows || wg_error_first()->later == 0);
        wg_error_take(NULL);
    }
    assert_true(failed > 2);
    wg_batches_destroy(batches), wg_free(x), wg_free(y);
    assert_no_error();
}

static void errors_name_what_is_wrong(void **state)
{
    (void)state;
    wg_tensor *x = make_rows(), *y = wg_zeros(WG_I64, WG_SHAPE(7)), *scalar = wg_scalar(WG_F32, 1);
    assert_null(wg_batches_create(NULL, y));
    assert_error(WG_E_NULL, "x is NULL");
    assert_null(wg_batches_create(x, NULL));
    assert_error(WG_E_NULL, "WG_NONE");
    assert_null(wg_batches_create(x, y));
    assert_error(WG_E_SHAPE, "[23, 2], [7]");
    assert_null(wg_batches_create(scalar, WG_NONE));
    assert_error(WG_E_SHAPE, "[], none");
    assert_null(wg_batches_create(x, WG_NONE, .size = 0));
    assert_error(WG_E_ARGUMENT, "0 of 23");
    wg_tensor *transposed = wg_permute(x, WG_AXES(1, 0));
    assert_null(wg_batches_create(transposed, WG_NONE));
    assert_error(WG_E_ARGUMENT, "contiguous");
    wg_batches *batches = wg_batches_create(x, WG_NONE);
    assert_int_equal(wg_batches_restore(batches, (wg_batches_state){0, 0, 24}), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "24 of 23");
    assert_int_equal(wg_batches_restore(NULL, (wg_batches_state){0, 0, 0}), WG_E_NULL);
    assert_error(WG_E_NULL, "NULL");
    assert_int_equal(wg_batches_next(batches, NULL, NULL), WG_E_NULL);
    assert_error(WG_E_NULL, "batches_next");
    wg_batches_destroy(batches), wg_free(transposed), wg_free(x), wg_free(y), wg_free(scalar);
    assert_no_error();
}

static void rows_are_gathered(void **state)
{
    (void)state;
    wg_tensor *x = make_rows(), *to = wg_zeros(WG_F32, WG_SHAPE(3, 2)), *f64 = wg_zeros(WG_F64, WG_SHAPE(3, 2));
    const int64_t index[] = {22, 0, 22}, outside[] = {0, 23, 1};
    assert_int_equal(wg_dataset_gather_rows(to, x, index, 3), WG_OK);
    assert_values(to, (const double[]){22, -22, 0, 0, 22, -22}, 0);
    assert_int_equal(wg_dataset_gather_rows(to, x, outside, 3), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "row 23 is not in 0..22");
    assert_values(to, (const double[]){22, -22, 0, 0, 22, -22}, 0);
    assert_int_equal(wg_dataset_gather_rows(to, x, index, 2), WG_E_SHAPE);
    assert_error(WG_E_SHAPE, "2 rows of [23, 2] into [3, 2]");
    assert_int_equal(wg_dataset_gather_rows(f64, x, index, 3), WG_E_DTYPE);
    assert_error(WG_E_DTYPE, "f32 rows into f64");
    assert_int_equal(wg_dataset_gather_rows(to, to, (const int64_t[]){1, 2, 0}, 3), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "shares memory");
    assert_int_equal(wg_dataset_gather_rows(to, NULL, index, 3), WG_E_NULL);
    assert_error(WG_E_NULL, "NULL");
    wg_free(x), wg_free(to), wg_free(f64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_row_comes_once_an_epoch),
        TEST(the_seed_makes_the_order),
        TEST(options_leave_order_or_the_last_batch),
        TEST(a_restored_run_goes_on_exactly),
        TEST(a_failed_batch_leaves_the_position),
        TEST(a_failed_batch_of_a_step_is_one_error),
        TEST(errors_name_what_is_wrong),
        TEST(rows_are_gathered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
