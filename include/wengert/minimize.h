/* Minimizers: optimizers that call the objective themselves, as often as they need it, and line searches.

   An objective is a function of parameters, written in ordinary ops:

       static wg_tensor *bowl(wg_tensor *const *p, size_t n, void *context)
       {
           return wg_sum(wg_square(wg_sub(p[0], context)));
       }
       …
       wg_minimizer *m = wg_minimize_lbfgs(wg_nn_parameters(net), .line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE);
       wg_minimize_result result;
       WG_TRY(wg_minimize_run(m, bowl, target, &result));
       wg_minimize_destroy(m);

   Parameters are f32 or f64, several of any shape, all of which require a gradient. A minimizer works on all of their elements as one
   vector of f64; what is written to an f32 parameter is rounded, and the next step begins at the rounded values. */
#ifndef WENGERT_MINIMIZE_H
#define WENGERT_MINIMIZE_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include <stdio.h>

#include "derivative.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wg_minimizer wg_minimizer;

/* ---- line searches ----

   Along a line φ(t) = f(x + t d), from φ(0) and φ'(0) < 0. */

/* *f = φ(t) and, unless slope is NULL, *slope = φ'(t). slot: a place, 0 … WG_MINIMIZE_SLOTS - 1, in which the function may keep what it
   computed at t, such as the gradient: the search reuses a slot only when its point is no longer needed, and says in the end which slot
   belongs to the accepted point. Another status than OK ends the search with it. */
enum { WG_MINIMIZE_SLOTS = 3 };
typedef wg_status wg_minimize_line(void *context, double t, int slot, double *f, double *slope);

/* The outcome of a search. t, f, slope: the accepted point; slope is NaN if it was not computed. slot: where the function kept it, -1 for the point t = 0. evaluations: calls
   of the function. found: the point fulfils the conditions; otherwise it is the best one that the search has seen, and t may be 0. */
typedef struct wg_minimize_step {
    double t, f, slope;
    int slot;
    int64_t evaluations;
    bool found;
} wg_minimize_step;

/* Options of wg_minimize_backtracking. step: the first t. c1: of sufficient decrease. shrink: what t is multiplied by. */
typedef struct WG_NAMED wg_minimize_backtracking_options {
    double step, c1, shrink;
    int64_t max_evaluations;
} wg_minimize_backtracking_options;

/* The first t of step, step·shrink, step·shrink², … with φ(t) ≤ φ(0) + c1 t φ'(0). A value that is not finite counts as too large. If
   none of max_evaluations fulfils it, t = 0 and found is false. slope of the function is always NULL.
   Errors: E_NULL; E_ARGUMENT (an option out of its range; φ(0) is not finite, φ'(0) is not finite or not negative); those of the
   function. *result is unchanged then. Source: Armijo, 1966. */
