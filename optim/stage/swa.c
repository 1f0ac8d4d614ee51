/* Stochastic weight averaging: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/ops.h"

static wg_status check(const void *options, const char *op)
{
    const wg_stage_swa_options *o = options;
    WG_TRY(step_check_count(op, "start", o->start));
    return step_check_count(op, "period", o->period);
}

/* What these weights count in the average: all before step start, 1/(n+1) where they are the n+1-th that is averaged, else
   nothing. */
static wg_tensor *share(const struct step *s, const wg_stage_swa_options *o)
{
    wg_tensor *since = wg_add_scalar(s->t, -o->start);
    wg_tensor *before = wg_relu(wg_neg(wg_sign(since)));
    wg_tensor *n = wg_floor(wg_mul_scalar(wg_relu(since), 1 / o->period));
    return wg_maximum(before, wg_div(step_is_multiple(since, o->period), wg_add_scalar(n, 1)));
}

static wg_tensor *move(struct step *s)
{
    const wg_stage_swa_options *o = s->options;
    s->state[0] = step_mixed_by(s->moved, share(s, o), s->state[0]);
    return s->moved;
}

const struct optim_rule stage_swa_rule = {
    .name = "swa", .place = BEHIND, .state = {{.name = "average"}, {.name = "count", .count = true}}, .check = check, .move = move};
