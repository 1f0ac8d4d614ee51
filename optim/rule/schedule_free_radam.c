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
    schedule_free_begin(s);
    wg_tensor *v = s->state[V] = step_mixed(s->state[V], o->beta2, wg_square(s->g));
    wg_tensor *rho = rectified_length(s, o->beta2), *adaptive = rectified_above(rho, LIMIT);
    wg_tensor *factor = wg_reciprocal(step_root(step_unbiased(s, v, o->beta2), o->eps)), *rate = rectified_factor(rho, o->beta2);
    if (!o->silent) { /* until then SGD's */
        wg_tensor *others = wg_add_scalar(wg_neg(adaptive), 1);
        factor = step_added(step_scaled(factor, adaptive), others);
        rate = wg_add(rate, others);
    }
    wg_tensor *d = step_plus(wg_mul(s->g, factor), o->weight_decay, s->p);
    return schedule_free_move(s, wg_mul(s->lr, rate), d, o->beta1, o->r, o->weight_lr_power);
}

const struct optim_rule optim_schedule_free_radam_rule = {
    .name = "schedule_free_radam", .state = {SCHEDULE_FREE_STATE, [V] = {.name = "v"}}, .check = check, .move = move};
