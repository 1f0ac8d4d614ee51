/* Adam: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_status update(const struct step *s)
{
    const wg_optim_adam_options *o = s->options;
    return wg_adam_update(s->p, s->state[0], s->state[1], s->g, s->lr, s->t, o->beta1, o->beta2, o->eps, o->weight_decay, false);
}

const struct optim_rule optim_adam_rule = {.name = "adam", .state = {{"m"}, {"v"}}, .update = update};
