/* Regularisers of parameters: penalties, which are added to a loss, and a bound on norms, which is held after a step. They take lists of
   parameters, chosen by name with wg_nn_matching:

       loss = wg_add(loss, wg_nn_penalty_l2(wg_nn_matching(net, "*.weight"), 1e-4)); */
#ifndef WENGERT_NN_PENALTY_H
#define WENGERT_NN_PENALTY_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in nn.h */
#endif

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Each gives a scalar on the open tape, differentiable to any order, or the caller's with no tape open; NULL and the error on failure:
   E_ARGUMENT for an empty list and a strength that is negative or not finite, E_DTYPE unless all parameters are of one dtype, E_NULL,
   E_MEMORY. */

/* strength Σ |w| over all elements. The gradient is strength sign(w), 0 at 0. Cost: one pass over the parameters, and two in
   backward. */
WG_API wg_tensor *wg_nn_penalty_l1(wg_tensor_list params, double strength);

/* strength Σ w² over all elements, without a factor ½: the gradient is 2 strength w. So it acts in plain gradient descent as
   .weight_decay = 2 strength of an optimizer, which costs no pass; in Adam the two differ, and adamw's decay is a third. Cost: one pass over
   the parameters, and one in backward. */
WG_API wg_tensor *wg_nn_penalty_l2(wg_tensor_list params, double strength);

/* strength Σ |WᵀW - 1|² over the parameters, each as a matrix W (out, in …), with the sum of the squared elements; of a W with fewer rows than
   columns strength |WWᵀ - 1|², which is smaller by a constant, columns - rows, and can become 0. E_SHAPE for a parameter of rank below 2.
   Cost: one product of W with itself, and one more in backward. Source: Brock, Lim, Ritchie, Weston, 2017. */
WG_API wg_tensor *wg_nn_penalty_orthogonality(wg_tensor_list params, double strength);

/* Options of wg_nn_max_norm. axis: each of its indices has a norm; negative: from the end. */
typedef struct WG_NAMED wg_nn_max_norm_options {
    int axis;
} wg_nn_max_norm_options;

/* After an optimizer's step: scales each w[i, …] along the axis whose 2-norm is above limit to that norm, up to rounding; the others keep
   their bits. With axis 0 it bounds what comes into each unit of a layer's weight (out, in, …). An effect: undone if the step on the open tape
   fails. On failure nothing has changed once the open tape is closed, or at once where none is open: E_ARGUMENT (an empty list, a limit that is
   not above 0, an axis that a parameter does not have), E_DTYPE, E_NULL, E_MEMORY. Cost: three passes. Source: Srebro, Shraibman, 2005; Srivastava
   and others, 2014. */
#define wg_nn_max_norm(params, limit, ...) \
    wg_nn_max_norm_with((params), (limit), WG_OPTIONS(wg_nn_max_norm_options, .axis = 0, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_nn_max_norm_with(wg_tensor_list params, double limit, wg_nn_max_norm_options options);

#ifdef __cplusplus
}
#endif

#endif
