/* eˣ - t x, or x - t ln(x + eps) of a rate x, and Stirling's approximation of ln t! if full; then the reduction. A count of 0 adds
   nothing, also where the rate is 0. */
#include "ops/loss/loss.h"

struct params {
    bool log_input, full;
    double eps;
    wg_reduction reduction;
};

/* t ln t - t + ln(2π t)/2 where t > 1, else 0. */
static wg_tensor *stirling(wg_tensor *t)
{
    if (!t)
        return NULL;
    wg_tensor *zero = wg_scalar((wg_dtype)t->dtype, 0), *one = wg_scalar((wg_dtype)t->dtype, 1), *many = wg_gt(t, one);
    wg_tensor *n = wg_where(many, t, one), *logs = wg_log(n);
    wg_tensor *sum = wg_add(wg_sub(wg_mul(n, logs), n), wg_mul_scalar(wg_add_scalar(logs, log(2 * M_PI)), 0.5));
    return wg_where(many, sum, zero);
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    wg_tensor *x = c->in[0];
    WG_TRY(wg_loss_pair(c, p->reduction));
    WG_TRY(wg_check_number(c->op->name, "eps", p->eps, WG_POSITIVE));
    wg_tensor *t = wg_expect(c->in[1], "counts", 0, (double)INFINITY, false);
    x = p->log_input ? x : wg_expect(x, "rates", 0, (double)INFINITY, false);
    wg_tensor *each = p->log_input ? wg_sub(wg_exp(x), wg_weighted(t, x)) : wg_sub(x, wg_mul(t, wg_log(wg_add_scalar(x, p->eps))));
    if (p->full)
        each = wg_add(each, stirling(t));
    return wg_made(out[0] = wg_loss_reduce(each, p->reduction));
}

wg_tensor *wg_poisson_nll_with(wg_tensor *x, wg_tensor *t, wg_poisson_nll_options options)
{
    const struct params p = {options.log_input, options.full, options.eps, options.reduction};
    return wg_invoke2(&wg_op_poisson_nll, &p, x, t);
}

#define PAIR(low_, ...)                                                                                                     \
    {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {0.2, low_}, .high = {2, (low_) + 0.8}, .params = &(const struct params) \
    {                                                                                                                       \
        __VA_ARGS__                                                                                                         \
    }
const struct wg_op wg_op_poisson_nll = {
    .name = WG_REGISTERED("poisson_nll"),
    .params_size = sizeof(struct params),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"mean", PAIR(0.1, true, false, 1e-8, WG_REDUCTION_MEAN)},
               {"rates", PAIR(1.1, false, false, 1e-8, WG_REDUCTION_SUM)}, {"full", PAIR(1.1, true, true, 1e-8, WG_REDUCTION_NONE)},
               {"few", PAIR(0.1, false, true, 1e-8, WG_REDUCTION_MEAN)}),
};
#undef PAIR
