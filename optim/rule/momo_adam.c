/* MoMo-Adam: the formula stands in optimizers.def. */
#include "model.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { M, V, DOT, LOSS, STEPS };

/* m/(√v̂ + ε) */
static wg_tensor *direction(const struct step *s)
{
    const wg_optim_momo_adam_options *o = s->options;
    return wg_div(s->state[M], step_root(s, step_unbiased(s, s->state[V], o->beta2), o->eps));
}

static wg_status part(struct step *s)
{
    const wg_optim_momo_adam_options *o = s->options;
    s->state[M] = step_mixed(s->state[M], o->beta1, s->g);
    s->state[V] = step_mixed(s->state[V], o->beta2, wg_square(s->g));
    s->state[DOT] = step_mixed(s->state[DOT], o->beta1, wg_sum(wg_mul(s->g, s->p)));
    return model_parts(s, s->state[M], direction(s), s->state[DOT]);
}

static wg_status agree(struct step *s)
{
    const wg_optim_momo_adam_options *o = s->options;
    s->state[LOSS] = step_mixed(s->state[LOSS], o->beta1, step_loss(s));
    s->state[STEPS] = wg_add_scalar(s->state[STEPS], 1);
    WG_TRY(wg_error_if_null(s->state[LOSS]));
    return wg_error_if_null(s->state[STEPS]);
}

/* The averages begin at 0: what they are compared with is as much smaller, and the largest rate as much larger. */
static wg_tensor *move(struct step *s)
{
    const wg_optim_momo_adam_options *o = s->options;
    wg_tensor *faded = wg_pow(wg_full(WG_F64, WG_SCALAR, o->beta1), s->state[STEPS]), *share = wg_add_scalar(wg_neg(faded), 1);
    wg_tensor *above = wg_sub(s->state[LOSS], wg_mul_scalar(share, o->minimum));
    wg_tensor *rate = model_rate(s, above, o->weight_decay, wg_div(s->lr, share));
    return model_decayed(s, wg_sub(s->p, step_scaled(direction(s), rate)), o->weight_decay);
}

static const char *differs(const void *a, const void *b)
{
    const wg_optim_momo_adam_options *x = a, *y = b;
    return x->beta1 != y->beta1 ? "beta1" : x->minimum != y->minimum ? "minimum" : NULL;
}

const struct optim_rule optim_momo_adam_rule = {.name = "momo_adam",
                                                .state = {[M] = {.name = "m"},
                                                          [V] = {.name = "v"},
                                                          [DOT] = {.name = "dot", .shape = step_scalar},
                                                          [LOSS] = {.name = "loss", .shared = true},
                                                          [STEPS] = {.name = "steps", .shared = true}},
                                                .needs_loss = true,
                                                .part = part,
                                                .agree = agree,
                                                .differs = differs,
                                                .move = move};
