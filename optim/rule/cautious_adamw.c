/* Cautious AdamW: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_cautious_adamw_options *o = s->options;
    wg_tensor *u = step_adam(s, s->g, o->beta1, o->beta2, o->eps);
    return step_away(s, step_plus(step_cautious(s->g, u), o->weight_decay, s->p));
}

const struct optim_rule optim_cautious_adamw_rule = {
    .name = "cautious_adamw", .state = {{.name = "m"}, {.name = "v"}}, .move = move};
