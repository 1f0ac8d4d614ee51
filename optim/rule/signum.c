/* Signum: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static bool needs_state(const void *options, int index)
{
    return index == 0 && ((const wg_optim_signum_options *)options)->beta != 0;
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_signum_options *o = s->options;
    wg_tensor *m = s->g;
    if (o->beta != 0)
        m = s->state[0] = step_mixed(s->state[0], o->beta, s->g);
    return step_away(s, step_plus(wg_sign(m), o->weight_decay, s->p));
}

const struct optim_rule optim_signum_rule = {.name = "signum", .state = {{.name = "m"}}, .needs_state = needs_state, .move = move};
