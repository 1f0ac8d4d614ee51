/* Projection onto a ball: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_stage_project_ball_options *o = s->options;
    wg_tensor *norm = step_norm(s->moved), *ratio = wg_mul_scalar(wg_reciprocal(step_off_zero(s, norm)), o->radius);
    return step_scaled(s->moved, step_one_at_zero(s, norm, wg_clamp(ratio, 0, 1))); /* the ratio is infinite at 0 */
}

const struct optim_rule stage_project_ball_rule = {.name = "project_ball", .place = BEHIND, .move = move};
