/* Weight decay: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/tensor.h"

static wg_tensor *move(struct step *s)
{
    const wg_stage_decay_options *o = s->options;
    return wg_rank(s->p) >= o->min_axes ? step_gradient(s, o->weight_decay) : s->g;
}

const struct optim_rule stage_decay_rule = {.name = "decay", .place = IN_FRONT, .move = move};
