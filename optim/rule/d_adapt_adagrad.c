/* AdaGrad with D-Adaptation: the formula stands in optimizers.def. */
#include "distance.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

enum { V, S, START, WEIGHTED, NORM1, D, NUMERATOR, NORM };

/* Σ x²/(√v + ε) */
static wg_tensor *weighted(const struct step *s, wg_tensor *x, wg_tensor *v)
{
    const wg_optim_d_adapt_adagrad_options *o = s->options;
    return step_dot(x, step_over_root(s, x, v, o->eps, false));
}

/* What this state, a scalar, becomes, less what it was. */
static wg_tensor *change(struct step *s, int state, wg_tensor *now)
{
    wg_tensor *before = wg_cast(s->state[state], WG_F64);
    s->state[state] = wg_cast(now, wg_dtype_of(s->p));
    return wg_sub(now, before);
}

/* Of the sums over s, which go on where a parameter has no gradient, the parts are the changes. */
static wg_status part(struct step *s)
{
    const wg_optim_d_adapt_adagrad_options *o = s->options;
    wg_tensor *rate = distance_rate(s, D), *g = step_gradient(s, o->weight_decay);
    s->state[START] = step_start(s, START);
    s->state[V] = wg_add(s->state[V], wg_square(g));
    s->state[S] = wg_add(s->state[S], step_scaled(g, rate));
    wg_tensor *noise = wg_mul(wg_square(rate), weighted(s, g, s->state[V]));
    s->sum[0] = wg_sub(change(s, WEIGHTED, weighted(s, s->state[S], s->state[V])), noise);
    s->sum[1] = change(s, NORM1, step_norm1(s->state[S]));
    return distance_parts(s, 2);
}

static wg_status agree(struct step *s)
{
    const wg_optim_d_adapt_adagrad_options *o = s->options;
    s->state[NUMERATOR] = wg_add(s->state[NUMERATOR], s->sum[0]);
    s->state[NORM] = wg_add(s->state[NORM], s->sum[1]);
    return distance_grow(s, D, step_quotient(s->state[NUMERATOR], s->state[NORM]), o->growth);
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_d_adapt_adagrad_options *o = s->options;
    wg_tensor *z = wg_sub(s->state[START], step_over_root(s, s->state[S], s->state[V], o->eps, false));
    return distance_toward(s->p, o->momentum, z);
}

static const char *differs(const void *a, const void *b)
{
    const wg_optim_d_adapt_adagrad_options *x = a, *y = b;
    return x->d0 != y->d0 ? "d0" : x->growth != y->growth ? "growth" : NULL;
}

static double start(const void *options)
{
    return ((const wg_optim_d_adapt_adagrad_options *)options)->d0;
}

static double accumulator(const void *options)
{
    return ((const wg_optim_d_adapt_adagrad_options *)options)->initial_accumulator;
}

const struct optim_rule optim_d_adapt_adagrad_rule = {.name = "d_adapt_adagrad",
                                                      .state = {[V] = {.name = "v", .start = accumulator},
                                                                [S] = {.name = "s"},
                                                                [START] = {.name = "start"},
                                                                [WEIGHTED] = {.name = "weighted", .shape = step_scalar},
                                                                [NORM1] = {.name = "norm1", .shape = step_scalar},
                                                                [D] = {.name = "d", .start = start, .shared = true},
                                                                [NUMERATOR] = {.name = "numerator", .shared = true},
                                                                [NORM] = {.name = "norm", .shared = true}},
                                                      .part = part,
                                                      .agree = agree,
                                                      .differs = differs,
                                                      .move = move};
