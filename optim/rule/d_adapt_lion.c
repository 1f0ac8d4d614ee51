/* Lion with D-Adaptation: the formula stands in optimizers.def. */
#include <math.h>

#include "distance.h"
#include "wengert/ops.h"

enum { M, S, D, NUMERATOR };

/* The move needs it once more, when the state has changed. */
static wg_tensor *direction(const struct step *s)
{
    const wg_optim_d_adapt_lion_options *o = s->options;
    return wg_sign(step_mixed(s->before[M], o->beta1, s->g));
}

static wg_status part(struct step *s)
{
    const wg_optim_d_adapt_lion_options *o = s->options;
    const double q = sqrt(o->beta2);
    wg_tensor *rate = distance_rate(s, D), *u = direction(s);
    s->sum[0] = wg_mul(rate, step_dot(u, s->state[S]));
    s->state[M] = distance_sum(s->state[M], o->beta2, s->g, wg_mul_scalar(rate, 1 - o->beta2));
    s->state[S] = distance_sum(s->state[S], q, u, wg_mul_scalar(rate, 1 - q));
    s->sum[1] = step_norm1(s->state[S]);
    return distance_parts(s, 2);
}

static wg_status agree(struct step *s)
{
    const wg_optim_d_adapt_lion_options *o = s->options;
    return distance_grow_by_average(s, D, NUMERATOR, sqrt(o->beta2), o->growth);
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_d_adapt_lion_options *o = s->options;
    return wg_sub(s->p, step_scaled(step_plus(direction(s), o->weight_decay, s->p), distance_rate(s, D)));
}

static const char *differs(const void *a, const void *b)
{
    const wg_optim_d_adapt_lion_options *x = a, *y = b;
    return x->beta2 != y->beta2 ? "beta2" : x->d0 != y->d0 ? "d0" : x->growth != y->growth ? "growth" : NULL;
}

static double start(const void *options)
{
    return ((const wg_optim_d_adapt_lion_options *)options)->d0;
}

const struct optim_rule optim_d_adapt_lion_rule = {.name = "d_adapt_lion",
                                                   .state = {[M] = {.name = "m"},
                                                             [S] = {.name = "s"},
                                                             [D] = {.name = "d", .start = start, .shared = true},
                                                             [NUMERATOR] = {.name = "numerator", .shared = true}},
                                                   .part = part,
                                                   .agree = agree,
                                                   .differs = differs,
                                                   .move = move};
