/* RAdam: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

enum { M, V };

/* ρ at step t: ρ∞ - 2t β₂ᵗ/(1-β₂ᵗ) */
static wg_tensor *length(const struct step *s, double beta2, double limit)
{
    wg_tensor *t = wg_mul_scalar(s->t, 2), *power = step_power(s, beta2);
    return wg_add_scalar(wg_neg(wg_div(wg_mul(t, power), wg_add_scalar(wg_neg(power), 1))), limit);
}

/* r = √((ρ-4)(ρ-2)ρ∞/((ρ∞-4)(ρ∞-2)ρ)), for ρ ≥ 4. */
static wg_tensor *rectification(wg_tensor *rho, double limit)
{
    wg_tensor *above = wg_relu(wg_add_scalar(rho, -4)); /* 0 where the root would not exist */
    wg_tensor *square = wg_div(wg_mul(above, wg_add_scalar(above, 2)), wg_add_scalar(above, 4));
    return wg_sqrt(wg_mul_scalar(square, limit / ((limit - 4) * (limit - 2))));
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_radam_options *o = s->options;
    const double limit = 2 / (1 - o->beta2) - 1;
    wg_tensor *g = step_gradient(s, o->weight_decay);
    wg_tensor *m = s->state[M] = step_mixed(s->state[M], o->beta1, g);
    wg_tensor *v = s->state[V] = step_mixed(s->state[V], o->beta2, wg_square(g));
    wg_tensor *unbiased = step_scaled(m, step_unbias(s, o->beta1));
    if (limit <= 5) /* ρ never gets above it */
        return step_away(s, unbiased);
    wg_tensor *rho = length(s, o->beta2, limit);
    wg_tensor *adaptive = wg_relu(wg_sign(wg_add_scalar(rho, -5))); /* 1 or 0 */
    wg_tensor *scale = wg_mul(rectification(rho, limit), wg_rsqrt(step_unbias(s, o->beta2)));
    wg_tensor *factor = step_scaled(wg_reciprocal(step_root(v, o->eps)), wg_mul(adaptive, scale));
    return step_away(s, wg_mul(unbiased, step_added(factor, wg_add_scalar(wg_neg(adaptive), 1))));
}

const struct optim_rule optim_radam_rule = {.name = "radam", .state = {{.name = "m"}, {.name = "v"}}, .move = move};
