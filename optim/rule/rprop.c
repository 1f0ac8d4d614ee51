/* Rprop: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { DIRECTION, LENGTH };

static wg_status check(const void *options, const char *op)
{
    const wg_optim_rprop_options *o = options;
    if (o->min_step <= o->max_step)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: expected min_step not above max_step, got %g and %g", op, o->min_step, o->max_step);
}

static double start(const void *options)
{
    return ((const wg_optim_rprop_options *)options)->lr;
}

/* The earlier gradient counts by its sign alone: a product of signs neither under- nor overflows. */
static wg_tensor *move(struct step *s)
{
    const wg_optim_rprop_options *o = s->options;
    wg_tensor *same = wg_mul(wg_sign(s->g), s->state[DIRECTION]);
    wg_tensor *agrees = wg_relu(same), *flipped = wg_relu(wg_neg(same)); /* 1 or 0 */
    wg_tensor *change = wg_add(wg_mul_scalar(agrees, o->grow - 1), wg_mul_scalar(flipped, o->shrink - 1));
    wg_tensor *length = wg_mul(s->state[LENGTH], wg_add_scalar(change, 1));
    s->state[LENGTH] = wg_clamp(length, o->min_step, o->max_step);
    s->state[DIRECTION] = wg_mul(wg_sign(s->g), wg_add_scalar(wg_neg(flipped), 1));
    return wg_sub(s->p, wg_mul(s->state[DIRECTION], s->state[LENGTH]));
}

const struct optim_rule optim_rprop_rule = {
    .name = "rprop", .state = {{.name = "direction"}, {.name = "length", .start = start}}, .check = check, .move = move};
