/* Derivatives of functions: a function is written as ordinary ops, and is differentiated as a whole.

   Where a tape is open and gradients are on, what these compute is recorded on it, so that it can be differentiated again: a gradient
   of a Jacobian-vector product, a Jacobian of a gradient, and so on to any order. With no tape open, or under WG_NO_GRAD, they work on a
   tape of their own, and only the results are left: the caller's to free, or the open tape's. */
#ifndef WENGERT_DERIVATIVE_H
#define WENGERT_DERIVATIVE_H

#include "base.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y = f(x), of n operands, made by ops; NULL is its failure. It is handed stand-ins for the operands, which it must use: a tensor that
   it captures otherwise (a parameter, through context) is a constant to jvp, hvp and the matrices. It may open tapes, not leave one. */
typedef wg_tensor *wg_function(wg_tensor *const *x, size_t n, void *context);

/* In all of these: operands that are i64 or u8 are passed on, and have no derivative. y may be NULL; results are set all or none.
   Errors: those of f's ops; E_NO_GRAD where an op on the way has no derivative; E_SHAPE, E_DTYPE; E_STATE inside a vjp, a hook or an
   update, and where WG_MAX_DEPTH functions, of these and of wg_checkpoint, run one inside the other; E_RELEASED and E_DANGLING where f returns
   what it dropped or freed; E_MEMORY. */

/* gx[i] = (∂y/∂x_i)ᵀ v, v of y's shape, or WG_NONE for 1 where y has one element. gx[i] is zeros where y does not depend on x_i, and
   WG_NONE for an integer operand. Cost: f and its backward. */
WG_API WG_MUST_CHECK wg_status wg_vjp(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_tensor *v, wg_tensor **y,
                                      wg_tensor **gx);

/* *ty = Σ (∂y/∂x_i) t_i, t_i of x_i's shape or WG_NONE for zero: forward mode, each op's Jacobian-vector product in the order of the
   tape. Cost: about twice f. */
WG_API WG_MUST_CHECK wg_status wg_jvp(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_tensor *const *t,
                                      wg_tensor **y, wg_tensor **ty);

/* hv[i] = Σ_j (∂²y/∂x_i∂x_j) v_j of a y with one element, v_j of x_j's shape or WG_NONE; g, if not NULL, receives the gradients.
   Forward over reverse: the Jacobian-vector product of the gradient. Cost: about two gradients. */
WG_API WG_MUST_CHECK wg_status wg_hvp(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_tensor *const *v,
                                      wg_tensor **y, wg_tensor **g, wg_tensor **hv);

/* j[i] = ∂y/∂x_i, of y's shape followed by x_i's, and of y's dtype. Row by row, by vjps, or column by column, by jvps, whichever are
   fewer. */
WG_API WG_MUST_CHECK wg_status wg_jacobian(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_tensor **j);

/* h[i n + j] = ∂²y/∂x_i∂x_j of a y with one element, of x_i's shape followed by x_j's, and of x_i's dtype: a Hessian-vector product a
   column. */
WG_API WG_MUST_CHECK wg_status wg_hessian(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_tensor **h);

/* f(x), keeping none of the values on the way: backward runs f again. Of tensors that f captures, the gradient is as if they were
   operands; gradients have the bits that they have without the checkpoint, those of higher order their value. What f draws or
   otherwise changes outside its tape (dropout, running statistics) happens once: the second run reuses the generators' states and
   leaves no trace. May be nested. f and its context must live until the tape closes, and f must do the same when called again:
   E_STATE where it reads, draws, changes or gives something else; and where f itself calls wg_backward or wg_update_begin or adds a
   hook to a tensor from outside; and where WG_MAX_DEPTH functions run one inside the other, as above. wg_grad in f sees only what f computed.
   On a traced tape, which keeps everything, it is f(x).
   Source: Griewank, Walther, 2000; Chen and others, 2016. Cost: one more f in backward, for each level that is around it. */
WG_API wg_tensor *wg_checkpoint(wg_function *f, void *context, wg_tensor *const *x, size_t n);

#ifdef __cplusplus
}
#endif

#endif
