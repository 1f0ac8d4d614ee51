/* Schedule-free RAdam: the formula stands in optimizers.def. */
#include "rectified.h"
#include "schedule_free.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { LIMIT = 4 }; /* of ρ: above it steps are Adam's */

static wg_status check(const void *options, const char *op)
{
    const wg_optim_schedule_free_radam_options *o = options;
    if (rectified_limit(o->beta2) > LIMIT)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: expected beta2 above 0.6, else no step is Adam's, got %g", op, o->beta2);
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_schedule_free_radam_options *o = s->options;
    wg_tensor *rho = rectified_length(s, o->beta2), *adaptive = rectified_above(rho, LIMIT);
    wg_tensor *rate = rectified_factor(rho, o->beta2), *others = wg_add_scalar(wg_neg(adaptive), 1);
    rate = wg_mul(s->lr, o->silent ? rate : wg_add(rate, others));
    wg_tensor *c = schedule_free_begin(s, rate, o->r, o->weight_lr_power);
    wg_tensor *v = s->state[V] = step_mixed(s->state[V], o->beta2, wg_square(s->g));
    wg_tensor *factor = wg_reciprocal(step_root(s, step_unbiased(s, v, o->beta2), o->eps));
    if (!o->silent) /* until then SGD's */
        factor = step_added(step_scaled(factor, adaptive), others);
    wg_tensor *d = step_plus(wg_mul(s->g, factor), o->weight_decay, s->p);
    return schedule_free_move(s, rate, d, c, o->beta1);
}

const struct optim_rule optim_schedule_free_radam_rule = {
    .name = "schedule_free_radam", .state = {SCHEDULE_FREE_STATE, [V] = {.name = "v"}}, .check = check, .move = move};
