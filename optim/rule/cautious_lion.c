/* Cautious Lion: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_cautious_lion_options *o = s->options;
    wg_tensor *u = wg_sign(step_mixed(s->state[0], o->beta1, s->g));
    s->state[0] = step_mixed(s->state[0], o->beta2, s->g);
    return step_away(s, step_plus(step_cautious(s->g, u), o->weight_decay, s->p));
}

const struct optim_rule optim_cautious_lion_rule = {.name = "cautious_lion", .state = {{.name = "m"}}, .move = move};
