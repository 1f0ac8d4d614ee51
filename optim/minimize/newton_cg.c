/* Newton's method with the direction by conjugate gradients on Hessian-vector products: the rule stands in minimizers.def. */
#include "descent.h"

struct inner {
    double *r, *p, *hp; /* the residual H d + g, the inner direction, H p */
};

/* d ← about -H⁻¹ g, as far as the residual is below tolerance |g|, or to a direction of negative curvature. */
static wg_status direction(struct descent *s)
{
    const wg_minimize_newton_cg_options *o = s->options;
    const struct inner *in = s->method;
    const int64_t n = s->n, max = o->max_products ? o->max_products : 10 * n;
    const double size = norm2(s->g, n), tolerance = fmin(o->forcing, sqrt(size)) * size;
    memset(s->d, 0, (size_t)n * sizeof *s->d);
    copy(in->r, s->g, n);
    combine(-1, s->g, 0, in->p, n);
    double rr = dot(in->r, in->r, n);
    for (int64_t k = 0; k < max && sqrt(rr) > tolerance; k++) {
        WG_TRY(work_product(s->w, in->p, in->hp));
        const double curvature = dot(in->p, in->hp, n);
        if (!(curvature > 1e-16 * dot(in->p, in->p, n))) {
            if (k == 0)
                copy(s->d, in->p, n);
            s->first = k == 0 ? cautious_step(s) : 1;
            return WG_OK;
        }
        const double t = rr / curvature, before = rr;
        combine(t, in->p, 1, s->d, n);
        combine(t, in->hp, 1, in->r, n);
        rr = dot(in->r, in->r, n);
        combine(-1, in->r, rr / before, in->p, n);
    }
    return WG_OK;
}

static wg_status run(struct work *w, const void *options, void *state)
{
    const wg_minimize_newton_cg_options *o = options;
    struct inner in = {.r = work_vector(w, w->n), .p = work_vector(w, w->n), .hp = work_vector(w, w->n)};
    (void)state;
    if (!in.r || !in.p || !in.hp)
        return WG_E_MEMORY;
    work_record(w);
    return descend(w, options, &in, &STOP_OF(o),
                   &(struct search_options){.kind = o->line_search, .c1 = 1e-4, .c2 = 0.9, .shrink = 0.5}, direction);
}

const struct minimize_kind minimize_newton_cg_kind = {.name = "newton_cg", .products = true, .run = run};
