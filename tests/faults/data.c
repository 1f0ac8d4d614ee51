/* Memory that runs out in datasets, splits, standardisation, batches and synthetic sets. */
#include "malloc_sweep.h"

static wg_tensor *images, *labels;

static wg_dataset *chain(void)
{
    wg_dataset *base = wg_dataset_of(images, labels), *part = base ? wg_dataset_subset(base, labels) : NULL;
    wg_dataset *flip = part ? wg_dataset_flip(part) : NULL, *crop = flip ? wg_dataset_crop(flip, .padding = 1) : NULL;
    wg_dataset *cast = crop ? wg_dataset_cast(crop, .scale = 0.5) : NULL, *noise = cast ? wg_dataset_noise(cast) : NULL;
    wg_dataset_destroy(base), wg_dataset_destroy(part), wg_dataset_destroy(flip), wg_dataset_destroy(crop),
        wg_dataset_destroy(cast);
    return noise;
}

static bool read_items(uint64_t *hash)
{
    wg_dataset *dataset = chain();
    wg_tensor *x = NULL, *y = NULL;
    const bool done = dataset && wg_dataset_items(dataset, labels, &x, &y, .seed = 4) == WG_OK;
    if (done)
        add_tensor(hash, x), add_tensor(hash, y);
    wg_free(x), wg_free(y), wg_dataset_destroy(dataset);
    return done;
}

static bool make_batches(uint64_t *hash, int workers, wg_tensor *weights)
{
    wg_dataset *dataset = chain();
    wg_batches *batches = dataset ? wg_batches_of(dataset, .size = 3, .seed = 2, .workers = workers, .weights = weights) : NULL;
    bool done = batches != NULL;
    for (int i = 0; done && i < 5; i++) {
        wg_tensor *x, *y;
        done = wg_batches_next(batches, &x, &y) == WG_OK;
        if (done && x)
            add_tensor(hash, x), add_tensor(hash, y);
        wg_free(x), wg_free(y);
    }
    wg_batches_destroy(batches), wg_dataset_destroy(dataset);
    return done;
}

static bool batches_here(uint64_t *hash)
{
    return make_batches(hash, 0, WG_NONE);
}

static bool batches_by_threads(uint64_t *hash)
{
    return make_batches(hash, 2, WG_NONE);
}

static bool weighted_batches(uint64_t *hash)
{
    wg_tensor *weights = wg_ones(WG_F64, WG_SHAPE(wg_numel(labels)));
    const bool done = weights && make_batches(hash, 0, weights);
    wg_free(weights);
    return done;
}

static bool take_parts(uint64_t *hash, wg_status status, wg_dataset_parts *parts)
{
    if (status == WG_OK)
        add_tensor(hash, parts->train), add_tensor(hash, parts->validation), add_tensor(hash, parts->test);
    wg_free(parts->train), wg_free(parts->validation), wg_free(parts->test);
    return status == WG_OK;
}

static bool split(uint64_t *hash)
{
    wg_dataset_parts parts;
    return take_parts(hash, wg_dataset_split(8, &parts, .labels = labels, .validation = 0.1, .test = 0.3), &parts) &&
           take_parts(hash, wg_dataset_split(8, &parts, .groups = labels, .validation = 0.1, .test = 0.3), &parts) &&
           take_parts(hash, wg_dataset_fold(8, 3, 1, &parts), &parts) &&
           take_parts(hash, wg_dataset_fold(8, 3, 1, &parts, .groups = labels), &parts);
}

static bool standardise(uint64_t *hash)
{
    wg_dataset_scaler *scaler = wg_dataset_scaler_create(WG_SHAPE(1, 1, 1));
    wg_tensor *y = scaler && wg_dataset_scaler_fit(scaler, images, labels) == WG_OK ? wg_dataset_scaler_apply(scaler, images)
                                                                                    : NULL;
    wg_dataset *base = y ? wg_dataset_of(images, WG_NONE) : NULL, *scaled = base ? wg_dataset_scaled(base, scaler) : NULL;
    wg_tensor *rows = scaled ? wg_dataset_take_rows(y, labels) : NULL;
    if (rows)
        add_tensor(hash, y), add_tensor(hash, rows);
    wg_free(y), wg_free(rows), wg_dataset_destroy(base), wg_dataset_destroy(scaled), wg_dataset_scaler_destroy(scaler);
    return rows != NULL;
}

static bool take_set(uint64_t *hash, wg_status status, wg_tensor *x, wg_tensor *y)
{
    if (status == WG_OK)
        add_tensor(hash, x), add_tensor(hash, y);
    else if (x || y)
        fail_msg("a set that failed left tensors");
    wg_free(x), wg_free(y);
    return status == WG_OK;
}

static bool synthetic(uint64_t *hash)
{
    wg_tensor *x, *y, *w = NULL;
    wg_status status = wg_dataset_make_blobs(&x, &y, .rows = 9);
    bool done = take_set(hash, status, x, y);
    if (done)
        status = wg_dataset_make_spirals(&x, &y, .rows = 9), done = take_set(hash, status, x, y);
    if (done)
        status = wg_dataset_make_teacher(&x, &y, .rows = 9, .classes = 3), done = take_set(hash, status, x, y);
    if (done)
        status = wg_dataset_make_regression(&x, &y, .rows = 9, .features = 4), done = take_set(hash, status, x, y);
    if (done && (done = (w = wg_dataset_regression_weights(.features = 4)) != NULL))
        add_tensor(hash, w);
    wg_free(w);
    return done;
}

/* ---- the sweep ---- */

static const struct scenario scenarios[] = {
    {"items", read_items, 15},          {"batches", batches_here, 25}, {"batches by threads", batches_by_threads, 30},
    {"weighted", weighted_batches, 27}, {"splits", split, 15},         {"standardisation", standardise, 12},
    {"synthetic sets", synthetic, 20},
};

static void every_call_of_malloc_may_fail(void **state)
{
    (void)state;
    images = numbers(WG_F32, WG_SHAPE(8, 1, 3, 4), 1);
    labels = wg_from(((const int64_t[]){3, 1, 7, 1, 0, 2, 2, 5}), WG_SHAPE(8));
    sweep_malloc(scenarios, sizeof scenarios / sizeof *scenarios);
    wg_free(images), wg_free(labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(every_call_of_malloc_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
