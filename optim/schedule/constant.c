/* Constant: the formula stands in schedules.def. */
#include "kind.h"

static double factor(const void *options, double t)
{
    const wg_lr_constant_options *o = options;
    return t < (double)o->steps ? o->factor : 1;
}

static struct lr_tail tail(const wg_lr *schedule)
{
    (void)schedule;
    return lr_tail_level(1);
}

const struct lr_kind lr_constant_kind = {.name = "constant", .factor = factor, .tail = tail};
