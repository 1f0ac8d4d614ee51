/* Optimistic Adam: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_optimistic_adam_options *o = s->options;
    return step_away(s, step_optimistic(s, 2, step_adam(s, s->g, o->beta1, o->beta2, o->eps), o->optimism));
}

const struct optim_rule optim_optimistic_adam_rule = {
    .name = "optimistic_adam", .state = {{.name = "m"}, {.name = "v"}, {.name = "u"}}, .move = move};
