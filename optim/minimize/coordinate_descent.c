/* Coordinate descent: the rule stands in minimizers.def. */
#include "descent.h"

struct coordinates {
    int64_t next;
    double *column; /* of H */
};

/* The coordinate of the next step. One is there, or the call would have ended. */
static int64_t choose(const struct descent *s, const struct coordinates *c)
{
    const wg_minimize_coordinate_descent_options *o = s->options;
    int64_t i = c->next;
    if (o->order == WG_MINIMIZE_ORDER_CYCLIC) {
        while (fabs(s->g[i]) <= o->gradient_tolerance)
            i = (i + 1) % s->n;
        return i;
    }
    for (int64_t k = i = 0; k < s->n; k++)
        if (fabs(s->g[k]) > fabs(s->g[i]))
            i = k;
    return i;
}

static wg_status direction(struct descent *s)
{
    struct coordinates *c = s->method;
    const int64_t i = choose(s, c);
    c->next = (i + 1) % s->n;
    memset(s->d, 0, (size_t)s->n * sizeof *s->d);
    s->d[i] = 1;
    WG_TRY(work_product(s->w, s->d, c->column));
    const double curvature = c->column[i];
    s->d[i] = curvature > 0 ? -s->g[i] / curvature : s->g[i] > 0 ? -1 : 1;
    return WG_OK;
}

static wg_status run(struct work *w, const void *options, void *state)
{
    const wg_minimize_coordinate_descent_options *o = options;
    struct coordinates c = {.column = work_vector(w, w->n)};
    (void)state;
    if (!c.column)
        return WG_E_MEMORY;
    work_record(w);
    return descend(w, options, &c, &STOP_OF(o),
                   &(struct search_options){.kind = WG_MINIMIZE_SEARCH_BACKTRACKING, .c1 = 1e-4, .shrink = 0.5}, direction);
}

const struct minimize_kind minimize_coordinate_descent_kind = {.name = "coordinate_descent", .products = true, .run = run};
