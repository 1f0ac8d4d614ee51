/* One cycle: the formula stands in schedules.def. */
#include "kind.h"
#include "wengert/error.h"

/* On the way from one value to another, `at` steps after its begin; the end if it takes no steps, or they are over. */
static double between(double from, double to, wg_lr_shape shape, double at, double steps)
{
    return at < steps ? to + (from - to) * lr_left(shape, at, steps) : to;
}

static double factor(const void *options, double t)
{
    const wg_lr_one_cycle_options *o = options;
    const double last = (double)o->steps - 1, top = o->rise * (double)o->steps - 1, middle = o->three_phase ? 2 * top : top;
    if (t <= top)
        return between(o->start, 1, o->shape, t, top);
    if (t <= middle)
        return between(1, o->start, o->shape, t - top, middle - top);
    return between(o->three_phase ? o->start : 1, o->end, o->shape, t - middle, last - middle);
}

static wg_status check(const void *options, const char *op)
{
    const wg_lr_one_cycle_options *o = options;
    if (!o->three_phase || o->rise <= 0.5)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: three_phase: expected rise in [0, 0.5], got %g", op, o->rise);
}

static struct lr_tail tail(const wg_lr *schedule)
{
    const wg_lr_one_cycle_options *o = schedule->options;
    return lr_tail_level(o->end);
}

const struct lr_kind lr_one_cycle_kind = {.name = "one_cycle", .factor = factor, .check = check, .tail = tail};
