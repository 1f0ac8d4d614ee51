/* The Kullback-Leibler divergence of p from q = e^logq: Σ p (ln p - logq). Where p is 0, the term and its gradients are 0 for
   every logq, infinite or NaN too. */
#include "ops/loss/loss.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const wg_reduction *reduction = c->params;
    WG_TRY(wg_loss_pair(c, *reduction));
    wg_tensor *logq = c->in[0], *p = c->in[1];
    wg_tensor *zero = wg_scalar((wg_dtype)p->dtype, 0), *one = wg_scalar((wg_dtype)p->dtype, 1), *there = wg_ne(p, zero);
    wg_tensor *ratio = wg_sub(wg_log(wg_where(there, p, one)), wg_where(there, logq, zero));
    return wg_made(out[0] = wg_loss_reduce(wg_mul(p, ratio), *reduction));
}

wg_tensor *wg_kl_div_with(wg_tensor *logq, wg_tensor *p, wg_loss_options options)
{
    return wg_invoke2(&wg_op_kl_div, &options.reduction, logq, p);
}

#define SHAPES {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-3, 0.1}, .high = {0, 1}
const struct wg_op wg_op_kl_div = {
    .name = WG_REGISTERED("kl_div"),
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
