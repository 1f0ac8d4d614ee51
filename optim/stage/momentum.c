/* Momentum: the formula stands in stages.def. */
#include "../rule/rule.h"

static wg_status check(const void *options, const char *op)
{
    const wg_stage_momentum_options *o = options;
    return step_check_momentum(op, o->momentum, o->dampening, o->nesterov);
}

/* The first step differs where only a share of the gradient is added. */
static bool needs_state(const void *options, int index)
{
    return index == 0 || ((const wg_stage_momentum_options *)options)->dampening != 0;
}

static wg_tensor *move(struct step *s)
{
    const wg_stage_momentum_options *o = s->options;
    return step_momentum(s, 0, s->g, o->momentum, o->dampening, o->nesterov);
}

const struct optim_rule stage_momentum_rule = {.name = "momentum",
                                               .place = IN_FRONT,
                                               .state = {{.name = "v"}, {.name = "count", .count = true}},
                                               .check = check,
                                               .needs_state = needs_state,
                                               .move = move};
