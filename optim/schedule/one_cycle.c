/* One cycle: the formula stands in schedules.def. */
#include <math.h>

#include "kind.h"
#include "wengert/error.h"

static double factor(const void *options, double t)
{
    const wg_lr_one_cycle_options *o = options;
    const double last = (double)o->steps - 1, top = o->rise * (double)o->steps - 1;
    const double middle = o->three_phase ? 2 * top : top;
    double from = 1, to = o->end, begin = middle, end = last; /* the last phase, unless an earlier one has not ended */
    if (t <= top)
        from = o->start, to = 1, begin = 0, end = top;
    else if (t <= middle)
        from = 1, to = o->start, begin = top, end = middle;
    else if (o->three_phase)
        from = o->start;
    if (t >= last && to == o->end)
        return o->end;
    return to + (from - to) * lr_left(o->shape, end > begin ? (t - begin) / (end - begin) : 1);
}

static wg_status check(const void *options, const char *op)
{
    const wg_lr_one_cycle_options *o = options;
    if (!o->three_phase || o->rise <= 0.5)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: three_phase: expected rise in [0, 0.5], got %g", op, o->rise);
}

const struct lr_kind lr_one_cycle_kind = {.name = "one_cycle", .factor = factor, .check = check};
