/* RMSProp: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { V, C, B };

static wg_status check(const void *options, const char *op)
{
    const wg_optim_rmsprop_options *o = options;
    if (!o->nesterov || o->momentum > 0)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: nesterov: expected momentum above 0, got %g", op, o->momentum);
}

static bool needs_state(const void *options, int index)
{
    const wg_optim_rmsprop_options *o = options;
    return index == V || (index == C && o->centered) || (index == B && o->momentum != 0);
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_rmsprop_options *o = s->options;
    wg_tensor *g = step_gradient(s, o->weight_decay);
    wg_tensor *v = s->state[V] = step_mixed(s->state[V], o->alpha, wg_square(g));
    if (o->centered) {
        s->state[C] = step_mixed(s->state[C], o->alpha, g);
        v = wg_sub(v, wg_square(s->state[C]));
    }
    wg_tensor *direction = step_over_root(s, g, v, o->eps, o->eps_inside);
    if (o->momentum == 0)
        return step_away(s, direction);
    wg_tensor *b = s->state[B] = step_plus(direction, o->momentum, s->state[B]);
    return step_away(s, o->nesterov ? step_plus(direction, o->momentum, b) : b);
}

static wg_status terms(const struct step *s, struct terms *terms, const char *op)
{
    const wg_optim_rmsprop_options *o = s->options;
    if (o->momentum != 0 || o->eps == 0)
        return step_no_terms(op, "momentum, or eps 0,");
    wg_tensor *v = o->centered ? wg_sub(s->state[V], wg_square(s->state[C])) : s->state[V];
    terms->gradient = step_gradient(s, o->weight_decay);
    terms->h = step_divisor(s, v, o->eps, o->eps_inside);
    terms->scale = s->lr;
    return WG_OK;
}

const struct optim_rule optim_rmsprop_rule = {.name = "rmsprop",
                                              .terms = terms,
                                              .state = {{.name = "v"}, {.name = "c"}, {.name = "b"}},
                                              .check = check,
                                              .needs_state = needs_state,
                                              .move = move};
