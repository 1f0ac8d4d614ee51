/* Stochastic quasi-Newton: the rule stands in minimizers.def. */
#include <stdlib.h>

#include "pairs.h"

struct state {
    int64_t n, steps, means; /* means: of whole periods */
    struct pairs pairs;
    double *sum, *mean; /* of x in this period; over the one before */
};

static void state_free(void *state)
{
    struct state *s = state;
    if (!s)
        return;
    pairs_finish(&s->pairs);
    free(s->sum), free(s->mean), free(s);
}

static void *state_copy(const void *state, int64_t n)
{
    const struct state *from = state;
    struct state *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    *s = (struct state){.n = n, .sum = calloc((size_t)n, sizeof(double)), .mean = calloc((size_t)n, sizeof(double))};
    if (!(from ? pairs_copy(&s->pairs, &from->pairs) : pairs_init(&s->pairs, n)) || !s->sum || !s->mean) {
        state_free(s);
        return NULL;
    }
    if (!from)
        return s;
    s->steps = from->steps, s->means = from->means;
    copy(s->sum, from->sum, n), copy(s->mean, from->mean, n);
    return s;
}

static void state_save(const void *state, struct state_writer *w)
{
    const struct state *s = state;
    state_write_scalar(w, "steps", (double)s->steps);
    state_write_scalar(w, "means", (double)s->means);
    state_write_vector(w, "sum", s->sum);
    state_write_vector(w, "mean", s->mean);
    pairs_save(&s->pairs, w);
}

static void state_load(void *state, struct state_reader *r)
{
    struct state *s = state;
    s->steps = state_read_count(r, "steps");
    s->means = state_read_count(r, "means");
    state_read_vector(r, "sum", s->sum);
    state_read_vector(r, "mean", s->mean);
    pairs_load(&s->pairs, r);
}

/* The end of a period: its mean, and from the second on a pair. buffer: 3n. */
static wg_status learn(struct work *w, struct state *s, const wg_minimize_stochastic_quasi_newton_options *o, double *buffer)
{
    const int64_t n = s->n;
    double *step = buffer, *y = buffer + n, *gradient = buffer + 2 * n;
    combine(0, s->sum, 1 / (double)o->period, s->sum, n);
    for (int64_t i = 0; i < n; i++)
        step[i] = s->sum[i] - s->mean[i];
    copy(s->mean, s->sum, n);
    memset(s->sum, 0, (size_t)n * sizeof *s->sum);
    if (s->means++ == 0)
        return WG_OK;
    copy(y, s->mean, n);
    WG_TRY(work_sample(w, y, gradient));
    WG_TRY(work_product(w, step, y));
    const double curvature = dot(y, step, n);
    if (!(curvature > o->min_curvature * dot(step, step, n)) || !isfinite(1 / curvature) || !isfinite(max_abs(y, n)))
        return WG_OK;
    return pairs_add(&s->pairs, w->op, y, step, curvature, o->history);
}

static wg_status run(struct work *w, const void *options, void *state)
{
    const wg_minimize_stochastic_quasi_newton_options *o = options;
    struct state *s = state;
    wg_minimize_result *result = &w->result;
    double f, *g = work_vector(w, w->n), *d = work_vector(w, w->n), *buffer = work_vector(w, 3 * w->n);
    if (!g || !d || !buffer)
        return WG_E_MEMORY;
    work_record(w);
    w->sampled = true; /* a sample of its own, or the same */
    while (result->iterations < o->max_iterations) {
        const double first = result->first;
        WG_TRY(work_first(w, &f, g));
        if (result->iterations > 0)
            result->first = first;
        if (work_watch(w))
            return WG_OK;
        result->reason = WG_MINIMIZE_GRADIENT;
        if (result->gradient_norm <= o->gradient_tolerance)
            return WG_OK;
        combine(1, w->x, 1, s->sum, w->n);
        WG_TRY(pairs_direction(&s->pairs, w, g, d));
        combine(o->lr / (1 + o->decay * (double)s->steps++), d, 1, w->x, w->n);
        result->iterations++;
        if (s->steps % o->period == 0)
            WG_TRY(learn(w, s, o, buffer));
    }
    result->reason = WG_MINIMIZE_ITERATIONS;
    (void)work_watch(w);
    return WG_OK;
}

const struct minimize_kind minimize_stochastic_quasi_newton_kind = {.name = "stochastic_quasi_newton",
                                                                    .products = true,
                                                                    .run = run,
                                                                    .state_copy = state_copy,
                                                                    .state_free = state_free,
                                                                    .state_save = state_save,
                                                                    .state_load = state_load};
