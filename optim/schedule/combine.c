/* Schedules that call others, and those that call a function of the user's. */
#include <math.h>

#include "kind.h"
#include "wengert/error.h"
#include "wengert/tape.h"

/* ---- parts ---- */

static wg_status check_parts(wg_lr *const part[2], const char *op)
{
    for (int i = 0; i < 2; i++) {
        if (!part[i])
            return wg_error_set(WG_E_NULL, op, "%s: schedule %d is NULL", op, i);
        if (part[i]->is_part || (i > 0 && part[0] == part[1]))
            return wg_error_set(WG_E_STATE, op, "%s: schedule %d (%s) is part of a schedule already", op, i, part[i]->kind->name);
        if (part[i]->depth >= WG_MAX_DEPTH)
            return wg_error_set(WG_E_ARGUMENT, op, "%s: schedules are nested more than %d deep", op, WG_MAX_DEPTH);
    }
    return WG_OK;
}

static void parts_free(wg_lr *const part[2])
{
    for (int i = 0; i < 2; i++)
        if (!(i > 0 && part[0] == part[1]) && part[i] && !part[i]->is_part) /* the second of two equal ones is freed by now */
            wg_lr_destroy(part[i]);
}

/* A schedule that owns two others, which are freed if it cannot be made. */
static wg_lr *combined(const struct lr_kind *kind, wg_option_table table, const void *options, wg_lr *a, wg_lr *b, const char *op)
{
    wg_lr *const part[2] = {a, b};
    wg_lr *schedule = check_parts(part, op) == WG_OK ? lr_create(kind, table, options, op) : NULL;
    if (!schedule) {
        parts_free(part);
        return NULL;
    }
    for (int i = 0; i < 2; i++) {
        schedule->part[i] = part[i];
        part[i]->is_part = true;
        if (schedule->depth <= part[i]->depth)
            schedule->depth = part[i]->depth + 1;
    }
    return schedule;
}

/* Of schedules without options. */
static const wg_option_table no_options = {NULL, 0, 1};
static const char nothing;

/* ---- the product ---- */

static wg_status product(const wg_lr *schedule, int64_t step, double *factor)
{
    double other = NAN;
    WG_TRY(lr_factor(schedule->part[0], step, factor));
    WG_TRY(lr_factor(schedule->part[1], step, &other));
    *factor *= other;
    return WG_OK;
}

/* Exponents add up. Two tails of which both come back from 0 may meet never, and rates that cancel are no longer exact. */
static struct lr_tail product_tail(const wg_lr *schedule)
{
    const struct lr_tail a = lr_tail_of(schedule->part[0]), b = lr_tail_of(schedule->part[1]);
    const double rate = a.rate + b.rate;
    const bool cancelled = a.rate != 0 && b.rate != 0 && fabs(rate) < 1e-9 * fabs(a.rate);
    return (struct lr_tail){.known = a.known && b.known && !(a.recurring && b.recurring) && !cancelled && !isnan(rate),
                            .recurring = a.recurring || b.recurring,
                            .rate = rate,
                            .power = a.power + b.power};
}

static const struct lr_kind product_kind = {.name = "product", .combine = product, .tail = product_tail};

wg_lr *wg_lr_product(wg_lr *a, wg_lr *b)
{
    return combined(&product_kind, no_options, &nothing, a, b, "lr_product");
}

/* ---- one after the other ---- */

struct then_options {
    int64_t step;
};
static const wg_option then_option[] = {WG_OPTION_INT_OF(struct then_options, step, 0, "the second's step 0", WG_AT_LEAST(0))};
static const wg_option_table then_table = {then_option, 1, sizeof(struct then_options)};

static wg_status then(const wg_lr *schedule, int64_t step, double *factor)
{
    const int64_t at = ((const struct then_options *)schedule->options)->step;
    return step < at ? lr_factor(schedule->part[0], step, factor) : lr_factor(schedule->part[1], step - at, factor);
}

static struct lr_tail then_tail(const wg_lr *schedule)
{
    return lr_tail_of(schedule->part[1]);
}

static const struct lr_kind then_kind = {.name = "then", .combine = then, .tail = then_tail};

static wg_lr *in_turn(wg_lr *first, int64_t step, wg_lr *second, const char *op)
{
    return combined(&then_kind, then_table, &(struct then_options){step}, first, second, op);
}

wg_lr *wg_lr_then(wg_lr *first, int64_t step, wg_lr *second)
{
    return in_turn(first, step, second, "lr_then");
}

static const wg_option warmup_option[] = {
    WG_OPTION_INT_OF(wg_lr_warmup_options, steps, WG_REQUIRED_INT, "steps of the rise", WG_AT_LEAST(1)),
    WG_OPTION_REAL_OF(wg_lr_warmup_options, start, 0, "factor at step 0", WG_AT_LEAST(0))};
static const wg_option_table warmup_table = {warmup_option, 2, sizeof(wg_lr_warmup_options)};

wg_lr *wg_lr_warmup_with(wg_lr *schedule, wg_lr_warmup_options options)
{
    if (wg_options_check(warmup_table, &options, "lr_warmup") == WG_OK)
        return in_turn(wg_lr_linear(.start = options.start, .end = 1, .steps = options.steps), options.steps, schedule,
                       "lr_warmup");
    parts_free((wg_lr *const[2]){schedule, NULL});
    return NULL;
}

/* ---- the user's function ---- */

struct call {
    const wg_lr *schedule;
    int64_t step;
    double factor;
};

static wg_status call_function(void *context)
{
    struct call *call = context;
    call->factor = call->schedule->function(call->step, call->schedule->context);
    return WG_OK;
}

static wg_status closure(const wg_lr *schedule, int64_t step, double *factor)
{
    struct call call = {schedule, step, NAN};
    WG_TRY(wg_callback_run("lr_at", "the function of a schedule", NULL, call_function, &call));
    *factor = call.factor;
    return WG_OK;
}

static const struct lr_kind closure_kind = {.name = "closure", .combine = closure};

struct ending {
    void (*destroy)(void *context);
    void *context;
};

static wg_status call_destroy(void *context)
{
    const struct ending *ending = context;
    ending->destroy(ending->context);
    return WG_OK;
}

void lr_end_context(void (*destroy)(void *context), void *context)
{
    if (destroy)
        (void)wg_callback_run("lr_destroy", "the destroy function of a schedule", NULL, call_destroy,
                              &(struct ending){destroy, context});
}

wg_lr *wg_lr_closure(wg_lr_factor *factor, void *context, void (*destroy)(void *context))
{
    wg_lr *schedule = NULL;
    if (factor)
        schedule = lr_create(&closure_kind, no_options, &nothing, "lr_closure");
    else
        (void)wg_error_set(WG_E_NULL, "lr_closure", "lr_closure: the function is NULL");
    if (!schedule) {
        lr_end_context(destroy, context);
        return NULL;
    }
    schedule->function = factor;
    schedule->context = context;
    schedule->destroy = destroy;
    return schedule;
}
