/* Checks that a program can make of itself: gradients against finite differences, and the origin of a NaN or an infinity. A
   third check, of closures at their first application, is wg_check_mode_set in op.h. */
#ifndef WENGERT_CHECK_H
#define WENGERT_CHECK_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_backward(loss): before C23 a macro's "..." takes an argument */
#endif

#include "derivative.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- gradients ---- */

/* Options of wg_gradcheck.
   full: every element of the Jacobian is checked; otherwise one random direction, at the cost of a few runs of f.
   rtol, atol: a derivative d by differences and d' by backward agree if |d - d'| ≤ atol + rtol |d|.
   seed: the seed of random directions and weights. */
typedef struct WG_NAMED wg_gradcheck_options {
    bool full;
    double rtol, atol;
    uint64_t seed;
} wg_gradcheck_options;

/* Checks the gradient of y = f(x). It compares wg_vjp with four-point differences of f, and wg_jvp with wg_vjp: ⟨v, J u⟩ = ⟨Jᵀ v,
   u⟩ to 1e-10. x are f64; i64 and u8 operands are passed on. f32 is not accepted, because its differences are too inexact. f runs
   on copies of x. Its random draws and changes by ops are undone after each run, so dropout is the same in every run, and
   afterwards everything is as before.
   Errors: WG_E_BUG, whose message says which element of which operand is wrong, that a value is not finite, or that f gives
   different results for the same operands. A point closer than 2e-5 to a kink (relative above 1), or a straight-through estimator,
   fails as well. Other errors: those of f; E_DTYPE; E_ARGUMENT; E_STATE inside a vjp, a hook or an update; E_MEMORY.
   Cost of a full check: 4 runs of f for each element of x, up to 16 where differences are inaccurate, and one backward for each
   element of y. */
#define wg_gradcheck(f, context, x, n, ...)     \
    wg_gradcheck_with((f), (context), (x), (n), \
                      WG_OPTIONS(wg_gradcheck_options, .full = true, .rtol = 1e-6, .atol = 1e-8, .seed = 1, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_gradcheck_with(wg_function *f, void *context, wg_tensor *const *x, size_t n,
                                                 wg_gradcheck_options options);

/* wg_gradcheck of f's gradients, that is, of (∂y/∂x)ᵀ v as a function of x and of a random v, which the messages call operand n.
   It does not check that the gradients are those of f; wg_gradcheck does. */
#define wg_gradgradcheck(f, context, x, n, ...)     \
    wg_gradgradcheck_with((f), (context), (x), (n), \
                          WG_OPTIONS(wg_gradcheck_options, .full = true, .rtol = 1e-6, .atol = 1e-8, .seed = 1, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_gradgradcheck_with(wg_function *f, void *context, wg_tensor *const *x, size_t n,
                                                     wg_gradcheck_options options);

/* ---- anomalies ---- */

typedef enum wg_anomaly { WG_ANOMALY_OFF, WG_ANOMALY_NAN, WG_ANOMALY_NAN_OR_INF } wg_anomaly;

/* Sets the anomaly mode of this thread. In anomaly mode the result of each op is inspected at once, and the first op that produces
   a bad element (a NaN or, in the second mode, an infinity too) fails with WG_E_NUMERIC, as any op fails: in forward, in backward,
   in forward mode, and in an update, which then does not happen at all. The message names the op, the element, and the ranges of
   the operands. Inside a derivative it also names the op whose derivative it is, its section and the ranges of its operands. For an
   operand that was bad already it names the op that computed it, or says that it came from outside: it was made from host data,
   without a tape, or changed by wg_data_mut. A bad operand is no error if the op makes no bad result of it (a mask removes it).
   Inspected are results, and operands that an op changes, in f32 and f64. Views are not inspected, as they compute nothing.
   Elements written without an op (wg_from, wg_data_mut) are noticed only when an op reads them. Returns the previous mode; a thread
   starts with WG_ANOMALY_OFF.
   Cost: for each op one pass over its results; wg_donate overwrites no operand. When off: one branch. */
WG_API wg_anomaly wg_anomaly_set(wg_anomaly mode);

/* WG_ANOMALY(WG_ANOMALY_NAN); is a declaration: that mode until the end of the block. */
#define WG_ANOMALY(mode) __attribute__((unused, cleanup(wg_anomaly_leave))) wg_anomaly wg_anomaly_ = wg_anomaly_set(mode)
WG_API void wg_anomaly_leave(wg_anomaly *before);

#ifdef __cplusplus
}
#endif

#endif
