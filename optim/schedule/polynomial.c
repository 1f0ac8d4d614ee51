/* Polynomial: the formula stands in schedules.def. */
#include <math.h>

#include "kind.h"

static double factor(const void *options, double t)
{
    const wg_lr_polynomial_options *o = options;
    const double steps = (double)o->steps;
    return o->end + (1 - o->end) * pow(1 - fmin(steps, t) / steps, o->power);
}

static struct lr_tail tail(const wg_lr *schedule)
{
    const wg_lr_polynomial_options *o = schedule->options;
    return lr_tail_level(o->power > 0 ? o->end : 1);
}

const struct lr_kind lr_polynomial_kind = {.name = "polynomial", .factor = factor, .tail = tail};
