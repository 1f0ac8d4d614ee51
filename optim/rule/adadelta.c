/* Adadelta: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

enum { V, U };

static wg_tensor *root(const struct step *s, wg_tensor *x, double eps)
{
    return step_sqrt(s, wg_add_scalar(x, eps));
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_adadelta_options *o = s->options;
    wg_tensor *g = step_gradient(s, o->weight_decay);
    wg_tensor *v = s->state[V] = step_mixed(s->state[V], o->rho, wg_square(g));
    wg_tensor *direction = wg_mul(wg_div(root(s, s->state[U], o->eps), root(s, v, o->eps)), g);
    s->state[U] = step_mixed(s->state[U], o->rho, wg_square(direction));
    return step_away(s, direction);
}

const struct optim_rule optim_adadelta_rule = {.name = "adadelta", .state = {{.name = "v"}, {.name = "u"}}, .move = move};
