/* BFGS with the inverse as a dense matrix: the rule stands in minimizers.def. */
#include "descent.h"

struct inverse {
    double *b, *y, *by; /* b: n² */
    bool scaled;        /* it has the scale of the first pair */
};

static void set_diagonal(struct inverse *inverse, double value, int64_t n)
{
    memset(inverse->b, 0, (size_t)(n * n) * sizeof *inverse->b);
    for (int64_t i = 0; i < n; i++)
        inverse->b[i * n + i] = value;
}

/* B ← (I - ρ s yᵀ) B (I - ρ y sᵀ) + ρ s sᵀ, ρ = 1/yᵀs, unless the curvature yᵀs is not positive. */
static void learn(struct descent *d, struct inverse *inverse)
{
    const int64_t n = d->n;
    const double *s = d->s;
    double *y = inverse->y, *by = inverse->by;
    for (int64_t i = 0; i < n; i++)
        y[i] = d->g[i] - d->g_before[i];
    const double curvature = dot(y, s, n), rho = 1 / curvature;
    if (!(curvature > 0) || !isfinite(rho) || curvature < 1e-14 * norm2(y, n) * norm2(s, n))
        return;
    if (!inverse->scaled)
        set_diagonal(inverse, curvature / dot(y, y, n), n);
    inverse->scaled = true;
    for (int64_t i = 0; i < n; i++)
        by[i] = dot(inverse->b + i * n, y, n);
    const double factor = rho * (1 + rho * dot(y, by, n));
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            inverse->b[i * n + j] += factor * s[i] * s[j] - rho * (by[i] * s[j] + s[i] * by[j]);
}

static wg_status direction(struct descent *s)
{
    struct inverse *inverse = s->method;
    if (s->fresh) {
        set_diagonal(inverse, 1, s->n);
        inverse->scaled = false;
        s->first = cautious_step(s);
    } else {
        learn(s, inverse);
        s->first = inverse->scaled ? 1 : cautious_step(s);
    }
    for (int64_t i = 0; i < s->n; i++)
        s->d[i] = -dot(inverse->b + i * s->n, s->g, s->n);
    return WG_OK;
}

static wg_status run(struct work *w, const void *options, void *state)
{
    const wg_minimize_bfgs_options *o = options;
    struct inverse inverse = {.b = work_matrix(w, w->n, w->n), .y = work_vector(w, w->n), .by = work_vector(w, w->n)};
    (void)state;
    if (!inverse.b || !inverse.y || !inverse.by)
        return WG_E_MEMORY;
    return descend(w, options, &inverse, &STOP_OF(o),
                   &(struct search_options){.kind = o->line_search, .c1 = 1e-4, .c2 = 0.9, .shrink = 0.5}, direction);
}

const struct minimize_kind minimize_bfgs_kind = {.name = "bfgs", .run = run};
