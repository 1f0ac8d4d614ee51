/* A trust region with Steihaug's conjugate gradients: the rule stands in minimizers.def. */
#include <float.h>

#include "descent.h"

struct region {
    struct work *w;
    const wg_minimize_trust_region_options *o;
    int64_t n;
    double f, radius, decrease; /* decrease: of the model, by p */
    double *g, *p, *r, *d, *hd, *hp, *trial;
    bool at_edge;
};

/* The t ≥ 0 at which |p + t d|₂ is the radius. */
static double to_edge(const struct region *t)
{
    const double a = dot(t->d, t->d, t->n), b = dot(t->p, t->d, t->n), c = dot(t->p, t->p, t->n) - t->radius * t->radius;
    const double root = sqrt(fmax(0, b * b - a * c));
    return b > 0 ? -c / (b + root) : (root - b) / a;
}

static void go(struct region *t, double step)
{
    combine(step, t->d, 1, t->p, t->n);
    combine(step, t->hd, 1, t->hp, t->n);
}

/* p ← a point that lowers the model f + gᵀp + pᵀHp/2 within the radius at least as the best one along -g does. */
static wg_status solve_model(struct region *t)
{
    const int64_t n = t->n, max = t->o->max_products ? t->o->max_products : 10 * n;
    const double size = norm2(t->g, n), tolerance = fmin(t->o->forcing, sqrt(size)) * size;
    memset(t->p, 0, (size_t)n * sizeof(double)), memset(t->hp, 0, (size_t)n * sizeof(double));
    copy(t->r, t->g, n);
    combine(-1, t->g, 0, t->d, n);
    double rr = dot(t->r, t->r, n);
    t->at_edge = false;
    for (int64_t k = 0; k < max && sqrt(rr) > tolerance && !t->at_edge; k++) {
        WG_TRY(work_product(t->w, t->d, t->hd));
        const double curvature = dot(t->d, t->hd, n), step = curvature > 0 ? rr / curvature : INFINITY, edge = to_edge(t);
        t->at_edge = !(step < edge);
        go(t, t->at_edge ? edge : step);
        const double before = rr;
        combine(t->at_edge ? 0 : step, t->hd, 1, t->r, n);
        rr = dot(t->r, t->r, n);
        combine(-1, t->r, rr / before, t->d, n);
    }
    t->decrease = -dot(t->g, t->p, n) - dot(t->p, t->hp, n) / 2;
    return WG_OK;
}

/* Tries x + p: takes it if f falls by more than `accept` of what the model says, and changes the radius by how well the two agree. Both
   are compared up to the rounding of f (Conn, Gould, Toint, section 17.4.2). */
static wg_status try_step(struct region *t, bool *taken)
{
    const int64_t n = t->n;
    double f;
    for (int64_t i = 0; i < n; i++)
        t->trial[i] = t->w->x[i] + t->p[i];
    WG_TRY(work_value(t->w, t->trial, &f));
    const double noise = 10 * DBL_EPSILON * fabs(t->f), ratio = (t->f - f + noise) / (t->decrease + noise);
    *taken = ratio > t->o->accept && isfinite(f);
    if (*taken) {
        WG_TRY(work_gradient(t->w, t->r));
        *taken = isfinite(max_abs(t->r, n));
    }
    if (!*taken || ratio < 0.25)
        t->radius = 0.25 * norm2(t->p, n);
    else if (ratio > 0.75 && t->at_edge)
        t->radius = fmin(2 * t->radius, t->o->max_radius);
    if (!*taken) { /* the model's products are of the evaluation that is open */
        WG_TRY(work_value(t->w, t->w->x, &t->f));
        return work_gradient(t->w, t->g);
    }
    t->f = f;
    copy(t->w->x, t->trial, n);
    copy(t->g, t->r, n);
    return WG_OK;
}

static wg_status init(struct region *t)
{
    double **vector[] = {&t->g, &t->p, &t->r, &t->d, &t->hd, &t->hp, &t->trial};
    for (size_t i = 0; i < sizeof vector / sizeof *vector; i++)
        if (!(*vector[i] = work_vector(t->w, t->n)))
            return WG_E_MEMORY;
    work_record(t->w);
    return work_first(t->w, &t->f, t->g);
}

static wg_status run(struct work *w, const void *options, void *state)
{
    struct region t = {.w = w, .o = options, .n = w->n};
    const struct stop stop = STOP_OF(t.o);
    (void)state;
    WG_TRY(init(&t));
    t.radius = fmin(t.o->radius, t.o->max_radius);
    double change = INFINITY;
    while (!work_stops(w, &stop, t.f, t.g, change)) {
        bool taken;
        WG_TRY(solve_model(&t));
        WG_TRY(try_step(&t, &taken));
        w->result.iterations++;
        change = taken ? max_abs(t.p, t.n) : t.radius > DBL_EPSILON * max_abs(w->x, t.n) ? INFINITY : 0;
    }
    return WG_OK;
}

const struct minimize_kind minimize_trust_region_kind = {.name = "trust_region", .run = run};
