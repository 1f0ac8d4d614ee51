/* Schedule-free AdamW: the formula stands in optimizers.def. */
#include "schedule_free.h"
#include "wengert/ops.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_schedule_free_adamw_options *o = s->options;
    wg_tensor *rate = schedule_free_rate(s, o->warmup), *c = schedule_free_begin(s, rate, o->r, o->weight_lr_power);
    wg_tensor *v = s->state[V] = step_mixed(s->state[V], o->beta2, wg_square(s->g));
    wg_tensor *d = wg_div(s->g, step_root(s, step_unbiased(s, v, o->beta2), o->eps));
    d = step_plus(d, o->weight_decay, o->decay_at_z ? s->state[Z] : s->p);
    return schedule_free_move(s, rate, d, c, o->beta1);
}

const struct optim_rule optim_schedule_free_adamw_rule = {
    .name = "schedule_free_adamw", .state = {SCHEDULE_FREE_STATE, [V] = {.name = "v"}}, .move = move};
