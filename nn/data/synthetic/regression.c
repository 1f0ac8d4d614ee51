/* Linear regression with known weights and a known spectrum. */
#include "maker.h"

struct regression {
    const wg_dataset_regression_options *options;
    double *w, *scale;
};

static void row(void *context, int64_t i, wg_dataset_random *random, double *x, double *y, int64_t *label)
{
    (void)i, (void)label;
    const struct regression *r = context;
    double sum = 0;
    for (int64_t k = 0; k < r->options->features; k++) {
        x[k] = r->scale[k] * wg_dataset_normal(random);
        sum += x[k] * r->w[k];
    }
    *y = sum + r->options->noise * wg_dataset_normal(random);
}

static wg_status check(const char *op, const wg_dataset_regression_options *o)
{
    WG_TRY(maker_check(op, "features", (double)o->features, 1, 1e6));
    WG_TRY(maker_check(op, "noise", o->noise, 0, 1e30));
    return maker_check(op, "condition", o->condition, 1, 1e16);
}

/* w and scale; false and E_MEMORY. */
static bool begin(const char *op, struct regression *r)
{
    const wg_dataset_regression_options *o = r->options;
    wg_dataset_random whole = maker_whole(MAKER_REGRESSION, o->seed);
    r->w = maker_normals(op, &whole, o->features);
    r->scale = malloc((size_t)o->features * sizeof *r->scale);
    if (!r->w || !r->scale)
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    for (int64_t k = 0; r->scale && k < o->features; k++)
        r->scale[k] = o->features > 1 ? pow(o->condition, -(double)k / (2 * (double)(o->features - 1))) : 1;
    return r->w && r->scale;
}

wg_status wg_dataset_make_regression_with(wg_tensor **x, wg_tensor **y, wg_dataset_regression_options options)
{
    const char *op = "dataset_make_regression";
    WG_TRY(maker_begin(op, x, y));
    WG_TRY(check(op, &options));
    struct regression r = {.options = &options};
    const struct maker maker = {op, MAKER_REGRESSION, options.seed, options.dtype, options.rows, options.features, 1, row, &r};
    const wg_status status = begin(op, &r) ? maker_run(&maker, x, y) : WG_E_MEMORY;
    free(r.w), free(r.scale);
    return status;
}

wg_tensor *wg_dataset_regression_weights_with(wg_dataset_regression_options options)
{
    const char *op = "dataset_regression_weights";
    if (options.dtype != WG_F32 && options.dtype != WG_F64) {
        (void)wg_error_set(WG_E_DTYPE, op, "%s: expected f32 or f64, got %s", op, wg_dtype_name(options.dtype));
        return NULL;
    }
    struct regression r = {.options = &options};
    wg_tensor *w = check(op, &options) == WG_OK && begin(op, &r) ? wg_zeros(options.dtype, WG_SHAPE(options.features, 1)) : NULL;
    void *to = w ? wg_data_mut(w) : NULL;
    for (int64_t k = 0; to && k < options.features; k++)
        if (options.dtype == WG_F64)
            ((double *)to)[k] = r.w[k];
        else
            ((float *)to)[k] = (float)r.w[k];
    free(r.w), free(r.scale);
    return w;
}
