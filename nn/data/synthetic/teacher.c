/* A random network labels Gaussian inputs. */
#include "maker.h"

struct teacher {
    const wg_dataset_teacher_options *options;
    int64_t outputs;
    double *w, *v, *h, *f; /* h, f: of one row */
};

static void respond(const struct teacher *t, const double *x, wg_dataset_random *random)
{
    const int64_t d = t->options->features, n = t->options->hidden;
    for (int64_t j = 0; j < n; j++) {
        double sum = 0;
        for (int64_t k = 0; k < d; k++)
            sum += t->w[j * d + k] * x[k];
        t->h[j] = tanh(sum / sqrt((double)d));
    }
    for (int64_t o = 0; o < t->outputs; o++) {
        double sum = 0;
        for (int64_t j = 0; j < n; j++)
            sum += t->v[o * n + j] * t->h[j];
        t->f[o] = sum / sqrt((double)n) + t->options->noise * wg_dataset_normal(random);
    }
}

static void row(void *context, int64_t i, wg_dataset_random *random, double *x, double *y, int64_t *label)
{
    (void)i;
    const struct teacher *t = context;
    for (int64_t k = 0; k < t->options->features; k++)
        x[k] = wg_dataset_normal(random);
    respond(t, x, random);
    for (int64_t o = 0; o < t->outputs; o++)
        if (t->options->classes == 0)
            y[o] = t->f[o];
        else if (t->f[o] > t->f[*label])
            *label = o;
}

static wg_status check(const char *op, const wg_dataset_teacher_options *o)
{
    WG_TRY(maker_check(op, "features", (double)o->features, 1, 1e6));
    WG_TRY(maker_check(op, "hidden", (double)o->hidden, 1, 1e6));
    WG_TRY(maker_check(op, "outputs", (double)o->outputs, 1, o->classes == 0 ? 1e6 : 1));
    WG_TRY(maker_check(op, "classes", (double)o->classes, 0, 1e6));
    if (o->classes == 1)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected classes above 1, or 0 for real targets, got 1", op);
    return maker_check(op, "noise", o->noise, 0, 1e30);
}

wg_status wg_dataset_make_teacher_with(wg_tensor **x, wg_tensor **y, wg_dataset_teacher_options options)
{
    const char *op = "dataset_make_teacher";
    WG_TRY(maker_begin(op, x, y));
    WG_TRY(check(op, &options));
    struct teacher t = {.options = &options, .outputs = options.classes ? options.classes : options.outputs};
    wg_dataset_random whole = maker_whole(MAKER_TEACHER, options.seed);
    t.w = maker_normals(op, &whole, options.hidden * options.features);
    t.v = t.w ? maker_normals(op, &whole, t.outputs * options.hidden) : NULL;
    t.h = malloc((size_t)options.hidden * sizeof *t.h);
    t.f = malloc((size_t)t.outputs * sizeof *t.f);
    const struct maker maker = {
        op, MAKER_TEACHER, options.seed, options.dtype, options.rows, options.features, options.classes ? 0 : options.outputs, row,
        &t};
    const wg_status status = t.w && t.v && t.h && t.f ? maker_run(&maker, x, y)
                                                      : wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    free(t.w), free(t.v), free(t.h), free(t.f);
    return status;
}
