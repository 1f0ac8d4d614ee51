/* Division by the root of the sum of squares: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_stage_adagrad_options *o = s->options;
    s->state[0] = wg_add(s->state[0], wg_square(s->g));
    return step_over_root(s, s->g, s->state[0], o->eps, false);
}

const struct optim_rule stage_adagrad_rule = {.name = "adagrad", .place = IN_FRONT, .state = {{.name = "v"}}, .move = move};
