/* SGD with noise of its own: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_noisy_sgd_options *o = s->options;
    wg_tensor *power = wg_pow(s->t, wg_full(WG_F64, WG_SCALAR, -o->decay));
    wg_tensor *noise = step_scaled(step_noise(s, 0), wg_sqrt(wg_mul_scalar(power, o->variance)));
    return step_away(s, wg_add(step_gradient(s, o->weight_decay), noise));
}

const struct optim_rule optim_noisy_sgd_rule = {
    .name = "noisy_sgd", .state = {{.name = "generator", .generator = true}}, .move = move};
