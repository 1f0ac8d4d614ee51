/* A trust region with Steihaug's conjugate gradients: the rule stands in minimizers.def. */
#include <float.h>

#include "descent.h"
#include "steihaug.h"

/* Tries x + p: takes it if f falls by more than `accept` of what the model says, and changes the radius by how well the two agree. Both
   are compared up to the rounding of f (Conn, Gould, Toint, section 17.4.2). */
static wg_status try_step(struct region *t, const wg_minimize_trust_region_options *o, bool *taken)
{
    const int64_t n = t->n;
    double f;
    for (int64_t i = 0; i < n; i++)
        t->trial[i] = t->w->x[i] + t->p[i];
    WG_TRY(work_value(t->w, t->trial, &f));
    const double noise = 10 * DBL_EPSILON * fabs(t->f), ratio = (t->f - f + noise) / (t->decrease + noise);
    *taken = ratio > o->accept && isfinite(f);
    if (*taken) {
        WG_TRY(work_gradient(t->w, t->r));
        *taken = isfinite(max_abs(t->r, n));
    }
    if (!*taken || ratio < 0.25)
        t->radius = 0.25 * norm2(t->p, n);
    else if (ratio > 0.75 && t->at_edge)
        t->radius = fmin(2 * t->radius, o->max_radius);
    if (!*taken && t->w->sampled)
        return WG_OK;
    if (!*taken) { /* the model's products are of the evaluation that is open */
        WG_TRY(work_value(t->w, t->w->x, &t->f));
        return work_gradient(t->w, t->g);
    }
    t->f = f;
    copy(t->w->x, t->trial, n);
    copy(t->g, t->r, n);
    return WG_OK;
}

static wg_status run(struct work *w, const void *options, void *state)
{
    const wg_minimize_trust_region_options *o = options;
    const struct stop stop = STOP_OF(o);
    struct region t;
    (void)state;
    WG_TRY(steihaug_init(&t, w, o->forcing, o->max_products));
    t.radius = fmin(o->radius, o->max_radius);
    double change = INFINITY;
    while (!work_stops(w, &stop, t.f, t.g, change)) {
        bool taken;
        WG_TRY(steihaug_solve(&t));
        WG_TRY(try_step(&t, o, &taken));
        w->result.iterations++;
        change = taken ? max_abs(t.p, t.n) : t.radius > DBL_EPSILON * max_abs(w->x, t.n) ? INFINITY : 0;
    }
    return WG_OK;
}

const struct minimize_kind minimize_trust_region_kind = {.name = "trust_region", .products = true, .run = run};
