/* The hinge loss: max(0, margin - t f), then the reduction. */
#include "ops/loss/loss.h"

struct params {
    double margin;
    wg_reduction reduction;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    WG_TRY(wg_loss_same(c, 1, p->reduction));
    WG_TRY(wg_check_number(c->op->name, "margin", p->margin, WG_FINITE));
    wg_tensor *t = wg_two_valued(c, 1, 0, -1, 1), *gap = wg_add_scalar(wg_neg(wg_mul(c->in[0], t)), p->margin);
    return wg_made(out[0] = wg_loss_reduce(wg_relu(gap), p->reduction));
}

wg_tensor *wg_hinge_with(wg_tensor *f, wg_tensor *t, wg_margin_options options)
{
    const struct params p = {options.margin, options.reduction};
    return wg_invoke2(&wg_op_hinge, &p, f, t);
}

/* All targets of a sample are 1, or all -1. */
#define PAIR(target, low_, high_, ...)                                                                                       \
    {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .dtype = {WG_F32, WG_I64}, .low = {low_, target}, .high = {high_, (target) + 1}, \
                                    .params = &(const struct params)                                                         \
    {                                                                                                                        \
        __VA_ARGS__                                                                                                          \
    }
const struct wg_op wg_op_hinge = {
    .name = WG_REGISTERED("hinge"),
    .params_size = sizeof(struct params),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"short of it", PAIR(1, -2, 0.9, 1, WG_REDUCTION_MEAN)}, {"negative", PAIR(-1, -0.4, 2, 0.5, WG_REDUCTION_SUM)},
               {"beyond", PAIR(1, 0.6, 2, 0.5, WG_REDUCTION_NONE)}),
};
#undef PAIR
