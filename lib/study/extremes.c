/* The ends of a Hessian's spectrum. */
#include <math.h>
#include <string.h>

#include "krylov.h"

/* A residual below this, relative to the largest eigenvalue, is rounding error. */
#define NEGLIGIBLE 1e-14

static const wg_option option[] = {
    WG_OPTION_INT_OF(wg_study_extremes_options, smallest, 1, "eigenvalues of the lower end", WG_AT_LEAST(0)),
    WG_OPTION_INT_OF(wg_study_extremes_options, largest, 1, "eigenvalues of the upper end", WG_AT_LEAST(0)),
    WG_OPTION_REAL_OF(wg_study_extremes_options, tolerance, 1e-8, "of each value, relative", WG_BETWEEN(0, 1)),
    WG_OPTION_INT_OF(wg_study_extremes_options, basis, 0, "vectors that are kept", WG_AT_LEAST(0)),
    WG_OPTION_INT_OF(wg_study_extremes_options, products, 10000, "at most so many", WG_AT_LEAST(1)),
};
static const wg_option_table table_of_options = STUDY_OPTIONS(wg_study_extremes_options, option);

static wg_status check(const struct study *s, const wg_study_extremes_options *o)
{
    WG_TRY(wg_options_check(table_of_options, o, s->op));
    if (o->smallest > s->size || o->largest > s->size || (o->smallest == 0 && o->largest == 0))
        return wg_error_set(WG_E_ARGUMENT, s->op,
                            "%s: expected .smallest and .largest of at most %lld, not both 0, got %lld and %lld", s->op,
                            (long long)s->size, (long long)o->smallest, (long long)o->largest);
    if (o->basis != 0 && o->basis < o->smallest + o->largest + 2)
        return wg_error_set(WG_E_ARGUMENT, s->op, "%s: expected a .basis of at least %lld, two more than the eigenvalues, got %lld",
                            s->op, (long long)(o->smallest + o->largest + 2), (long long)o->basis);
    return WG_OK;
}

/* Among n Ritz values in ascending order, where the i-th that is asked for stands. */
static int64_t place(const wg_study_extremes_options *o, int64_t i, int64_t n)
{
    return i < o->smallest ? i : n - o->smallest - o->largest + i;
}

/* How many of those asked for are accurate enough. The residual of a Ritz pair is beta times the last component of its vector. */
static int64_t converged(const struct krylov *k, const wg_study_extremes_options *o, wg_tensor *values, wg_tensor *vectors)
{
    const double *value = wg_data_as(values, double), *last = wg_data_as(vectors, double) + (k->steps - 1) * k->steps;
    const double scale = fmax(fabs(value[0]), fabs(value[k->steps - 1]));
    int64_t good = 0;
    for (int64_t i = 0; i < o->smallest + o->largest; i++) {
        const int64_t at = place(o, i, k->steps);
        good += fabs(k->beta * last[at]) <= fmax(o->tolerance * fabs(value[at]), NEGLIGIBLE * scale);
    }
    return good;
}

/* Rows of x (n, …) that stand at the places asked for; along axis 1 its columns. */
static wg_tensor *pick(const wg_study_extremes_options *o, wg_tensor *x, int axis)
{
    const int64_t n = wg_extent(x, axis);
    wg_tensor *part[2] = {wg_slice(x, axis, 0, o->smallest, 1), wg_slice(x, axis, n - o->largest, n, 1)};
    return part[0] && part[1] ? wg_concat(part, 2, axis) : NULL;
}

/* A third of the basis is kept, those asked for and their neighbours, half of it at either end that is asked for. */
static wg_status restart(struct krylov *k, const wg_study_extremes_options *o, wg_tensor *values, wg_tensor *vectors)
{
    const int64_t extra = (k->capacity - o->smallest - o->largest) / 3;
    wg_study_extremes_options keep = *o;
    keep.smallest += o->smallest > 0 ? o->largest > 0 ? extra / 2 : extra : 0;
    keep.largest += o->largest > 0 ? o->smallest > 0 ? extra / 2 : extra : 0;
    wg_tensor *kept = pick(&keep, values, 0), *columns = pick(&keep, vectors, 1);
    return kept && columns ? krylov_restart(k, kept, columns) : study_cause();
}

/* Not by an op: the study's tape would undo that. */
static wg_status write(wg_tensor *result, wg_tensor *value)
{
    return value ? wg_read(value, wg_data_mut_as(result, double)) : study_cause();
}

/* One round: extends the subspace and looks; sets *values once they are good enough. */
static wg_status improve(struct krylov *k, const wg_study_extremes_options *o, int64_t *products, wg_tensor *values,
                         wg_tensor *vectors, bool *done)
{
    WG_TAPE(tape, .keep_error = true);
    WG_NO_GRAD;
    wg_tensor *ritz, *columns;
    *products += k->capacity - k->steps;
    WG_TRY(krylov_extend(k));
    WG_TRY(krylov_ritz(k, &ritz, &columns));
    const int64_t good = converged(k, o, ritz, columns), n = o->smallest + o->largest;
    *done = k->steps == k->s->size || good == n;
    if (!*done && *products >= o->products)
        return wg_error_set(WG_E_NUMERIC, k->s->op,
                            "%s: after %lld products %lld of %lld eigenvalues are accurate to %g: expected a larger .products, "
                            ".basis or .tolerance",
                            k->s->op, (long long)*products, (long long)good, (long long)n, o->tolerance);
    if (!*done)
        return restart(k, o, ritz, columns);
    WG_TRY(write(values, pick(o, ritz, 0)));
    return write(vectors, krylov_vectors(k, pick(o, columns, 1)));
}

static wg_status extremes(struct study *s, const wg_study_extremes_options *o, wg_tensor **values, wg_tensor **vectors)
{
    struct krylov k;
    int64_t products = 0;
    bool done = false;
    WG_TRY(check(s, o));
    const int64_t n = o->smallest + o->largest; /* not before: it may overflow */
    wg_tensor *generator = study_generator(s, o->seed);
    *values = wg_zeros(WG_F64, WG_SHAPE(n));
    *vectors = wg_zeros(WG_F64, WG_SHAPE(n, s->size));
    if (!generator || !*values || !*vectors)
        return study_cause();
    WG_TRY(krylov_begin(&k, s, o->basis ? o->basis : 2 * n + 40, generator));
    while (!done)
        WG_TRY(improve(&k, o, &products, *values, *vectors, &done));
    return WG_OK;
}

wg_tensor *wg_study_extremes_with(const wg_study_loss *loss, wg_study_extremes_options options)
{
    struct study s;
    wg_tensor *result[2] = {NULL, NULL};
    if (options.vectors)
        *options.vectors = NULL;
    wg_status status = study_begin(&s, "study_extremes", loss, NULL, STUDY_PRODUCTS);
    if (status == WG_OK)
        status = extremes(&s, &options, &result[0], &result[1]);
    if (status != WG_OK)
        result[0] = NULL;
    study_end_many(&s, result, status == WG_OK && options.vectors ? 2 : 1);
    if (options.vectors && status == WG_OK)
        *options.vectors = result[1];
    return result[0];
}
