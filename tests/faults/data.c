/* Memory that runs out in datasets, splits, standardisation, batches and synthetic sets: every call of malloc, calloc and
   aligned_alloc that the library makes in the calling thread fails in turn, that one alone or all later ones too. Either what was
   called says E_MEMORY by its name, or it did without; then, and when it is tried again, it gives the bits of a run without
   failure. The linker leads the library's calls here (--wrap). */
#include <stdio.h>

#include "common.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static _Thread_local int64_t fail_at = -1, calls;
static _Thread_local bool persistent;

static bool fails(void)
{
    const int64_t call = calls++;
    return fail_at >= 0 && (call == fail_at || (persistent && call > fail_at));
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

/* ---- what may run out of memory: each frees what it made, and adds the bits of its results to *hash ---- */

static wg_tensor *images, *labels;

static void add(uint64_t *hash, const wg_tensor *t)
{
    const unsigned char *bytes = wg_data(t);
    for (size_t i = 0; i < (size_t)wg_numel(t) * wg_dtype_size(wg_dtype_of(t)); i++)
        *hash = (*hash ^ bytes[i]) * 1099511628211u;
}

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
        add(hash, x), add(hash, y);
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
            add(hash, x), add(hash, y);
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
        add(hash, parts->train), add(hash, parts->validation), add(hash, parts->test);
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
        add(hash, y), add(hash, rows);
    wg_free(y), wg_free(rows), wg_dataset_destroy(base), wg_dataset_destroy(scaled), wg_dataset_scaler_destroy(scaler);
    return rows != NULL;
}

static bool take_set(uint64_t *hash, wg_status status, wg_tensor *x, wg_tensor *y)
{
    if (status == WG_OK)
        add(hash, x), add(hash, y);
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
        add(hash, w);
    wg_free(w);
    return done;
}

/* ---- the sweep ---- */

static const struct scenario {
    const char *name;
    bool (*act)(uint64_t *hash);
    int64_t at_least; /* calls that fail */
} scenarios[] = {
    {"items", read_items, 15},          {"batches", batches_here, 25}, {"batches by threads", batches_by_threads, 30},
    {"weighted", weighted_batches, 27}, {"splits", split, 15},         {"standardisation", standardise, 12},
    {"synthetic sets", synthetic, 20},
};

static const uint64_t first_hash = 14695981039346656037u;

/* The error is that memory ran out, and its message begins with the name of what was called. */
static void check_error(const char *name, int64_t k)
{
    wg_error error;
    const wg_status code = wg_error_take(&error);
    const size_t n = strlen(error.op);
    if (code != WG_E_MEMORY || n == 0 || strcmp(error.op, "memory") == 0 || strncmp(error.message, error.op, n) != 0)
        fail_msg("%s, call %lld: %s", name, (long long)k, error.message);
}

/* One run with the k-th call failing, and a second one. Returns whether there was such a call. */
static bool run_with_failure(const struct scenario *scenario, uint64_t expected, int64_t k, bool from_then_on)
{
    uint64_t hash = first_hash, again = first_hash;
    wg_memory_trim(); /* so that tensors need malloc */
    calls = 0, fail_at = k, persistent = from_then_on;
    const bool done = scenario->act(&hash);
    const bool failed = calls > k;
    fail_at = -1;
    if (!done)
        check_error(scenario->name, k);
    if ((done && hash != expected) || (!done && !failed))
        fail_msg("%s, call %lld: other bits, or an error without a cause", scenario->name, (long long)k);
    if (!scenario->act(&again) || again != expected)
        fail_msg("%s, call %lld: other bits when it was tried again", scenario->name, (long long)k);
    return failed;
}

static void every_call_of_malloc_may_fail(void **state)
{
    (void)state;
    images = numbers(WG_F32, WG_SHAPE(8, 1, 3, 4), 1);
    labels = wg_from(((const int64_t[]){3, 1, 7, 1, 0, 2, 2, 5}), WG_SHAPE(8));
    for (size_t s = 0; s < sizeof scenarios / sizeof *scenarios; s++) {
        uint64_t expected = first_hash;
        assert_true(scenarios[s].act(&expected));
        for (int from_then_on = 0; from_then_on < 2; from_then_on++) {
            int64_t k = 0;
            while (run_with_failure(&scenarios[s], expected, k, from_then_on))
                k++;
            if (k < scenarios[s].at_least)
                fail_msg("%s: only %lld calls", scenarios[s].name, (long long)k);
        }
    }
    wg_free(images), wg_free(labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(every_call_of_malloc_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
