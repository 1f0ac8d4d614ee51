/* max(0, margin - t (a - b)), then the reduction. */
#include "ops/loss/loss.h"

struct params {
    double margin;
    wg_reduction reduction;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    WG_TRY(wg_loss_same(c, 2, p->reduction));
    WG_TRY(wg_check_number(c->op->name, "margin", p->margin, WG_FINITE));
    wg_tensor *lead = wg_mul(wg_two_valued(c, 2, 0, -1, 1), wg_sub(c->in[0], c->in[1]));
    return wg_made(out[0] = wg_loss_reduce(wg_relu(wg_add_scalar(wg_neg(lead), p->margin)), p->reduction));
}

wg_tensor *wg_margin_ranking_with(wg_tensor *a, wg_tensor *b, wg_tensor *t, wg_margin_ranking_options options)
{
    const struct params p = {options.margin, options.reduction};
    return wg_invoke3(&wg_op_margin_ranking, &p, a, b, t);
}

/* All targets of a sample are 1, or all -1. */
#define PAIRS(target, ...)                                                                                              \
    {WG_DIMS(3, 4), WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 3, .dtype = {WG_F32, WG_F32, WG_I64}, .low = {0.1, -1, target}, \
                                                   .high = {1, -0.1, (target) + 1}, .params = &(const struct params)    \
    {                                                                                                                   \
        __VA_ARGS__                                                                                                     \
    }
const struct wg_op wg_op_margin_ranking = {
    .name = WG_REGISTERED("margin_ranking"),
    .params_size = sizeof(struct params),
    .n_in = 3,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"right", PAIRS(1, 3, WG_REDUCTION_MEAN)}, {"wrong", PAIRS(-1, 0, WG_REDUCTION_NONE)},
               {"beyond", PAIRS(1, 0, WG_REDUCTION_SUM)}),
};
#undef PAIRS
