/* The logistic loss: ln(1 + e^{-t f}), then the reduction. */
#include "ops/loss/loss.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const wg_reduction *reduction = c->params;
    WG_TRY(wg_loss_same(c, 1, *reduction));
    wg_tensor *t = wg_two_valued(c, 1, 0, -1, 1);
    return wg_made(out[0] = wg_loss_reduce(wg_softplus(wg_neg(wg_mul(c->in[0], t))), *reduction));
}

wg_tensor *wg_logistic_with(wg_tensor *f, wg_tensor *t, wg_loss_options options)
{
    return wg_invoke2(&wg_op_logistic, &options.reduction, f, t);
}

/* All targets of a sample are 1, or all -1. */
#define PAIR(target, to)                                                                                               \
    {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .dtype = {WG_F32, WG_I64}, .low = {-3, target}, .high = {3, (target) + 1}, \
                                    .params = &(const wg_reduction)                                                    \
    {                                                                                                                  \
        WG_REDUCTION_##to                                                                                              \
    }
const struct wg_op wg_op_logistic = {
    .name = WG_REGISTERED("logistic"),
    .params_size = sizeof(wg_reduction),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"mean", PAIR(1, MEAN)}, {"sum", PAIR(-1, SUM)}, {"each", PAIR(1, NONE)}),
};
#undef PAIR
