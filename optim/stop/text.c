/* What is known of a loop, and the sentence that says why it ended. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "stop.h"
#include "wengert/error.h"

wg_stopping_info wg_stopping_inspect(const wg_stopping *stopping)
{
    double number[NUMBERS];
    if (stop_read(stopping, number, "stopping_inspect") != WG_OK)
        return (wg_stopping_info){.reason = WG_STOPPING_REASON_ERROR};
    return (wg_stopping_info){.mode = stopping->options.mode,
                              .kept = stopping->n_kept,
                              .reason = stop_judge(&stopping->options, number),
                              .steps = (int64_t)number[STEPS],
                              .evaluations = (int64_t)number[EVALUATIONS],
                              .told = (int64_t)number[TOLD],
                              .bad = (int64_t)number[BAD],
                              .best_step = (int64_t)number[BEST_STEP],
                              .seconds = number[SECONDS],
                              .gradient_norm = number[GRADIENT_NORM],
                              .best = number[BEST]};
}

const char *wg_stopping_reason_name(wg_stopping_reason reason)
{
    static const char *const name[] = {"none", "not_finite", "gradient", "patience", "steps", "evaluations", "seconds", "error"};
    return (unsigned)reason < sizeof name / sizeof *name ? name[reason] : "unknown";
}

static int write_patience(char *text, size_t size, const wg_stopping_options *o, const double *number)
{
    const bool low = o->mode == WG_STOPPING_MODE_MIN;
    if (!isfinite(number[BEST]))
        return snprintf(text, size, "none of %.0f values was finite", number[TOLD]);
    if (o->min_delta > 0)
        return snprintf(text, size, "none of the last %.0f values was %s %g %s %g; the best was told after step %.0f", number[BAD],
                        low ? "below" : "above", number[BEST], low ? "-" : "+", o->min_delta, number[BEST_STEP]);
    return snprintf(text, size, "none of the last %.0f values was %s %g, told after step %.0f", number[BAD],
                    low ? "below" : "above", number[BEST], number[BEST_STEP]);
}

static void write_reason(char *text, size_t size, const wg_stopping_options *o, const double *number, wg_stopping_reason reason)
{
    switch (reason) {
    case WG_STOPPING_REASON_NOT_FINITE:
        snprintf(text, size, "a value or a norm of the gradient that was told was not finite");
        return;
    case WG_STOPPING_REASON_GRADIENT:
        snprintf(text, size, "the norm of the gradient, %g, is at most %g", number[GRADIENT_NORM], o->gradient_tolerance);
        return;
    case WG_STOPPING_REASON_PATIENCE:
        write_patience(text, size, o, number);
        return;
    case WG_STOPPING_REASON_STEPS:
        snprintf(text, size, "the budget is %lld steps", (long long)o->max_steps);
        return;
    case WG_STOPPING_REASON_EVALUATIONS:
        snprintf(text, size, "the budget is %lld evaluations of the gradient, and %.0f were counted", (long long)o->max_evaluations,
                 number[EVALUATIONS]);
        return;
    case WG_STOPPING_REASON_SECONDS:
        snprintf(text, size, "the budget is %g s", o->max_seconds);
        return;
    case WG_STOPPING_REASON_ERROR:
        snprintf(text, size, "the question failed, see the error");
        return;
    case WG_STOPPING_REASON_NONE:
        break;
    }
    snprintf(text, size, "no condition is fulfilled");
}

const char *wg_stopping_text(wg_stopping *stopping)
{
    double number[NUMBERS];
    if (stop_read(stopping, number, "stopping_text") != WG_OK)
        return "";
    const wg_stopping_reason reason = stopping->failed ? WG_STOPPING_REASON_ERROR : stop_judge(&stopping->options, number);
    char *text = stopping->text;
    const size_t size = sizeof stopping->text;
    const int used = snprintf(text, size,
                              "%s after %.0f step%s, %.3g s: ", reason == WG_STOPPING_REASON_NONE ? "goes on" : "stopped",
                              number[STEPS], number[STEPS] == 1 ? "" : "s", number[SECONDS]);
    write_reason(text + used, size - (size_t)used, &stopping->options, number, reason);
    return text;
}
