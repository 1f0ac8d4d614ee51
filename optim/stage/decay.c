/* Weight decay: the formula stands in stages.def. */
#include "../rule/rule.h"

static wg_tensor *move(struct step *s)
{
    const wg_stage_decay_options *o = s->options;
    return step_gradient(s, o->weight_decay);
}

const struct optim_rule stage_decay_rule = {.name = "decay", .place = IN_FRONT, .move = move};
