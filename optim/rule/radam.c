/* RAdam: the formula stands in optimizers.def. */
#include "rectified.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_radam_options *o = s->options;
    wg_tensor *g = step_gradient(s, o->weight_decay);
    wg_tensor *m = s->state[0] = step_mixed(s->state[0], o->beta1, g);
    wg_tensor *v = s->state[1] = step_mixed(s->state[1], o->beta2, wg_square(g));
    return step_away(s, rectified_step(s, m, v, o->beta1, o->beta2, o->eps));
}

const struct optim_rule optim_radam_rule = {.name = "radam", .state = {{.name = "m"}, {.name = "v"}}, .move = move};
