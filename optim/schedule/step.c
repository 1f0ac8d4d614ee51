/* Step: the formula stands in schedules.def. */
#include <math.h>

#include "kind.h"

static double factor(const void *options, double t)
{
    const wg_lr_step_options *o = options;
    return pow(o->gamma, floor(t / (double)o->period));
}

static struct lr_tail tail(const wg_lr *schedule)
{
    const wg_lr_step_options *o = schedule->options;
    return lr_tail_geometric(o->gamma, (double)o->period);
}

const struct lr_kind lr_step_kind = {.name = "step", .factor = factor, .tail = tail};
