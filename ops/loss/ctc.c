/* Connectionist temporal classification: the losses of ctc_each, then the reduction. In the mean each is first divided by the
   length of its target. */
#include "ops/loss/ctc.h"
#include "ops/loss/loss.h"

struct params {
    struct wg_ctc_params each; /* first: wg_ctc_shapes reads it */
    bool zero_infinity;
    wg_reduction reduction;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    WG_TRY(wg_ctc_shapes(c));
    WG_TRY(wg_loss_check(c, p->reduction));
    const wg_dtype dtype = (wg_dtype)c->in[0]->dtype;
    wg_tensor *each = wg_ctc_each(c->in[0], c->in[1], c->in[2], c->in[3], p->each.blank);
    if (p->zero_infinity)
        each = wg_where(wg_is_inf(each), wg_scalar(dtype, 0), each);
    if (p->reduction == WG_REDUCTION_MEAN)
        each = wg_div(each, wg_clamp(wg_cast(c->in[3], dtype), 1, (double)INFINITY));
    return wg_made(out[0] = wg_loss_reduce(each, p->reduction));
}

wg_tensor *wg_ctc_with(wg_tensor *x, wg_tensor *targets, wg_tensor *input_lengths, wg_tensor *target_lengths,
                       wg_ctc_options options)
{
    const struct params p = {{options.blank}, options.zero_infinity, options.reduction};
    wg_tensor *in[WG_CTC_OPERANDS] = {x, targets, input_lengths, target_lengths};
    return wg_loss_apply(&wg_op_ctc, &p, in, WG_CTC_OPERANDS);
}

#define SAMPLE(...)                                                                                               \
    {WG_DIMS(5, 2, 4), WG_DIMS(2, 3), WG_DIMS(2), WG_DIMS(2)}, .n = 4, .dtype = {WG_F32, WG_I64, WG_I64, WG_I64}, \
                                                               .low = {-3, 1, 5, 1}, .high = {-0.5, 4, 6, 4},     \
                                                               .params = &(const struct params)                   \
    {                                                                                                             \
        __VA_ARGS__                                                                                               \
    }
const struct wg_op wg_op_ctc = {
    .name = WG_REGISTERED("ctc"),
    .params_size = sizeof(struct params),
    .n_in = WG_CTC_OPERANDS,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"mean", SAMPLE({0}, false, WG_REDUCTION_MEAN)}, {"sum", SAMPLE({0}, true, WG_REDUCTION_SUM)},
               {"each", SAMPLE({0}, false, WG_REDUCTION_NONE)}),
};
#undef SAMPLE
