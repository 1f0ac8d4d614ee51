/* L-BFGS: the rule stands in minimizers.def. */
#include <stdlib.h>

#include "pairs.h"

/* ---- what is kept from call to call ---- */

struct state {
    int64_t n, steps;
    struct pairs pairs;
    double t;      /* of the last step */
    double *d, *g; /* the last direction; the gradient before it */
};

static void forget(struct state *s)
{
    pairs_forget(&s->pairs);
    s->steps = 0;
}

static void state_free(void *state)
{
    struct state *s = state;
    if (!s)
        return;
    pairs_finish(&s->pairs);
    free(s->d), free(s->g), free(s);
}

static void *state_copy(const void *state, int64_t n)
{
    const struct state *from = state;
    struct state *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    *s = (struct state){.n = n, .d = calloc((size_t)n, sizeof(double)), .g = calloc((size_t)n, sizeof(double))};
    if (!(from ? pairs_copy(&s->pairs, &from->pairs) : pairs_init(&s->pairs, n)) || !s->d || !s->g) {
        state_free(s);
        return NULL;
    }
    if (!from)
        return s;
    s->steps = from->steps, s->t = from->t;
    copy(s->d, from->d, n), copy(s->g, from->g, n);
    return s;
}

static void state_save(const void *state, struct state_writer *w)
{
    const struct state *s = state;
    state_write_scalar(w, "steps", (double)s->steps);
    state_write_scalar(w, "t", s->t);
    state_write_vector(w, "direction", s->d);
    state_write_vector(w, "gradient", s->g);
    pairs_save(&s->pairs, w);
}

static void state_load(void *state, struct state_reader *r)
{
    struct state *s = state;
    s->steps = state_read_count(r, "steps");
    s->t = state_read_scalar(r, "t");
    state_read_vector(r, "direction", s->d);
    state_read_vector(r, "gradient", s->g);
    pairs_load(&s->pairs, r);
}

/* ---- a step ---- */

/* The pair of the last step, kept if its curvature is positive. buffer: 2n. */
static wg_status learn(struct work *w, struct state *s, const double *g, double *buffer, const wg_minimize_lbfgs_options *o)
{
    const int64_t n = s->n;
    double *y = buffer, *step = buffer + n;
    for (int64_t i = 0; i < n; i++) {
        y[i] = g[i] - s->g[i];
        step[i] = s->d[i] * s->t;
    }
    const double curvature = dot(y, step, n);
    if (!(curvature > o->min_curvature) || !isfinite(1 / curvature))
        return WG_OK;
    return pairs_add(&s->pairs, w->op, y, step, curvature, o->history);
}

struct run {
    struct work *w;
    const wg_minimize_lbfgs_options *o;
    struct state *s;
    struct along along;
    double f, slope, *g, *buffer; /* buffer: 2n */
};

/* The direction, its slope and where a search along it begins. */
static wg_status find_direction(struct run *r)
{
    struct state *s = r->s;
    const int64_t n = s->n;
    if (s->steps > 0) {
        WG_TRY(learn(r->w, s, r->g, r->buffer, r->o));
        WG_TRY(pairs_direction(&s->pairs, r->w, r->g, s->d));
    }
    if (s->steps > 0 && (!isfinite(r->slope = dot(r->g, s->d, n)) || !isfinite(max_abs(s->d, n))))
        forget(s);
    if (s->steps == 0) {
        for (int64_t i = 0; i < n; i++)
            s->d[i] = -r->g[i];
        r->slope = dot(r->g, s->d, n);
    }
    s->t = s->steps++ == 0 ? fmin(1, 1 / sum_abs(r->g, n)) * r->o->lr : r->o->lr;
    copy(s->g, r->g, n);
    return WG_OK;
}

/* A step of length t without a search. last: f is not evaluated there. */
static wg_status fixed_step(struct run *r, bool last, bool *finite)
{
    const double t = r->s->t;
    *finite = true;
    if (!last) {
        double f = NAN, norm = NAN;
        WG_TRY(along_evaluate(&r->along, t, &f, r->buffer));
        norm = max_abs(r->buffer, r->w->n);
        *finite = isfinite(f) && isfinite(norm);
        if (!*finite) {
            forget(r->s);
            return WG_OK;
        }
        r->f = f;
        copy(r->g, r->buffer, r->w->n);
    }
    along_accept(&r->along, t);
    return WG_OK;
}

