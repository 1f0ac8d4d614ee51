/* Cyclic: the formula stands in schedules.def. */
#include <math.h>

#include "kind.h"
#include "wengert/error.h"

static double factor(const void *options, double t)
{
    const wg_lr_cyclic_options *o = options;
    const double up = (double)o->up, down = o->down > 0 ? (double)o->down : up;
    const double cycle = floor(t / (up + down)), x = fmod(t, up + down);
    const double height = x <= up ? x / up : (up + down - x) / down;
    const double amplitude = o->mode == WG_LR_CYCLE_TRIANGULAR2 ? pow(2, -cycle)
                             : o->mode == WG_LR_CYCLE_EXP_RANGE ? pow(o->gamma, t)
                                                                : 1;
    const double rise = (1 - o->min) * height;
    return rise == 0 ? o->min : o->min + rise * amplitude; /* at 0 also where the amplitude is beyond f64 */
}

static wg_status check(const void *options, const char *op)
{
    const wg_lr_cyclic_options *o = options;
    if (o->gamma == 1 || o->mode == WG_LR_CYCLE_EXP_RANGE)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: .gamma = %g and this .mode exclude each other: expected WG_LR_CYCLE_EXP_RANGE", op,
                        o->gamma);
}

static struct lr_tail tail(const wg_lr *schedule)
{
    const wg_lr_cyclic_options *o = schedule->options;
    const double length = (double)o->up + (double)(o->down > 0 ? o->down : o->up);
    const double gamma = o->mode == WG_LR_CYCLE_TRIANGULAR2 ? 0.5 : o->gamma;
    struct lr_tail peaks = lr_tail_geometric(gamma, o->mode == WG_LR_CYCLE_TRIANGULAR2 ? length : 1);
    if (gamma <= 1 && o->min > 0)
        return lr_tail_level(1);            /* between 1 and min */
    peaks.known = gamma <= 1 || o->min < 1; /* else below 0 in the end */
    peaks.recurring = true;
    return peaks;
}

const struct lr_kind lr_cyclic_kind = {.name = "cyclic", .factor = factor, .check = check, .tail = tail};
