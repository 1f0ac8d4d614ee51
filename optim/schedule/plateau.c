/* Reduce on plateau: a factor that falls when a value stops improving. Its state is four numbers. */
#include <math.h>
#include <stdlib.h>

#include "../scalars.h"
#include "kind.h"
#include "wengert/error.h"

enum { FACTOR, BEST, BAD, COOLDOWN, NUMBERS };

struct wg_lr_plateau {
    wg_lr_plateau_options options;
    struct scalars state;
    int owners; /* the program and the schedules made of it */
};

/* ---- options ---- */

static const char *const mode_names[] = {"min", "max", NULL};
static const char *const threshold_names[] = {"relative", "absolute", NULL};
static const wg_option plateau_option[] = {
    WG_OPTION_CHOICE_OF(wg_lr_plateau_options, mode, WG_LR_PLATEAU_MODE_MIN, "which values are better", mode_names),
    WG_OPTION_REAL_OF(wg_lr_plateau_options, factor, 0.1, "by which f is multiplied", WG_FROM_BELOW(0, 1)),
    WG_OPTION_INT_OF(wg_lr_plateau_options, patience, 10, "values in a row without improvement", WG_AT_LEAST(0)),
    WG_OPTION_REAL_OF(wg_lr_plateau_options, threshold, 1e-4, "of an improvement", WG_AT_LEAST(0)),
    WG_OPTION_CHOICE_OF(wg_lr_plateau_options, threshold_mode, WG_LR_PLATEAU_THRESHOLD_RELATIVE, "of what", threshold_names),
    WG_OPTION_INT_OF(wg_lr_plateau_options, cooldown, 0, "values after a reduction that are not counted", WG_AT_LEAST(0)),
    WG_OPTION_REAL_OF(wg_lr_plateau_options, min, 0, "the lowest f", WG_AT_LEAST(0)),
    WG_OPTION_REAL_OF(wg_lr_plateau_options, eps, 1e-8, "the largest reduction that is none", WG_AT_LEAST(0)),
};
static const wg_option_table plateau_table = {plateau_option, sizeof plateau_option / sizeof *plateau_option,
                                              sizeof(wg_lr_plateau_options)};

/* ---- making and freeing ---- */

#define PLATEAU_NUMBERS(worst)                                                                                                     \
    {                                                                                                                              \
        [FACTOR] = {"factor", 1, SCALAR_NOT_NEGATIVE}, [BEST] = {"best", worst, SCALAR_NOT_NAN}, [BAD] = {"bad", 0, SCALAR_COUNT}, \
        [COOLDOWN] = {"cooldown", 0, SCALAR_COUNT},                                                                                \
    }

wg_lr_plateau *wg_lr_plateau_create_with(wg_lr_plateau_options options)
{
    static const char op[] = "lr_plateau_create";
    static const struct scalar low[NUMBERS] = PLATEAU_NUMBERS(INFINITY), high[NUMBERS] = PLATEAU_NUMBERS(-INFINITY);
    if (wg_options_check(plateau_table, &options, op) != WG_OK)
        return NULL;
    wg_lr_plateau *plateau = calloc(1, sizeof *plateau);
    if (!plateau) {
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        return NULL;
    }
    *plateau = (wg_lr_plateau){.options = options, .owners = 1};
    if (scalars_init(&plateau->state, options.mode == WG_LR_PLATEAU_MODE_MIN ? low : high, NUMBERS, op) == WG_OK)
        return plateau;
    free(plateau);
    return NULL;
}

void wg_lr_plateau_destroy(wg_lr_plateau *plateau)
{
    if (!plateau || --plateau->owners > 0)
        return;
    scalars_finish(&plateau->state);
    free(plateau);
}

/* ---- telling ---- */

