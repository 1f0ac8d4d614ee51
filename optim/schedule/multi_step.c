/* Multi-step: the formula stands in schedules.def. */
#include <math.h>

#include "kind.h"

static double factor(const void *options, double t)
{
    const wg_lr_multi_step_options *o = options;
    int passed = 0;
    while (passed < o->milestones.count && t >= (double)o->milestones.step[passed])
        passed++;
    return pow(o->gamma, passed);
}

static struct lr_tail tail(const wg_lr *schedule)
{
    const wg_lr_multi_step_options *o = schedule->options;
    return lr_tail_level(pow(o->gamma, o->milestones.count));
}

const struct lr_kind lr_multi_step_kind = {.name = "multi_step", .factor = factor, .tail = tail};
