/* LARS: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

/* c ‖p‖/(‖g‖ + λ‖p‖ + ε), 1 where either norm is 0. */
static wg_tensor *trust(const struct step *s)
{
    const wg_optim_lars_options *o = s->options;
    wg_tensor *p = wg_sqrt(step_total(s->p)), *g = wg_sqrt(step_total(s->g));
    wg_tensor *whole = wg_mul(wg_sign(p), wg_sign(g)); /* 0 where either is, else 1 */
    wg_tensor *others = wg_add_scalar(wg_neg(whole), 1);
    wg_tensor *below = wg_add(wg_add_scalar(step_plus(g, o->weight_decay, p), o->eps), others);
    return wg_add(others, wg_mul(whole, wg_div(wg_mul_scalar(p, o->trust), below)));
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_lars_options *o = s->options;
    wg_tensor *g = wg_mul(step_gradient(s, o->weight_decay), trust(s));
    s->state[0] = step_plus(g, o->momentum, s->state[0]);
    return step_away(s, o->nesterov ? step_plus(g, o->momentum, s->state[0]) : s->state[0]);
}

const struct optim_rule optim_lars_rule = {.name = "lars", .state = {{.name = "v"}}, .move = move};
