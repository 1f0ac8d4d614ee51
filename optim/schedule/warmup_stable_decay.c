/* Warm-up, stable, decay: the formula stands in schedules.def. */
#include "kind.h"
#include "wengert/error.h"

static double factor(const void *options, double t)
{
    const wg_lr_warmup_stable_decay_options *o = options;
    const double warmup = (double)o->warmup, stable_end = warmup + (double)o->stable, decay = (double)o->decay;
    if (t < warmup)
        return o->start + (1 - o->start) * t / warmup;
    if (t < stable_end)
        return 1;
    if (t >= stable_end + decay)
        return o->end;
    return o->end + (1 - o->end) * lr_left(o->shape, t - stable_end, decay);
}

static wg_status check(const void *options, const char *op)
{
    const wg_lr_warmup_stable_decay_options *o = options;
    if (o->start == 0 || o->warmup > 0)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: .start = %g without .warmup: expected a warmup of at least 1", op, o->start);
}

static struct lr_tail tail(const wg_lr *schedule)
{
    const wg_lr_warmup_stable_decay_options *o = schedule->options;
    return lr_tail_level(o->end);
}

const struct lr_kind lr_warmup_stable_decay_kind = {.name = "warmup_stable_decay", .factor = factor, .check = check, .tail = tail};
