/* Line searches on the objective along a direction. */
#include "kind.h"

wg_status along_init(struct along *a, struct work *w, const double *d)
{
    *a = (struct along){.w = w, .d = d, .trial = work_vector(w, w->n), .spare = work_vector(w, w->n)};
    return a->trial && a->spare ? WG_OK : WG_E_MEMORY;
}

static void go_to(struct along *a, double t)
{
    a->t = t;
    for (int64_t i = 0; i < a->w->n; i++)
        a->trial[i] = a->w->x[i] + t * a->d[i];
}

wg_status along_evaluate(struct along *a, double t, double *f, double *g)
{
    go_to(a, t);
    WG_TRY(work_value(a->w, a->trial, f));
    return g ? work_gradient(a->w, g) : WG_OK;
}

void along_accept(struct along *a, double t)
{
    go_to(a, t);
    work_round(a->w, a->trial);
    copy(a->w->x, a->trial, a->w->n);
}

static wg_status line(void *context, double t, int slot, double *f, double *slope)
{
    struct along *a = context;
    if (!slope)
        return along_evaluate(a, t, f, NULL);
    if (!a->gradient[slot] && !(a->gradient[slot] = work_vector(a->w, a->w->n)))
        return WG_E_MEMORY;
    WG_TRY(along_evaluate(a, t, f, a->gradient[slot]));
    *slope = isfinite(max_abs(a->gradient[slot], a->w->n)) ? dot(a->gradient[slot], a->d, a->w->n) : NAN;
    return WG_OK;
}

wg_status along_strong_wolfe(struct along *a, double f, double slope, double *g, wg_minimize_step *step,
                             wg_minimize_strong_wolfe_options options)
{
    options.length = max_abs(a->d, a->w->n);
    WG_TRY(search_strong_wolfe(line, a, f, slope, step, &options));
    if (step->slot >= 0)
        copy(g, a->gradient[step->slot], a->w->n);
    return WG_OK;
}

wg_status along_backtracking(struct along *a, double f, double slope, wg_minimize_step *step,
                             wg_minimize_backtracking_options options)
{
    return search_backtracking(line, a, f, slope, step, &options);
}
