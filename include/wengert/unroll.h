/* Differentiable steps: an optimizer's steps as ops on the open tape, through which gradients flow.

   wg_optim_step changes parameters in place, and no gradient passes through it. Unrolled, each step makes new parameters of the
   ones before, so that a loss after k steps has a gradient for what the steps began with: the initial parameters, the learning
   rate, whatever the inner losses depend on.

       WG_TAPE(tape);
       wg_unrolled *inner = wg_optim_unroll(opt);
       for (int k = 0; k < 5; k++) {
           wg_tensor *loss = wg_mse(wg_nn_apply_with(net, wg_unrolled_params(inner), x), y), *g[MAX];
           WG_TRY(wg_grad_many(loss, wg_unrolled_params(inner).tensor, n, g, .create_graph = true));
           WG_TRY(wg_unrolled_step(inner, g));
       }
       WG_TRY(wg_backward(wg_mse(wg_nn_apply_with(net, wg_unrolled_params(inner), x_valid), y_valid)));
       wg_unrolled_destroy(inner);

   The formulas are those of wg_optim_step, of every optimizer and every stage but those that draw numbers. The powers and bases
   of shampoo and soap have no derivative: wg_backward and wg_grad through their steps are E_NO_GRAD. The root of a moment or norm
   that is 0, as where all gradients so far are, has the derivative 0 there: gradients through the steps are finite. Source: Maclaurin,
   Duvenaud, Adams, 2015; Finn, Abbeel, Levine, 2017. */
#ifndef WENGERT_UNROLL_H
#define WENGERT_UNROLL_H

#include "base.h"
#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wg_unrolled wg_unrolled;

/* Steps that begin at the optimizer's parameters, state and rates as they are now, on the open tape; the optimizer itself stays
   as it is, and is not changed or destroyed before these steps are. NULL and the error: E_NULL, E_STATE (no tape is open; the
   parameters are exchanged), E_ARGUMENT (a rule that draws numbers), E_DANGLING, E_MEMORY. */
WG_API wg_unrolled *wg_optim_unroll(const wg_optim *optim);
WG_API void wg_unrolled_destroy(wg_unrolled *unrolled); /* NULL is allowed. What the steps have made is the tape's */

/* The parameters after the steps so far, with their names, group by group. The list is valid until the next step. */
WG_API wg_tensor_list wg_unrolled_params(const wg_unrolled *unrolled);

/* One step with a gradient for each parameter, of its shape, which has a graph (.create_graph = true) if derivatives are to flow
   through it. WG_NONE: the parameter has none and stays. All parameters take the step, or none. E_NULL; E_SHAPE, E_DTYPE (a
   gradient is not like its parameter); E_NO_GRAD (all are WG_NONE); E_STATE (another tape is on top); E_DANGLING; E_MEMORY. Cost:
   the rule's ops, one by one, and their values, which the tape keeps. */
WG_API WG_MUST_CHECK wg_status wg_unrolled_step(wg_unrolled *unrolled, wg_tensor *const *gradient);

/* The rate of a group for the steps to come: an f64 scalar, for which there may be a gradient (wg_set_requires_grad). E_NULL,
   E_ARGUMENT (there is no such group), E_SHAPE, E_DTYPE, E_DANGLING. */
WG_API WG_MUST_CHECK wg_status wg_unrolled_set_lr(wg_unrolled *unrolled, size_t group, wg_tensor *lr);

#ifdef __cplusplus
}
#endif

#endif
