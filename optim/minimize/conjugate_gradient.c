/* Nonlinear conjugate gradients: the rule stands in minimizers.def. */
#include "descent.h"

static double beta(const struct descent *s, wg_minimize_beta rule)
{
    const double gg = dot(s->g, s->g, s->n), before = dot(s->g_before, s->g_before, s->n), across = dot(s->g, s->g_before, s->n);
    const double dy = dot(s->d, s->g, s->n) - dot(s->d, s->g_before, s->n);
    switch (rule) {
    case WG_MINIMIZE_BETA_FLETCHER_REEVES:
        return gg / before;
    case WG_MINIMIZE_BETA_HESTENES_STIEFEL:
        return (gg - across) / dy;
    case WG_MINIMIZE_BETA_DAI_YUAN:
        return gg / dy;
    case WG_MINIMIZE_BETA_POLAK_RIBIERE:
        break;
    }
    return fmax(0, (gg - across) / before);
}

static wg_status direction(struct descent *s)
{
    const wg_minimize_conjugate_gradient_options *o = s->options;
    int64_t *since = s->method; /* steps since d was -g */
    const double b = s->fresh || ++*since >= (o->restart ? o->restart : s->n) ? 0 : beta(s, o->beta);
    if (b == 0)
        *since = 0;
    combine(-1, s->g, b, s->d, s->n);
    const double slope = dot(s->g, s->d, s->n);
    s->first = s->fresh ? cautious_step(s) : s->length * s->slope_before / slope;
    if (!(s->first > 0) || !isfinite(s->first))
        s->first = cautious_step(s);
    return WG_OK;
}

static wg_status run(struct work *w, const void *options, void *state)
{
    const wg_minimize_conjugate_gradient_options *o = options;
    int64_t since = 0;
    (void)state;
    return descend(w, options, &since, &STOP_OF(o),
                   &(struct search_options){.kind = WG_MINIMIZE_SEARCH_STRONG_WOLFE, .c1 = 1e-4, .c2 = o->c2}, direction);
}

const struct minimize_kind minimize_conjugate_gradient_kind = {.name = "conjugate_gradient", .run = run};
