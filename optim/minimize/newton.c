/* Newton's method, damped: the rule stands in minimizers.def. */
#include "dense.h"
#include "descent.h"

struct matrices {
    double *h, *factor; /* n² each */
};

static wg_status direction(struct descent *s)
{
    const wg_minimize_newton_options *o = s->options;
    const struct matrices *m = s->method;
    s->first = o->lr;
    WG_TRY(work_hessian(s->w, m->h));
    if (!damped_solve(m->h, o->damping, s->g, s->d, m->factor, s->n))
        memset(s->d, 0, (size_t)s->n * sizeof *s->d); /* no direction: -g takes its place */
    return WG_OK;
}

static wg_status run(struct work *w, const void *options, void *state)
{
    const wg_minimize_newton_options *o = options;
    struct matrices m = {.h = work_matrix(w, w->n, w->n), .factor = work_matrix(w, w->n, w->n)};
    (void)state;
    if (!m.h || !m.factor)
        return WG_E_MEMORY;
    work_record(w);
    return descend(w, options, &m, &STOP_OF(o),
                   &(struct search_options){.kind = o->line_search, .c1 = 1e-4, .c2 = 0.9, .shrink = 0.5}, direction);
}

const struct minimize_kind minimize_newton_kind = {.name = "newton", .products = true, .run = run};
