/* Quasi-hyperbolic momentum: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_qhm_options *o = s->options;
    wg_tensor *g = step_gradient(s, o->weight_decay);
    s->state[0] = step_mixed(s->state[0], o->beta, g);
    return step_away(s, step_mixed(s->state[0], o->nu, g));
}

const struct optim_rule optim_qhm_rule = {.name = "qhm", .state = {{.name = "m"}}, .move = move};
