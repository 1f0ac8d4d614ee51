/* Learning-rate schedules: the factor by which the rates of an optimizer are multiplied at each step.

   A schedule is a pure function of the number of steps that were taken, so a run is resumed by that number alone. Its factors are relative
   to the rates that the optimizer's groups were made with (wg_optim_base_lr):

   wg_optim *opt = wg_optim_adam(wg_nn_parameters(net), .lr = 1e-3);
   wg_lr *schedule = wg_lr_warmup(wg_lr_cosine(.steps = 900), .steps = 100);
   for (int64_t step = 0; step < 1000; step++) {
       WG_TRY(wg_lr_set(schedule, opt, step));
       …
       WG_TRY(wg_optim_step(opt));
   }

   The constructors return NULL and record the error on failure: E_ARGUMENT (an option that is required and not given, or out of its range),
   E_NULL (a part is NULL), E_MEMORY. */
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

   On failure the parts are destroyed too, so that calls can be nested. A schedule is part of one other at most (E_STATE, and it is left
   alone), and parts are nested at most WG_MAX_DEPTH deep (E_ARGUMENT). */

/* The product of two factors. PyTorch: ChainedScheduler of schedulers that multiply. */
WG_API wg_lr *wg_lr_product(wg_lr *a, wg_lr *b);

/* first for t < step, then second, which begins at its own step 0. Several milestones are nested calls:
   wg_lr_then(wg_lr_then(a, 10, b), 20, c). PyTorch: SequentialLR. */
WG_API wg_lr *wg_lr_then(wg_lr *first, int64_t step, wg_lr *second);

/* In a line from start to 1 in `steps` steps, then schedule from its own step 0: wg_lr_warmup(wg_lr_cosine(.steps = 900), .steps = 100). */
typedef struct WG_NAMED wg_lr_warmup_options {
    int64_t steps;
    double start;
} wg_lr_warmup_options;
#define wg_lr_warmup(schedule, ...) \
    wg_lr_warmup_with((schedule), WG_OPTIONS(wg_lr_warmup_options, .steps = WG_REQUIRED_INT, .start = 0, __VA_ARGS__))
WG_API wg_lr *wg_lr_warmup_with(wg_lr *schedule, wg_lr_warmup_options options);

/* A schedule of the user's own: f = factor(t, context). destroy (or NULL) is called once with context when the schedule ends, or if it
   cannot be made; it may not destroy the schedule (E_STATE). The function should depend on t alone, or a run cannot be resumed by its step. */
typedef double wg_lr_factor(int64_t step, void *context);
WG_API wg_lr *wg_lr_closure(wg_lr_factor *factor, void *context, void (*destroy)(void *context));

/* ---- using a schedule ---- */

/* The factor after `step` steps. NaN and the error where there is none: E_NULL, E_ARGUMENT (step is negative), E_STATE (a user's function
   left a tape open), E_NUMERIC (the factor is NaN). */
WG_API double wg_lr_at(const wg_lr *schedule, int64_t step);

/* Sets the rate of every group to its base rate times the factor, before the step of that number. It is a write, as by wg_optim_set_lr: a
   replay reads the rate at its next run, and it stays if the step fails. Call it outside a function that is captured. Errors: those of
   wg_lr_at, E_NULL, E_ARGUMENT (a rate would be negative or not finite); then no rate has changed. */
WG_API WG_MUST_CHECK wg_status wg_lr_set(const wg_lr *schedule, wg_optim *optim, int64_t step);

/* The same for one group, so that groups may have schedules of their own. */
WG_API WG_MUST_CHECK wg_status wg_lr_set_group(const wg_lr *schedule, wg_optim *optim, size_t group, int64_t step);

/* One line with all options: "then(linear(start=0, end=1, steps=100), cosine(steps=900, min=0), step=100)". E_NULL, E_IO. */
WG_API WG_MUST_CHECK wg_status wg_lr_print(const wg_lr *schedule, FILE *stream);

/* Frees a schedule and its parts. NULL is allowed. A part of another schedule is left alone, and E_STATE recorded: it ends with that. */
WG_API void wg_lr_destroy(wg_lr *schedule);

#ifdef __cplusplus
}
#endif

#endif
