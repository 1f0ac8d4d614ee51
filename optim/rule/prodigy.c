/* Prodigy: the formula stands in optimizers.def. */
#include <math.h>

#include "distance.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { M, V, S, START, D, D_MAX, NUMERATOR };

static double beta3(const wg_optim_prodigy_options *o)
{
    return o->beta3 > 0 ? o->beta3 : sqrt(o->beta2);
}

static wg_tensor *rate(const struct step *s)
{
    const wg_optim_prodigy_options *o = s->options;
    return distance_adam_rate(s, D, o->beta1, o->beta2, o->uncorrected);
}

static wg_status part(struct step *s)
{
    const wg_optim_prodigy_options *o = s->options;
    wg_tensor *d = s->state[D], *relative = wg_mul_scalar(d, 1 / o->d0), *scale = wg_mul(relative, rate(s));
    wg_tensor *g = o->decoupled ? s->g : step_gradient(s, o->weight_decay);
    s->state[START] = step_start(s, START);
    s->state[M] = distance_sum(s->state[M], o->beta1, g, wg_mul_scalar(d, 1 - o->beta1));
    s->state[V] = step_mixed(s->state[V], o->beta2, wg_square(step_scaled(g, d)));
    s->state[S] = distance_sum(s->state[S], beta3(o), g, o->safeguard_warmup ? wg_mul(relative, d) : scale);
    s->sum[0] = wg_mul(scale, step_dot(g, wg_sub(s->state[START], s->p)));
    s->sum[1] = step_norm1(s->state[S]);
    return distance_parts(s, 2);
}

/* Where d has not grown yet, it may jump to the first estimate. */
static wg_status agree(struct step *s)
{
    const wg_optim_prodigy_options *o = s->options;
    s->state[NUMERATOR] = step_plus(s->sum[0], beta3(o), s->state[NUMERATOR]);
    wg_tensor *estimate = wg_mul_scalar(step_quotient(s->state[NUMERATOR], s->sum[1]), o->d_coef);
    wg_tensor *is_first = wg_add_scalar(wg_neg(wg_sign(wg_abs(wg_add_scalar(s->state[D], -o->d0)))), 1);
    wg_tensor *d = wg_maximum(s->state[D], wg_mul(is_first, estimate));
    s->state[D_MAX] = wg_maximum(s->state[D_MAX], estimate);
    s->state[D] = distance_limited(s->state[D_MAX], d, o->growth);
    return wg_error_if_null(s->state[D]);
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_prodigy_options *o = s->options;
    wg_tensor *root = step_added(step_sqrt(s, s->state[V]), wg_mul_scalar(s->state[D], o->eps));
    wg_tensor *u = wg_div(s->state[M], root);
    return wg_sub(s->p, step_scaled(o->decoupled ? step_plus(u, o->weight_decay, s->p) : u, rate(s)));
}

static const char *differs(const void *a, const void *b)
{
    const wg_optim_prodigy_options *x = a, *y = b;
    if (beta3(x) != beta3(y))
        return x->beta3 != y->beta3 ? "beta3" : "beta2";
    return x->d0 != y->d0 ? "d0" : x->d_coef != y->d_coef ? "d_coef" : x->growth != y->growth ? "growth" : NULL;
}

static double start(const void *options)
{
    return ((const wg_optim_prodigy_options *)options)->d0;
}

const struct optim_rule optim_prodigy_rule = {.name = "prodigy",
                                              .state = {[M] = {.name = "m"},
                                                        [V] = {.name = "v"},
                                                        [S] = {.name = "s"},
                                                        [START] = {.name = "start"},
                                                        [D] = {.name = "d", .start = start, .shared = true},
                                                        [D_MAX] = {.name = "d_max", .start = start, .shared = true},
                                                        [NUMERATOR] = {.name = "numerator", .shared = true}},
                                              .part = part,
                                              .agree = agree,
                                              .differs = differs,
                                              .move = move};
