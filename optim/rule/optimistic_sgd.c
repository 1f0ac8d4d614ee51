/* Optimistic gradient descent: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_optimistic_sgd_options *o = s->options;
    return step_away(s, step_optimistic(s, 0, s->g, o->optimism));
}

const struct optim_rule optim_optimistic_sgd_rule = {.name = "optimistic_sgd", .state = {{.name = "g"}}, .move = move};
