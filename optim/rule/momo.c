/* MoMo: the formula stands in optimizers.def. */
#include "model.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { M, DOT, LOSS, STEPS };

/* The averages begin at their first value. */
static wg_tensor *averaged(wg_tensor *is_first, wg_tensor *average, double beta, wg_tensor *x)
{
    return step_mixed(wg_add(average, step_scaled(x, is_first)), beta, x);
}

static wg_status part(struct step *s)
{
    const wg_optim_momo_options *o = s->options;
    wg_tensor *is_first = step_is_first(s);
    wg_tensor *m = s->state[M] = averaged(is_first, s->state[M], o->beta, s->g);
    s->state[DOT] = averaged(is_first, s->state[DOT], o->beta, wg_sum(wg_mul(s->g, s->p)));
    return model_parts(s, m, m, s->state[DOT]);
}

static wg_status agree(struct step *s)
{
    const wg_optim_momo_options *o = s->options;
    wg_tensor *is_first = wg_add_scalar(wg_neg(wg_sign(s->state[STEPS])), 1);
    s->state[LOSS] = averaged(is_first, s->state[LOSS], o->beta, step_loss(s));
    s->state[STEPS] = wg_add_scalar(s->state[STEPS], 1);
    WG_TRY(wg_error_if_null(s->state[LOSS]));
    return wg_error_if_null(s->state[STEPS]);
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_momo_options *o = s->options;
    wg_tensor *rate = model_rate(s, wg_add_scalar(s->state[LOSS], -o->minimum), o->weight_decay, s->lr);
    return model_decayed(s, wg_sub(s->p, step_scaled(s->state[M], rate)), o->weight_decay);
}

static const char *differs(const void *a, const void *b)
{
    const wg_optim_momo_options *x = a, *y = b;
    return x->beta != y->beta ? "beta" : x->minimum != y->minimum ? "minimum" : NULL;
}

const struct optim_rule optim_momo_rule = {.name = "momo",
                                           .state = {[M] = {.name = "m"},
                                                     [DOT] = {.name = "dot", .shape = step_scalar},
                                                     [LOSS] = {.name = "loss", .shared = true},
                                                     [STEPS] = {.name = "steps", .shared = true}},
                                           .needs_loss = true,
                                           .part = part,
                                           .agree = agree,
                                           .differs = differs,
                                           .move = move};
