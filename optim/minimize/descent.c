/* The loop of methods that go along a direction: direction, search, tests for stopping. */
#include "descent.h"

bool work_stops(struct work *w, const struct stop *stop, double f, const double *g, double change)
{
    wg_minimize_result *result = &w->result;
    result->f = f;
    result->gradient_norm = max_abs(g, w->n);
    if (work_watch(w))
        return true;
    if (result->gradient_norm <= stop->gradient_tolerance)
        result->reason = WG_MINIMIZE_GRADIENT;
    else if (result->iterations > 0 && change <= stop->change_tolerance)
        result->reason = WG_MINIMIZE_CHANGE;
    else if (result->iterations >= stop->max_iterations)
        result->reason = WG_MINIMIZE_ITERATIONS;
    else if (stop->max_evaluations > 0 && result->evaluations >= stop->max_evaluations)
        result->reason = WG_MINIMIZE_EVALUATIONS;
    else
        return false;
    return true;
}

double cautious_step(const struct descent *s)
{
    return fmin(1, 1 / sum_abs(s->g, s->n));
}

static wg_status init(struct descent *s)
{
    s->g = work_vector(s->w, s->n);
    s->g_before = work_vector(s->w, s->n);
    s->d = work_vector(s->w, s->n);
    s->s = work_vector(s->w, s->n);
    if (!s->g || !s->g_before || !s->d || !s->s)
        return WG_E_MEMORY;
    WG_TRY(along_init(&s->along, s->w, s->d));
    WG_TRY(work_first(s->w, &s->f, s->g));
    return WG_OK;
}

/* The search that the options name, from x along d; g is that of the accepted point. */
static wg_status search_step(struct descent *s, const struct search_options *o, wg_minimize_step *step)
{
    double *g = s->along.spare;
    *step = (wg_minimize_step){.t = s->first};
    if (o->kind == WG_MINIMIZE_SEARCH_STRONG_WOLFE) {
        const wg_minimize_strong_wolfe_options options = {.step = s->first, .c1 = o->c1, .c2 = o->c2, .max_evaluations = 40};
        WG_TRY(along_strong_wolfe(&s->along, s->f, s->slope, g, step, options));
    } else if (o->kind == WG_MINIMIZE_SEARCH_BACKTRACKING) {
        const wg_minimize_backtracking_options options = {
            .step = s->first, .c1 = o->c1, .shrink = o->shrink, .max_evaluations = 60};
        WG_TRY(along_backtracking(&s->along, s->f, s->slope, step, options));
        if (step->found)
            WG_TRY(work_gradient(s->w, g));
    } else {
        WG_TRY(along_evaluate(&s->along, step->t, &step->f, g));
        if (!isfinite(step->f))
            step->t = 0;
    }
    if (step->t > 0 && !isfinite(max_abs(g, s->n)))
        step->t = 0;
    return WG_OK;
}

/* Moves x by an acceptable step. A step that leaves f as it is counts if it makes the gradient smaller: close to a minimum f says
   nothing any more. */
static bool take(struct descent *s, const struct search_options *o, const wg_minimize_step *step)
{
    const double *g = s->along.spare;
    const bool any = o->kind == WG_MINIMIZE_SEARCH_NONE;
    if (!(step->t > 0) || (!any && !(step->f < s->f) && !(step->f <= s->f && max_abs(g, s->n) < max_abs(s->g, s->n))))
        return false;
    copy(s->s, s->w->x, s->n);
    along_accept(&s->along, step->t);
    combine(1, s->w->x, -1, s->s, s->n);
    copy(s->g_before, s->g, s->n);
    copy(s->g, g, s->n);
    s->slope_before = s->slope, s->length = step->t;
    s->f = step->f;
    return true;
}

/* Products are of the evaluation that is open: it has to be the one at x. */
static wg_status open_at_point(struct descent *s, double t)
{
    if (!s->w->recorded || s->w->sampled || s->along.t == t)
        return WG_OK;
    WG_TRY(work_value(s->w, s->w->x, &s->f));
    return work_gradient(s->w, s->g);
}

static wg_status find_direction(struct descent *s, wg_status (*direction)(struct descent *s))
{
    s->first = 1;
    WG_TRY(direction(s)); /* also where -g is taken, so that the method forgets */
    s->slope = dot(s->g, s->d, s->n);
    if (!s->plain && s->slope < 0 && isfinite(s->slope) && isfinite(max_abs(s->d, s->n)))
        return WG_OK;
    s->fresh = s->plain = true;
    for (int64_t i = 0; i < s->n; i++)
        s->d[i] = -s->g[i];
    s->slope = -dot(s->g, s->g, s->n);
    s->first = cautious_step(s);
    return WG_OK;
}

wg_status descend(struct work *w, const void *options, void *method, const struct stop *stop, const struct search_options *search,
                  wg_status (*direction)(struct descent *s))
{
    struct descent s = {.w = w, .options = options, .method = method, .n = w->n, .fresh = true};
    WG_TRY(init(&s));
    while (!work_stops(w, stop, s.f, s.g, max_abs(s.s, s.n))) {
        wg_minimize_step step;
        WG_TRY(find_direction(&s, direction));
        WG_TRY(search_step(&s, search, &step));
        const bool taken = take(&s, search, &step);
        if (!taken && (s.plain || search->kind == WG_MINIMIZE_SEARCH_NONE)) {
            w->result.reason = search->kind == WG_MINIMIZE_SEARCH_NONE ? WG_MINIMIZE_NOT_FINITE : WG_MINIMIZE_LINE_SEARCH;
            return WG_OK;
        }
        WG_TRY(open_at_point(&s, taken ? step.t : 0));
        s.fresh = s.plain = !taken; /* where the method's direction led nowhere, -g is tried */
        w->result.iterations += taken;
    }
    return WG_OK;
}
