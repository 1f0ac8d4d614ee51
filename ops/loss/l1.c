/* The absolute error: |x - t|, then the reduction. */
#include "ops/loss/loss.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const wg_reduction *reduction = c->params;
    WG_TRY(wg_loss_pair(c, *reduction));
    return wg_made(out[0] = wg_loss_reduce(wg_abs(wg_sub(c->in[0], c->in[1])), *reduction));
}

wg_tensor *wg_l1_with(wg_tensor *x, wg_tensor *t, wg_loss_options options)
{
    return wg_invoke2(&wg_op_l1, &options.reduction, x, t);
}

#define PAIR(to)                                                                           \
    {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .distinct = 3, .params = &(const wg_reduction) \
    {                                                                                      \
        WG_REDUCTION_##to                                                                  \
    }
const struct wg_op wg_op_l1 = {
    .name = WG_REGISTERED("l1"),
    .params_size = sizeof(wg_reduction),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"mean", PAIR(MEAN)}, {"sum", PAIR(SUM)}, {"batch mean", PAIR(BATCH_MEAN)}, {"each", PAIR(NONE)}),
};
#undef PAIR
