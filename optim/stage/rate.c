/* The learning rate: the formula stands in stages.def. */
#include "../rule/rule.h"

static wg_tensor *move(struct step *s)
{
    return step_scaled(s->g, s->lr);
}

const struct optim_rule stage_rate_rule = {.name = "rate", .place = IN_FRONT, .move = move};
