/* Clipping by the norm of each gradient: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_stage_clip_block_norm_options *o = s->options;
    return step_shortened(s->g, step_norm(s->g), o->limit);
}

const struct optim_rule stage_clip_block_norm_rule = {
    .name = "clip_block_norm", .place = IN_FRONT, .is_gradient = true, .move = move};
