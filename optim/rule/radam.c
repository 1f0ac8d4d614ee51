/* RAdam: the formula stands in optimizers.def. */
#include "rectified.h"
#include "wengert/ops.h"

enum { M, V };

static wg_tensor *move(struct step *s)
{
    const wg_optim_radam_options *o = s->options;
    wg_tensor *g = step_gradient(s, o->weight_decay);
    wg_tensor *m = s->state[M] = step_mixed(s->state[M], o->beta1, g);
    wg_tensor *v = s->state[V] = step_mixed(s->state[V], o->beta2, wg_square(g));
    wg_tensor *unbiased = step_scaled(m, step_unbias(s, o->beta1));
    if (rectified_limit(o->beta2) <= 5) /* ρ never gets above it */
        return step_away(s, unbiased);
    wg_tensor *rho = rectified_length(s, o->beta2), *adaptive = rectified_above(rho, 5);
    wg_tensor *scale = wg_mul(rectified_factor(rho, o->beta2), wg_rsqrt(step_unbias(s, o->beta2)));
    wg_tensor *factor = step_scaled(wg_reciprocal(step_root(v, o->eps)), wg_mul(adaptive, scale));
    return step_away(s, wg_mul(unbiased, step_added(factor, wg_add_scalar(wg_neg(adaptive), 1))));
}

const struct optim_rule optim_radam_rule = {.name = "radam", .state = {{.name = "m"}, {.name = "v"}}, .move = move};
