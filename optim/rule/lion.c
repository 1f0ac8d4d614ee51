/* Lion: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_lion_options *o = s->options;
    wg_tensor *direction = wg_sign(step_mixed(s->state[0], o->beta1, s->g));
    s->state[0] = step_mixed(s->state[0], o->beta2, s->g);
    return step_away(s, step_plus(direction, o->weight_decay, s->p));
}

const struct optim_rule optim_lion_rule = {.name = "lion", .state = {{.name = "m"}}, .move = move};
