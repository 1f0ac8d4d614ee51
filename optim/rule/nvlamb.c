/* NVLAMB: the formula stands in optimizers.def. */
#include <math.h>

#include "rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"

static wg_status part(struct step *s)
{
    s->sum[0] = step_square_norm(s->g);
    return wg_error_if_null(s->sum[0]);
}

/* 1, or what u is multiplied by. */
static wg_tensor *trusted(const struct step *s, wg_tensor *u)
{
    const wg_optim_nvlamb_options *o = s->options;
    if (o->weight_decay == 0 && !o->always_adapt)
        return u;
    wg_tensor *trust = step_trust(s, s->p, u);
    return step_scaled(u, o->trust_clip ? wg_clamp(trust, 0, 1) : trust);
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_nvlamb_options *o = s->options;
    wg_tensor *above = wg_clamp(wg_mul_scalar(step_sqrt(s, s->sum[0]), 1 / o->limit), 1, INFINITY);
    wg_tensor *g = step_scaled(s->g, wg_reciprocal(above));
    wg_tensor *m = s->state[0] = step_plus(o->sum ? g : wg_mul_scalar(g, 1 - o->beta1), o->beta1, s->state[0]);
    wg_tensor *v = s->state[1] = step_mixed(s->state[1], o->beta2, wg_square(g));
    wg_tensor *u = step_over_root(s, step_unbiased(s, m, o->beta1), step_unbiased(s, v, o->beta2), o->eps, false);
    return step_away(s, trusted(s, step_plus(u, o->weight_decay, s->p)));
}

const struct optim_rule optim_nvlamb_rule = {.name = "nvlamb", .state = {{.name = "m"}, {.name = "v"}}, .part = part, .move = move};
