/* (ln v + (x - t)²/v)/2, and ln(2π)/2 if full; then the reduction. v counts as at least eps, but its gradient passes that bound, as
   in PyTorch: otherwise a variance that fell below eps would never grow again. */
#include "ops/loss/loss.h"

struct params {
    bool full;
    double eps;
    wg_reduction reduction;
};

/* The variance in[2], with x's extents or 1 along the last axis; NULL: it has another shape. */
static wg_tensor *variance(const wg_call *c)
{
    const wg_tensor *x = c->in[0];
    wg_tensor *v = c->in[2];
    const int64_t *of_x = wg_extents(x), *of_v = wg_extents(v);
    const int last = x->rank - 1;
    const bool same_rank = v->rank == x->rank, lacks = v->rank == last;
    const bool fits = (same_rank || lacks) && memcmp(of_x, of_v, (size_t)(last > 0 ? last : 0) * sizeof *of_x) == 0 &&
                      (lacks || last < 0 || of_v[last] == of_x[last] || of_v[last] == 1);
    if (!fits) {
        wg_call_error(c, WG_E_SHAPE,
                      "expected variances of the first operand's shape, or with extent 1 along the last axis, or without it");
        return NULL;
    }
    v = wg_expect(v, "variances", 0, (double)INFINITY, false);
    return lacks ? wg_unsqueeze(v, -1) : v;
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    WG_TRY(wg_loss_same(c, 2, p->reduction));
    WG_TRY(wg_check_number(c->op->name, "eps", p->eps, WG_POSITIVE));
    if (c->in[2]->dtype != c->in[0]->dtype)
        return wg_call_error(c, WG_E_DTYPE, "expected variances of the first operand's dtype");
    wg_tensor *given = variance(c), *v = wg_straight_through(wg_clamp(given, p->eps, (double)INFINITY), given);
    wg_tensor *each = wg_mul_scalar(wg_add(wg_div(wg_square(wg_sub(c->in[0], c->in[1])), v), wg_log(v)), 0.5);
    if (p->full)
        each = wg_add_scalar(each, 0.5 * log(2 * M_PI));
    return wg_made(out[0] = wg_loss_reduce(each, p->reduction));
}

wg_tensor *wg_gaussian_nll_with(wg_tensor *x, wg_tensor *t, wg_tensor *v, wg_gaussian_nll_options options)
{
    const struct params p = {options.full, options.eps, options.reduction};
    return wg_invoke3(&wg_op_gaussian_nll, &p, x, t, v);
}

#define PAIR WG_DIMS(3, 4), WG_DIMS(3, 4)
#define SAMPLE(...)                                                                    \
    .n = 3, .low = {0.5, -1, 0.5}, .high = {2, 1, 2}, .params = &(const struct params) \
    {                                                                                  \
        __VA_ARGS__                                                                    \
    }
const struct wg_op wg_op_gaussian_nll = {
    .name = WG_REGISTERED("gaussian_nll"),
    .params_size = sizeof(struct params),
    .n_in = 3,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"mean", {PAIR, WG_DIMS(3, 4)}, SAMPLE(false, 1e-6, WG_REDUCTION_MEAN)},
               {"full", {PAIR, WG_DIMS(3, 1)}, SAMPLE(true, 1e-6, WG_REDUCTION_SUM)},
               {"each", {PAIR, WG_DIMS(3)}, SAMPLE(false, 1e-6, WG_REDUCTION_NONE)}),
};
#undef PAIR
#undef SAMPLE
