/* The conditions of Robbins and Monro, from the closed form where there is one, else from sums. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kind.h"
#include "wengert/error.h"

typedef wg_lr_robbins_monro_result result_type;

/* ---- closed forms ---- */

struct lr_tail lr_tail_level(double value)
{
    return (struct lr_tail){.known = true, .rate = value > 0 ? 0 : -INFINITY};
}

struct lr_tail lr_tail_geometric(double gamma, double period)
{
    return (struct lr_tail){.known = true, .rate = gamma > 0 ? log(gamma) / period : -INFINITY};
}

/* Parts are nested to WG_MAX_DEPTH at most. */
struct lr_tail lr_tail_of(const wg_lr *schedule)
{
    return schedule->kind->tail ? schedule->kind->tail(schedule) : (struct lr_tail){.known = false};
}

static wg_lr_series series_of(double rate, double power)
{
    return rate < 0 || (rate == 0 && power > 1) ? WG_LR_SERIES_FINITE : WG_LR_SERIES_INFINITE;
}

static void from_tail(const struct lr_tail *tail, result_type *result)
{
    const char *falls = tail->recurring ? "the peaks of f fall" : "f falls",
               *grows = tail->recurring ? "the peaks of f grow" : "f grows";
    char *reason = result->reason;
    const size_t size = sizeof result->reason;
    result->sum = series_of(tail->rate, tail->power);
    result->squares = series_of(2 * tail->rate, 2 * tail->power);
    if (tail->rate == -INFINITY)
        snprintf(reason, size, "f is 0 from some step on");
    else if (tail->rate != 0)
        snprintf(reason, size, "%s as e^(%.3g t)", tail->rate < 0 ? falls : grows, tail->rate);
    else if (tail->power == 0)
        snprintf(reason, size, tail->recurring ? "f comes back again and again" : "f does not go to 0");
    else
        snprintf(reason, size, "%s as t^-%g, and Σ t^-p is finite for p > 1 alone", falls, tail->power);
}

/* ---- sums ---- */

enum { RANGES = 3 }; /* the last ones, each twice as long as the one before */

struct sums {
    double f[RANGES], squares[RANGES];
    double bad; /* a factor that is negative or not finite */
    int64_t bad_step;
};

static wg_status add_up(const wg_lr *schedule, int64_t steps, struct sums *sums)
{
    for (int k = 0; k < RANGES; k++) {
        const int64_t end = steps >> (RANGES - 1 - k);
        for (int64_t t = end / 2; t < end; t++) {
            double f = NAN;
            WG_TRY(lr_factor(schedule, t, &f));
            if (!(f >= 0) || isinf(f)) {
                sums->bad = f, sums->bad_step = t;
                return WG_OK;
            }
            sums->f[k] += f;
            sums->squares[k] += f * f;
        }
    }
    return WG_OK;
}

/* A power law has one slope: the logarithm of the ratio of sums over ranges, of which one is twice the other. A slope that changes is
   believed where it is far from the border, 0. */
static wg_lr_series judge(const double sum[RANGES], double *slope)
{
    const double before = log2(sum[1] / sum[0]), last = log2(sum[2] / sum[1]);
    *slope = last;
    if (sum[2] == 0)
        return WG_LR_SERIES_FINITE;
    if (fabs(last - before) <= 0.002)
        return last > -0.005 ? WG_LR_SERIES_INFINITE : WG_LR_SERIES_FINITE;
    if (fmin(before, last) >= 0.25)
        return WG_LR_SERIES_INFINITE;
    return fmax(before, last) <= -0.5 ? WG_LR_SERIES_FINITE : WG_LR_SERIES_UNKNOWN;
}

static wg_status from_sums(const wg_lr *schedule, int64_t steps, result_type *result)
{
    struct sums sums = {.bad_step = -1};
    char *reason = result->reason;
    const size_t size = sizeof result->reason;
    double slope = 0, slope_of_squares = 0;
    WG_TRY(add_up(schedule, steps, &sums));
    if (sums.bad_step >= 0) {
        snprintf(reason, size, "not known: f(%lld) is %g", (long long)sums.bad_step, sums.bad);
        return WG_OK;
    }
    result->estimated = true;
    result->sum = judge(sums.f, &slope);
    result->squares = judge(sums.squares, &slope_of_squares);
    if (sums.f[RANGES - 1] == 0)
        snprintf(reason, size, "an estimate: f is 0 from step %lld to step %lld", (long long)(steps / 2), (long long)steps - 1);
    else
        snprintf(reason, size, "an estimate from the steps before %lld, no proof: from step %lld on f falls %s t^-%.3g",
                 (long long)steps, (long long)(steps >> RANGES),
                 result->sum != WG_LR_SERIES_UNKNOWN && result->squares != WG_LR_SERIES_UNKNOWN ? "about as"
                                                                                                : "not as a power; last as",
                 1 - slope + 0.0);
    return WG_OK;
}

/* ---- both ---- */

static bool is_told(const wg_lr *schedule)
{
    return schedule->kind->told || (schedule->part[0] && is_told(schedule->part[0])) ||
           (schedule->part[1] && is_told(schedule->part[1]));
}

static const wg_option robbins_monro_option[] = {
    WG_OPTION_INT_OF(wg_lr_robbins_monro_options, steps, 1 << 20, "of an estimate", WG_AT_LEAST(64))};
static const wg_option_table robbins_monro_table = {robbins_monro_option, 1, sizeof(wg_lr_robbins_monro_options)};

/* Appends what the reason means. */
static void conclude(result_type *result)
{
    static const char *const text[] = {"not known", "finite", "infinite"};
    const size_t used = strlen(result->reason);
    result->fulfilled = result->sum == WG_LR_SERIES_INFINITE && result->squares == WG_LR_SERIES_FINITE;
    snprintf(result->reason + used, sizeof result->reason - used, ": Σ f %s, Σ f² %s", text[result->sum], text[result->squares]);
}

wg_status wg_lr_robbins_monro_with(const wg_lr *schedule, wg_lr_robbins_monro_result *result, wg_lr_robbins_monro_options options)
{
    const char *op = "lr_robbins_monro";
    if (!schedule || !result)
        return wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, schedule ? "result" : "schedule");
    WG_TRY(wg_options_check(robbins_monro_table, &options, op));
    result_type found = {.fulfilled = false};
    const struct lr_tail tail = lr_tail_of(schedule);
    if (tail.known)
        from_tail(&tail, &found);
    else if (is_told(schedule))
        snprintf(found.reason, sizeof found.reason, "not known: f depends on the values that a plateau is told");
    else
        WG_TRY(from_sums(schedule, options.steps, &found));
    conclude(&found);
    *result = found;
    return WG_OK;
}
