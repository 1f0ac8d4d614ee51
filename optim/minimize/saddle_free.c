/* Saddle-free Newton: the rule stands in minimizers.def. */
#include "dense.h"
#include "descent.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

/* d ← -|H + …|⁻¹ g from the eigenvalues and the eigenvectors, which are columns. */
static void solve(struct descent *s, const double *value, const double *vector, double damping)
{
    const int64_t n = s->n;
    const double floor = fmax(damping, 1e-12 * fmax(fabs(value[0]), fabs(value[n - 1])));
    memset(s->d, 0, (size_t)n * sizeof *s->d);
    for (int64_t k = 0; k < n; k++) {
        double along = 0;
        for (int64_t i = 0; i < n; i++)
            along += vector[i * n + k] * s->g[i];
        const double size = fmax(fabs(value[k]), floor);
        for (int64_t i = 0; i < n && size > 0; i++)
            s->d[i] -= vector[i * n + k] * along / size;
    }
}

static wg_status direction(struct descent *s)
{
    const wg_minimize_saddle_free_options *o = s->options;
    double *h = s->method;
    WG_TRY(work_hessian(s->w, h));
    if (!isfinite(max_abs(h, s->n * s->n))) {
        memset(s->d, 0, (size_t)s->n * sizeof *s->d); /* no direction: -g takes its place */
        return WG_OK;
    }
    s->first = o->lr;
    WG_TAPE(tape);
    WG_NO_GRAD;
    wg_tensor *values, *vectors;
    WG_TRY(wg_eigh(wg_from_bytes(h, WG_F64, WG_SHAPE(s->n, s->n)), &values, &vectors));
    const double *vector = h;
    WG_TRY(wg_read_typed(vectors, h, WG_F64)); /* row-major, whatever the strides */
    solve(s, wg_data_as(values, double), vector, o->damping);
    return WG_OK;
}

static wg_status run(struct work *w, const void *options, void *state)
{
    const wg_minimize_saddle_free_options *o = options;
    double *h = work_matrix(w, w->n, w->n);
    (void)state;
    if (!h)
        return WG_E_MEMORY;
    work_record(w);
    return descend(w, options, h, &STOP_OF(o),
                   &(struct search_options){.kind = o->line_search, .c1 = 1e-4, .c2 = 0.9, .shrink = 0.5}, direction);
}

const struct minimize_kind minimize_saddle_free_kind = {.name = "saddle_free", .products = true, .run = run};
