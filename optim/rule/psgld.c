/* Preconditioned stochastic gradient Langevin dynamics: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

enum { V, GENERATOR };

static wg_tensor *move(struct step *s)
{
    const wg_optim_psgld_options *o = s->options;
    wg_tensor *g = step_gradient(s, o->weight_decay);
    wg_tensor *v = s->state[V] = step_mixed(s->state[V], o->alpha, wg_square(g));
    wg_tensor *scale = wg_reciprocal(step_root(s, v, o->eps));
    wg_tensor *drift = step_scaled(wg_mul(scale, g), wg_mul_scalar(s->lr, 0.5));
    wg_tensor *noise = step_scaled(wg_mul(wg_sqrt(scale), step_noise(s, GENERATOR)), wg_sqrt(wg_mul_scalar(s->lr, o->temperature)));
    return wg_sub(s->p, wg_sub(drift, noise));
}

const struct optim_rule optim_psgld_rule = {
    .name = "psgld", .state = {[V] = {.name = "v"}, [GENERATOR] = {.name = "generator", .generator = true}}, .move = move};
