/* Cosine: the formula stands in schedules.def. */
#include "kind.h"

static double factor(const void *options, double t)
{
    const wg_lr_cosine_options *o = options;
    return o->min + (1 - o->min) * lr_left(WG_LR_SHAPE_COSINE, t, (double)o->steps);
}

static struct lr_tail tail(const wg_lr *schedule)
{
    const wg_lr_cosine_options *o = schedule->options;
    return (struct lr_tail){.known = true, .recurring = o->min == 0};
}

const struct lr_kind lr_cosine_kind = {.name = "cosine", .factor = factor, .tail = tail};
