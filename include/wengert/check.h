/* Checks that a program makes of itself: gradients against differences, and where a NaN or an infinity came from. (A third, of
   closures at their first application, is wg_check_mode_set in op.h.) */
#ifndef WENGERT_CHECK_H
#define WENGERT_CHECK_H

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_backward(loss): before C23 a macro's "..." takes an argument */
#endif

#include "base.h"
#include "derivative.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- gradients ---- */

/* full: every element of the Jacobian; else one random direction, at the cost of a few f. A derivative d by differences and d' by
   backward agree if |d - d'| ≤ atol + rtol |d|. seed: of directions and weights. */
typedef struct wg_gradcheck_options {
    bool full;
    double rtol, atol;
    uint64_t seed;
} wg_gradcheck_options;

/* Is the gradient of y = f(x) right? Compares wg_vjp with four-point differences of f, and wg_jvp with wg_vjp: ⟨v, J u⟩ = ⟨Jᵀ v, u⟩ to
   1e-10. x are f64; i64 and u8 operands are passed on; not f32, differences of which say nothing. f runs on copies of x, and what it
   draws or changes by ops is undone after each run, so that dropout is the same at every run, and all is as before afterwards.
   WG_E_BUG says in words which element of which operand is wrong, that a value is not finite, or that f gives different results for
   the same operands. A point nearer than 2e-5 (relative, above 1) to a kink, or a straight-through estimator, fails.
   Other errors: f's own; E_DTYPE; E_ARGUMENT; E_STATE inside a vjp, a hook or an update; E_MEMORY.
   Cost: of full, 4 f for each element of x, up to 16 where differences are bad, and a backward for each element of y. */
#define wg_gradcheck(f, context, x, n, ...)     \
    wg_gradcheck_with((f), (context), (x), (n), \
                      WG_OPTIONS(wg_gradcheck_options, .full = true, .rtol = 1e-6, .atol = 1e-8, .seed = 1, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_gradcheck_with(wg_function *f, void *context, wg_tensor *const *x, size_t n,
                                                 wg_gradcheck_options options);

/* The same of f's gradients, (∂y/∂x)ᵀ v, as a function of x and a random v, which the messages call operand n. That the gradients are
   those of f is not asked here: that is wg_gradcheck. */
#define wg_gradgradcheck(f, context, x, n, ...)     \
    wg_gradgradcheck_with((f), (context), (x), (n), \
                          WG_OPTIONS(wg_gradcheck_options, .full = true, .rtol = 1e-6, .atol = 1e-8, .seed = 1, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_gradgradcheck_with(wg_function *f, void *context, wg_tensor *const *x, size_t n,
                                                     wg_gradcheck_options options);

/* ---- anomalies ---- */

typedef enum wg_anomaly { WG_ANOMALY_OFF, WG_ANOMALY_NAN, WG_ANOMALY_NAN_OR_INF } wg_anomaly;

/* In anomaly mode, of this thread, what each op computed is looked through at once, and the first op that gave a bad value fails
   with WG_E_NUMERIC, as any op fails: forward, in backward, in forward mode, in an update, of which none then happens. The message
   names the op, the element, and the operands' ranges; inside a derivative also the op whose derivative it is, its section and its
   operands' ranges; and for an operand that was bad already the op that it came from, or that it came from outside: it was made from
   numbers, without a tape, or changed by wg_data_mut. A bad operand of which the op makes no bad result (a mask takes it out) is no
   error. Looked at are results and operands that an op changes, in f32 and f64; views are not, as they compute nothing; with no op
   at work (wg_from, wg_data_mut) nothing is seen before an op reads it. Returns what the mode was; at first off.
   Cost: of each op, one reading of its results; no operand is overwritten by wg_donate. Off, one branch. */
WG_API wg_anomaly wg_anomaly_set(wg_anomaly mode);

/* WG_ANOMALY(WG_ANOMALY_NAN); is a declaration: the mode, until its block ends. */
#define WG_ANOMALY(mode) __attribute__((unused, cleanup(wg_anomaly_leave))) wg_anomaly wg_anomaly_ = wg_anomaly_set(mode)
WG_API void wg_anomaly_leave(wg_anomaly *before);

#ifdef __cplusplus
}
#endif

#endif
