/* Exponential: the formula stands in schedules.def. */
#include <math.h>

#include "kind.h"

static double factor(const void *options, double t)
{
    const wg_lr_exponential_options *o = options;
    const double periods = t / (double)o->period;
    return pow(o->gamma, o->staircase ? floor(periods) : periods);
}

static struct lr_tail tail(const wg_lr *schedule)
{
    const wg_lr_exponential_options *o = schedule->options;
    return lr_tail_geometric(o->gamma, (double)o->period);
}

const struct lr_kind lr_exponential_kind = {.name = "exponential", .factor = factor, .tail = tail};
