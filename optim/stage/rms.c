/* Division by the root of a moving average of squares: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_stage_rms_options *o = s->options;
    s->state[0] = step_mixed(s->state[0], o->alpha, wg_square(s->g));
    return step_over_root(s, s->g, s->state[0], o->eps, false);
}

const struct optim_rule stage_rms_rule = {.name = "rms", .place = IN_FRONT, .state = {{.name = "v"}}, .move = move};
