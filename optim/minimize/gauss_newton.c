/* Gauss-Newton: the rule stands in minimizers.def. */
#include "descent.h"
#include "residuals.h"

static wg_status check(const void *options, const char *op)
{
    const wg_minimize_gauss_newton_options *o = options;
    if (o->line_search != WG_MINIMIZE_SEARCH_STRONG_WOLFE)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: expected line_search none or backtracking, got strong_wolfe", op);
}

static void steepest(struct residuals *l)
{
    combine(-1, l->g, 0, l->d, l->n);
}

/* d with the damping of the options, or with more where the matrix has not full rank. */
static wg_status direction(struct residuals *l, double damping, double *weight)
{
    const int64_t n = l->n;
    const double size = max_abs(l->j, l->m * n);
    bool full = false;
    double tau = sqrt(damping);
    for (int attempt = 0; attempt < 40 && !full; attempt++) {
        for (int64_t i = 0; i < n; i++)
            weight[i] = tau;
        if (tau > 0 || l->m >= n)
            WG_TRY(residuals_solve(l, tau > 0 ? weight : NULL, &full));
        tau = fmax(4 * tau, 1e-8 * (size > 0 ? size : 1));
    }
    if (!full || !(dot(l->g, l->d, n) < 0))
        steepest(l);
    return WG_OK;
}

/* *t: the length of the step, 0 if no length lowers f. */
static wg_status step(struct residuals *l, struct along *a, const wg_minimize_gauss_newton_options *o, double *f, double *t)
{
    if (o->line_search == WG_MINIMIZE_SEARCH_NONE) {
        *t = o->lr;
        WG_TRY(along_evaluate(a, *t, f, NULL));
        *t = isfinite(*f) ? *t : 0;
        return WG_OK;
    }
    wg_minimize_step found;
    WG_TRY(along_backtracking(a, *f, dot(l->g, l->d, l->n), &found,
                              (wg_minimize_backtracking_options){.step = o->lr, .c1 = 1e-4, .shrink = 0.5, .max_evaluations = 40}));
    *t = found.t, *f = found.f;
    return WG_OK;
}

static wg_status run(struct work *w, const void *options, void *state)
{
    const wg_minimize_gauss_newton_options *o = options;
    const struct stop stop = STOP_OF(o);
    struct residuals l;
    struct along along;
    double f, t = 1, *weight = work_vector(w, w->n);
    (void)state;
    WG_TRY(weight ? residuals_first(&l, w, &f) : WG_E_MEMORY);
    WG_TRY(along_init(&along, w, l.d));
    double change = INFINITY;
    while (!work_stops(w, &stop, f, l.g, change)) {
        const double f_before = f, norm_before = w->result.gradient_norm;
        WG_TRY(direction(&l, o->damping, weight));
        WG_TRY(step(&l, &along, o, &f, &t));
        if (!(t > 0) && o->line_search != WG_MINIMIZE_SEARCH_NONE) { /* where J is nearly singular d is nearly orthogonal to g */
            steepest(&l);
            WG_TRY(step(&l, &along, o, &f, &t));
        }
        if (t > 0)
            WG_TRY(residuals_linearize(&l)); /* of the step's evaluation, which is the last */
        const bool searched = o->line_search != WG_MINIMIZE_SEARCH_NONE;
        const bool better = !searched || f < f_before || max_abs(l.g, l.n) < norm_before;
        if (!(t > 0) || !better || !isfinite(max_abs(l.j, l.m * l.n))) {
            w->result.reason = searched ? WG_MINIMIZE_LINE_SEARCH : WG_MINIMIZE_NOT_FINITE;
            return WG_OK;
        }
        along_accept(&along, t);
        w->result.iterations++;
        change = t * max_abs(l.d, l.n);
    }
    return WG_OK;
}

const struct minimize_kind minimize_gauss_newton_kind = {.name = "gauss_newton", .check = check, .run = run};
