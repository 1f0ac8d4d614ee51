/* Adan: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

enum { M, D, N, G };

static wg_tensor *move(struct step *s)
{
    const wg_optim_adan_options *o = s->options;
    wg_tensor *others = wg_add_scalar(wg_neg(step_is_first(s)), 1);
    wg_tensor *change = step_scaled(wg_sub(s->g, s->state[G]), others);
    wg_tensor *m = s->state[M] = step_mixed(s->state[M], o->beta1, s->g);
    wg_tensor *d = s->state[D] = step_mixed(s->state[D], o->beta2, change);
    wg_tensor *n = s->state[N] = step_mixed(s->state[N], o->beta3, wg_square(step_plus(s->g, o->beta2, change)));
    s->state[G] = s->g;
    wg_tensor *u = step_plus(step_unbiased(s, m, o->beta1), o->beta2, step_unbiased(s, d, o->beta2));
    wg_tensor *p = step_away(s, wg_div(u, step_root(s, step_unbiased(s, n, o->beta3), o->eps)));
    return step_scaled(p, wg_reciprocal(wg_add_scalar(wg_mul_scalar(s->lr, o->weight_decay), 1)));
}

const struct optim_rule optim_adan_rule = {
    .name = "adan", .state = {{.name = "m"}, {.name = "d"}, {.name = "n"}, {.name = "g"}}, .move = move};
