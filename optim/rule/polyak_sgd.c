/* SGD with Polyak's rate: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { RATE };

static wg_status part(struct step *s)
{
    s->sum[0] = step_square_norm(s->g);
    return wg_error_if_null(s->sum[0]);
}

static wg_status agree(struct step *s)
{
    const wg_optim_polyak_sgd_options *o = s->options;
    wg_tensor *above = wg_relu(wg_add_scalar(step_loss(s), -o->minimum));
    s->state[RATE] = wg_minimum(step_quotient(above, s->sum[0]), wg_full(WG_F64, WG_SCALAR, o->max_rate));
    return wg_error_if_null(s->state[RATE]);
}

static wg_tensor *move(struct step *s)
{
    return step_away(s, step_scaled(s->g, s->state[RATE]));
}

static const char *differs(const void *a, const void *b)
{
    const wg_optim_polyak_sgd_options *x = a, *y = b;
    return x->minimum != y->minimum ? "minimum" : x->max_rate != y->max_rate ? "max_rate" : NULL;
}

const struct optim_rule optim_polyak_sgd_rule = {.name = "polyak_sgd",
                                                 .state = {[RATE] = {.name = "rate", .shared = true}},
                                                 .needs_loss = true,
                                                 .part = part,
                                                 .agree = agree,
                                                 .differs = differs,
                                                 .move = move};
