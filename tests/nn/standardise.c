/* Standardisation: means and scales from the training rows, applied, inverted, saved. */
#include "data_check.h"

static void learned_from_the_training_rows(void **state)
{
    (void)state;
    wg_tensor *x = wg_from(((const float[]){1, 10, 5, 3, 10, 5, 1e6f, -7, 5}), WG_SHAPE(3, 3)), *train = index_of(2, 0, 1);
    wg_dataset_scaler *scaler = wg_dataset_scaler_create(WG_SHAPE(3));
    assert_ok(wg_dataset_scaler_fit(scaler, x, train));
    const wg_tensor_list s = wg_dataset_scaler_state(scaler);
    assert_int_equal(s.n, 2);
    assert_string_equal(s.name[0], "mean");
    assert_string_equal(s.name[1], "scale");
    assert_values(s.tensor[0], (const double[]){2, 10, 5}, 0);
    assert_values(s.tensor[1], (const double[]){1, 1, 1}, 0); /* constant features have scale 1 */
    wg_tensor *y = wg_dataset_scaler_apply(scaler, x), *back = wg_dataset_scaler_invert(scaler, y);
    assert_values(y, (const double[]){-1, 0, 0, 1, 0, 0, 999998, -17, 0}, 0);
    assert_same_bits(back, x);
    wg_free(x), wg_free(train), wg_free(y), wg_free(back), wg_dataset_scaler_destroy(scaler);
}

/* 0.1f summed a thousand times is not 100 times 0.1f: a constant is known by its range. */
static void constants_are_exact(void **state)
{
    (void)state;
    wg_tensor *x = wg_full(WG_F64, WG_SHAPE(1000, 2), 0.1);
    for (int i = 0; i < 1000; i++)
        ((double *)wg_data_mut(x))[2 * i + 1] = 1e9 + i % 2;
    wg_dataset_scaler *scaler = wg_dataset_scaler_create(WG_SHAPE(2));
    assert_ok(wg_dataset_scaler_fit(scaler, x, WG_NONE));
    const wg_tensor_list s = wg_dataset_scaler_state(scaler);
    assert_values(s.tensor[0], (const double[]){0.1, 1e9 + 0.5}, 0);
    assert_values(s.tensor[1], (const double[]){1, 0.5}, 0); /* E[x²] - E[x]² would be 0 or negative here */
    wg_free(x), wg_dataset_scaler_destroy(scaler);
}

static void the_result_has_mean_0_and_variance_1(void **state)
{
    (void)state;
    wg_tensor *x = numbers(WG_F32, WG_SHAPE(200, 3, 4, 5), 3);
    for (int i = 0; i < 200 * 60; i++)
        ((float *)wg_data_mut(x))[i] = ((float *)wg_data_mut(x))[i] * 7 + 300 * (float)(i / 20 % 3);
    wg_dataset_scaler *scaler = wg_dataset_scaler_create(WG_SHAPE(3, 1, 1)); /* for each channel */
    assert_ok(wg_dataset_scaler_fit(scaler, x, WG_NONE));
    wg_tensor *y = wg_dataset_scaler_apply(scaler, x), *z = wg_dataset_scaler_invert(scaler, y);
    for (int c = 0; c < 3; c++) {
        double sum = 0, squares = 0, error = 0;
        for (int i = 0; i < 4000; i++) {
            const int64_t at = (i / 20 * 3 + c) * 20 + i % 20;
            const double v = (double)((const float *)wg_data(y))[at];
            sum += v;
            squares += v * v;
            error = fmax(error, fabs((double)((const float *)wg_data(z))[at] - (double)((const float *)wg_data(x))[at]));
        }
        assert_near(sum / 4000, 0, 1e-7);
        assert_near(squares / 4000, 1, 1e-6);
        assert_near(error, 0, 6e-5); /* an ulp of 600 */
    }
    wg_dataset *plain = wg_dataset_of(x, WG_NONE), *scaled = wg_dataset_scaled(plain, scaler);
    wg_tensor *rows;
    assert_ok(wg_dataset_items(scaled, WG_NONE, &rows, NULL));
    assert_same_bits(rows, y);
    wg_free(x), wg_free(y), wg_free(z), wg_free(rows);
    wg_dataset_destroy(plain), wg_dataset_destroy(scaled), wg_dataset_scaler_destroy(scaler);
}

