/* Learning-rate schedules: the factor by which the rates of an optimizer are multiplied at each step.

   A schedule is a pure function of the number of steps that were taken, so a run is resumed by that number alone. Its factors are
   relative to the rates that the optimizer's groups were made with (wg_optim_base_lr):

   wg_optim *opt = wg_optim_adam(wg_nn_parameters(net), .lr = 1e-3); wg_lr *schedule = wg_lr_warmup(wg_lr_cosine(.steps = 900),
   .steps = 100); for (int64_t step = 0; step < 1000; step++) {
       WG_TRY(wg_lr_set(schedule, opt, step));
       …
       WG_TRY(wg_optim_step(opt));
   }

   The constructors return NULL and record the error on failure: E_ARGUMENT (an option that is required and not given, or out of
   its range), E_NULL (a part is NULL), E_MEMORY. */
#ifndef WENGERT_SCHEDULE_H
#define WENGERT_SCHEDULE_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include <stdio.h>

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wg_lr wg_lr;

/* ---- the schedules of schedules.def ---- */

/* How a factor goes from one value to the next. With x from 0 to 1 the distance that is left is 1 - x, (1 + cos πx)/2 or 1 - √x. */
typedef enum wg_lr_shape { WG_LR_SHAPE_LINEAR, WG_LR_SHAPE_COSINE, WG_LR_SHAPE_SQRT } wg_lr_shape;

/* The modes of wg_lr_cyclic. */
typedef enum wg_lr_cycle { WG_LR_CYCLE_TRIANGULAR, WG_LR_CYCLE_TRIANGULAR2, WG_LR_CYCLE_EXP_RANGE } wg_lr_cycle;

/* The rules of wg_lr_batch_scaling. */
typedef enum wg_lr_scaling { WG_LR_SCALING_LINEAR, WG_LR_SCALING_SQRT } wg_lr_scaling;

/* One function each: wg_lr_cosine(.steps = 100, .min = 0.01). schedules.def states their formulas and options. */
#define WG_REAL(name, preset, help, ...) double name;
#define WG_INT(name, preset, help, ...) int64_t name;
#define WG_BOOL(name, preset, help) bool name;
#define WG_CHOICE(name, preset, help, type) type name;
#define WG_MILESTONE_LIST(name, preset, help) wg_milestones name;
#define WG_SCHEDULE(name, options)                   \
    typedef struct WG_NAMED wg_lr_##name##_options { \
        options                                      \
    } wg_lr_##name##_options;                        \
    WG_API wg_lr *wg_lr_##name##_with(wg_lr_##name##_options options_);
#include "schedules.def"
#undef WG_REAL
#undef WG_INT
#undef WG_BOOL
#undef WG_CHOICE
#undef WG_MILESTONE_LIST
#undef WG_SCHEDULE
#include <wengert/schedule_options.h>

/* ---- schedules made of others, which they own from here on ----

   On failure the parts are destroyed too, so that calls can be nested. A schedule is part of one other at most (E_STATE, and it
   is left alone), and parts are nested at most WG_MAX_DEPTH deep (E_ARGUMENT). */

/* The product of two factors. PyTorch: ChainedScheduler of schedulers that multiply. */
WG_API wg_lr *wg_lr_product(wg_lr *a, wg_lr *b);

/* first for t < step, then second, which begins at its own step 0. Several milestones are nested calls:
   wg_lr_then(wg_lr_then(a, 10, b), 20, c). PyTorch: SequentialLR. */
WG_API wg_lr *wg_lr_then(wg_lr *first, int64_t step, wg_lr *second);

/* In a line from start to 1 in `steps` steps, then schedule from its own step 0: wg_lr_warmup(wg_lr_cosine(.steps = 900), .steps
   = 100). */
typedef struct WG_NAMED wg_lr_warmup_options {
    int64_t steps;
    double start;
} wg_lr_warmup_options;
#define wg_lr_warmup(schedule, ...) \
    wg_lr_warmup_with((schedule), WG_OPTIONS(wg_lr_warmup_options, .steps = WG_REQUIRED_INT, .start = 0, __VA_ARGS__))
