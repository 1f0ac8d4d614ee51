/* Stopping: when a training loop ends, and why; and the best weights.

   wg_stopping *stop = wg_stopping_create(.max_steps = 10000, .max_seconds = 600, .patience = 5); WG_TRY(wg_stopping_keep(stop,
   wg_nn_state(net))); while (!wg_stopping_done(stop)) {
       …                                       a step
       if (an epoch is over)
           WG_TRY(wg_stopping_tell(stop, validation_loss));
   } puts(wg_stopping_text(stop)); "stopped after 3400 steps, 41.2 s: none of the last 5 values was below 0.31, …"
   WG_TRY(wg_stopping_restore(stop)); the weights of the lowest validation_loss

   One object has all conditions: the first one that is fulfilled ends the loop. Steps are counted by wg_stopping_done, everything
   else is told: values, norms of the gradient, evaluations. All of it is on the side of the program: inside a function that is
   captured each of these calls is E_STATE. It works on open tapes and without, and a step that fails takes back nothing of what
   was counted or told. */
#ifndef WENGERT_STOPPING_H
#define WENGERT_STOPPING_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wg_stopping wg_stopping;

/* Why a loop ends, in the order in which the reasons are asked. NONE is 0: it goes on. ERROR: the question failed, and the error is
   recorded. */
typedef enum wg_stopping_reason {
    WG_STOPPING_REASON_NONE,
    WG_STOPPING_REASON_NOT_FINITE,
    WG_STOPPING_REASON_GRADIENT,
    WG_STOPPING_REASON_PATIENCE,
    WG_STOPPING_REASON_STEPS,
    WG_STOPPING_REASON_EVALUATIONS,
    WG_STOPPING_REASON_SECONDS,
    WG_STOPPING_REASON_ERROR
} wg_stopping_reason;

/* Whether lower or higher values are better. */
typedef enum wg_stopping_mode { WG_STOPPING_MODE_MIN, WG_STOPPING_MODE_MAX } wg_stopping_mode;

/* The conditions; -1: none. max_steps: so many steps are taken. max_evaluations: of the gradient, no step follows after so many
   were counted (wg_stopping_count). max_seconds: no step follows after so many, by a monotonic clock that runs from the first
   wg_stopping_done on. gradient_tolerance: the norm of the gradient that was told last is at most that. The norm of a sample's
   gradient may be large where the true one is 0: expect full batches, or tell the norm of an average. patience: so many values in
   a row were no improvement on the best one; 0 is as 1. min_delta: an improvement is below best - min_delta, or, where higher
   values are better, above best + min_delta. stop_if_not_finite: a value or norm that is NaN or infinite ends the loop. Else it
   is no improvement, and no small norm. */
typedef struct WG_NAMED wg_stopping_options {
    int64_t max_steps, max_evaluations;
    double max_seconds, gradient_tolerance;
    int64_t patience;
    double min_delta;
    wg_stopping_mode mode;
    bool stop_if_not_finite;
} wg_stopping_options;

/* NULL and the error on failure: E_ARGUMENT (an option out of its range), E_MEMORY. */
#define wg_stopping_create(...)                                                                                                \
    wg_stopping_create_with(WG_OPTIONS(wg_stopping_options, .max_steps = -1, .max_evaluations = -1, .max_seconds = -1,         \
                                       .gradient_tolerance = -1, .patience = -1, .min_delta = 0, .mode = WG_STOPPING_MODE_MIN, \
                                       .stop_if_not_finite = true, __VA_ARGS__))
WG_API wg_stopping *wg_stopping_create_with(wg_stopping_options options);

WG_API void wg_stopping_destroy(wg_stopping *stopping); /* NULL is allowed */

/* ---- the loop ---- */

/* Asked once before each step: NONE allows one more step, and counts it. Any other reason ends the loop; asked again, it is found
   again, and nothing is counted. ERROR: E_NULL; E_STATE inside a function that is captured, or if after the first step of a
   budget of evaluations none was counted; E_ARGUMENT (a number in the state is out of its range). Cost: about half a microsecond.
   */
