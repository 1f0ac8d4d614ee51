/* Gaussian clusters around random centres. */
#include "maker.h"

struct blobs {
    const wg_dataset_blobs_options *options;
    double *centre;
};

static void row(void *context, int64_t i, wg_dataset_random *random, double *x, double *y, int64_t *label)
{
    (void)y;
    const struct blobs *b = context;
    const int64_t d = b->options->features;
    *label = i % b->options->classes;
    for (int64_t k = 0; k < d; k++)
        x[k] = b->centre[*label * d + k] + b->options->deviation * wg_dataset_normal(random);
}

wg_status wg_dataset_make_blobs_with(wg_tensor **x, wg_tensor **y, wg_dataset_blobs_options options)
{
    const char *op = "dataset_make_blobs";
    WG_TRY(maker_begin(op, x, y));
    WG_TRY(maker_check(op, "features", (double)options.features, 1, 1e6));
    WG_TRY(maker_check(op, "classes", (double)options.classes, 1, 1e6));
    WG_TRY(maker_check(op, "deviation", options.deviation, 0, 1e30));
    WG_TRY(maker_check(op, "box", options.box, 0, 1e30));
    const int64_t n = options.features * options.classes;
    struct blobs b = {&options, malloc((size_t)n * sizeof *b.centre)};
    if (!b.centre)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    wg_dataset_random whole = maker_whole(MAKER_BLOBS, options.seed);
    for (int64_t i = 0; i < n; i++)
        b.centre[i] = options.box * (2 * wg_dataset_uniform(&whole) - 1);
    const struct maker maker = {op, MAKER_BLOBS, options.seed, options.dtype, options.rows, options.features, 0, row, &b};
    const wg_status status = maker_run(&maker, x, y);
    free(b.centre);
    return status;
}