WG_API wg_lr *wg_lr_warmup_with(wg_lr *schedule, wg_lr_warmup_options options);

/* A schedule of the user's own: f = factor(t, context). destroy (or NULL) is called once with context when the schedule ends, or
   if it cannot be made; it may not destroy the schedule (E_STATE). The function should depend on t alone, or a run cannot be
   resumed by its step. */
typedef double wg_lr_factor(int64_t step, void *context);
WG_API wg_lr *wg_lr_closure(wg_lr_factor *factor, void *context, void (*destroy)(void *context));

/* ---- plateau: the rate is reduced when a value stops improving ---- */

/* It is told a value, such as the loss on validation data after each epoch, and counts the values in a row that were no
   improvement on the best one. When the count is above `patience`, its factor f, 1 at first, becomes max(f factor, min), and the
   count begins anew:

   wg_lr_plateau *plateau = wg_lr_plateau_create(.patience = 5); for (int epoch = 0; epoch < 100; epoch++) {
       …
       WG_TRY(wg_lr_plateau_tell(plateau, validation_loss));
       WG_TRY(wg_lr_plateau_set(plateau, opt));
   }

   Options: mode: whether lower or higher values are better. threshold: a value below best - threshold |best| (RELATIVE) or best -
   threshold (ABSOLUTE) is an improvement; for MAX, above it with + for -. cooldown: so many values after a reduction the count
   stays 0. eps: a reduction by at most eps is none, but counts as one. A value that is NaN is no improvement. PyTorch:
   ReduceLROnPlateau, where min_lr = min and eps = eps times the group's base rate. It takes best (1 - threshold) also where best
   is negative; there any equal value would be an improvement. NULL and the error: E_ARGUMENT (an option out of its range),
   E_MEMORY. */
typedef struct wg_lr_plateau wg_lr_plateau;
typedef enum wg_lr_plateau_mode { WG_LR_PLATEAU_MODE_MIN, WG_LR_PLATEAU_MODE_MAX } wg_lr_plateau_mode;
typedef enum wg_lr_plateau_threshold { WG_LR_PLATEAU_THRESHOLD_RELATIVE, WG_LR_PLATEAU_THRESHOLD_ABSOLUTE } wg_lr_plateau_threshold;
typedef struct WG_NAMED wg_lr_plateau_options {
    wg_lr_plateau_mode mode;
    double factor;
    int64_t patience;
    double threshold;
    wg_lr_plateau_threshold threshold_mode;
    int64_t cooldown;
    double min, eps;
} wg_lr_plateau_options;
#define wg_lr_plateau_create(...)                                                                                              \
    wg_lr_plateau_create_with(WG_OPTIONS(wg_lr_plateau_options, .mode = WG_LR_PLATEAU_MODE_MIN, .factor = 0.1, .patience = 10, \
                                         .threshold = 1e-4, .threshold_mode = WG_LR_PLATEAU_THRESHOLD_RELATIVE, .cooldown = 0, \
                                         .min = 0, .eps = 1e-8, __VA_ARGS__))
WG_API wg_lr_plateau *wg_lr_plateau_create_with(wg_lr_plateau_options options);

/* Counts a value. It is a write: not undone where the open tape fails, and E_STATE inside a function that is captured. On failure
   nothing has changed: E_NULL, E_ARGUMENT (a count in the state is none). */
WG_API WG_MUST_CHECK wg_status wg_lr_plateau_tell(wg_lr_plateau *plateau, double value);

/* The factor of now; NaN and E_NULL for NULL. */
WG_API double wg_lr_plateau_factor(const wg_lr_plateau *plateau);

/* Sets the rate of every group to its base rate times the factor, with wg_lr_set's errors. */
WG_API WG_MUST_CHECK wg_status wg_lr_plateau_set(const wg_lr_plateau *plateau, wg_optim *optim);

