/* Stopping: conditions on what is counted and told. */
#include <math.h>
#include <stdlib.h>

#include "stop.h"
#include "wengert/error.h"
#include "wengert/optim.h"
#include "wengert/options.h"

/* ---- making and freeing ---- */

static const char *const mode_names[] = {"min", "max", NULL};
static const wg_option stopping_option[] = {
    WG_OPTION_INT_OF(wg_stopping_options, max_steps, -1, "budget; -1: none", WG_AT_LEAST(-1)),
    WG_OPTION_INT_OF(wg_stopping_options, max_evaluations, -1, "budget; -1: none", WG_AT_LEAST(-1)),
    WG_OPTION_REAL_OF(wg_stopping_options, max_seconds, -1, "budget; -1: none", WG_AT_LEAST(-1)),
    WG_OPTION_REAL_OF(wg_stopping_options, gradient_tolerance, -1, "of the gradient's norm; -1: none", WG_AT_LEAST(-1)),
    WG_OPTION_INT_OF(wg_stopping_options, patience, -1, "values in a row without improvement; -1: any number", WG_AT_LEAST(-1)),
    WG_OPTION_REAL_OF(wg_stopping_options, min_delta, 0, "of an improvement", WG_AT_LEAST(0)),
    WG_OPTION_CHOICE_OF(wg_stopping_options, mode, WG_STOPPING_MODE_MIN, "which values are better", mode_names),
    WG_OPTION_BOOL_OF(wg_stopping_options, stop_if_not_finite, true, "a value that is NaN or infinite ends the loop"),
};
static const wg_option_table stopping_table = {stopping_option, sizeof stopping_option / sizeof *stopping_option,
                                               sizeof(wg_stopping_options)};

#define STOP_NUMBERS(worst)                                                                                         \
    {                                                                                                               \
        [STEPS] = {"steps", 0, SCALAR_COUNT}, [EVALUATIONS] = {"evaluations", 0, SCALAR_COUNT},                     \
        [SECONDS] = {"seconds", 0, SCALAR_NOT_NEGATIVE}, [GRADIENT_NORM] = {"gradient_norm", INFINITY, SCALAR_ANY}, \
        [TOLD] = {"told", 0, SCALAR_COUNT}, [BEST] = {"best", worst, SCALAR_NOT_NAN},                               \
        [BEST_STEP] = {"best_step", 0, SCALAR_COUNT}, [BAD] = {"bad", 0, SCALAR_COUNT},                             \
        [STOP_NOT_FINITE] = {"not_finite", 0, SCALAR_COUNT},                                                        \
    }

wg_stopping *wg_stopping_create_with(wg_stopping_options options)
{
    static const char op[] = "stopping_create";
    static const struct scalar low[NUMBERS] = STOP_NUMBERS(INFINITY), high[NUMBERS] = STOP_NUMBERS(-INFINITY);
    if (wg_options_check(stopping_table, &options, op) != WG_OK)
        return NULL;
    wg_stopping *stopping = calloc(1, sizeof *stopping);
    if (!stopping) {
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        return NULL;
    }
    stopping->options = options;
    if (scalars_init(&stopping->numbers, options.mode == WG_STOPPING_MODE_MIN ? low : high, NUMBERS, op) == WG_OK)
        return stopping;
    free(stopping);
    return NULL;
}

void wg_stopping_destroy(wg_stopping *stopping)
{
    if (!stopping)
        return;
    stop_free_kept(stopping);
    scalars_finish(&stopping->numbers);
    free(stopping);
}

wg_status stop_read(const wg_stopping *stopping, double *number, const char *op)
{
    if (!stopping)
        return wg_error_set(WG_E_NULL, op, "%s: the stopping object is NULL", op);
    return scalars_read(&stopping->numbers, number, op);
}

/* ---- conditions ---- */

static bool reached(double budget, double used)
{
    return budget >= 0 && used >= budget;
}

wg_stopping_reason stop_judge(const wg_stopping_options *o, const double *number)
{
    if (o->stop_if_not_finite && number[STOP_NOT_FINITE] > 0)
        return WG_STOPPING_REASON_NOT_FINITE;
    if (number[GRADIENT_NORM] <= o->gradient_tolerance)
        return WG_STOPPING_REASON_GRADIENT;
    if (number[BAD] > 0 && reached((double)o->patience, number[BAD]))
        return WG_STOPPING_REASON_PATIENCE;
    if (reached((double)o->max_steps, number[STEPS]))
        return WG_STOPPING_REASON_STEPS;
    if (reached((double)o->max_evaluations, number[EVALUATIONS]))
        return WG_STOPPING_REASON_EVALUATIONS;
    return reached(o->max_seconds, number[SECONDS]) ? WG_STOPPING_REASON_SECONDS : WG_STOPPING_REASON_NONE;
}

