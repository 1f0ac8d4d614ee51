/* Step: the formula stands in schedules.def. */
#include <math.h>

#include "kind.h"

static double factor(const void *options, double t)
{
    const wg_lr_step_options *o = options;
    return pow(o->gamma, floor(t / (double)o->period));
}

const struct lr_kind lr_step_kind = {.name = "step", .factor = factor};
