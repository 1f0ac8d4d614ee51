/* The Huber loss: huber_terms, then the reduction (mean, sum, …). */
#include "ops/loss/loss.h"

struct params {
    double delta;
    wg_reduction reduction;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    WG_TRY(wg_loss_pair(c, p->reduction));
    WG_TRY(wg_check_number(c->op->name, "delta", p->delta, WG_POSITIVE));
    return wg_made(out[0] = wg_loss_reduce(wg_huber_terms(c->in[0], c->in[1], p->delta), p->reduction));
}

wg_tensor *wg_huber_with(wg_tensor *x, wg_tensor *t, wg_huber_options options)
{
    const struct params p = {options.delta, options.reduction};
    return wg_invoke2(&wg_op_huber, &p, x, t);
}

#define SHAPES {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2
const struct wg_op wg_op_huber = {
    .name = WG_REGISTERED("huber"),
    .params_size = sizeof(struct params),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"near", SHAPES, .low = {-0.4, -0.4}, .high = {0.4, 0.4}, .params = &(const struct params){1, WG_REDUCTION_MEAN}},
               {"far", SHAPES, .low = {2, -2}, .high = {3, -1}, .params = &(const struct params){0.5, WG_REDUCTION_BATCH_MEAN}},
               {"each", SHAPES, .low = {-1, 2}, .high = {1, 3}, .params = &(const struct params){0.5, WG_REDUCTION_NONE}}),
};
#undef SHAPES
