/* Linear: the formula stands in schedules.def. */
#include <math.h>

#include "kind.h"

static double factor(const void *options, double t)
{
    const wg_lr_linear_options *o = options;
    const double steps = (double)o->steps;
    const double at = fmin(steps, t), change = (o->end - o->start) * at / steps; /* in PyTorch's order, for the same bits */
    return o->start + (isfinite(change) ? change : (o->end - o->start) * (at / steps));
}

static struct lr_tail tail(const wg_lr *schedule)
{
    const wg_lr_linear_options *o = schedule->options;
    return lr_tail_level(o->end);
}

const struct lr_kind lr_linear_kind = {.name = "linear", .factor = factor, .tail = tail};
