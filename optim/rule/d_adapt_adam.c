/* Adam with D-Adaptation: the formula stands in optimizers.def. */
#include <math.h>

#include "distance.h"
#include "wengert/ops.h"

enum { M, V, S, D, NUMERATOR };

static wg_tensor *rate(const struct step *s)
{
    const wg_optim_d_adapt_adam_options *o = s->options;
    return distance_adam_rate(s, D, o->beta1, o->beta2, o->uncorrected);
}

static wg_status part(struct step *s)
{
    const wg_optim_d_adapt_adam_options *o = s->options;
    const double q = sqrt(o->beta2);
    wg_tensor *size = rate(s), *g = o->decoupled ? s->g : step_gradient(s, o->weight_decay);
    s->sum[0] = wg_mul(size, step_dot(g, step_over_root(s, s->state[S], s->state[V], o->eps, false)));
    s->state[M] = distance_sum(s->state[M], o->beta1, g, wg_mul_scalar(size, 1 - o->beta1));
    s->state[V] = step_mixed(s->state[V], o->beta2, wg_square(g));
    s->state[S] = distance_sum(s->state[S], q, g, wg_mul_scalar(size, 1 - q));
    s->sum[1] = step_norm1(s->state[S]);
    return distance_parts(s, 2);
}

static wg_status agree(struct step *s)
{
    const wg_optim_d_adapt_adam_options *o = s->options;
    return distance_grow_by_average(s, D, NUMERATOR, sqrt(o->beta2), o->growth);
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_d_adapt_adam_options *o = s->options;
    wg_tensor *p = s->p;
    if (o->decoupled && o->weight_decay != 0)
        p = wg_sub(p, step_scaled(p, wg_mul_scalar(rate(s), o->weight_decay)));
    return wg_sub(p, step_over_root(s, s->state[M], s->state[V], o->eps, false));
}

static const char *differs(const void *a, const void *b)
{
    const wg_optim_d_adapt_adam_options *x = a, *y = b;
    return x->beta2 != y->beta2 ? "beta2" : x->d0 != y->d0 ? "d0" : x->growth != y->growth ? "growth" : NULL;
}

static double start(const void *options)
{
    return ((const wg_optim_d_adapt_adam_options *)options)->d0;
}

const struct optim_rule optim_d_adapt_adam_rule = {.name = "d_adapt_adam",
                                                   .state = {[M] = {.name = "m"},
                                                             [V] = {.name = "v"},
                                                             [S] = {.name = "s"},
                                                             [D] = {.name = "d", .start = start, .shared = true},
                                                             [NUMERATOR] = {.name = "numerator", .shared = true}},
                                                   .part = part,
                                                   .agree = agree,
                                                   .differs = differs,
                                                   .move = move};
