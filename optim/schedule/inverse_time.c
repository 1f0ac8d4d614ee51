/* Inverse time: the formula stands in schedules.def. */
#include <math.h>

#include "kind.h"

static double factor(const void *options, double t)
{
    const wg_lr_inverse_time_options *o = options;
    const double period = (double)o->period;
    const double base = 1 + (o->staircase ? o->decay * floor(t / period) : o->decay * t / period);
    return 1 / (o->power == 1 ? base : pow(base, o->power));
}

static struct lr_tail tail(const wg_lr *schedule)
{
    const wg_lr_inverse_time_options *o = schedule->options;
    return (struct lr_tail){.known = true, .power = o->decay > 0 ? o->power : 0};
}

const struct lr_kind lr_inverse_time_kind = {.name = "inverse_time", .factor = factor, .tail = tail};
