/* Projection onto a ball: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_stage_project_ball_options *o = s->options;
    wg_tensor *ratio = wg_mul_scalar(wg_reciprocal(step_norm(s->moved)), o->radius); /* infinite at 0 */
    return step_scaled(s->moved, wg_clamp(ratio, 0, 1));
}

const struct optim_rule stage_project_ball_rule = {.name = "project_ball", .place = BEHIND, .move = move};
