/* The sign: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    return wg_sign(s->g);
}

const struct optim_rule stage_sign_rule = {.name = "sign", .place = IN_FRONT, .move = move};