/* A schedule whose factor is the plateau's of now at every step, for products: wg_lr_warmup(wg_lr_plateau_schedule(plateau),
   .steps = 100), and for wg_lr_set_group. The plateau lives until all of these are destroyed, too. E_NULL, E_MEMORY. */
WG_API wg_lr *wg_lr_plateau_schedule(wg_lr_plateau *plateau);

/* All that a resumed run restores, as f64 scalars to read and write: "factor", "best", "bad" (values in a row) and "cooldown"
   (values left of it). No tensors and E_NULL for NULL. */
WG_API wg_tensor_list wg_lr_plateau_state(const wg_lr_plateau *plateau);

WG_API void wg_lr_plateau_destroy(wg_lr_plateau *plateau); /* NULL is allowed */

/* ---- using a schedule ---- */

/* The factor after `step` steps. NaN and the error where there is none: E_NULL, E_ARGUMENT (step is negative), E_STATE (a user's
   function left a tape open), E_NUMERIC (the factor is NaN). */
WG_API double wg_lr_at(const wg_lr *schedule, int64_t step);

/* Sets the rate of every group to its base rate times the factor, before the step of that number. It is a write, as by
   wg_optim_set_lr: a replay reads the rate at its next run, and it stays if the step fails. Call it outside a function that is
   captured (E_STATE). Errors: those of wg_lr_at, E_NULL, E_ARGUMENT (a rate would be negative or not finite); then no rate has
   changed. */
WG_API WG_MUST_CHECK wg_status wg_lr_set(const wg_lr *schedule, wg_optim *optim, int64_t step);

/* The same for one group, so that groups may have schedules of their own. */
WG_API WG_MUST_CHECK wg_status wg_lr_set_group(const wg_lr *schedule, wg_optim *optim, size_t group, int64_t step);

/* Whether the factors fulfil the conditions of Robbins and Monro, Σ f = ∞ and Σ f² < ∞, under which stochastic approximation
   converges: the steps reach any point, and their noise dies out. From the closed form where every part has one; else an estimate
   from the sums of the steps [n/8, n/4), [n/4, n/2) and [n/2, n), n = .steps, whose ratios are those of a power of t. An estimate
   is no proof; near the border, as of 1/(t log t), it is "unknown". So are the sums of a plateau, and of a function that is
   negative or not finite. On failure *result is as it was: E_NULL, E_ARGUMENT, those of wg_lr_at. Cost of an estimate: n factors.
   Source: Robbins, Monro, 1951. */
typedef enum wg_lr_series { WG_LR_SERIES_UNKNOWN, WG_LR_SERIES_FINITE, WG_LR_SERIES_INFINITE } wg_lr_series;
typedef struct wg_lr_robbins_monro_result {
    bool fulfilled;            /* Σ f is infinite, Σ f² finite; false where one is unknown */
    bool estimated;            /* from sums, not from the closed form */
    wg_lr_series sum, squares; /* Σ f, Σ f² */
    char reason[240];          /* "f falls as t^-0.75, …: Σ f infinite, Σ f² finite" */
} wg_lr_robbins_monro_result;
typedef struct WG_NAMED wg_lr_robbins_monro_options {
    int64_t steps;
} wg_lr_robbins_monro_options;
#define wg_lr_robbins_monro(schedule, result, ...) \
    wg_lr_robbins_monro_with((schedule), (result), WG_OPTIONS(wg_lr_robbins_monro_options, .steps = 1 << 20, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_lr_robbins_monro_with(const wg_lr *schedule, wg_lr_robbins_monro_result *result,
                                                        wg_lr_robbins_monro_options options);

/* One line with all options: "then(linear(start=0, end=1, steps=100), cosine(steps=900, min=0), step=100)". E_NULL, E_IO. */
WG_API WG_MUST_CHECK wg_status wg_lr_print(const wg_lr *schedule, FILE *stream);

/* Frees a schedule and its parts. NULL is allowed. A part of another schedule is left alone, and E_STATE recorded: it ends with
   that. */
WG_API void wg_lr_destroy(wg_lr *schedule);

#ifdef __cplusplus
}
#endif

#endif
