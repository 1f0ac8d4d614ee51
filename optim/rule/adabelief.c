/* AdaBelief: the formula stands in optimizers.def. */
#include "rectified.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_adabelief_options *o = s->options;
    wg_tensor *m = s->state[0] = step_mixed(s->state[0], o->beta1, s->g);
    wg_tensor *surprise = wg_square(wg_sub(s->g, m));
    wg_tensor *v = s->state[1] = wg_add_scalar(step_mixed(s->state[1], o->beta2, surprise), o->eps);
    wg_tensor *u;
    if (o->rectify)
        u = rectified_step(s, m, v, o->beta1, o->beta2, o->eps);
    else
        u = wg_div(step_unbiased(s, m, o->beta1), step_root(s, step_unbiased(s, v, o->beta2), o->eps));
    return step_away(s, step_plus(u, o->weight_decay, s->p));
}

const struct optim_rule optim_adabelief_rule = {.name = "adabelief", .state = {{.name = "m"}, {.name = "v"}}, .move = move};
