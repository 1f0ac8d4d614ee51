/* Perturbed SGD: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_perturbed_sgd_options *o = s->options;
    wg_tensor *noise = step_noise(s, 0);
    wg_tensor *sphere = wg_mul(noise, wg_mul_scalar(wg_rsqrt(step_total(noise)), o->radius));
    return step_away(s, wg_add(step_gradient(s, o->weight_decay), sphere));
}

const struct optim_rule optim_perturbed_sgd_rule = {
    .name = "perturbed_sgd", .state = {{.name = "generator", .generator = true}}, .move = move};
