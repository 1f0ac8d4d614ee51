/* Windows of a series as a dataset. */
#include "data_check.h"

/* Every window of series of 1 to 12 elements, with each stride: its elements, its successors, and how many there are. */
static void windows_are_those_of_the_series(void **state)
{
    (void)state;
    int made_of = 0;
    for (int64_t n = 1; n <= 12; n++)
        for (int64_t length = 1; length <= n; length++)
            for (int64_t stride = 1; stride <= 4; stride++)
                for (int next = 0; next < 2 && length + next <= n; next++, made_of++) {
                    wg_tensor *series = index_of(n, 100, 3), *x, *y;
                    wg_dataset *windows = wg_dataset_windows(series, length, .stride = stride, .next = next);
                    assert_non_null(windows);
                    wg_free(series); /* the dataset has a handle of its own */
                    assert_ok(wg_dataset_items(windows, WG_NONE, &x, &y));
                    int64_t expected = 0;
                    for (int64_t first = 0; first + length + next <= n; first += stride, expected++)
                        for (int64_t t = 0; t < length; t++) {
                            assert_near(element(x, expected * length + t), (double)(100 + 3 * (first + t)), 0);
                            if (next)
                                assert_near(element(y, expected * length + t), (double)(100 + 3 * (first + t + 1)), 0);
                        }
                    assert_int_equal(wg_dataset_inspect(windows).length, expected);
                    assert_int_equal(wg_extent(x, 0), expected);
                    assert_true(next ? wg_extent(y, 1) == length : y == WG_NONE);
                    wg_free(x), wg_dataset_destroy(windows);
                    if (next)
                        wg_free(y);
                }
    assert_true(made_of > 500);
    assert_null(wg_error_first());
}

/* A series of rows: windows have the rows' axes behind their own. A huge stride leaves the first window. */
static void a_series_may_have_rows(void **state)
{
    (void)state;
    wg_tensor *series = counted_rows(5, 2), *x, *y;
    wg_dataset *windows = wg_dataset_windows(series, 3), *one = wg_dataset_windows(series, 3, .stride = INT64_MAX);
    assert_ok(wg_dataset_items(windows, WG_NONE, &x, &y));
    char text[40];
    assert_string_equal(wg_shape_text(wg_shape_of(x), text, sizeof text), "[2, 3, 2]");
    assert_values(x, (const double[]){0, 1, 1000, 1001, 2000, 2001, 1000, 1001, 2000, 2001, 3000, 3001}, 0);
    assert_values(y, (const double[]){1000, 1001, 2000, 2001, 3000, 3001, 2000, 2001, 3000, 3001, 4000, 4001}, 0);
    assert_int_equal(wg_dataset_inspect(one).length, 1);
    wg_free(x), wg_free(y);
    assert_ok(wg_dataset_items(one, WG_NONE, &x, &y));
    assert_values(y, (const double[]){1000, 1001, 2000, 2001, 3000, 3001}, 0);
    wg_free(x), wg_free(y), wg_free(series), wg_dataset_destroy(windows), wg_dataset_destroy(one);
}

/* Batches of windows, by threads too, are those of a tensor that holds all windows. */
static void batches_are_those_of_all_windows(void **state)
{
    (void)state;
    wg_tensor *series = index_of(100, 0, 1), *all, *next, *x[2], *y[2];
    wg_dataset *windows = wg_dataset_windows(series, 8, .stride = 3);
    assert_ok(wg_dataset_items(windows, WG_NONE, &all, &next));
    wg_batches *by_hand = wg_batches_create(all, next, .size = 4, .seed = 3),
               *by_windows = wg_batches_of(windows, .size = 4, .seed = 3, .workers = 2);
    for (int i = 0; i < 20; i++) {
        assert_ok(wg_batches_next(by_hand, &x[0], &y[0]));
        assert_ok(wg_batches_next(by_windows, &x[1], &y[1]));
        assert_true(!x[0] == !x[1]);
        if (!x[0])
            continue;
        assert_memory_equal(wg_data(x[0]), wg_data(x[1]), (size_t)wg_numel(x[0]) * sizeof(int64_t));
        assert_memory_equal(wg_data(y[0]), wg_data(y[1]), (size_t)wg_numel(y[0]) * sizeof(int64_t));
        for (int k = 0; k < 2; k++)
            wg_free(x[k]), wg_free(y[k]);
    }
    wg_batches_destroy(by_hand), wg_batches_destroy(by_windows), wg_dataset_destroy(windows);
    wg_free(series), wg_free(all), wg_free(next);
    assert_null(wg_error_first());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(windows_are_those_of_the_series),
        TEST(a_series_may_have_rows),
        TEST(batches_are_those_of_all_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
