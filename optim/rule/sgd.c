/* Stochastic gradient descent with momentum: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

static wg_status check(const void *options, const char *op)
{
    const wg_optim_sgd_options *o = options;
    return step_check_momentum(op, o->momentum, o->dampening, o->nesterov);
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

/* Where stages stand beside the rule. */
static wg_tensor *move(struct step *s)
{
    const wg_optim_sgd_options *o = s->options;
    wg_tensor *d = step_gradient(s, o->weight_decay);
    return step_away(s, o->momentum != 0 ? step_momentum(s, 0, d, o->momentum, o->dampening, o->nesterov) : d);
}

static wg_status terms(const struct step *s, struct terms *terms, const char *op)
{
    const wg_optim_sgd_options *o = s->options;
    if (o->nesterov)
        return step_no_terms(op, "nesterov");
    terms->gradient = step_gradient(s, o->weight_decay);
    terms->h = wg_ones(wg_dtype_of(s->p), wg_shape_of(s->p));
    terms->scale = s->lr;
    terms->kept = o->momentum;
    terms->taken = o->momentum != 0 && !terms->first ? 1 - o->dampening : 1;
    return WG_OK;
}

const struct optim_rule optim_sgd_rule = {.name = "sgd",
                                          .terms = terms,
                                          .state = {{.name = "v"}},
                                          .check = check,
                                          .needs_state = needs_state,
                                          .update = update,
                                          .move = move};
