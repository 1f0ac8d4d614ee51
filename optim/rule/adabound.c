/* AdaBound: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_adabound_options *o = s->options;
    wg_tensor *g = step_gradient(s, o->weight_decay);
    wg_tensor *m = s->state[0] = step_mixed(s->state[0], o->beta1, g);
    wg_tensor *v = s->state[1] = step_mixed(s->state[1], o->beta2, wg_square(g));
    wg_tensor *correction = wg_div(step_unbias(s, o->beta1), wg_sqrt(step_unbias(s, o->beta2)));
    wg_tensor *rate = step_scaled(wg_reciprocal(step_root(s, v, o->eps)), correction);
    wg_tensor *x = wg_mul_scalar(s->t, o->gamma);
    wg_tensor *low = wg_mul_scalar(wg_div(x, wg_add_scalar(x, 1)), o->final); /* 1 - 1/(x + 1) */
    wg_tensor *high = wg_mul_scalar(wg_add_scalar(wg_reciprocal(x), 1), o->final);
    return step_away(s, wg_mul(step_between(rate, low, high), m));
}

const struct optim_rule optim_adabound_rule = {.name = "adabound", .state = {{.name = "m"}, {.name = "v"}}, .move = move};
