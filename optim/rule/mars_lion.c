/* MARS-Lion: the formula stands in optimizers.def. */
#include "corrected.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_mars_lion_options *o = s->options;
    wg_tensor *c = corrected_gradient(s, 1, o->correction, o->beta);
    s->state[0] = step_mixed(s->state[0], o->beta, c);
    return step_away(s, step_plus(wg_sign(s->state[0]), o->weight_decay, s->p));
}

const struct optim_rule optim_mars_lion_rule = {.name = "mars_lion", .state = {{.name = "m"}, {.name = "g"}}, .move = move};
