/* MARS: the formula stands in optimizers.def. */
#include <math.h>

#include "rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_mars_options *o = s->options;
    wg_tensor *c = step_plus(s->g, o->correction * o->beta1 / (1 - o->beta1), wg_sub(s->g, s->state[2]));
    s->state[2] = s->g;
    c = wg_div(c, wg_clamp(wg_sqrt(step_total(c)), 1, INFINITY));
    return step_away(s, step_plus(step_adam(s, c, o->beta1, o->beta2, o->eps), o->weight_decay, s->p));
}

const struct optim_rule optim_mars_rule = {.name = "mars", .state = {{.name = "m"}, {.name = "v"}, {.name = "g"}}, .move = move};
