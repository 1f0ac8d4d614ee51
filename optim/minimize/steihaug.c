/* A step within a trust region by Steihaug's conjugate gradients. */
#include "steihaug.h"

/* The t ≥ 0 at which |p + t d|₂ is the radius. */
static double to_edge(const struct region *t)
{
    const double a = dot(t->d, t->d, t->n), b = dot(t->p, t->d, t->n), c = dot(t->p, t->p, t->n) - t->radius * t->radius;
    const double root = sqrt(fmax(0, b * b - a * c));
    return b > 0 ? -c / (b + root) : (root - b) / a;
}

static void go(struct region *t, double step)
{
    combine(step, t->d, 1, t->p, t->n);
    combine(step, t->hd, 1, t->hp, t->n);
}

wg_status steihaug_solve(struct region *t)
{
    const int64_t n = t->n, max = t->max_products ? t->max_products : 10 * n;
    const double size = norm2(t->g, n), tolerance = fmin(t->forcing, sqrt(size)) * size;
    memset(t->p, 0, (size_t)n * sizeof(double)), memset(t->hp, 0, (size_t)n * sizeof(double));
    copy(t->r, t->g, n);
    combine(-1, t->g, 0, t->d, n);
    double rr = dot(t->r, t->r, n);
    t->at_edge = false;
    for (int64_t k = 0; k < max && sqrt(rr) > tolerance && !t->at_edge; k++) {
        WG_TRY(work_product(t->w, t->d, t->hd));
        const double curvature = dot(t->d, t->hd, n), step = curvature > 0 ? rr / curvature : INFINITY, edge = to_edge(t);
        t->at_edge = !(step < edge);
        go(t, t->at_edge ? edge : step);
        const double before = rr;
        combine(t->at_edge ? 0 : step, t->hd, 1, t->r, n);
        rr = dot(t->r, t->r, n);
        combine(-1, t->r, rr / before, t->d, n);
    }
    t->decrease = -dot(t->g, t->p, n) - dot(t->p, t->hp, n) / 2;
    return WG_OK;
}

wg_status steihaug_init(struct region *t, struct work *w, double forcing, int64_t max_products)
{
    *t = (struct region){.w = w, .n = w->n, .forcing = forcing, .max_products = max_products};
    double **vector[] = {&t->g, &t->p, &t->r, &t->d, &t->hd, &t->hp, &t->trial};
    for (size_t i = 0; i < sizeof vector / sizeof *vector; i++)
        if (!(*vector[i] = work_vector(w, t->n)))
            return WG_E_MEMORY;
    work_record(w);
    return work_first(w, &t->f, t->g);
}
