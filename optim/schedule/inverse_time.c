/* Inverse time: the formula stands in schedules.def. */
#include "kind.h"

static double factor(const void *options, double t)
{
    const wg_lr_inverse_time_options *o = options;
    return 1 / (1 + o->decay * t / (double)o->period);
}

const struct lr_kind lr_inverse_time_kind = {.name = "inverse_time", .factor = factor};
