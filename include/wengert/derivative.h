/* Derivatives of functions. A function is written in ordinary ops and is differentiated as a whole.

   If a tape is open and gradients are on, the results are recorded on it and can be differentiated again: the gradient of a
   Jacobian-vector product, the Jacobian of a gradient, and so on to any order. With no tape open, or under WG_NO_GRAD, the
   computation runs on a tape of its own and only the results remain. They belong to the open tape or, without one, to the
   caller, who frees them. */
#ifndef WENGERT_DERIVATIVE_H
#define WENGERT_DERIVATIVE_H

#include "base.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y = f(x) of n operands, computed by ops; NULL means that f failed. x holds proxies of the operands, and f must use these: a
   tensor that f reaches in another way (a parameter, through context) is a constant to wg_jvp, wg_hvp, wg_jacobian and
   wg_hessian. f may open tapes but must close them. */
typedef wg_tensor *wg_function(wg_tensor *const *x, size_t n, void *context);

/* Rules for all functions below. Operands of dtype i64 or u8 are passed on and have no derivative. y may be NULL. Results are set
   all or none.
   Errors: those of f's ops; E_NO_GRAD if an op on the path has no derivative; E_SHAPE; E_DTYPE; E_STATE inside a vjp, a hook or
   an update, and if more than WG_MAX_DEPTH functions, of these and of wg_checkpoint, are nested; E_RELEASED and E_DANGLING if f
   returns a tensor that it dropped or freed; E_MEMORY. */

/* gx[i] = (∂y/∂x_i)ᵀ v. v has y's shape, or is WG_NONE for 1 if y has one element. gx[i] is zeros if y does not depend on x_i, and
   WG_NONE for an integer operand.
   Cost: f and its backward pass. */
WG_API WG_MUST_CHECK wg_status wg_vjp(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_tensor *v, wg_tensor **y,
                                      wg_tensor **gx);

/* *ty = Σ (∂y/∂x_i) t_i. t_i has x_i's shape, or is WG_NONE for zero. Forward mode: the Jacobian-vector product of each op, in the
   order of the tape.
   Cost: about twice f. */
WG_API WG_MUST_CHECK wg_status wg_jvp(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_tensor *const *t,
                                      wg_tensor **y, wg_tensor **ty);

/* hv[i] = Σ_j (∂²y/∂x_i∂x_j) v_j of a y with one element. v_j has x_j's shape, or is WG_NONE for zero. g receives the gradients
   unless it is NULL. Method: forward over reverse, that is, the Jacobian-vector product of the gradient.
   Cost: about two gradients. */
WG_API WG_MUST_CHECK wg_status wg_hvp(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_tensor *const *v,
                                      wg_tensor **y, wg_tensor **g, wg_tensor **hv);

/* j[i] = ∂y/∂x_i, of y's dtype; its shape is y's extents followed by x_i's. Computed by rows with vjps or by columns with jvps,
   whichever are fewer. */
WG_API WG_MUST_CHECK wg_status wg_jacobian(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_tensor **j);

/* h[i n + j] = ∂²y/∂x_i∂x_j of a y with one element, of x_i's dtype; its shape is x_i's extents followed by x_j's. Computed by
   one Hessian-vector product for each column. */
WG_API WG_MUST_CHECK wg_status wg_hessian(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_tensor **h);

/* y = f(x) without keeping the intermediate values: backward runs f again to recompute them.
   Tensors that f captures receive gradients as if they were operands. Gradients have the bits that they have without the
   checkpoint; gradients of higher order have the same value. Random draws and other changes outside the tape (dropout, running
   statistics) happen once: the second run reuses the generators' states and leaves no change behind. Checkpoints may be nested.
   wg_grad inside f reaches only what f computed. On a traced tape, which keeps all values, the function is simply f(x).
   f and its context must live until the tape closes, and f must do the same at every call.
   Errors: E_STATE if the second run reads, draws, changes or returns something else; if f calls wg_backward or wg_update_begin or
   adds a hook to a tensor from outside; and if more than WG_MAX_DEPTH functions are nested, as above.
   Cost: one more run of f in backward, for each enclosing checkpoint.
   Source: Griewank, Walther, 2000; Chen and others, 2016. */
WG_API wg_tensor *wg_checkpoint(wg_function *f, void *context, wg_tensor *const *x, size_t n);

#ifdef __cplusplus
}
#endif

#endif
