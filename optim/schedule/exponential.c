/* Exponential: the formula stands in schedules.def. */
#include <math.h>

#include "kind.h"

static double factor(const void *options, double t)
{
    const wg_lr_exponential_options *o = options;
    return pow(o->gamma, t / (double)o->period);
}

const struct lr_kind lr_exponential_kind = {.name = "exponential", .factor = factor};
