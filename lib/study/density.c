/* The density of a Hessian's spectrum, by stochastic Lanczos quadrature. The eigenvalues of Lanczos' projection and the squared first
   components of its eigenvectors are the nodes and weights of a Gauss quadrature for the density as the start vector sees it; the mean
   over random start vectors is the density. */
#include <math.h>

#include "krylov.h"

/* Gaussians are cut off at so many standard deviations, beyond which 2e-9 of them lies. */
enum { TAILS = 6 };

static const wg_option option[] = {
    WG_OPTION_INT_OF(wg_study_density_options, probes, 10, "random start vectors", WG_AT_LEAST(1)),
    WG_OPTION_INT_OF(wg_study_density_options, steps, 80, "of Lanczos from each", WG_AT_LEAST(1)),
    WG_OPTION_INT_OF(wg_study_density_options, points, 500, "rows of the table", WG_AT_LEAST(2)),
    WG_OPTION_REAL_OF(wg_study_density_options, width, 0, "of a Gaussian", WG_AT_LEAST(0)),
};
static const wg_option_table table_of_options = STUDY_OPTIONS(wg_study_density_options, option);

/* All nodes with their weights, which sum to 1. */
struct quadrature {
    double *node, *weight;
    int64_t n;
};

/* Adds the nodes of one start vector. */
static wg_status add_probe(struct study *s, struct quadrature *q, int64_t steps, int64_t probes, wg_tensor *generator)
{
    WG_TAPE(tape, .keep_error = true);
    WG_NO_GRAD;
    struct krylov k;
    wg_tensor *values, *vectors;
    WG_TRY(krylov_begin(&k, s, steps, generator));
    WG_TRY(krylov_extend(&k));
    WG_TRY(krylov_ritz(&k, &values, &vectors));
    const double *node = wg_data_as(values, double), *first = wg_data_as(vectors, double);
    for (int64_t i = 0; i < k.steps; i++) {
        q->node[q->n] = node[i];
        q->weight[q->n++] = first[i] * first[i] / (double)probes;
    }
    return WG_OK;
}

static double density_at(const struct quadrature *q, double x, double width)
{
    double sum = 0;
    for (int64_t i = 0; i < q->n; i++) {
        const double z = (x - q->node[i]) / width;
        sum += q->weight[i] * exp(-z * z / 2);
    }
    return sum / (width * sqrt(2 * M_PI));
}

static void fill(const struct quadrature *q, double *table, const wg_study_density_options *o)
{
    double low = q->node[0], high = q->node[0];
    for (int64_t i = 1; i < q->n; i++) {
        low = fmin(low, q->node[i]);
        high = fmax(high, q->node[i]);
    }
    const double size = fmax(fabs(low), fabs(high)), range = high - low > 1e-10 * size ? high - low : size > 0 ? size : 1;
    const double width = o->width > 0 ? o->width : range / 100;
    const double from = low - TAILS * width, step = (high - low + 2 * TAILS * width) / (double)(o->points - 1);
    for (int64_t i = 0; i < o->points; i++) {
        table[2 * i] = from + (double)i * step;
        table[2 * i + 1] = density_at(q, table[2 * i], width);
    }
}

static wg_tensor *density(struct study *s, const wg_study_density_options *o)
{
    if (wg_options_check(table_of_options, o, s->op) != WG_OK)
        return NULL;
    const int64_t steps = o->steps < s->size ? o->steps : s->size;
    wg_tensor *generator = study_generator(s, o->seed), *table = wg_zeros(WG_F64, WG_SHAPE(o->points, 2));
    wg_tensor *nodes = wg_zeros(WG_F64, WG_SHAPE(2, o->probes, steps));
    double *node = nodes ? wg_data_mut_as(nodes, double) : NULL;
    if (!generator || !table || !node)
        return NULL;
    struct quadrature q = {.node = node, .weight = node + o->probes * steps};
    for (int64_t i = 0; i < o->probes; i++)
        if (add_probe(s, &q, steps, o->probes, generator) != WG_OK)
            return NULL;
    fill(&q, wg_data_mut_as(table, double), o);
    return table;
}

wg_tensor *wg_study_density_with(const wg_study_loss *loss, wg_study_density_options options)
{
    struct study s;
    wg_tensor *table = study_begin(&s, "study_density", loss, NULL, STUDY_PRODUCTS) == WG_OK ? density(&s, &options) : NULL;
    return study_end(&s, table);
}
