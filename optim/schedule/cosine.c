/* Cosine: the formula stands in schedules.def. */
#include "kind.h"

static double factor(const void *options, double t)
{
    const wg_lr_cosine_options *o = options;
    return o->min + (1 - o->min) * lr_left(WG_LR_SHAPE_COSINE, t, (double)o->steps);
}

const struct lr_kind lr_cosine_kind = {.name = "cosine", .factor = factor};
