/* DoWG: the formula stands in optimizers.def. */
#include "traveled.h"
#include "wengert/error.h"
#include "wengert/ops.h"

static wg_tensor *gradient(const struct step *s)
{
    return step_gradient(s, ((const wg_optim_dowg_options *)s->options)->weight_decay);
}

static wg_status part(struct step *s)
{
    return traveled_part(s, gradient(s));
}

static wg_status agree(struct step *s)
{
    const wg_optim_dowg_options *o = s->options;
    wg_tensor *distance = traveled_distance(s, o->distance);
    s->state[SQUARES] = wg_add(s->state[SQUARES], wg_mul(wg_square(distance), traveled_square(s)));
    return wg_error_if_null(s->state[SQUARES]);
}

static wg_tensor *move(struct step *s)
{
    wg_tensor *rate = step_quotient(wg_square(s->state[DISTANCE]), step_sqrt(s, s->state[SQUARES]));
    return step_away(s, step_scaled(gradient(s), rate));
}

static const char *differs(const void *a, const void *b)
{
    return ((const wg_optim_dowg_options *)a)->distance != ((const wg_optim_dowg_options *)b)->distance ? "distance" : NULL;
}

const struct optim_rule optim_dowg_rule = {
    .name = "dowg", .state = {TRAVELED_STATE}, .part = part, .agree = agree, .differs = differs, .move = move};
