/* Misuse of datasets, splits, batches of datasets and synthetic sets. */
#include "misuse.h"

static wg_status fill(void *context, const wg_dataset_item *item)
{
    (void)context;
    *(float *)item->x = 1;
    *(int64_t *)item->y = 1;
    return WG_OK;
}

static wg_status keep(void *context, const void *from, const wg_dataset_item *item)
{
    (void)context;
    *(float *)item->x = *(const float *)from;
    return WG_OK;
}

/* A dataset of f32 scalars; and an index, i64 (2), that is none of three rows. */
static wg_dataset *scalars(void)
{
    wg_dataset *dataset = wg_dataset_create(fill, NULL, 3);
    assert_non_null(dataset);
    return dataset;
}

static void misuse_numbers(void)
{
    wg_dataset_random random = {.seed = 1};
    assert_true(isnan(wg_dataset_uniform(NULL)));
    expect_error(WG_E_NULL, "dataset_uniform: the random numbers are NULL");
    assert_true(isnan(wg_dataset_normal(NULL)));
    expect_error(WG_E_NULL, "dataset_normal: the random numbers are NULL");
    assert_int_equal(wg_dataset_below(NULL, 3), -1);
    expect_error(WG_E_NULL, "dataset_below: the random numbers are NULL");
    assert_int_equal(wg_dataset_below(&random, 0), -1);
    expect_error(WG_E_ARGUMENT, "dataset_below: expected n of at least 1, got 0");
}

static void misuse_making(void)
{
    assert_null_and_error(wg_dataset_create(NULL, NULL, 3), WG_E_NULL, "dataset_create: the function is NULL");
    assert_null_and_error(wg_dataset_create(fill, NULL, -1), WG_E_ARGUMENT, "dataset_create: -1 items");
    assert_null_and_error(wg_dataset_create(fill, NULL, 1, .x_dtype = (wg_dtype)9), WG_E_ARGUMENT,
                          "dataset_create: a row x of dtype ?");
    assert_null_and_error(wg_dataset_create(fill, NULL, 1, .y_shape = WG_SHAPE(2, -1)), WG_E_ARGUMENT, "dataset_create: a row y");
    assert_null_and_error(wg_dataset_create(fill, NULL, 1, .x_shape = WG_SHAPE(INT64_MAX, INT64_MAX)), WG_E_ARGUMENT, "a row x");
    assert_null_and_error(wg_dataset_create(fill, NULL, 1, .workspace = SIZE_MAX), WG_E_ARGUMENT, "bytes of workspace");
    FOR_EACH_BAD(IS_NULL, {
        if (bad_ != IS_NONE)
            assert_null_and_error(wg_dataset_of(bad, fx.labels), code, ": ");
        if (bad_ != IS_NONE)
            assert_null_and_error(wg_dataset_of(fx.x, bad), code, ": ");
    });
    assert_null_and_error(wg_dataset_of(WG_NONE, WG_NONE), WG_E_ARGUMENT, "dataset_of: expected rows x, got WG_NONE");
    assert_null_and_error(wg_dataset_of(fx.odd, fx.labels), WG_E_SHAPE,
                          "dataset_of: expected as many rows of x as of y: [5, 7], [2]");
    assert_null_and_error(wg_dataset_of(fx.scalar, WG_NONE), WG_E_SHAPE, "dataset_of: ");
    assert_int_equal(wg_dataset_inspect(NULL).length, 0);
    expect_error(WG_E_NULL, "dataset_inspect: the dataset is NULL");
    wg_dataset_destroy(NULL);
}

