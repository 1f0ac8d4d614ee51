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

const struct lr_kind lr_multi_step_kind = {.name = "multi_step", .factor = factor};
