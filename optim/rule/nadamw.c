/* NAdamW: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_nadamw_options *o = s->options;
    wg_tensor *m = s->state[0] = step_mixed(s->state[0], o->beta1, s->g);
    wg_tensor *v = s->state[1] = step_mixed(s->state[1], o->beta2, wg_square(s->g));
    wg_tensor *ahead = step_mixed(m, o->beta1, s->g);
    wg_tensor *u = wg_div(step_unbiased(s, ahead, o->beta1), step_root(s, step_unbiased(s, v, o->beta2), o->eps));
    return step_away(s, step_plus(u, o->weight_decay, s->p));
}

const struct optim_rule optim_nadamw_rule = {.name = "nadamw", .state = {{.name = "m"}, {.name = "v"}}, .move = move};
