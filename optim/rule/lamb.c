/* LAMB: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

/* ‖p‖/‖u‖, 1 where either is 0. Signs are multiplied, since a product of small numbers is 0. */
static wg_tensor *ratio(wg_tensor *p, wg_tensor *u)
{
    wg_tensor *p2 = step_total(p), *u2 = step_total(u);
    wg_tensor *whole = wg_mul(wg_sign(p2), wg_sign(u2)); /* 0 where either is, else 1 */
    wg_tensor *others = wg_add_scalar(wg_neg(whole), 1);
    return wg_add(others, wg_mul(whole, wg_sqrt(wg_div(p2, wg_add(u2, others)))));
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_lamb_options *o = s->options;
    wg_tensor *u = step_plus(step_adam(s, s->g, o->beta1, o->beta2, o->eps), o->weight_decay, s->p);
    return step_away(s, step_scaled(u, ratio(s->p, u)));
}

const struct optim_rule optim_lamb_rule = {.name = "lamb", .state = {{.name = "m"}, {.name = "v"}}, .move = move};
