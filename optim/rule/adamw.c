/* AdamW, Adam with decoupled weight decay: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_status update(const struct step *s)
{
    const wg_optim_adamw_options *o = s->options;
    return wg_adam_update(s->p, s->state[0], s->state[1], s->g, s->lr, s->t, o->beta1, o->beta2, o->eps, o->weight_decay, true);
}

const struct optim_rule optim_adamw_rule = {.name = "adamw", .state = {{.name = "m"}, {.name = "v"}}, .update = update};