static void misuse_items(void)
{
    wg_dataset *dataset = scalars();
    wg_tensor *x = fx.x, *y = fx.y, *far = made(wg_full(WG_I64, WG_SHAPE(2), 3));
    assert_null_and_error(wg_dataset_subset(NULL, fx.labels), WG_E_NULL, "dataset_subset: the dataset is NULL");
    FOR_EACH_BAD(IS_NULL, {
        assert_null_and_error(wg_dataset_subset(dataset, bad), code, ": ");
        if (bad_ != IS_NONE)
            assert_fails(wg_dataset_items(dataset, bad, &x, &y), code, ": ");
        assert_null_and_error(wg_dataset_take_rows(bad, fx.labels), code, ": ");
        assert_null_and_error(wg_dataset_take_rows(fx.x, bad), code, ": ");
    });
    assert_null_and_error(wg_dataset_subset(dataset, far), WG_E_ARGUMENT, "dataset_subset: row 3 is not in 0..2");
    assert_null_and_error(wg_dataset_subset(dataset, fx.vector), WG_E_DTYPE, "dataset_subset: expected an index of i64, got f32");
    assert_null_and_error(wg_dataset_take_rows(fx.x, far), WG_E_ARGUMENT, "dataset_take_rows: row 3 is not in 0..1");
    assert_null_and_error(wg_dataset_take_rows(fx.scalar, far), WG_E_ARGUMENT, "dataset_take_rows: expected contiguous rows");
    assert_fails(wg_dataset_items(NULL, WG_NONE, &x, &y), WG_E_NULL, "dataset_items: ");
    assert_fails(wg_dataset_items(dataset, WG_NONE, NULL, &y), WG_E_NULL, "dataset_items: ");
    assert_fails(wg_dataset_items(dataset, WG_NONE, &x, NULL), WG_E_NULL, "dataset_items: ");
    assert_fails(wg_dataset_items(dataset, far, &x, &y), WG_E_ARGUMENT, "dataset_items: row 3");
    assert_fails(wg_dataset_items(dataset, WG_NONE, &x, &y, .epoch = -1), WG_E_ARGUMENT, "dataset_items: epoch -1");
    assert_true(!x && !y);
    wg_dataset_destroy(dataset);
}

static void misuse_changes(void)
{
    wg_dataset *dataset = scalars(), *images = wg_dataset_of(fx.bytes, WG_NONE);
    assert_null_and_error(wg_dataset_map(NULL, keep, NULL), WG_E_NULL, "dataset_map: the dataset is NULL");
    assert_null_and_error(wg_dataset_map(dataset, NULL, NULL), WG_E_NULL, "dataset_map: the function is NULL");
    assert_null_and_error(wg_dataset_map(dataset, keep, NULL, .dtype = 9), WG_E_ARGUMENT, "dataset_map: a row x of dtype ?");
    assert_null_and_error(wg_dataset_map(dataset, keep, NULL, .shape = WG_SHAPE(-1)), WG_E_ARGUMENT, "dataset_map: a row x");
    assert_null_and_error(wg_dataset_map(dataset, keep, NULL, .workspace = SIZE_MAX), WG_E_ARGUMENT, "dataset_map: ");
    assert_null_and_error(wg_dataset_flip(NULL), WG_E_NULL, "dataset_flip: the dataset is NULL");
    assert_null_and_error(wg_dataset_flip(dataset), WG_E_ARGUMENT, "dataset_flip: expected an axis of the row");
    assert_null_and_error(wg_dataset_flip(images, .p = 1.5), WG_E_ARGUMENT, "dataset_flip: ");
    assert_null_and_error(wg_dataset_flip(images, .p = (double)NAN), WG_E_ARGUMENT, "dataset_flip: ");
    assert_null_and_error(wg_dataset_flip(images, .axis = 1), WG_E_ARGUMENT, "dataset_flip: ");
    assert_null_and_error(wg_dataset_flip(images), WG_E_SHAPE, "dataset_flip: expected images (…, H, W), or .shape");
    assert_null_and_error(wg_dataset_flip(images, .shape = WG_SHAPE(2, 2)), WG_E_SHAPE,
                          "dataset_flip: expected a .shape of as many");
    assert_null_and_error(wg_dataset_flip(images, .shape = WG_SHAPE(-1, -3)), WG_E_SHAPE, "dataset_flip: expected a .shape");
    assert_null_and_error(wg_dataset_flip(images, .shape = WG_SHAPE(INT64_MAX, 4)), WG_E_SHAPE, "dataset_flip: expected a .shape");
    assert_null_and_error(wg_dataset_crop(NULL), WG_E_NULL, "dataset_crop: the dataset is NULL");
    assert_null_and_error(wg_dataset_crop(images), WG_E_SHAPE, "dataset_crop: expected images (…, H, W); a row x is u8 [3]");
    assert_null_and_error(wg_dataset_shift(NULL), WG_E_NULL, "dataset_shift: the dataset is NULL");
    assert_null_and_error(wg_dataset_shift(dataset), WG_E_SHAPE, "dataset_shift: expected images");
    assert_null_and_error(wg_dataset_noise(NULL), WG_E_NULL, "dataset_noise: the dataset is NULL");
    assert_null_and_error(wg_dataset_noise(images), WG_E_DTYPE, "dataset_noise: expected rows of f32 or f64");
    assert_null_and_error(wg_dataset_noise(dataset, .deviation = -1), WG_E_ARGUMENT, "dataset_noise: ");
    assert_null_and_error(wg_dataset_cast(NULL), WG_E_NULL, "dataset_cast: the dataset is NULL");
    assert_null_and_error(wg_dataset_cast(dataset, .dtype = WG_I64), WG_E_DTYPE, "dataset_cast: ");
    assert_null_and_error(wg_dataset_cast(dataset, .scale = (double)INFINITY), WG_E_ARGUMENT, "dataset_cast: ");
    wg_dataset_destroy(dataset), wg_dataset_destroy(images);
}

