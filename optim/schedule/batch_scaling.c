/* Batch scaling: the formula stands in schedules.def. */
#include <math.h>

#include "kind.h"

static double scale(const wg_lr_batch_scaling_options *o)
{
    const double k = (double)o->batch / (double)o->reference;
    return o->rule == WG_LR_SCALING_SQRT ? sqrt(k) : k;
}

static double factor(const void *options, double t)
{
    const wg_lr_batch_scaling_options *o = options;
    const double k = scale(o);
    return t < (double)o->warmup ? 1 + (k - 1) * t / (double)o->warmup : k;
}

static struct lr_tail tail(const wg_lr *schedule)
{
    return lr_tail_level(scale(schedule->options));
}

const struct lr_kind lr_batch_scaling_kind = {.name = "batch_scaling", .factor = factor, .tail = tail};