/* The time since the call before, or 0; the clock runs from now on. */
static wg_status count_seconds(wg_stopping *stopping, double *seconds, const char *op)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return wg_error_set(WG_E_STATE, op, "%s: there is no monotonic clock", op);
    if (stopping->clock_runs)
        *seconds += (double)(now.tv_sec - stopping->last.tv_sec) + 1e-9 * (double)(now.tv_nsec - stopping->last.tv_nsec);
    stopping->last = now;
    stopping->clock_runs = true;
    return WG_OK;
}

/* A budget of evaluations of which none is counted would never end. */
static wg_status check_evaluations(const wg_stopping *stopping, const double *number, const char *op)
{
    if (stopping->options.max_evaluations <= 0 || number[STEPS] == 0 || number[EVALUATIONS] > 0)
        return WG_OK;
    return wg_error_set(WG_E_STATE, op,
                        "%s: max_evaluations is %lld, but no evaluation was counted: wg_stopping_count in each step", op,
                        (long long)stopping->options.max_evaluations);
}

static wg_status ask(wg_stopping *stopping, wg_stopping_reason *reason)
{
    const char *op = "stopping_done";
    double number[NUMBERS];
    WG_TRY(stop_read(stopping, number, op));
    WG_TRY(check_evaluations(stopping, number, op));
    WG_TRY(count_seconds(stopping, &number[SECONDS], op));
    const wg_stopping_reason found = stop_judge(&stopping->options, number);
    if (found == WG_STOPPING_REASON_NONE)
        number[STEPS]++;
    else
        stopping->clock_runs = false; /* what the program does afterwards is not the loop's time */
    WG_TRY(scalars_write(&stopping->numbers, number, op));
    *reason = found;
    return WG_OK;
}

wg_stopping_reason wg_stopping_done(wg_stopping *stopping)
{
    wg_stopping_reason reason = WG_STOPPING_REASON_ERROR;
    const wg_status status = ask(stopping, &reason);
    if (stopping)
        stopping->failed = status != WG_OK;
    return reason;
}

/* ---- telling ---- */

wg_status wg_stopping_count(wg_stopping *stopping, int64_t n)
{
    const char *op = "stopping_count";
    double number[NUMBERS];
    WG_TRY(stop_read(stopping, number, op));
    number[EVALUATIONS] += (double)n;
    if (n < 0 || number[EVALUATIONS] > 0x1p53)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected a number of at least 0, and at most 2^53 altogether, got %lld", op,
                            (long long)n);
    return scalars_write(&stopping->numbers, number, op);
}

static wg_status tell_norm(wg_stopping *stopping, double norm, const char *op)
{
    double number[NUMBERS];
    WG_TRY(stop_read(stopping, number, op));
    if (norm < 0)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected a norm of at least 0, got %g", op, norm);
    number[GRADIENT_NORM] = norm;
    if (!isfinite(norm))
        number[STOP_NOT_FINITE]++;
    return scalars_write(&stopping->numbers, number, op);
}

wg_status wg_stopping_tell_norm(wg_stopping *stopping, double norm)
{
    return tell_norm(stopping, norm, "stopping_tell_norm");
}

wg_status wg_stopping_tell_gradients(wg_stopping *stopping, wg_tensor_list params)
{
    const char *op = "stopping_tell_gradients";
    double number[NUMBERS], norm = NAN;
    WG_TRY(stop_read(stopping, number, op)); /* before it costs a pass over the gradients */
    WG_TRY(wg_optim_clip_norm(params, INFINITY, &norm));
    return tell_norm(stopping, norm, op);
}

static bool is_improvement(const wg_stopping_options *o, double value, double best)
{
    if (!isfinite(value))
        return false;
    return o->mode == WG_STOPPING_MODE_MIN ? value < best - o->min_delta : value > best + o->min_delta;
}

/* The numbers are written first: that is what fails inside a capture. */
wg_status wg_stopping_tell(wg_stopping *stopping, double value)
{
    const char *op = "stopping_tell";
    double number[NUMBERS];
    WG_TRY(stop_read(stopping, number, op));
    const bool better = is_improvement(&stopping->options, value, number[BEST]);
    if (better)
        WG_TRY(stop_check_kept(stopping, op));
    number[TOLD]++;
    number[BAD] = better ? 0 : number[BAD] + 1;
    if (better) {
        number[BEST] = value;
        number[BEST_STEP] = number[STEPS];
    }
    if (!isfinite(value))
        number[STOP_NOT_FINITE]++;
    WG_TRY(scalars_write(&stopping->numbers, number, op));
    return better ? stop_copy_kept(stopping) : WG_OK;
}