static void misuse_windows(void)
{
    wg_tensor *series = made(wg_zeros(WG_I64, WG_SHAPE(5))),
              *columns = wg_slice(made(wg_zeros(WG_I64, WG_SHAPE(5, 2))), 1, 0, 1, 1);
    FOR_EACH_BAD(IS_NULL, {
        if (bad_ != IS_NONE)
            assert_null_and_error(wg_dataset_windows(bad, 2), code, "");
    });
    assert_null_and_error(wg_dataset_windows(WG_NONE, 2), WG_E_ARGUMENT, "dataset_windows: expected a series, got WG_NONE");
    assert_null_and_error(wg_dataset_windows(fx.scalar, 1), WG_E_SHAPE, "dataset_windows: expected a contiguous series (n, …)");
    assert_null_and_error(wg_dataset_windows(columns, 1), WG_E_SHAPE, "dataset_windows: expected a contiguous series (n, …)");
    assert_null_and_error(wg_dataset_windows(series, 0), WG_E_ARGUMENT, "dataset_windows: expected a length");
    assert_null_and_error(wg_dataset_windows(series, 2, .stride = 0), WG_E_ARGUMENT, "dataset_windows: expected a length");
    assert_null_and_error(wg_dataset_windows(series, 5), WG_E_ARGUMENT,
                          "dataset_windows: expected a series of at least 6 elements, one of them for .next, got 5");
    assert_null_and_error(wg_dataset_windows(series, INT64_MAX, .next = false), WG_E_ARGUMENT, "elements, got 5");
}

static void misuse_crop(void)
{
    wg_tensor *x = made(wg_zeros(WG_U8, WG_SHAPE(1, 4, 5)));
    wg_dataset *images = wg_dataset_of(x, WG_NONE);
    assert_null_and_error(wg_dataset_crop(images, .padding = -1), WG_E_ARGUMENT, "dataset_crop: expected padding of at least 0");
    assert_null_and_error(wg_dataset_crop(images, .padding = INT64_MAX), WG_E_ARGUMENT, "dataset_crop: expected padding");
    assert_null_and_error(wg_dataset_crop(images, .height = 13), WG_E_ARGUMENT, "dataset_crop: expected padding");
    assert_null_and_error(wg_dataset_crop(images, .width = -2), WG_E_ARGUMENT, "dataset_crop: expected padding");
    assert_null_and_error(wg_dataset_crop(images, .mode = WG_PADDING_REFLECT), WG_E_ARGUMENT, "dataset_crop: expected reflection");
    assert_null_and_error(wg_dataset_crop(images, .mode = (wg_padding)7), WG_E_ARGUMENT, "dataset_crop: expected a mode");
    assert_null_and_error(wg_dataset_crop(images, .mode = WG_PADDING_REPLICATE, .fill = 1), WG_E_ARGUMENT, "dataset_crop: ");
    assert_null_and_error(wg_dataset_crop(images, .fill = 256), WG_E_ARGUMENT, "dataset_crop: expected a mode");
    assert_null_and_error(wg_dataset_shift(images, .rows = -1), WG_E_ARGUMENT, "dataset_shift: expected padding");
    wg_dataset_destroy(images);
}

