/* QHAdam: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_qhadam_options *o = s->options;
    wg_tensor *g = step_gradient(s, o->weight_decay), *g2 = wg_square(g);
    wg_tensor *m = s->state[0] = step_mixed(s->state[0], o->beta1, g);
    wg_tensor *v = s->state[1] = step_mixed(s->state[1], o->beta2, g2);
    wg_tensor *above = step_mixed(step_unbiased(s, m, o->beta1), o->nu1, g);
    wg_tensor *below = step_mixed(step_unbiased(s, v, o->beta2), o->nu2, g2);
    return step_away(s, wg_div(above, step_root(s, below, o->eps)));
}

const struct optim_rule optim_qhadam_rule = {.name = "qhadam", .state = {{.name = "m"}, {.name = "v"}}, .move = move};
