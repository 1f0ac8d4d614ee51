/* Pairs of L-BFGS and of stochastic quasi-Newton. */
#include "pairs.h"

#include <stdlib.h>

bool pairs_init(struct pairs *p, int64_t n)
{
    *p = (struct pairs){.n = n, .scale = 1, .capacity = 4};
    p->pair = calloc((size_t)p->capacity, sizeof(struct pair *));
    return p->pair != NULL;
}

bool pairs_copy(struct pairs *to, const struct pairs *from)
{
    *to = (struct pairs){.n = from->n, .scale = from->scale, .capacity = from->capacity};
    to->pair = calloc((size_t)to->capacity, sizeof(struct pair *));
    for (int64_t i = 0; to->pair && i < from->count; i++) {
        to->pair[to->count++] = from->pair[i];
        from->pair[i]->owners++;
    }
    return to->pair != NULL;
}

static void drop(struct pair *pair)
{
    if (--pair->owners == 0)
        free(pair);
}

void pairs_forget(struct pairs *p)
{
    for (int64_t i = 0; i < p->count; i++)
        drop(p->pair[i]);
    p->count = 0;
    p->scale = 1;
}

void pairs_finish(struct pairs *p)
{
    pairs_forget(p);
    free(p->pair);
}

wg_status pairs_add(struct pairs *p, const char *op, const double *y, const double *s, double curvature, int64_t most)
{
    if (p->count == p->capacity && p->count < most) {
        struct pair **more = realloc(p->pair, 2 * (size_t)p->capacity * sizeof *more);
        if (!more)
            return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        p->pair = more;
        p->capacity *= 2;
    }
    struct pair *pair = malloc(sizeof *pair + 2 * (size_t)p->n * sizeof(double));
    if (!pair)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    while (p->count >= most) { /* several if the option was lowered */
        drop(p->pair[0]);
        memmove(p->pair, p->pair + 1, (size_t)--p->count * sizeof(struct pair *));
    }
    pair->owners = 1;
    pair->rho = 1 / curvature;
    copy(pair->element, y, p->n);
    copy(pair->element + p->n, s, p->n);
    p->pair[p->count++] = pair;
    p->scale = curvature / dot(y, y, p->n);
    return WG_OK;
}

void pairs_save(const struct pairs *p, struct state_writer *w)
{
    double *y = state_write(w, "y", 2, p->count), *s = state_write(w, "s", 2, p->count);
    for (int64_t k = 0; y && s && k < p->count; k++) {
        copy(y + k * p->n, p->pair[k]->element, p->n);
        copy(s + k * p->n, p->pair[k]->element + p->n, p->n);
    }
}

void pairs_load(struct pairs *p, struct state_reader *r)
{
    int64_t rows, same;
    double *y = state_read_matrix(r, "y", &rows), *s = state_read_matrix(r, "s", &same);
    if (r->status == WG_OK && rows != same)
        r->status = wg_error_set(WG_E_ARGUMENT, r->op, "%s: expected as many rows of \"y\" as of \"s\"", r->op);
    for (int64_t k = 0; r->status == WG_OK && k < rows; k++) {
        const double curvature = dot(y + k * p->n, s + k * p->n, p->n);
        if (!(curvature > 0) || !isfinite(1 / curvature))
            r->status = wg_error_set(WG_E_ARGUMENT, r->op, "%s: expected pairs of positive curvature, row %lld has %g", r->op,
                                     (long long)k, curvature);
        else
            r->status = pairs_add(p, r->op, y + k * p->n, s + k * p->n, curvature, INT64_MAX);
    }
    free(y), free(s);
}

wg_status pairs_direction(const struct pairs *p, struct work *w, const double *g, double *d)
{
    const int64_t n = p->n;
    double *weight = malloc((size_t)(p->count + 1) * sizeof *weight);
    if (!weight)
        return wg_error_set(WG_E_MEMORY, w->op, "%s: out of memory", w->op);
    for (int64_t i = 0; i < n; i++)
        d[i] = -g[i];
    for (int64_t k = p->count - 1; k >= 0; k--) {
        weight[k] = dot(p->pair[k]->element + n, d, n) * p->pair[k]->rho;
        combine(-weight[k], p->pair[k]->element, 1, d, n);
    }
    for (int64_t i = 0; i < n; i++)
        d[i] *= p->scale;
    for (int64_t k = 0; k < p->count; k++)
        combine(weight[k] - dot(p->pair[k]->element, d, n) * p->pair[k]->rho, p->pair[k]->element + n, 1, d, n);
    free(weight);
    return WG_OK;
}
