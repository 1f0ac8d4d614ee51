/* The other direction: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    return wg_neg(s->g);
}

const struct optim_rule stage_negate_rule = {.name = "negate", .place = IN_FRONT, .is_gradient = true, .move = move};
