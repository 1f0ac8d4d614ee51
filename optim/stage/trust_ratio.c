/* The trust ratio: the formula stands in stages.def. */
#include "../rule/rule.h"

static wg_tensor *move(struct step *s)
{
    return step_scaled(s->g, step_trust(s, s->p, s->g));
}

const struct optim_rule stage_trust_ratio_rule = {.name = "trust_ratio", .place = IN_FRONT, .move = move};
