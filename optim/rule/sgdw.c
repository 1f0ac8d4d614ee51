/* SGD with decoupled weight decay: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_status check(const void *options, const char *op)
{
    const wg_optim_sgdw_options *o = options;
    return step_check_momentum(op, o->momentum, o->dampening, o->nesterov);
}

static bool needs_state(const void *options, int index)
{
    return index == 0 && ((const wg_optim_sgdw_options *)options)->momentum != 0;
}

/* The first step is not damped: v is 0 then, and g counts τ more. */
static wg_tensor *direction(struct step *s)
{
    const wg_optim_sgdw_options *o = s->options;
    if (o->momentum == 0)
        return s->g;
    wg_tensor *v = step_plus(wg_mul_scalar(s->state[0], o->momentum), 1 - o->dampening, s->g);
    if (o->dampening != 0)
        v = wg_add(v, step_scaled(s->g, wg_mul_scalar(step_is_first(s), o->dampening)));
    s->state[0] = v;
    return o->nesterov ? step_plus(s->g, o->momentum, v) : v;
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_sgdw_options *o = s->options;
    return step_away(s, step_plus(direction(s), o->weight_decay, s->p));
}

const struct optim_rule optim_sgdw_rule = {
    .name = "sgdw", .state = {{.name = "v"}}, .check = check, .needs_state = needs_state, .move = move};