/* Where best is infinite there is no distance from it. */
static bool is_better(const wg_lr_plateau_options *o, double value, double best)
{
    const double sign = o->mode == WG_LR_PLATEAU_MODE_MIN ? -1 : 1;
    double border = best;
    if (o->threshold_mode == WG_LR_PLATEAU_THRESHOLD_ABSOLUTE)
        border = best + sign * o->threshold;
    else if (isfinite(best))
        border = best * (best >= 0 ? 1 + sign * o->threshold : 1 - sign * o->threshold); /* in PyTorch's order, for the same bits */
    return o->mode == WG_LR_PLATEAU_MODE_MIN ? value < border : value > border;
}

/* In the order of PyTorch's: the first value after a reduction counts for the cooldown, whatever it is. */
static void count(const wg_lr_plateau_options *o, double value, double *number)
{
    if (is_better(o, value, number[BEST])) {
        number[BEST] = value;
        number[BAD] = 0;
    } else {
        number[BAD]++;
    }
    if (number[COOLDOWN] > 0) {
        number[COOLDOWN]--;
        number[BAD] = 0;
    }
    if (number[BAD] <= (double)o->patience)
        return;
    const double lower = fmax(number[FACTOR] * o->factor, o->min);
    if (number[FACTOR] - lower > o->eps)
        number[FACTOR] = lower;
    number[COOLDOWN] = (double)o->cooldown;
    number[BAD] = 0;
}

static wg_status read_numbers(const wg_lr_plateau *plateau, double *number, const char *op)
{
    if (!plateau)
        return wg_error_set(WG_E_NULL, op, "%s: the plateau is NULL", op);
    return scalars_read(&plateau->state, number, op);
}

wg_status wg_lr_plateau_tell(wg_lr_plateau *plateau, double value)
{
    const char *op = "lr_plateau_tell";
    double number[NUMBERS];
    WG_TRY(read_numbers(plateau, number, op));
    count(&plateau->options, value, number);
    return scalars_write(&plateau->state, number, op);
}

/* ---- using it ---- */

double wg_lr_plateau_factor(const wg_lr_plateau *plateau)
{
    double number[NUMBERS];
    return read_numbers(plateau, number, "lr_plateau_factor") == WG_OK ? number[FACTOR] : NAN;
}

wg_status wg_lr_plateau_set(const wg_lr_plateau *plateau, wg_optim *optim)
{
    const char *op = "lr_plateau_set";
    double number[NUMBERS];
    if (!optim)
        return wg_error_set(WG_E_NULL, op, "%s: the optimizer is NULL", op);
    WG_TRY(read_numbers(plateau, number, op));
    return lr_set_factor(number[FACTOR], optim, op);
}

wg_tensor_list wg_lr_plateau_state(const wg_lr_plateau *plateau)
{
    if (!plateau)
        (void)wg_error_set(WG_E_NULL, "lr_plateau_state", "lr_plateau_state: the plateau is NULL");
    return plateau ? (wg_tensor_list){plateau->state.n, plateau->state.tensor, plateau->state.name}
                   : (wg_tensor_list){0, NULL, NULL};
}

static wg_status factor_of_now(const wg_lr *schedule, int64_t step, double *factor)
{
    double number[NUMBERS];
    (void)step;
    WG_TRY(read_numbers(schedule->context, number, "lr_at"));
    *factor = number[FACTOR];
    return WG_OK;
}

static const struct lr_kind plateau_kind = {.name = "plateau", .combine = factor_of_now, .told = true};

static void release(void *context)
{
    wg_lr_plateau_destroy(context);
}

wg_lr *wg_lr_plateau_schedule(wg_lr_plateau *plateau)
{
    const char *op = "lr_plateau_schedule";
    if (!plateau) {
        (void)wg_error_set(WG_E_NULL, op, "%s: the plateau is NULL", op);
        return NULL;
    }
    wg_lr *schedule = lr_create(&plateau_kind, plateau_table, &plateau->options, op);
    if (!schedule)
        return NULL;
    plateau->owners++;
    schedule->context = plateau;
    schedule->destroy = release;
    return schedule;
}