WG_API wg_stopping_reason wg_stopping_done(wg_stopping *stopping);

/* Tells a value, such as the loss on validation data after each epoch. If it is the best so far, the tensors that are kept are
   copied. On failure nothing has changed: E_NULL, E_DANGLING (one that is kept was freed), E_STATE. Cost: of the best one, a
   copy. */
WG_API WG_MUST_CHECK wg_status wg_stopping_tell(wg_stopping *stopping, double value);

/* Tells the norm of the gradient: one that the program knows, as from wg_optim_clip_norm or from a tensor that a captured step
   keeps; or, between wg_backward and the step, that of all gradients of these parameters together, by wg_optim_clip_norm(params,
   INFINITY, &norm) with its errors: one that is not finite is E_NUMERIC there, which names the parameter. On failure nothing has
   changed: E_NULL, E_STATE, E_ARGUMENT (a norm below 0). */
WG_API WG_MUST_CHECK wg_status wg_stopping_tell_norm(wg_stopping *stopping, double norm);
WG_API WG_MUST_CHECK wg_status wg_stopping_tell_gradients(wg_stopping *stopping, wg_tensor_list params);

/* Counts n evaluations of the gradient: 1 for a step of SGD, 2 for SAM, result.evaluations for wg_minimize_run. E_ARGUMENT: n <
   0, or more than 2^53 in all. */
WG_API WG_MUST_CHECK wg_status wg_stopping_count(wg_stopping *stopping, int64_t n);

/* ---- the best weights ---- */

/* The tensors whose values at the best told value are kept: parameters, and what belongs to them, such as the running statistics
   of batch norm (wg_nn_state has both); any dtype. Several lists may be given, all before the first value is told (E_STATE). They
   are borrowed, and copies are made now. On failure nothing has changed: E_NULL, E_ARGUMENT (an empty list, a tensor that is kept
   already or belongs to a tape), E_DANGLING, E_MEMORY. */
WG_API WG_MUST_CHECK wg_status wg_stopping_keep(wg_stopping *stopping, wg_tensor_list list);

/* Writes the kept values back into their tensors, all or, on failure, none: E_STATE (nothing is kept, or no finite value was told),
   E_DANGLING. It is a write: gradients of a graph that used the values before are E_STALE. */
WG_API WG_MUST_CHECK wg_status wg_stopping_restore(wg_stopping *stopping);

/* ---- asking ---- */

/* What is known. reason: what wg_stopping_done would return, without asking the clock; ERROR, the error and zeros for NULL or a
   broken state. bad: values in a row that were no improvement. best and gradient_norm are infinite until one is told. best_step:
   the steps that were taken when best was told. mode: its option. kept: how many tensors it keeps. */
typedef struct wg_stopping_info {
    wg_stopping_reason reason;
    int64_t steps, evaluations, told, bad, best_step;
    double seconds, gradient_norm, best;
    wg_stopping_mode mode;
    size_t kept;
} wg_stopping_info;
WG_API wg_stopping_info wg_stopping_inspect(const wg_stopping *stopping);

/* A sentence for messages, "stopped after 340 steps, 12.3 s: …", valid until the next call with this object; "" and the error for
   NULL. The name of a reason: "patience". */
WG_API const char *wg_stopping_text(wg_stopping *stopping);
WG_API const char *wg_stopping_reason_name(wg_stopping_reason reason);

/* All that a resumed run restores, to read and write: f64 scalars "steps", "evaluations", "seconds", "gradient_norm", "told",
   "best", "best_step", "bad", "not_finite" (values and norms that were told), and the copies "best.NAME", a name that occurs
   twice as in wg_optim_state. A new object has the same options, or larger budgets, and is given the same lists to keep before
   its state is written. Seconds go on from those that were counted at the last wg_stopping_done before the state was saved: the
   time between two runs does not count. */
WG_API wg_tensor_list wg_stopping_state(const wg_stopping *stopping);

#ifdef __cplusplus
}
#endif

#endif
