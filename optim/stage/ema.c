/* A moving average of weights: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

/* min(d, (1+t)/(10+t)), or d. */
static wg_tensor *decay(const struct step *s, const wg_stage_ema_options *o)
{
    wg_tensor *d = wg_full(WG_F64, WG_SCALAR, o->decay);
    return o->warmup ? wg_minimum(d, wg_div(wg_add_scalar(s->t, 1), wg_add_scalar(s->t, 10))) : d;
}

static wg_tensor *move(struct step *s)
{
    const wg_stage_ema_options *o = s->options;
    wg_tensor *d = decay(s, o), *kept = wg_sub(d, wg_mul(d, step_is_first(s))); /* nothing at the first step */
    s->state[0] = step_mixed_by(s->state[0], kept, s->moved);
    return s->moved;
}

const struct optim_rule stage_ema_rule = {
    .name = "ema", .place = BEHIND, .state = {{.name = "average"}, {.name = "count", .count = true}}, .move = move};
