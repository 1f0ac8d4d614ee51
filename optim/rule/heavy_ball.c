/* The heavy ball with the rate inside: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_heavy_ball_options *o = s->options;
    wg_tensor *pull = step_scaled(step_gradient(s, o->weight_decay), s->lr);
    wg_tensor *d = s->state[0] = wg_sub(wg_mul_scalar(s->state[0], o->momentum), pull);
    return o->nesterov ? wg_sub(step_plus(s->p, o->momentum, d), pull) : wg_add(s->p, d);
}

static wg_status terms(const struct step *s, struct terms *terms, const char *op)
{
    const wg_optim_heavy_ball_options *o = s->options;
    if (o->nesterov)
        return step_no_terms(op, "nesterov");
    terms->gradient = step_gradient(s, o->weight_decay);
    terms->h = wg_ones(wg_dtype_of(s->p), wg_shape_of(s->p));
    terms->scale = s->lr;
    terms->kept = o->momentum;
    return WG_OK;
}

const struct optim_rule optim_heavy_ball_rule = {.name = "heavy_ball", .terms = terms, .state = {{.name = "d"}}, .move = move};
