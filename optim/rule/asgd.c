/* Averaged SGD: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

/* η = lr/(1 + λ lr (t-1))^α */
static wg_tensor *rate(const struct step *s, const wg_optim_asgd_options *o)
{
    wg_tensor *past = wg_mul(s->lr, wg_add_scalar(s->t, -1));
    return wg_div(s->lr, wg_pow_scalar(wg_add_scalar(wg_mul_scalar(past, o->lambda), 1), o->power));
}

/* μ = 1/max(1, t - 1 - t₀) */
static wg_tensor *weight(const struct step *s, double from)
{
    return wg_reciprocal(wg_add_scalar(wg_relu(wg_add_scalar(s->t, -2 - from)), 1));
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_asgd_options *o = s->options;
    wg_tensor *g = step_gradient(s, o->weight_decay);
    wg_tensor *p = wg_sub(s->p, step_scaled(step_plus(g, o->lambda, s->p), rate(s, o)));
    wg_tensor *mu = weight(s, o->average_from), *one = wg_full(wg_dtype_of(s->p), WG_SCALAR, 1);
    s->state[0] = wg_lerp(s->state[0], p, step_scaled(one, mu)); /* at μ = 1 exactly p */
    return p;
}

const struct optim_rule optim_asgd_rule = {.name = "asgd", .state = {{.name = "average"}}, .move = move};
