/* MARS: the formula stands in optimizers.def. */
#include "corrected.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_mars_options *o = s->options;
    wg_tensor *c = corrected_gradient(s, 2, o->correction, o->beta1);
    return step_away(s, step_plus(step_adam(s, c, o->beta1, o->beta2, o->eps), o->weight_decay, s->p));
}

const struct optim_rule optim_mars_rule = {.name = "mars", .state = {{.name = "m"}, {.name = "v"}, {.name = "g"}}, .move = move};
