/* Adam's moments: the formula stands in stages.def. */
#include "../rule/rule.h"

static wg_tensor *move(struct step *s)
{
    const wg_stage_adam_options *o = s->options;
    return step_adam(s, s->g, o->beta1, o->beta2, o->eps);
}

const struct optim_rule stage_adam_rule = {
    .name = "adam", .place = IN_FRONT, .state = {{.name = "m"}, {.name = "v"}, {.name = "count", .count = true}}, .move = move};
