/* Inverse square root: the formula stands in schedules.def. */
#include <math.h>

#include "kind.h"

static double factor(const void *options, double t)
{
    const double warmup = (double)((const wg_lr_inverse_sqrt_options *)options)->warmup;
    return fmin((t + 1) / warmup, sqrt(warmup / (t + 1)));
}

static struct lr_tail tail(const wg_lr *schedule)
{
    (void)schedule;
    return (struct lr_tail){.known = true, .power = 0.5};
}

const struct lr_kind lr_inverse_sqrt_kind = {.name = "inverse_sqrt", .factor = factor, .tail = tail};
