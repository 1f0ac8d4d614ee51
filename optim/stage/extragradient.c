/* Extragradient: the formula stands in stages.def. */
#include "../rule/rule.h"

static wg_tensor *move(struct step *s)
{
    return s->moved;
}

const struct optim_rule stage_extragradient_rule = {.name = "extragradient",
                                                    .place = AHEAD,
                                                    .state = {{.name = "start"}, {.name = "is_ahead", .shape = step_scalar}},
                                                    .move = move,
                                                    .by_step = true};