#define wg_minimize_backtracking(line, context, f, slope, result, ...) \
    wg_minimize_backtracking_with(                                     \
        (line), (context), (f), (slope), (result),                     \
        WG_OPTIONS(wg_minimize_backtracking_options, .step = 1, .c1 = 1e-4, .shrink = 0.5, .max_evaluations = 60, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_minimize_backtracking_with(wg_minimize_line *line, void *context, double f, double slope,
                                                             wg_minimize_step *result, wg_minimize_backtracking_options options);

/* Options of wg_minimize_strong_wolfe. step: the first t. c1, c2: of the conditions, c1 < c2. change_tolerance: a bracket is given up when
   its length times `length` is shorter; length: |d|, by which a t becomes a distance. */
typedef struct WG_NAMED wg_minimize_strong_wolfe_options {
    double step, c1, c2, change_tolerance, length;
    int64_t max_evaluations;
} wg_minimize_strong_wolfe_options;

/* A t with φ(t) ≤ φ(0) + c1 t φ'(0) and |φ'(t)| ≤ -c2 φ'(0): extrapolation by cubics within [t + 0.01 Δt, 10 t] until a bracket is
   found, then interpolation by cubics within it, at least a tenth of its length away from its ends where progress is too slow. Where the
   values are finite, the points are those of PyTorch's strong_wolfe. A value or slope that is not finite counts as φ = ∞, and the bracket
   is halved. If max_evaluations + 1 points do not fulfil the conditions, the lowest end of the bracket is returned, and found is false.
   Errors: as above. Source: Nocedal, Wright: Numerical Optimization, algorithms 3.5 and 3.6; Schmidt's minFunc. */
#define wg_minimize_strong_wolfe(line, context, f, slope, result, ...)                                           \
    wg_minimize_strong_wolfe_with((line), (context), (f), (slope), (result),                                     \
                                  WG_OPTIONS(wg_minimize_strong_wolfe_options, .step = 1, .c1 = 1e-4, .c2 = 0.9, \
                                             .change_tolerance = 1e-9, .length = 1, .max_evaluations = 25, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_minimize_strong_wolfe_with(wg_minimize_line *line, void *context, double f, double slope,
                                                             wg_minimize_step *result, wg_minimize_strong_wolfe_options options);

/* ---- the minimizers of minimizers.def ---- */

/* How far a step goes along its direction: t = lr; wg_minimize_backtracking; wg_minimize_strong_wolfe. */
typedef enum wg_minimize_search {
    WG_MINIMIZE_SEARCH_NONE,
    WG_MINIMIZE_SEARCH_BACKTRACKING,
    WG_MINIMIZE_SEARCH_STRONG_WOLFE
} wg_minimize_search;

/* β of wg_minimize_conjugate_gradient. */
typedef enum wg_minimize_beta {
    WG_MINIMIZE_BETA_POLAK_RIBIERE,
    WG_MINIMIZE_BETA_FLETCHER_REEVES,
    WG_MINIMIZE_BETA_HESTENES_STIEFEL,
    WG_MINIMIZE_BETA_DAI_YUAN
} wg_minimize_beta;

/* Which coordinate wg_minimize_coordinate_descent changes next. */
typedef enum wg_minimize_order { WG_MINIMIZE_ORDER_CYCLIC, WG_MINIMIZE_ORDER_GREEDY } wg_minimize_order;

/* One constructor each: wg_minimize_lbfgs(params, .history = 10). minimizers.def states their formulas and options. The parameters are
   borrowed: they outlive the minimizer. NULL and the error on failure: E_NULL; E_ARGUMENT (no parameters, one of them twice or of a tape, an
   option out of its range); E_NO_GRAD (one that does not require a gradient); E_DTYPE; E_SHAPE (no elements); E_MEMORY. */
#define WG_REAL(name, preset, help, ...) double name;
#define WG_INT(name, preset, help, ...) int64_t name;
#define WG_BOOL(name, preset, help) bool name;
#define WG_CHOICE(name, preset, help, type) type name;
#define WG_MINIMIZER(name, ...)                            \
    typedef struct WG_NAMED wg_minimize_##name##_options { \
        __VA_ARGS__                                        \
    } wg_minimize_##name##_options;                        \
    WG_API wg_minimizer *wg_minimize_##name##_with(wg_tensor_list params, wg_minimize_##name##_options options_);
#define WG_LEAST_SQUARES(name, ...) WG_MINIMIZER(name, __VA_ARGS__)
#include "minimizers.def"
#undef WG_REAL
#undef WG_INT
#undef WG_BOOL
#undef WG_CHOICE
#undef WG_MINIMIZER
#undef WG_LEAST_SQUARES
#include <wengert/minimize_options.h>

/* Why a call of wg_minimize_run ended. All are ends without an error. */
#define WG_MINIMIZE_REASON_LIST(X)                                          \
    X(GRADIENT, "the gradient is within its tolerance")                     \
    X(CHANGE, "the last step changed too little")                           \
    X(ITERATIONS, "the maximal number of steps was taken")                  \
    X(EVALUATIONS, "the maximal number of evaluations was reached")         \
    X(STOPPED, "the watcher stopped it")                                    \
    X(LINE_SEARCH, "no step along the last direction lowers the objective") \
    X(NOT_FINITE, "a step without line search led to a value that is not finite, and was taken back")

typedef enum wg_minimize_reason {
#define WG_MINIMIZE_REASON_(name, text) WG_MINIMIZE_##name,
    WG_MINIMIZE_REASON_LIST(WG_MINIMIZE_REASON_)
#undef WG_MINIMIZE_REASON_
} wg_minimize_reason;

WG_API const char *wg_minimize_reason_text(wg_minimize_reason reason); /* the phrase above; "?" for another value */

/* What a call has done. first, f: the objective where the call began and where it ended; gradient_norm: the largest magnitude of an
   element of the gradient there. evaluations, gradients, products: how often f, its gradient and a product of its Hessian (or, of least
   squares, of the Jacobian) with a vector were computed. A gradient is computed of a recorded evaluation: it adds the backward pass
   alone. Of least squares, gradients counts Jacobians. */
typedef struct wg_minimize_result {
    wg_minimize_reason reason;
    double first, f, gradient_norm;
    int64_t iterations, evaluations, gradients, products;
} wg_minimize_result;

/* Moves the parameters to where f is lower, until a test for stopping holds (minimizers.def). f is called with the parameters themselves:
   it may use its operands, or reach the same tensors in another way, as wg_nn_apply(net, x) does. It gives a tensor of one element, f32
   or f64; for least squares, the residuals. *result (may be NULL) says what was done.

   f must compute the same at every call with the same parameters. Each evaluation runs on a tape of its own, opened with .undo: random
   draws, running statistics, gradients left on leaves and modes of the thread are put back, so that every evaluation of a call, and of the next, draws
   the same random numbers (dropout is one fixed mask). Gradients of the parameters (wg_gradient) are neither read nor changed. The
   parameters are written as by wg_write: call it with no tape open, or records that are made of them are E_STALE.

   A value that is not finite at a trial point makes the step shorter. Errors, after which the parameters, the minimizer's state and
   *result have the bits of before: E_NUMERIC (f or its gradient is not finite where the call begins); E_SHAPE, E_DTYPE (of f); E_NO_GRAD
   (f depends on no parameter, or an op has no derivative); E_DANGLING (a parameter was freed); E_STATE (inside a hook, an update, a
   capture, or if f updates parameters itself); E_NULL; E_MEMORY; those of f. */
WG_API WG_MUST_CHECK wg_status wg_minimize_run(wg_minimizer *minimizer, wg_function *f, void *context, wg_minimize_result *result);

/* The same with Hessian-vector products of another sample than f and its gradient: of f called with `sample` as its context. A small sample
   makes newton_cg a sub-sampled Newton method (Byrd, Chin, Neveitt, Nocedal, 2011; Roosta-Khorasani, Mahoney, 2019), and so with newton,
   saddle_free and trust_region; stochastic_quasi_newton takes a larger one. Each step evaluates f and the gradient of the sample once
   more. E_ARGUMENT for a minimizer that uses no products. */
WG_API WG_MUST_CHECK wg_status wg_minimize_run_sampled(wg_minimizer *minimizer, wg_function *f, void *context, void *sample,
                                                       wg_minimize_result *result);

/* Reads or sets an option by its name, for the calls to come: wg_minimize_set(m, "lr", 0.1 * wg_lr_at(schedule, step)). A bool is 0 or 1, an
   enum its value. NaN and the error, or the error and nothing changed: E_NULL; E_ARGUMENT (no such option, out of its range); E_STATE (inside
   a call); E_MEMORY. */
WG_API double wg_minimize_get(const wg_minimizer *minimizer, const char *option);
WG_API WG_MUST_CHECK wg_status wg_minimize_set(wg_minimizer *minimizer, const char *option, double value);

/* Calls watcher before the first step of each call of wg_minimize_run and after every step, while the parameters are at the point that was reached: for recording
   a trajectory, or for tests of the program's own, such as a limit of time. so_far: what has been done, its f and gradient_norm at that point (for a step
   that is the last of a call and evaluates nothing, those before it). False ends the call, with the reason WG_MINIMIZE_STOPPED. It may read the
   parameters, and may not write them, nor run, set or destroy the minimizer. NULL ends watching. One watcher at a time. E_NULL, E_STATE (inside a call). */
typedef bool wg_minimize_watcher(const wg_minimize_result *so_far, void *context);
WG_API WG_MUST_CHECK wg_status wg_minimize_watch(wg_minimizer *minimizer, wg_minimize_watcher *watcher, void *context);

/* Everything but the parameters and the options that a later run must restore to continue bit by bit: named tensors, f64, for saving. They
   are the minimizer's, and valid until the next call of this function or its end. Empty, without an error, for a minimizer that has not run
   or keeps nothing. lbfgs: "steps", "t", "direction", "gradient", "y" and "s" (a row for each pair); stochastic_quasi_newton: "steps",
   "means", "sum", "mean", "y", "s"; stochastic_trust_region: "radius". Empty and the error: E_NULL, E_STATE (inside a call), E_MEMORY. */
WG_API wg_tensor_list wg_minimize_state(wg_minimizer *minimizer);

/* The reverse, for a minimizer of that kind and as many elements: tensors of those names, in any order; an empty list resets. On failure
   nothing changes: E_NULL; E_ARGUMENT (a tensor is missing, of another shape or dtype, not finite, or one too many; pairs without positive
   curvature); E_STATE; E_MEMORY. */
WG_API WG_MUST_CHECK wg_status wg_minimize_set_state(wg_minimizer *minimizer, wg_tensor_list state);

/* Forgets what a minimizer keeps from call to call. On NULL the error is recorded. */
WG_API void wg_minimize_reset(wg_minimizer *minimizer);

/* One line with all options: "lbfgs(lr=1, max_iterations=20, …): 2 parameters, 42 elements". E_NULL, E_IO. */
WG_API WG_MUST_CHECK wg_status wg_minimize_print(const wg_minimizer *minimizer, FILE *stream);

WG_API void wg_minimize_destroy(wg_minimizer *minimizer); /* NULL is allowed */

#ifdef __cplusplus
}
#endif

#endif
