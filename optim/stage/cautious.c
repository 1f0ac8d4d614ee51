/* Caution: the formula stands in stages.def. */
#include "../rule/rule.h"

static wg_tensor *move(struct step *s)
{
    return step_cautious(s->gradient, s->g);
}

const struct optim_rule stage_cautious_rule = {.name = "cautious", .place = IN_FRONT, .move = move};
