/* DoG: the formula stands in optimizers.def. */
#include "traveled.h"
#include "wengert/error.h"
#include "wengert/ops.h"

static wg_tensor *gradient(const struct step *s)
{
    return step_gradient(s, ((const wg_optim_dog_options *)s->options)->weight_decay);
}

static wg_status part(struct step *s)
{
    return traveled_part(s, gradient(s));
}

static wg_status agree(struct step *s)
{
    const wg_optim_dog_options *o = s->options;
    WG_TRY(wg_error_if_null(traveled_distance(s, o->distance)));
    s->state[SQUARES] = wg_add(s->state[SQUARES], traveled_square(s));
    return wg_error_if_null(s->state[SQUARES]);
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_dog_options *o = s->options;
    wg_tensor *rate = step_quotient(s->state[DISTANCE], step_sqrt(s, wg_add_scalar(s->state[SQUARES], o->eps)));
    return step_away(s, step_scaled(gradient(s), rate));
}

static const char *differs(const void *a, const void *b)
{
    const wg_optim_dog_options *x = a, *y = b;
    return x->distance != y->distance ? "distance" : x->eps != y->eps ? "eps" : NULL;
}

const struct optim_rule optim_dog_rule = {
    .name = "dog", .state = {TRAVELED_STATE}, .part = part, .agree = agree, .differs = differs, .move = move};
