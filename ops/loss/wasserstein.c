/* The Wasserstein distance between two samples on the line: the p-norm of the differences of their quantile functions. Those are
   steps at the multiples of 1/n and 1/m, so on each of the at most n + m - 1 pieces between two neighbouring ones both are
   constant. */
#include "ops/loss/loss.h"

struct params {
    double p;
    wg_reduction reduction;
};

/* The pieces of (0, 1): on piece k the quantiles are the elements of_x[k] and of_t[k] of the sorted samples, and its length is
   width[k]. */
struct pieces {
    int64_t n, *of_x, *of_t;
    double *width;
};

/* Both samples advance to the nearer of their next steps, in whole units of 1/(n m). */
static void cut(struct pieces *pieces, int64_t n, int64_t m)
{
    int64_t i = 0, j = 0;
    for (double at = 0; i < n && j < m; pieces->n++) {
        const double x_ends = (double)(i + 1) / (double)n, t_ends = (double)(j + 1) / (double)m;
        const __int128 order = (__int128)(i + 1) * m - (__int128)(j + 1) * n;
        const double end = order <= 0 ? x_ends : t_ends;
        pieces->of_x[pieces->n] = i;
        pieces->of_t[pieces->n] = j;
        pieces->width[pieces->n] = end - at;
        i += order <= 0;
        j += order >= 0;
        at = end;
    }
}

/* The differences of the quantiles (…,pieces), times the width of their piece to the power 1/p. */
static wg_tensor *weighted_differences(wg_tensor *x, wg_tensor *t, const struct pieces *pieces, double p)
{
    for (int64_t k = 0; k < pieces->n; k++)
        pieces->width[k] = pow(pieces->width[k], 1 / p);
    wg_tensor *of_x = wg_from(pieces->of_x, WG_SHAPE(pieces->n)), *of_t = wg_from(pieces->of_t, WG_SHAPE(pieces->n));
    wg_tensor *width = wg_cast(wg_from(pieces->width, WG_SHAPE(pieces->n)), (wg_dtype)x->dtype);
    return wg_mul(width, wg_sub(wg_index_select(x, -1, of_x), wg_index_select(t, -1, of_t)));
}

static wg_tensor *differences(wg_tensor *x, wg_tensor *t, double p)
{
    const int64_t n = wg_extents(x)[x->rank - 1], m = wg_extents(t)[t->rank - 1];
    wg_tensor *sorted = wg_sort(x, .axis = -1), *other = wg_sort(t, .axis = -1);
    if (n == m)
        return wg_mul_scalar(wg_sub(sorted, other), pow((double)n, -1 / p));
    struct pieces pieces = {.of_x = wg_object_new((size_t)(n + m) * (2 * sizeof(int64_t) + sizeof(double)))};
    if (!pieces.of_x)
        return NULL;
    pieces.of_t = pieces.of_x + n + m;
    pieces.width = (double *)(void *)(pieces.of_t + n + m);
    cut(&pieces, n, m);
    wg_tensor *weighted = sorted && other ? weighted_differences(sorted, other, &pieces, p) : NULL;
    wg_object_free(pieces.of_x);
    return weighted;
}

static wg_status check(const wg_call *c)
{
    const struct params *p = c->params;
    const wg_tensor *x = c->in[0], *t = c->in[1];
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    if (x->rank == 0 || t->rank != x->rank || memcmp(wg_extents(x), wg_extents(t), (size_t)(x->rank - 1) * sizeof(int64_t)) != 0)
        return wg_call_error(c, WG_E_SHAPE, "expected samples (…,n) and (…,m)");
    if (wg_extents(x)[x->rank - 1] == 0 || wg_extents(t)[x->rank - 1] == 0)
        return wg_call_error(c, WG_E_SHAPE, "expected samples of at least one element");
    WG_TRY(wg_loss_vectors(c, 1, p->reduction));
    return wg_check_number(c->op->name, "p", p->p, WG_CLOSED(1, HUGE_VAL));
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    WG_TRY(check(c));
    wg_tensor *each = wg_last_axis_norm(differences(c->in[0], c->in[1], p->p), p->p);
    return wg_made(out[0] = wg_loss_reduce(each, p->reduction));
}

wg_tensor *wg_wasserstein_with(wg_tensor *x, wg_tensor *t, wg_wasserstein_options options)
{
    const struct params p = {options.p, options.reduction};
    return wg_invoke2(&wg_op_wasserstein, &p, x, t);
}

#define SAMPLE(...)                                         \
    .n = 2, .distinct = 3, .params = &(const struct params) \
    {                                                       \
        __VA_ARGS__                                         \
    }
const struct wg_op wg_op_wasserstein = {
    .name = WG_REGISTERED("wasserstein"),
    .params_size = sizeof(struct params),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"equal sizes", {WG_DIMS(3, 5), WG_DIMS(3, 5)}, SAMPLE(1, WG_REDUCTION_MEAN)},
               {"other sizes", {WG_DIMS(2, 6), WG_DIMS(2, 4)}, SAMPLE(2, WG_REDUCTION_SUM)},
               {"order 3", {WG_DIMS(2, 3), WG_DIMS(2, 4)}, SAMPLE(3, WG_REDUCTION_NONE)},
               {"infinity", {WG_DIMS(5), WG_DIMS(5)}, SAMPLE((double)INFINITY, WG_REDUCTION_SUM)}),
};
#undef SAMPLE
