/* The focal loss (Lin and others, 2017). With s = x for a target of 1 and -x for 0, the probability of the target is q =
   sigmoid(s), so that -ln q = softplus(-s) and (1 - q)^γ = e^{-γ softplus(s)}: both without cancellation. */
#include "ops/loss/loss.h"

struct params {
    double gamma, alpha;
    wg_reduction reduction;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    wg_tensor *x = c->in[0];
    const wg_dtype dtype = (wg_dtype)x->dtype;
    WG_TRY(wg_loss_same(c, 1, p->reduction));
    WG_TRY(wg_check_number(c->op->name, "gamma", p->gamma, WG_NOT_NEGATIVE));
    WG_TRY(wg_check_number(c->op->name, "alpha", p->alpha, WG_CLOSED(0, 1)));
    wg_tensor *one = wg_is_high(wg_two_valued(c, 1, 0, 0, 1), 1), *against = wg_where(one, wg_neg(x), x);
    wg_tensor *each = wg_mul(wg_where(one, wg_scalar(dtype, p->alpha), wg_scalar(dtype, 1 - p->alpha)), wg_softplus(against));
    if (p->gamma > 0)
        each = wg_mul(each, wg_exp(wg_mul_scalar(wg_softplus(wg_neg(against)), -p->gamma)));
    return wg_made(out[0] = wg_loss_reduce(each, p->reduction));
}

wg_tensor *wg_focal_with(wg_tensor *logits, wg_tensor *targets, wg_focal_options options)
{
    const struct params p = {options.gamma, options.alpha, options.reduction};
    return wg_invoke2(&wg_op_focal, &p, logits, targets);
}

#define SAMPLE(...)                                                                                    \
    {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .dtype = {WG_F32, WG_I64}, .low = {-3, 0}, .high = {3, 2}, \
                                    .params = &(const struct params)                                   \
    {                                                                                                  \
        __VA_ARGS__                                                                                    \
    }
const struct wg_op wg_op_focal = {
    .name = WG_REGISTERED("focal"),
    .params_size = sizeof(struct params),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"mean", SAMPLE(2, 0.25, WG_REDUCTION_MEAN)}, {"each", SAMPLE(0.5, 0.75, WG_REDUCTION_NONE)},
               {"no focus", SAMPLE(0, 0.5, WG_REDUCTION_SUM)}),
};
#undef SAMPLE