/* A step by a search; *found: f is lower. */
static wg_status searched_step(struct run *r, bool *found)
{
    wg_minimize_step step;
    if (r->o->line_search == WG_MINIMIZE_SEARCH_STRONG_WOLFE) {
        WG_TRY(along_strong_wolfe(
            &r->along, r->f, r->slope, r->g, &step,
            (wg_minimize_strong_wolfe_options){
                .step = r->s->t, .c1 = 1e-4, .c2 = 0.9, .change_tolerance = r->o->search_tolerance, .max_evaluations = 25}));
    } else {
        WG_TRY(along_backtracking(
            &r->along, r->f, r->slope, &step,
            (wg_minimize_backtracking_options){.step = r->s->t, .c1 = 1e-4, .shrink = 0.5, .max_evaluations = 60}));
        if (step.found)
            WG_TRY(work_gradient(r->w, r->g));
    }
    *found = step.t > 0;
    r->s->t = step.t;
    r->f = step.f;
    along_accept(&r->along, step.t);
    return WG_OK;
}

/* Whether the call ends after a step, by PyTorch's tests in their order. */
static bool ends(struct run *r, double f_before, int64_t max_evaluations)
{
    wg_minimize_result *result = &r->w->result;
    const wg_minimize_lbfgs_options *o = r->o;
    const double length = r->s->t * max_abs(r->s->d, r->w->n);
    result->f = r->f;
    result->gradient_norm = max_abs(r->g, r->w->n);
    if (work_watch(r->w))
        return true;
    if (result->iterations == o->max_iterations)
        result->reason = WG_MINIMIZE_ITERATIONS;
    else if (result->evaluations >= max_evaluations)
        result->reason = WG_MINIMIZE_EVALUATIONS;
    else if (result->gradient_norm <= o->gradient_tolerance)
        result->reason = WG_MINIMIZE_GRADIENT;
    else if (length <= o->change_tolerance || fabs(r->f - f_before) < o->change_tolerance)
        result->reason = WG_MINIMIZE_CHANGE;
    else
        return false;
    return true;
}

static wg_status iterate(struct run *r)
{
    wg_minimize_result *result = &r->w->result;
    const wg_minimize_lbfgs_options *o = r->o;
    const int64_t max_evaluations = o->max_evaluations ? o->max_evaluations
                                                       : o->max_iterations / 4 * 5 + o->max_iterations % 4 * 5 / 4;
    for (;;) {
        const double f_before = r->f;
        bool better = true;
        result->iterations++;
        WG_TRY(find_direction(r));
        if (r->slope > -o->change_tolerance) {
            result->reason = WG_MINIMIZE_CHANGE;
            return WG_OK;
        }
        if (o->line_search == WG_MINIMIZE_SEARCH_NONE)
            WG_TRY(fixed_step(r, result->iterations == o->max_iterations, &better));
        else
            WG_TRY(searched_step(r, &better));
        if (ends(r, f_before, max_evaluations) && better)
            return WG_OK;
        if (!better) {
            result->reason = o->line_search == WG_MINIMIZE_SEARCH_NONE ? WG_MINIMIZE_NOT_FINITE : WG_MINIMIZE_LINE_SEARCH;
            return WG_OK;
        }
    }
}

static wg_status run(struct work *w, const void *options, void *state)
{
    struct run r = {.w = w, .o = options, .s = state, .g = work_vector(w, w->n), .buffer = work_vector(w, 2 * w->n)};
    if (!r.g || !r.buffer)
        return WG_E_MEMORY;
    WG_TRY(along_init(&r.along, w, r.s->d));
    WG_TRY(work_first(w, &r.f, r.g));
    if (work_watch(w))
        return WG_OK;
    if (w->result.gradient_norm <= r.o->gradient_tolerance) {
        w->result.reason = WG_MINIMIZE_GRADIENT;
        return WG_OK;
    }
    return iterate(&r);
}

const struct minimize_kind minimize_lbfgs_kind = {.name = "lbfgs",
                                                  .run = run,
                                                  .state_copy = state_copy,
                                                  .state_free = state_free,
                                                  .state_save = state_save,
                                                  .state_load = state_load};