/* A dataset keeps the numbers of the moment at which it was made; the state is read and written like any. */
static void the_state_is_written_and_read(void **state)
{
    (void)state;
    wg_tensor *x = wg_from(((const double[]){1, 2, 3, 4}), WG_SHAPE(4, 1));
    wg_dataset_scaler *learned = wg_dataset_scaler_create(WG_SHAPE(1)), *loaded = wg_dataset_scaler_create(WG_SHAPE(1));
    assert_ok(wg_dataset_scaler_fit(learned, x, WG_NONE));
    wg_dataset *plain = wg_dataset_of(x, WG_NONE), *scaled = wg_dataset_scaled(plain, loaded);
    const wg_tensor_list from = wg_dataset_scaler_state(learned), to = wg_dataset_scaler_state(loaded);
    for (size_t i = 0; i < 2; i++)
        assert_ok(wg_write(to.tensor[i], (const double *)wg_data(from.tensor[i])));
    wg_tensor *a = wg_dataset_scaler_apply(learned, x), *b = wg_dataset_scaler_apply(loaded, x), *rows;
    assert_same_bits(a, b);
    assert_near(element(a, 3), 1.5 / sqrt(1.25), 1e-15);
    assert_ok(wg_dataset_items(scaled, WG_NONE, &rows, NULL));
    assert_same_bits(rows, x); /* loaded was the identity then */
    wg_free(x), wg_free(a), wg_free(b), wg_free(rows);
    wg_dataset_destroy(plain), wg_dataset_destroy(scaled);
    wg_dataset_scaler_destroy(learned), wg_dataset_scaler_destroy(loaded), wg_dataset_scaler_destroy(NULL);
}

static void failures_change_nothing(void **state)
{
    (void)state;
    wg_tensor *x = wg_from(((const float[]){1, 2, NAN, 4}), WG_SHAPE(2, 2)), *none = index_of(0, 0, 1), *first = index_of(1, 0, 1),
              *far = index_of(1, 2, 1), *labels = index_of(2, 0, 1);
    wg_dataset_scaler *scaler = wg_dataset_scaler_create(WG_SHAPE(2)), *other = wg_dataset_scaler_create(WG_SHAPE(3));
    assert_ok(wg_dataset_scaler_fit(scaler, x, first));
    assert_fails(wg_dataset_scaler_fit(scaler, x, WG_NONE), WG_E_ARGUMENT, "element 0 of row 1 is nan");
    assert_fails(wg_dataset_scaler_fit(scaler, x, none), WG_E_ARGUMENT, "no elements");
    assert_fails(wg_dataset_scaler_fit(scaler, x, far), WG_E_ARGUMENT, "row 2 is not in 0..1");
    assert_fails(wg_dataset_scaler_fit(other, x, first), WG_E_SHAPE, "rows of shape [2] do not fit features [3]");
    assert_null_and_error(wg_dataset_scaler_apply(scaler, labels), WG_E_DTYPE, "got i64");
    assert_values(wg_dataset_scaler_state(scaler).tensor[0], (const double[]){1, 2}, 0);
    wg_free(x), wg_free(none), wg_free(first), wg_free(far), wg_free(labels);
    wg_dataset_scaler_destroy(scaler), wg_dataset_scaler_destroy(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(learned_from_the_training_rows), TEST(constants_are_exact),     TEST(the_result_has_mean_0_and_variance_1),
        TEST(the_state_is_written_and_read),  TEST(failures_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
