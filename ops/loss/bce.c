/* Binary cross entropy of probabilities: -w (t ln p + (1 - t) ln(1 - p)), then the reduction. The logarithms are bounded, so that a
   product with 0 is 0. */
#include "ops/loss/loss.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const wg_reduction *reduction = c->params;
    wg_tensor *weight = c->in[2];
    WG_TRY(wg_loss_pair(c, *reduction));
    WG_TRY(wg_loss_weight(c, 2));
    wg_tensor *p = wg_expect(c->in[0], "probabilities", 0, 1, false), *t = wg_expect(c->in[1], "targets", 0, 1, false);
    wg_tensor *each = wg_neg(wg_lerp(wg_bounded_log(p, true), wg_bounded_log(p, false), t));
    if (!wg_absent(weight))
        each = wg_mul(weight, each);
    return wg_made(out[0] = wg_loss_reduce(each, *reduction));
}

wg_tensor *wg_bce_with(wg_tensor *p, wg_tensor *t, wg_bce_options options)
{
    return wg_invoke3(&wg_op_bce, &options.reduction, p, t, options.weight);
}

#define PAIR WG_DIMS(3, 4), WG_DIMS(3, 4)
#define SAMPLE(to)                                                                         \
    .n = 3, .low = {0.1, 0.1, 0.5}, .high = {0.9, 0.9, 2}, .params = &(const wg_reduction) \
    {                                                                                      \
        WG_REDUCTION_##to                                                                  \
    }
const struct wg_op wg_op_bce = {
    .name = WG_REGISTERED("bce"),
    .params_size = sizeof(wg_reduction),
    .n_in = 3,
    .n_out = 1,
    .optional = WG_IN(2),
    .compose = compose,
    WG_SAMPLES({"mean", {PAIR}, .none = WG_IN(2), SAMPLE(MEAN)}, {"sum", {PAIR}, .none = WG_IN(2), SAMPLE(SUM)},
               {"weights", {PAIR, WG_DIMS(3, 4)}, SAMPLE(MEAN)}, {"weights of columns", {PAIR, WG_DIMS(4)}, SAMPLE(NONE)}),
};
#undef PAIR
#undef SAMPLE