static void misuse_split(void)
{
    wg_dataset_parts parts;
    assert_fails(wg_dataset_split(10, NULL), WG_E_NULL, "dataset_split: where the parts go is NULL");
    assert_fails(wg_dataset_split(-1, &parts), WG_E_ARGUMENT, "dataset_split: -1 rows");
    assert_fails(wg_dataset_split(10, &parts, .test = 1.5), WG_E_ARGUMENT, "dataset_split: expected shares from 0 to 1");
    assert_fails(wg_dataset_split(10, &parts, .train = -2), WG_E_ARGUMENT, "dataset_split: expected shares");
    assert_fails(wg_dataset_split(10, &parts, .test = (double)NAN), WG_E_ARGUMENT, "got nan");
    assert_fails(wg_dataset_split(10, &parts, .train = 0.9, .test = 0.2), WG_E_ARGUMENT,
                 "dataset_split: the parts' shares are 1.1");
    assert_fails(wg_dataset_split(10, &parts, .counts = true, .test = 0.1), WG_E_ARGUMENT,
                 "dataset_split: expected whole counts from 0 to 10");
    assert_fails(wg_dataset_split(10, &parts, .counts = true, .validation = 6, .test = 6), WG_E_ARGUMENT, "counts are 12");
    assert_fails(wg_dataset_split(2, &parts, .labels = fx.labels, .groups = fx.labels), WG_E_ARGUMENT,
                 "labels or groups, got both");
    assert_fails(wg_dataset_split(3, &parts, .labels = fx.labels), WG_E_SHAPE,
                 "dataset_split: expected 3 contiguous labels, got shape [2]");
    assert_fails(wg_dataset_split(3, &parts, .groups = fx.vector), WG_E_DTYPE, "dataset_split: expected groups of i64");
    FOR_EACH_BAD(IS_NULL, {
        if (bad_ != IS_NONE) {
            assert_fails(wg_dataset_split(2, &parts, .labels = bad), code, ": ");
            assert_fails(wg_dataset_split(2, &parts, .groups = bad), code, ": ");
            assert_fails(wg_dataset_fold(2, 2, 0, &parts, .labels = bad), code, ": ");
            assert_fails(wg_dataset_fold(2, 2, 0, &parts, .groups = bad), code, ": ");
        }
    });
    assert_fails(wg_dataset_fold(10, 2, 0, NULL), WG_E_NULL, "dataset_fold: where the parts go is NULL");
    assert_fails(wg_dataset_fold(10, 1, 0, &parts), WG_E_ARGUMENT, "dataset_fold: expected 2 to 10 folds");
    assert_fails(wg_dataset_fold(10, 11, 0, &parts), WG_E_ARGUMENT, "dataset_fold: expected 2 to 10 folds");
    assert_fails(wg_dataset_fold(10, 3, 3, &parts), WG_E_ARGUMENT, "got 3 and 3");
    assert_fails(wg_dataset_fold(10, 3, -1, &parts), WG_E_ARGUMENT, "got 3 and -1");
    assert_true(!parts.train && !parts.validation && !parts.test);
}

