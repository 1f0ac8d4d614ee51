/* Linear: the formula stands in schedules.def. */
#include <math.h>

#include "kind.h"

static double factor(const void *options, double t)
{
    const wg_lr_linear_options *o = options;
    const double steps = (double)o->steps;
    return o->start + (o->end - o->start) * fmin(steps, t) / steps;
}

const struct lr_kind lr_linear_kind = {.name = "linear", .factor = factor};
