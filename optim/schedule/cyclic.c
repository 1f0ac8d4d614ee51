/* Cyclic: the formula stands in schedules.def. */
#include <math.h>

#include "kind.h"

static double factor(const void *options, double t)
{
    const wg_lr_cyclic_options *o = options;
    const double up = (double)o->up, down = o->down > 0 ? (double)o->down : up;
    const double cycle = floor(t / (up + down)), x = fmod(t, up + down);
    const double height = x <= up ? x / up : (up + down - x) / down;
    const double amplitude = o->mode == WG_LR_CYCLE_TRIANGULAR2 ? pow(2, -cycle)
                             : o->mode == WG_LR_CYCLE_EXP_RANGE ? pow(o->gamma, t)
                                                                : 1;
    return o->min + (1 - o->min) * height * amplitude;
}

const struct lr_kind lr_cyclic_kind = {.name = "cyclic", .factor = factor};
