/* Clipping by the norm of all gradients: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"

static wg_status part(struct step *s)
{
    s->sum[0] = wg_square(step_norm(s->g));
    return wg_error_if_null(s->sum[0]);
}

static wg_tensor *move(struct step *s)
{
    const wg_stage_clip_norm_options *o = s->options;
    return step_shortened(s->g, step_sqrt(s, s->sum[0]), o->limit);
}

const struct optim_rule stage_clip_norm_rule = {
    .name = "clip_norm", .place = IN_FRONT, .is_gradient = true, .part = part, .move = move};
