/* Cosine with warm restarts: the formula stands in schedules.def. */
#include <math.h>

#include "kind.h"

static double factor(const void *options, double t)
{
    const wg_lr_cosine_restarts_options *o = options;
    double period = (double)o->period;
    if (o->multiple == 1)
        t = fmod(t, period);
    else
        for (; t >= period; period *= (double)o->multiple) /* at most 63 times */
            t -= period;
    return o->min + (1 - o->min) * lr_left(WG_LR_SHAPE_COSINE, t, period);
}

static struct lr_tail tail(const wg_lr *schedule)
{
    const wg_lr_cosine_restarts_options *o = schedule->options;
    return (struct lr_tail){.known = true, .recurring = o->min == 0};
}

const struct lr_kind lr_cosine_restarts_kind = {.name = "cosine_restarts", .factor = factor, .tail = tail};
