/* Constant: the formula stands in schedules.def. */
#include "kind.h"

static double factor(const void *options, double t)
{
    const wg_lr_constant_options *o = options;
    return t < (double)o->steps ? o->factor : 1;
}

const struct lr_kind lr_constant_kind = {.name = "constant", .factor = factor};
