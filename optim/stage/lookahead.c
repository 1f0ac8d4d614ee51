/* Lookahead: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/ops.h"

static wg_status check(const void *options, const char *op)
{
    return step_check_count(op, "steps", ((const wg_stage_lookahead_options *)options)->steps);
}

static wg_tensor *move(struct step *s)
{
    const wg_stage_lookahead_options *o = s->options;
    wg_tensor *slow = step_mixed_by(s->p, step_is_first(s), s->state[0]);
    wg_tensor *now = step_is_multiple(s->t, o->steps);
    s->state[0] = wg_add(slow, step_scaled(wg_sub(s->moved, slow), wg_mul_scalar(now, o->alpha)));
    return step_mixed_by(s->state[0], now, s->moved);
}

const struct optim_rule stage_lookahead_rule = {.name = "lookahead",
                                                .place = BEHIND,
                                                .state = {{.name = "slow"}, {.name = "count", .count = true}},
                                                .check = check,
                                                .move = move};
