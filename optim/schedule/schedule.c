/* Schedules: making, asking, setting rates, printing, freeing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kind.h"
#include "wengert/error.h"

/* ---- making and freeing ---- */

wg_lr *lr_create(const struct lr_kind *kind, wg_option_table table, const void *options, const char *op)
{
    if (wg_options_check(table, options, op) != WG_OK || (kind->check && kind->check(options, op) != WG_OK))
        return NULL;
    wg_lr *schedule = calloc(1, sizeof *schedule);
    void *copy = malloc(table.size);
    if (!schedule || !copy) {
        free(schedule), free(copy);
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        return NULL;
    }
    memcpy(copy, options, table.size);
    *schedule = (wg_lr){.kind = kind, .table = table, .options = copy, .depth = 1};
    return schedule;
}

void wg_lr_destroy(wg_lr *schedule)
{
    if (!schedule)
        return;
    if (schedule->is_part) {
        (void)wg_error_set(WG_E_STATE, "lr_destroy",
                           "lr_destroy: the schedule (%s) is part of another, which frees it, or is being destroyed",
                           schedule->kind->name);
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (schedule->part[i])
            schedule->part[i]->is_part = false;
        wg_lr_destroy(schedule->part[i]);
    }
    schedule->is_part = true; /* its destroy function may not destroy it once more */
    lr_end_context(schedule->destroy, schedule->context);
    free(schedule->options);
    free(schedule);
}

/* ---- factors ---- */

double lr_left(wg_lr_shape shape, double at, double steps)
{
    switch (shape) {
    case WG_LR_SHAPE_COSINE:
        return (1 + cos(M_PI * at / steps)) / 2; /* in PyTorch's order, for the same bits */
    case WG_LR_SHAPE_SQRT:
        return 1 - sqrt(at / steps);
    case WG_LR_SHAPE_LINEAR:
        break;
    }
    return 1 - at / steps;
}

wg_status lr_factor(const wg_lr *schedule, int64_t step, double *factor)
{
    if (schedule->kind->combine)
        return schedule->kind->combine(schedule, step, factor);
    *factor = schedule->kind->factor(schedule->options, (double)step);
    return WG_OK;
}

static wg_status factor_at(const wg_lr *schedule, int64_t step, double *factor, const char *op)
{
    if (!schedule)
        return wg_error_set(WG_E_NULL, op, "%s: the schedule is NULL", op);
    if (step < 0)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected a step of at least 0, got %lld", op, (long long)step);
    return lr_factor(schedule, step, factor);
}

double wg_lr_at(const wg_lr *schedule, int64_t step)
{
    const char *op = "lr_at";
    double factor = NAN;
    if (factor_at(schedule, step, &factor, op) != WG_OK)
        return NAN;
    if (isnan(factor))
        (void)wg_error_set(WG_E_NUMERIC, op, "%s: the factor of the schedule (%s) after %lld steps is not a number", op,
                           schedule->kind->name, (long long)step);
    return factor;
}

/* ---- rates ---- */

/* The rate of a group at this factor, checked. */
static wg_status rate_of(const wg_optim *optim, size_t group, double factor, double *rate, const char *op)
{
    const double base = wg_optim_base_lr(optim, group);
    *rate = base * factor;
    if (isfinite(*rate) && *rate >= 0)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op,
                        "%s: group %zu: expected a rate in [0, inf), got %g: its base rate %g times the factor %g", op, group,
                        *rate, base, factor);
}

wg_status wg_lr_set_group(const wg_lr *schedule, wg_optim *optim, size_t group, int64_t step)
{
    const char *op = "lr_set_group";
    double factor = NAN, rate = NAN;
    if (!optim)
        return wg_error_set(WG_E_NULL, op, "%s: the optimizer is NULL", op);
    if (group >= wg_optim_groups(optim))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: there is no group %zu", op, group);
    WG_TRY(factor_at(schedule, step, &factor, op));
    WG_TRY(rate_of(optim, group, factor, &rate, op));
    return wg_optim_set_lr(optim, group, rate);
}

wg_status lr_set_factor(double factor, wg_optim *optim, const char *op)
{
    double rate = NAN;
    for (size_t g = 0; g < wg_optim_groups(optim); g++) /* before any rate changes */
        WG_TRY(rate_of(optim, g, factor, &rate, op));
    for (size_t g = 0; g < wg_optim_groups(optim); g++) {
        WG_TRY(rate_of(optim, g, factor, &rate, op));
        WG_TRY(wg_optim_set_lr(optim, g, rate));
    }
    return WG_OK;
}

wg_status wg_lr_set(const wg_lr *schedule, wg_optim *optim, int64_t step)
{
    const char *op = "lr_set";
    double factor = NAN;
    if (!optim)
        return wg_error_set(WG_E_NULL, op, "%s: the optimizer is NULL", op);
    WG_TRY(factor_at(schedule, step, &factor, op));
    return lr_set_factor(factor, optim, op);
}

/* ---- printing ---- */

/* Calls itself for the parts, whose depth is at most WG_MAX_DEPTH. */
static void print(const wg_lr *schedule, FILE *stream)
{
    char text[800];
    const char *options = wg_options_text(schedule->table, schedule->options, true, text, sizeof text);
    bool comma = false;
    fprintf(stream, "%s(", schedule->kind->name);
    for (int i = 0; i < 2 && schedule->part[i]; i++) {
        fputs(comma ? ", " : "", stream);
        print(schedule->part[i], stream);
        comma = true;
    }
    fprintf(stream, "%s%s)", comma && options[0] ? ", " : "", options);
}

wg_status wg_lr_print(const wg_lr *schedule, FILE *stream)
{
    const char *op = "lr_print";
    if (!schedule || !stream)
        return wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, schedule ? "stream" : "schedule");
    print(schedule, stream);
    fputc('\n', stream);
    return fflush(stream) != 0 || ferror(stream) ? wg_error_set(WG_E_IO, op, "%s: the stream could not be written", op) : WG_OK;
}
