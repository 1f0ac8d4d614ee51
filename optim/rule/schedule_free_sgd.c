/* Schedule-free SGD: the formula stands in optimizers.def. */
#include "schedule_free.h"

static wg_tensor *move(struct step *s)
{
    const wg_optim_schedule_free_sgd_options *o = s->options;
    wg_tensor *rate = schedule_free_rate(s, o->warmup), *c = schedule_free_begin(s, rate, o->r, o->weight_lr_power);
    wg_tensor *d = step_plus(s->g, o->weight_decay, o->decay_at_z ? s->state[Z] : s->p);
    return schedule_free_move(s, rate, d, c, o->momentum);
}

const struct optim_rule optim_schedule_free_sgd_rule = {.name = "schedule_free_sgd", .state = {SCHEDULE_FREE_STATE}, .move = move};
