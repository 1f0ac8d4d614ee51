/* Clipping of each element: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_stage_clip_value_options *o = s->options;
    return wg_clamp(s->g, -o->limit, o->limit);
}

const struct optim_rule stage_clip_value_rule = {.name = "clip_value", .place = IN_FRONT, .is_gradient = true, .move = move};
