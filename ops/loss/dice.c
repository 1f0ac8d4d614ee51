/* 1 - (2 Σ p t + smooth)/(Σ p + Σ t + smooth) over all axes but the first, then the reduction. */
#include "ops/loss/loss.h"

struct params {
    double smooth;
    wg_reduction reduction;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    WG_TRY(wg_loss_pair(c, p->reduction));
    WG_TRY(wg_check_number(c->op->name, "smooth", p->smooth, WG_NOT_NEGATIVE));
    if (c->in[0]->rank < 2)
        return wg_call_error(c, WG_E_SHAPE, "expected operands (N,…) of at least two axes");
    wg_tensor *x = wg_expect(c->in[0], "probabilities", 0, 1, false), *t = wg_expect(c->in[1], "targets", 0, 1, false);
    wg_axes inner = {.count = 0};
    for (int axis = 1; axis < c->in[0]->rank; axis++)
        inner.axis[inner.count++] = (int8_t)axis;
    wg_tensor *common = wg_sum(wg_mul(x, t), .axes = inner), *all = wg_sum(wg_add(x, t), .axes = inner);
    wg_tensor *share = wg_div(wg_add_scalar(wg_mul_scalar(common, 2), p->smooth), wg_add_scalar(all, p->smooth));
    return wg_made(out[0] = wg_loss_reduce(wg_add_scalar(wg_neg(share), 1), p->reduction));
}

wg_tensor *wg_dice_with(wg_tensor *p, wg_tensor *t, wg_dice_options options)
{
    const struct params params = {options.smooth, options.reduction};
    return wg_invoke2(&wg_op_dice, &params, p, t);
}

#define SAMPLE(...)                                                                 \
    .n = 2, .low = {0.1, 0.1}, .high = {0.9, 0.9}, .params = &(const struct params) \
    {                                                                               \
        __VA_ARGS__                                                                 \
    }
const struct wg_op wg_op_dice = {
    .name = WG_REGISTERED("dice"),
    .params_size = sizeof(struct params),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"mean", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, SAMPLE(1, WG_REDUCTION_MEAN)},
               {"images", {WG_DIMS(2, 3, 2), WG_DIMS(2, 3, 2)}, SAMPLE(0, WG_REDUCTION_NONE)},
               {"sum", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, SAMPLE(0.5, WG_REDUCTION_SUM)}),
};
#undef SAMPLE
