/* SGD with D-Adaptation: the formula stands in optimizers.def. The norm of the first gradients, by which all are divided, is
   there only after the parts: so s and the numerator are kept without that division. */
#include "distance.h"
#include "wengert/ops.h"

enum { S, START, D, NUMERATOR, NORM };

static wg_status part(struct step *s)
{
    const wg_optim_d_adapt_sgd_options *o = s->options;
    wg_tensor *rate = distance_rate(s, D), *g = step_gradient(s, o->weight_decay);
    s->state[START] = step_start(s, START);
    s->sum[0] = wg_mul(rate, step_dot(g, s->state[S]));
    s->state[S] = wg_add(s->state[S], step_scaled(g, rate));
    s->sum[1] = step_square_norm(s->state[S]);
    s->sum[2] = wg_mul(wg_sign(s->lr), step_square_norm(s->g));
    return distance_parts(s, 3);
}

static wg_status agree(struct step *s)
{
    const wg_optim_d_adapt_sgd_options *o = s->options;
    wg_tensor *is_first = wg_add_scalar(wg_neg(wg_sign(s->state[NORM])), 1);
    wg_tensor *norm = s->state[NORM] = wg_add(s->state[NORM], wg_mul(is_first, step_sqrt(s, s->sum[2])));
    s->state[NUMERATOR] = wg_add(s->state[NUMERATOR], s->sum[0]);
    wg_tensor *estimate = step_quotient(wg_mul_scalar(s->state[NUMERATOR], 2), wg_mul(norm, step_sqrt(s, s->sum[1])));
    return distance_grow(s, D, estimate, o->growth);
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_d_adapt_sgd_options *o = s->options;
    wg_tensor *size = step_quotient(wg_full(WG_F64, WG_SCALAR, 1), s->state[NORM]);
    return distance_toward(s->p, o->momentum, wg_sub(s->state[START], step_scaled(s->state[S], size)));
}

static const char *differs(const void *a, const void *b)
{
    const wg_optim_d_adapt_sgd_options *x = a, *y = b;
    return x->d0 != y->d0 ? "d0" : x->growth != y->growth ? "growth" : NULL;
}

static double start(const void *options)
{
    return ((const wg_optim_d_adapt_sgd_options *)options)->d0;
}

const struct optim_rule optim_d_adapt_sgd_rule = {.name = "d_adapt_sgd",
                                                  .state = {[S] = {.name = "s"},
                                                            [START] = {.name = "start"},
                                                            [D] = {.name = "d", .start = start, .shared = true},
                                                            [NUMERATOR] = {.name = "numerator", .shared = true},
                                                            [NORM] = {.name = "norm", .shared = true}},
                                                  .part = part,
                                                  .agree = agree,
                                                  .differs = differs,
                                                  .move = move};
