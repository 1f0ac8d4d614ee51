/* Stochastic gradient Langevin dynamics: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_sgld_options *o = s->options;
    wg_tensor *rate = wg_mul_scalar(s->lr, o->half ? 0.5 : 1);
    wg_tensor *drift = step_scaled(step_gradient(s, o->weight_decay), rate);
    wg_tensor *noise = step_scaled(step_noise(s, 0), wg_sqrt(wg_mul_scalar(rate, 2 * o->temperature)));
    return wg_sub(s->p, wg_sub(drift, noise));
}

const struct optim_rule optim_sgld_rule = {.name = "sgld", .state = {{.name = "generator", .generator = true}}, .move = move};
