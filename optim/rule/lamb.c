/* LAMB: the formula stands in optimizers.def. */
#include "rule.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_lamb_options *o = s->options;
    wg_tensor *u = step_plus(step_adam(s, s->g, o->beta1, o->beta2, o->eps), o->weight_decay, s->p);
    return step_away(s, step_scaled(u, step_trust(s, s->p, u)));
}

const struct optim_rule optim_lamb_rule = {.name = "lamb", .state = {{.name = "m"}, {.name = "v"}}, .move = move};
