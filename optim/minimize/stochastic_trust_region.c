/* A stochastic trust region: the rule stands in minimizers.def. */
#include <stdlib.h>

#include "state.h"
#include "steihaug.h"

struct state {
    double radius; /* 0 before the first step */
};

static void *state_copy(const void *state, int64_t n)
{
    struct state *s = calloc(1, sizeof *s);
    (void)n;
    if (s && state)
        *s = *(const struct state *)state;
    return s;
}

static void state_save(const void *state, struct state_writer *w)
{
    state_write_scalar(w, "radius", ((const struct state *)state)->radius);
}

static void state_load(void *state, struct state_reader *r)
{
    struct state *s = state;
    s->radius = state_read_scalar(r, "radius");
    if (r->status == WG_OK && !(s->radius >= 0))
        r->status = wg_error_set(WG_E_ARGUMENT, r->op, "%s: expected a radius of at least 0, got %g", r->op, s->radius);
}

/* One step: f and g are those where the parameters are. */
static wg_status step(struct region *t, const wg_minimize_stochastic_trust_region_options *o)
{
    double f;
    WG_TRY(steihaug_solve(t));
    for (int64_t i = 0; i < t->n; i++)
        t->trial[i] = t->w->x[i] + t->p[i];
    WG_TRY(work_value(t->w, t->trial, &f));
    const double ratio = (t->f - f) / t->decrease;
    if (ratio >= o->accept && isfinite(f) && norm2(t->g, t->n) >= o->gradient_ratio * t->radius) {
        copy(t->w->x, t->trial, t->n);
        t->f = f;
        t->radius = fmin(o->growth * t->radius, o->max_radius);
        return work_gradient(t->w, t->g);
    }
    t->radius /= o->growth;
    if (t->w->sampled || t->w->result.iterations + 1 == o->max_iterations)
        return WG_OK;
    WG_TRY(work_value(t->w, t->w->x, &t->f)); /* the model's products are of the evaluation that is open */
    return work_gradient(t->w, t->g);
}

static wg_status run(struct work *w, const void *options, void *state)
{
    const wg_minimize_stochastic_trust_region_options *o = options;
    struct state *s = state;
    struct region t;
    WG_TRY(steihaug_init(&t, w, o->forcing, o->max_products));
    t.radius = s->radius > 0 ? s->radius : fmin(o->radius, o->max_radius);
    for (;;) {
        w->result.f = t.f;
        w->result.gradient_norm = max_abs(t.g, t.n);
        if (work_watch(w))
            break;
        w->result.reason = w->result.gradient_norm <= o->gradient_tolerance ? WG_MINIMIZE_GRADIENT : WG_MINIMIZE_ITERATIONS;
        if (w->result.reason == WG_MINIMIZE_GRADIENT || w->result.iterations == o->max_iterations)
            break;
        WG_TRY(step(&t, o));
        w->result.iterations++;
    }
    s->radius = t.radius;
    return WG_OK;
}

const struct minimize_kind minimize_stochastic_trust_region_kind = {.name = "stochastic_trust_region",
                                                                    .products = true,
                                                                    .run = run,
                                                                    .state_copy = state_copy,
                                                                    .state_free = free,
                                                                    .state_save = state_save,
                                                                    .state_load = state_load};
