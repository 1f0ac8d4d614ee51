/* Levenberg-Marquardt: the rule stands in minimizers.def. */
#include <float.h>

#include "descent.h"
#include "residuals.h"

struct marquardt {
    struct work *w;
    const wg_minimize_levenberg_marquardt_options *o;
    struct residuals l;
    struct along along;
    double f, lambda, growth, *scale, *weight; /* scale: D's diagonal */
};

static void update_scale(struct marquardt *q)
{
    for (int64_t j = 0; j < q->l.n; j++) {
        double square = 0;
        for (int64_t i = 0; i < q->l.m; i++)
            square += q->l.j[i * q->l.n + j] * q->l.j[i * q->l.n + j];
        q->scale[j] = q->o->scaled ? fmax(q->scale[j], sqrt(square)) : 1;
    }
}

/* d for the present λ, and whether x + d is taken; *change: of x. */
static wg_status try_step(struct marquardt *q, double *change)
{
    struct residuals *l = &q->l;
    bool full;
    double f = INFINITY, decrease = 0;
    for (int64_t i = 0; i < l->n; i++)
        q->weight[i] = sqrt(q->lambda) * (q->scale[i] > 0 ? q->scale[i] : 1);
    WG_TRY(residuals_solve(l, q->weight, &full));
    *change = INFINITY;
    if (full) {
        decrease = residuals_decrease(l, q->f);
        WG_TRY(along_evaluate(&q->along, 1, &f, NULL));
        if (max_abs(l->d, l->n) <= DBL_EPSILON * max_abs(q->w->x, l->n) && !(f < q->f))
            *change = 0; /* longer steps were refused already */
    }
    const double noise = 10 * DBL_EPSILON * q->f, ratio = (q->f - f + noise) / (decrease + noise);
    if (!full || !isfinite(f) || !(ratio > 1e-4)) {
        q->lambda *= q->growth;
        q->growth *= 2;
        return WG_OK;
    }
    const double edge = 2 * fmin(ratio, 1) - 1;
    q->lambda = fmax(q->lambda * fmax(1.0 / 3, 1 - edge * edge * edge), 1e-300);
    q->growth = 2;
    q->f = f;
    *change = max_abs(l->d, l->n);
    along_accept(&q->along, 1);
    WG_TRY(residuals_linearize(l));
    update_scale(q);
    return WG_OK;
}

static wg_status run(struct work *w, const void *options, void *state)
{
    struct marquardt q = {.w = w, .o = options, .growth = 2, .scale = work_vector(w, w->n), .weight = work_vector(w, w->n)};
    const struct stop stop = STOP_OF(q.o);
    double change = INFINITY;
    (void)state;
    if (!q.scale || !q.weight)
        return WG_E_MEMORY;
    WG_TRY(residuals_first(&q.l, w, &q.f));
    WG_TRY(along_init(&q.along, w, q.l.d));
    q.lambda = q.o->lambda;
    update_scale(&q);
    while (!work_stops(w, &stop, q.f, q.l.g, change) && isfinite(q.lambda)) {
        WG_TRY(try_step(&q, &change));
        w->result.iterations++;
    }
    if (!isfinite(q.lambda))
        w->result.reason = WG_MINIMIZE_LINE_SEARCH;
    return WG_OK;
}

const struct minimize_kind minimize_levenberg_marquardt_kind = {.name = "levenberg_marquardt", .run = run};
