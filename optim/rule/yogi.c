/* Yogi: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static double start(const void *options)
{
    return ((const wg_optim_yogi_options *)options)->initial;
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_yogi_options *o = s->options;
    wg_tensor *m = s->state[0] = step_mixed(s->state[0], o->beta1, s->g), *g2 = wg_square(s->g);
    wg_tensor *v = s->state[1] = step_plus(s->state[1], o->beta2 - 1, wg_mul(wg_sign(wg_sub(s->state[1], g2)), g2));
    wg_tensor *u = wg_div(step_unbiased(s, m, o->beta1), step_root(s, step_unbiased(s, v, o->beta2), o->eps));
    return step_away(s, step_plus(u, o->weight_decay, s->p));
}

const struct optim_rule optim_yogi_rule = {
    .name = "yogi", .state = {{.name = "m", .start = start}, {.name = "v", .start = start}}, .move = move};
