/* Noise: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_stage_noise_options *o = s->options;
    wg_tensor *power = wg_pow(s->t, wg_full(WG_F64, WG_SCALAR, -o->decay));
    return wg_add(s->g, step_scaled(step_noise(s, 0), wg_sqrt(wg_mul_scalar(power, o->variance))));
}

const struct optim_rule stage_noise_rule = {
    .name = "noise", .place = IN_FRONT, .is_gradient = true, .state = {{.name = "generator", .generator = true}}, .move = move};
