/* LARS: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

/* c ‖p‖/below, 1 where either norm is 0; g: the norm that below is made of. */
static wg_tensor *trust(const struct step *s, wg_tensor *p, wg_tensor *g, wg_tensor *below)
{
    const wg_optim_lars_options *o = s->options;
    wg_tensor *whole = wg_mul(wg_sign(p), wg_sign(g)); /* 0 where either is, else 1 */
    wg_tensor *others = wg_add_scalar(wg_neg(whole), 1);
    return wg_add(others, wg_mul(whole, wg_div(wg_mul_scalar(p, o->trust), wg_add(wg_add_scalar(below, o->eps), others))));
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_lars_options *o = s->options;
    wg_tensor *g = step_gradient(s, o->weight_decay), *p = step_sqrt(s, step_total(s->p));
    wg_tensor *of_g = step_sqrt(s, step_total(o->rate_inside ? g : s->g));
    g = wg_mul(g, trust(s, p, of_g, o->rate_inside ? of_g : step_plus(of_g, o->weight_decay, p)));
    if (o->rate_inside)
        g = step_scaled(g, s->lr);
    s->state[0] = step_plus(g, o->momentum, s->state[0]);
    wg_tensor *d = o->nesterov ? step_plus(g, o->momentum, s->state[0]) : s->state[0];
    return o->rate_inside ? wg_sub(s->p, d) : step_away(s, d);
}

const struct optim_rule optim_lars_rule = {.name = "lars", .state = {{.name = "v"}}, .move = move};
