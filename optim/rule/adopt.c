/* ADOPT: the formula stands in optimizers.def. */
#include <math.h>

#include "rule.h"
#include "wengert/ops.h"

/* At the first step v is 0, and so is the limit: m stays 0 then, and the parameter where it is. */
static wg_tensor *move(struct step *s)
{
    const wg_optim_adopt_options *o = s->options;
    wg_tensor *limit = wg_pow(wg_add_scalar(s->t, -1), wg_full(WG_F64, WG_SCALAR, 0.25));
    wg_tensor *normal = wg_div(s->g, wg_clamp(step_sqrt(s, s->state[1]), o->eps, INFINITY));
    wg_tensor *m = s->state[0] = step_mixed(s->state[0], o->beta1, step_between(normal, wg_neg(limit), limit));
    wg_tensor *first = step_is_first(s), *g2 = wg_square(s->g);
    s->state[1] = wg_add(step_mixed(s->state[1], o->beta2, g2), step_scaled(g2, wg_mul_scalar(first, o->beta2)));
    if (o->weight_decay == 0)
        return step_away(s, m);
    wg_tensor *decay = wg_mul_scalar(wg_add_scalar(wg_neg(first), 1), o->weight_decay);
    return step_away(s, wg_add(m, step_scaled(s->p, decay)));
}

const struct optim_rule optim_adopt_rule = {.name = "adopt", .state = {{.name = "m"}, {.name = "v"}}, .move = move};
