/* A moving average of gradients: the formula stands in stages.def. */
#include "../rule/rule.h"

static wg_tensor *move(struct step *s)
{
    const wg_stage_mean_options *o = s->options;
    s->state[0] = step_mixed(s->state[0], o->beta, s->g);
    return o->corrected ? step_unbiased(s, s->state[0], o->beta) : s->state[0];
}

const struct optim_rule stage_mean_rule = {
    .name = "mean", .place = IN_FRONT, .state = {{.name = "m"}, {.name = "count", .count = true}}, .move = move};
