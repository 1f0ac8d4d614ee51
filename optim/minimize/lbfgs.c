/* L-BFGS: the rule stands in minimizers.def. */
#include <stdlib.h>

#include "kind.h"

/* ---- what is kept from call to call ---- */

/* A pair, shared by the state and the copy that a call works on. */
struct pair {
    int owners;
    double rho, element[]; /* 1/yᵀs; y, then s */
};

struct state {
    int64_t n, steps, pairs, capacity;
    struct pair **pair; /* the oldest first */
    double t, scale;    /* of the last step; of B₀ */
    double *d, *g;      /* the last direction; the gradient before it */
};

static void forget(struct state *s)
{
    for (int64_t i = 0; i < s->pairs; i++)
        if (--s->pair[i]->owners == 0)
            free(s->pair[i]);
    s->steps = s->pairs = 0;
    s->scale = 1;
}

static void state_free(void *state)
{
    struct state *s = state;
    if (!s)
        return;
    forget(s);
    free(s->pair), free(s->d), free(s->g), free(s);
}

static void *state_copy(const void *state, int64_t n)
{
    const struct state *from = state;
    struct state *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    *s = (struct state){.n = n, .scale = 1, .capacity = from ? from->capacity : 4};
    s->pair = calloc((size_t)s->capacity, sizeof(struct pair *));
    s->d = calloc((size_t)n, sizeof(double));
    s->g = calloc((size_t)n, sizeof(double));
    if (!s->pair || !s->d || !s->g) {
        state_free(s);
        return NULL;
    }
    if (!from)
        return s;
    s->steps = from->steps, s->pairs = from->pairs, s->t = from->t, s->scale = from->scale;
    copy(s->d, from->d, n), copy(s->g, from->g, n);
    for (int64_t i = 0; i < s->pairs; i++) {
        s->pair[i] = from->pair[i];
        s->pair[i]->owners++;
    }
    return s;
}

/* A new last pair, in place of the oldest if there are `history`. NULL: no memory. */
static struct pair *add_pair(struct state *s, int64_t history)
{
    if (s->pairs == s->capacity && s->pairs < history) {
        struct pair **more = realloc(s->pair, 2 * (size_t)s->capacity * sizeof *more);
        if (!more)
            return NULL;
        s->pair = more;
        s->capacity *= 2;
    }
    struct pair *pair = malloc(sizeof *pair + 2 * (size_t)s->n * sizeof(double));
    if (!pair)
        return NULL;
    if (s->pairs == history) {
        if (--s->pair[0]->owners == 0)
            free(s->pair[0]);
        memmove(s->pair, s->pair + 1, (size_t)--s->pairs * sizeof(struct pair *));
    }
    pair->owners = 1;
    return s->pair[s->pairs++] = pair;
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
    struct pair *pair = add_pair(s, o->history);
    if (!pair)
        return wg_error_set(WG_E_MEMORY, w->op, "%s: out of memory", w->op);
    copy(pair->element, buffer, 2 * n);
    pair->rho = 1 / curvature;
    s->scale = curvature / dot(y, y, n);
    return WG_OK;
}

/* d ← -B g by the two loops. weight: one for each pair. */
static void two_loops(struct state *s, const double *g, double *weight)
{
    const int64_t n = s->n;
    for (int64_t i = 0; i < n; i++)
        s->d[i] = -g[i];
    for (int64_t k = s->pairs - 1; k >= 0; k--) {
        weight[k] = dot(s->pair[k]->element + n, s->d, n) * s->pair[k]->rho;
        combine(-weight[k], s->pair[k]->element, 1, s->d, n);
    }
    for (int64_t i = 0; i < n; i++)
        s->d[i] *= s->scale;
    for (int64_t k = 0; k < s->pairs; k++)
        combine(weight[k] - dot(s->pair[k]->element, s->d, n) * s->pair[k]->rho, s->pair[k]->element + n, 1, s->d, n);
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
        double *weight = malloc((size_t)(s->pairs + 1) * sizeof *weight);
        if (!weight)
            return wg_error_set(WG_E_MEMORY, r->w->op, "%s: out of memory", r->w->op);
        two_loops(s, r->g, weight);
        free(weight);
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
    if (w->result.gradient_norm <= r.o->gradient_tolerance) {
        w->result.reason = WG_MINIMIZE_GRADIENT;
        return WG_OK;
    }
    return iterate(&r);
}

const struct minimize_kind minimize_lbfgs_kind = {.name = "lbfgs", .run = run, .state_copy = state_copy, .state_free = state_free};
