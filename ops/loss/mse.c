/* The squared error: (x - t)², then the reduction. */
#include "ops/loss/loss.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const wg_reduction *reduction = c->params;
    WG_TRY(wg_loss_pair(c, *reduction));
    return wg_made(out[0] = wg_loss_reduce(wg_square(wg_sub(c->in[0], c->in[1])), *reduction));
}

wg_tensor *wg_mse_with(wg_tensor *x, wg_tensor *t, wg_loss_options options)
{
    return wg_invoke2(&wg_op_mse, &options.reduction, x, t);
}

#define SHAPES {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2
const struct wg_op wg_op_mse = {
    .name = WG_REGISTERED("mse"),
    .params_size = sizeof(wg_reduction),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"mean", SHAPES, .params = &(const wg_reduction){WG_REDUCTION_MEAN}},
               {"sum", SHAPES, .params = &(const wg_reduction){WG_REDUCTION_SUM}},
               {"batch mean", SHAPES, .params = &(const wg_reduction){WG_REDUCTION_BATCH_MEAN}},
               {"each", SHAPES, .params = &(const wg_reduction){WG_REDUCTION_NONE}}),
};
#undef SHAPES