static void misuse_scaler(void)
{
    wg_shape deep = WG_SHAPE(1, 1, 1, 1, 1, 1, 1, 1);
    assert_null_and_error(wg_dataset_scaler_create(deep), WG_E_SHAPE, "dataset_scaler_create: features of rank 8");
    assert_null_and_error(wg_dataset_scaler_create(WG_SHAPE(-1)), WG_E_SHAPE, "");
    wg_dataset_scaler *scaler = wg_dataset_scaler_create(WG_SHAPE(3));
    wg_dataset *dataset = wg_dataset_of(fx.y, WG_NONE), *bytes = wg_dataset_of(fx.bytes, WG_NONE);
    assert_fails(wg_dataset_scaler_fit(NULL, fx.x, WG_NONE), WG_E_NULL, "dataset_scaler_fit: the scaler is NULL");
    assert_null_and_error(wg_dataset_scaler_apply(NULL, fx.x), WG_E_NULL, "dataset_scaler_apply: the scaler is NULL");
    assert_null_and_error(wg_dataset_scaler_invert(NULL, fx.x), WG_E_NULL, "dataset_scaler_invert: the scaler is NULL");
    FOR_EACH_BAD(IS_NULL, {
        assert_fails(wg_dataset_scaler_fit(scaler, bad, WG_NONE), code, ": ");
        if (bad_ != IS_NONE)
            assert_fails(wg_dataset_scaler_fit(scaler, fx.x, bad), code, ": ");
        assert_null_and_error(wg_dataset_scaler_apply(scaler, bad), code, ": ");
        assert_null_and_error(wg_dataset_scaler_invert(scaler, bad), code, ": ");
    });
    assert_null_and_error(wg_dataset_scaler_apply(scaler, fx.odd), WG_E_SHAPE,
                          "dataset_scaler_apply: rows of shape [7] do not fit features [3]");
    assert_null_and_error(wg_dataset_scaler_invert(scaler, fx.bytes), WG_E_DTYPE,
                          "dataset_scaler_invert: expected f32 or f64, got u8");
    assert_null_and_error(wg_dataset_scaled(NULL, scaler), WG_E_NULL, "dataset_scaled: the dataset is NULL");
    assert_null_and_error(wg_dataset_scaled(dataset, NULL), WG_E_NULL, "dataset_scaled: the scaler is NULL");
    assert_null_and_error(wg_dataset_scaled(bytes, scaler), WG_E_DTYPE, "dataset_scaled: expected f32 or f64, got u8");
    assert_int_equal(wg_dataset_scaler_state(NULL).n, 0);
    expect_error(WG_E_NULL, "dataset_scaler_state: the scaler is NULL");
    wg_dataset_destroy(dataset), wg_dataset_destroy(bytes);
    wg_dataset_scaler_destroy(scaler), wg_dataset_scaler_destroy(NULL);
}

static void misuse_batches_of(void)
{
    wg_dataset *dataset = scalars();
    assert_null_and_error(wg_batches_of(NULL), WG_E_NULL, "batches_of: the dataset is NULL");
    assert_null_and_error(wg_batches_of(dataset, .size = 0), WG_E_ARGUMENT, "batches_of: expected a size of at least 1");
    assert_null_and_error(wg_batches_of(dataset, .samples = 4), WG_E_ARGUMENT, "batches_of: expected samples from 0");
    assert_null_and_error(wg_batches_of(dataset, .workers = 1025), WG_E_ARGUMENT, "batches_of: expected workers from 0 to 1024");
    assert_null_and_error(wg_batches_of(dataset, .workers = 1, .ahead = -1), WG_E_ARGUMENT, "batches_of: expected workers");
    assert_null_and_error(wg_batches_of(dataset, .weights = fx.labels), WG_E_DTYPE, "batches_of: expected weights of f32 or f64");
    assert_null_and_error(wg_batches_of(dataset, .weights = fx.x), WG_E_SHAPE, "batches_of: expected 3 contiguous weights");
    FOR_EACH_BAD(IS_NULL, {
        if (bad_ != IS_NONE)
            assert_null_and_error(wg_batches_of(dataset, .weights = bad), code, ": ");
    });
    assert_int_equal(wg_batches_state_list(NULL).n, 0);
    expect_error(WG_E_NULL, "batches_state_list: the iterator is NULL");
    wg_dataset_destroy(dataset);
}

