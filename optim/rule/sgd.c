/* Stochastic gradient descent with momentum: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"

static wg_status check(const void *options, const char *op)
{
    const wg_optim_sgd_options *o = options;
    if (o->dampening != 0 && o->momentum == 0)
        return wg_error_set(WG_E_ARGUMENT, op,
                            "%s: .dampening = %g without .momentum: it acts on the momentum, expected one above 0", op,
                            o->dampening);
    if (!o->nesterov || (o->momentum > 0 && o->dampening == 0))
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: nesterov: expected momentum above 0 and dampening 0, got %g and %g", op,
                        o->momentum, o->dampening);
}

static bool needs_state(const void *options, int index)
{
    return index == 0 && ((const wg_optim_sgd_options *)options)->momentum != 0;
}

static wg_status update(const struct step *s)
{
    const wg_optim_sgd_options *o = s->options;
    return wg_sgd_update(s->p, s->state[0], s->g, s->lr, s->t, o->momentum, o->dampening, o->weight_decay, o->nesterov);
}

const struct optim_rule optim_sgd_rule = {
    .name = "sgd", .state = {{.name = "v"}}, .check = check, .needs_state = needs_state, .update = update};
