/* LaProp: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_laprop_options *o = s->options;
    wg_tensor *v = s->state[1] = step_mixed(s->state[1], o->beta2, wg_square(s->g));
    wg_tensor *normal = wg_div(s->g, step_root(s, step_unbiased(s, v, o->beta2), o->eps));
    s->state[0] = step_mixed(s->state[0], o->beta1, normal);
    return step_away(s, step_plus(step_unbiased(s, s->state[0], o->beta1), o->weight_decay, s->p));
}

const struct optim_rule optim_laprop_rule = {.name = "laprop", .state = {{.name = "m"}, {.name = "v"}}, .move = move};