/* Each set: where the results go, rows, dtype. */
#define REFUSES(set)                                                                                                         \
    do {                                                                                                                     \
        wg_tensor *to_x = fx.x, *to_y = fx.y;                                                                                \
        assert_fails(wg_dataset_make_##set(NULL, &to_y), WG_E_NULL, "dataset_make_" #set ": expected where to put x and y"); \
        assert_fails(wg_dataset_make_##set(&to_x, NULL), WG_E_NULL, "dataset_make_" #set ": expected where to put x and y"); \
        assert_fails(wg_dataset_make_##set(&to_x, &to_y, .rows = -1), WG_E_ARGUMENT,                                         \
                     "dataset_make_" #set ": expected rows from 1");                                                         \
        assert_fails(wg_dataset_make_##set(&to_x, &to_y, .dtype = WG_I64), WG_E_DTYPE,                                       \
                     "dataset_make_" #set ": expected f32 or f64");                                                          \
        assert_true(!to_x && !to_y);                                                                                         \
    } while (0)

static void misuse_synthetic(void)
{
    wg_tensor *x, *y;
    REFUSES(blobs);
    REFUSES(moons);
    REFUSES(rings);
    REFUSES(spirals);
    REFUSES(teacher);
    REFUSES(mixture);
    REFUSES(regression);
    assert_fails(wg_dataset_make_blobs(&x, &y, .features = 0), WG_E_ARGUMENT, "expected features from 1");
    assert_fails(wg_dataset_make_blobs(&x, &y, .deviation = -1), WG_E_ARGUMENT, "expected deviation from 0");
    assert_fails(wg_dataset_make_spirals(&x, &y, .turns = (double)INFINITY), WG_E_ARGUMENT, "expected turns");
    assert_fails(wg_dataset_make_teacher(&x, &y, .hidden = 0), WG_E_ARGUMENT, "expected hidden from 1");
    assert_fails(wg_dataset_make_mixture(&x, &y, .layout = (wg_dataset_layout)2), WG_E_ARGUMENT, "expected layout from 0 to 1");
    assert_fails(wg_dataset_make_mixture(&x, &y, .modes = -1), WG_E_ARGUMENT, "expected modes from 0");
    assert_null_and_error(wg_dataset_regression_weights(.features = 0), WG_E_ARGUMENT,
                          "dataset_regression_weights: expected features");
    assert_null_and_error(wg_dataset_regression_weights(.dtype = WG_U8), WG_E_DTYPE, "dataset_regression_weights: expected f32");
}

static const struct misuse table[] = {
    {"wg_dataset_uniform", misuse_numbers},
    {"wg_dataset_normal", misuse_numbers},
    {"wg_dataset_below", misuse_numbers},
    {"wg_dataset_create_with", misuse_making},
    {"wg_dataset_of", misuse_making},
    {"wg_dataset_inspect", misuse_making},
    {"wg_dataset_destroy", misuse_making},
    {"wg_dataset_subset", misuse_items},
    {"wg_dataset_items_with", misuse_items},
    {"wg_dataset_take_rows", misuse_items},
    {"wg_dataset_map_with", misuse_changes},
    {"wg_dataset_flip_with", misuse_changes},
    {"wg_dataset_noise_with", misuse_changes},
    {"wg_dataset_cast_with", misuse_changes},
    {"wg_dataset_windows_with", misuse_windows},
    {"wg_dataset_crop_with", misuse_crop},
    {"wg_dataset_shift_with", misuse_crop},
    {"wg_dataset_split_with", misuse_split},
    {"wg_dataset_fold_with", misuse_split},
    {"wg_dataset_scaler_create", misuse_scaler},
    {"wg_dataset_scaler_destroy", misuse_scaler},
    {"wg_dataset_scaler_fit", misuse_scaler},
    {"wg_dataset_scaler_apply", misuse_scaler},
    {"wg_dataset_scaler_invert", misuse_scaler},
    {"wg_dataset_scaler_state", misuse_scaler},
    {"wg_dataset_scaled", misuse_scaler},
    {"wg_batches_of_with", misuse_batches_of},
    {"wg_batches_state_list", misuse_batches_of},
    {"wg_dataset_make_blobs_with", misuse_synthetic},
    {"wg_dataset_make_moons_with", misuse_synthetic},
    {"wg_dataset_make_rings_with", misuse_synthetic},
    {"wg_dataset_make_spirals_with", misuse_synthetic},
    {"wg_dataset_make_teacher_with", misuse_synthetic},
    {"wg_dataset_make_mixture_with", misuse_synthetic},
    {"wg_dataset_make_regression_with", misuse_synthetic},
    {"wg_dataset_regression_weights_with", misuse_synthetic},
};

MISUSE_MAIN(table)
