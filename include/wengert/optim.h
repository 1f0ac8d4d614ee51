/* Optimizers: they change parameters by the gradients that wg_backward left on them.

   An optimizer borrows its parameters (a module's outlives it) and owns its state, which is made when a group is added: a step
   allocates nothing of its own. */
#ifndef WENGERT_OPTIM_H
#define WENGERT_OPTIM_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_backward(loss): before C23 a macro's "..." takes an argument */
#endif

#include <stdio.h>

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wg_optim wg_optim;

/* The optimizers, one entry each in optimizers.def, which states their formulas and options: wg_optim *opt =
   wg_optim_sgd(wg_nn_parameters(net), .lr = 0.1, .momentum = 0.9); keep_grads: a step does not consume the gradients. NULL and
   the error on failure: E_NULL, E_ARGUMENT (no parameters, one of them twice, an option out of its range), E_NO_GRAD (one that
   does not require a gradient), E_DTYPE, E_MEMORY. */
#define WG_REAL(name, preset, help, ...) double name;
#define WG_BOOL(name, preset, help) bool name;
#define WG_OPTIMIZER(name, options)                     \
    typedef struct WG_NAMED wg_optim_##name##_options { \
        options bool keep_grads;                        \
    } wg_optim_##name##_options;                        \
    WG_API wg_optim *wg_optim_##name##_with(wg_tensor_list params, wg_optim_##name##_options options_);
#include "optimizers.def"
#undef WG_REAL
#undef WG_BOOL
#undef WG_OPTIMIZER
#include <wengert/optim_options.h>

WG_API void wg_optim_destroy(wg_optim *optim); /* NULL is allowed */

/* Further parameters with options of their own: wg_optim_add_group(opt, wg_nn_parameters(head), .lr = 1e-4). What is not given is
   as in group 0 (.nesterov = false is given). Nothing changes on failure; E_ARGUMENT: an option that the optimizer does not have,
   or one of those that all groups share, since the step of each depends on all (the entry names them), with another value than
   group 0's. */
#define wg_optim_add_group(optim, params, ...) wg_optim_add_group_with((optim), (params), WG_OPTIM_GROUP_OPTIONS_(__VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_optim_add_group_with(wg_optim *optim, wg_tensor_list params, wg_optim_group_options options);

WG_API size_t wg_optim_groups(const wg_optim *optim); /* 0 and E_NULL for NULL */

/* Read or set an option of a group by its name; a bool is 0 or 1. wg_optim_get gives the value of now, or NaN and the error;
   wg_optim_set sets it for the steps to come, and one that all groups share for all of them. An option that decides which state a
   parameter has (SGD's momentum) stays 0 if the group was made with 0, and above 0 otherwise: else E_STATE. A captured step reads
   lr at each run, and keeps the other options that it was captured with. E_ARGUMENT for a value out of range, and for a group or
   an option that is not there: the message lists those that are. */
WG_API double wg_optim_get(const wg_optim *optim, size_t group, const char *option);
WG_API WG_MUST_CHECK wg_status wg_optim_set(wg_optim *optim, size_t group, const char *option, double value);

/* A line for the optimizer, "sgd" or "sgd(keep_grads=true)", and one for each group with all its options: "group 0: 4 parameters,
   42 elements, lr=0.1, …". A rate that a schedule has changed is followed by the one that it multiplies: "lr=0.05 (base 0.1)".
   E_IO; E_DANGLING (a parameter was freed), E_ARGUMENT (the program wrote a rate out of its range), before anything is written.
   */
WG_API WG_MUST_CHECK wg_status wg_optim_print(const wg_optim *optim, FILE *stream);

/* The rate of a group, for schedules; a write (wg_write), which stays if the step fails. E_ARGUMENT for a group that is not there
   or a rate that is negative or not finite. */
WG_API WG_MUST_CHECK wg_status wg_optim_set_lr(wg_optim *optim, size_t group, double lr);
WG_API double wg_optim_lr(const wg_optim *optim, size_t group); /* NaN and the error where there is none */

/* The rate that a schedule multiplies by its factor: the one that the group was made with, or that wg_optim_set set since then.
   wg_optim_set_lr leaves it alone. NaN and the error where there is none. */
WG_API double wg_optim_base_lr(const wg_optim *optim, size_t group);

/* Updates every parameter that has a gradient, all of them or, on failure, none, then consumes the gradients (unless keep_grads).
   A parameter without a gradient, or that requires none any more (wg_nn_freeze), stays as it is, and so does its state. Also
   makes the effects of the open tapes so far final (wg_update_commit). Errors: E_NULL, E_NO_GRAD (no parameter has a gradient),
   E_DANGLING (a parameter was freed), E_STATE (inside wg_update_begin), E_MEMORY. */
WG_API WG_MUST_CHECK wg_status wg_optim_step(wg_optim *optim);

/* The rows of a parameter that the next step of wg_optim_sparse_adam moves: indices of its first axis, i64 of any shape, some
   perhaps several times: what wg_embedding looked up. The step takes them away, as it does gradients. A second call before the
   step replaces them: for several lookups, give all indices at once (wg_concat). They are read at the step, so their tape is open
   until then (else E_DANGLING there). In a captured step it stands inside, and the indices are an operand, which each run reads.
   E_NULL; E_ARGUMENT (a parameter of another optimizer, or an optimizer that moves all rows); E_DTYPE. An index outside the
   parameter is an error of the step: E_ARGUMENT. */
WG_API WG_MUST_CHECK wg_status wg_optim_set_rows(wg_optim *optim, const wg_tensor *parameter, wg_tensor *rows);

/* A step as the uniform framework writes it: p ← p - α H⁻¹ g + β H⁻¹ H' (p - p'), p' and H' being those of one step before.
   gradient: g, with the part of .weight_decay; h, h_before: H and H', diagonal; rate: α/H, the learning rate of each weight;
   momentum: β H'/H. All have the parameter's shape and are the open tape's. */
typedef struct wg_optim_terms {
    wg_tensor *gradient, *h, *h_before, *rate, *momentum;
    double alpha, beta;
} wg_optim_terms;

/* The terms of the step that wg_optim_step would take now with the parameter's gradient. β takes the rate to be that of the step
   before; at the first step it is 0, and h_before is h. Of sgd, heavy_ball, adagrad, rmsprop, adam, adamw, amsgrad and adamax
   without stages; another, or one whose options take it out of the framework (nesterov), is E_ARGUMENT. E_NULL, E_NO_GRAD (no
   gradient), E_STATE (no tape is open), E_MEMORY. Source: the framework is that of Wilson et al., 2017. */
WG_API WG_MUST_CHECK wg_status wg_optim_view(const wg_optim *optim, const wg_tensor *parameter, wg_optim_terms *terms);

/* A step with the loss whose gradients are there: of polyak_sgd and momo, whose rates depend on it, and a wg_optim_step of every
   other optimizer. loss has one element, f32 or f64, and may be a tape's, as the operand of wg_backward is; a replay reads it at
   each run. Errors: those of wg_optim_step; E_NULL (the loss), E_DANGLING, E_SHAPE, E_DTYPE. A plain wg_optim_step of an
   optimizer that needs the loss is E_STATE. */
WG_API WG_MUST_CHECK wg_status wg_optim_step_with_loss(wg_optim *optim, wg_tensor *loss);

/* For an optimizer that keeps an estimate of curvature (sophia_g, sophia_h, adahessian): takes the gradients that are there as an
   observation, not as a step. The entry of optimizers.def says of what they are to be: of a loss with sampled labels, or u ⊙ Hu
   put there by wg_add_gradient. Only the rule's state of curvature changes, no parameter and no count; stages see nothing of it;
   the gradients are consumed, with keep_grads, too. All parameters that have a gradient are observed or, on failure, none.
   Errors: those of wg_optim_step; E_STATE (the optimizer observes nothing). */
WG_API WG_MUST_CHECK wg_status wg_optim_observe(wg_optim *optim);

/* Between wg_backward and the step: every element of the parameters' gradients brought into -limit … limit; NaN stays. */
WG_API WG_MUST_CHECK wg_status wg_optim_clip_value(wg_tensor_list params, double limit);

/* The 2-norm n of all gradients together, and, if n is above limit, each gradient times limit/(n + 1e-6); *norm (may be NULL) is
   n, before. limit = INFINITY only asks. n is f64 whatever the gradients' dtype, and right wherever it is a finite f64, however
   large or small the elements: no square leaves the numbers. A norm that is not finite is E_NUMERIC, which names the parameter.
   For both: parameters without a gradient are left out; on failure nothing has changed once the open tape is closed, or at once
   where none is open; E_NULL, E_ARGUMENT (no parameters, one of them twice, a limit below 0), E_NO_GRAD (none has a gradient),
   E_MEMORY. Source: Pascanu, Mikolov, Bengio, 2013; the rule is PyTorch's. clip_norm reads a number, so not in a step that is
   captured (E_STATE): there wg_stage_clip_norm clips. */
WG_API WG_MUST_CHECK wg_status wg_optim_clip_norm(wg_tensor_list params, double limit, double *norm);

/* Calls so far of wg_optim_step, wg_optim_step_with_loss, wg_optim_step_ahead and wg_optim_observe on it, by this process: one for a captured
   step, however often that is run. Who hands the optimizer to a function of the user's sees by it whether that took a step. 0 and E_NULL
   for NULL. */
WG_API uint64_t wg_optim_calls(const wg_optim *optim);

/* Throws the gradients away, as wg_clear_gradient does. Only needed where a step will not consume them. */
WG_API void wg_optim_clear_gradients(wg_optim *optim);

/* The parameters of all groups in their order, with the names that the state has for them. The list is lent: it stands until a group is
   added. An empty list and E_NULL for NULL. */
WG_API wg_tensor_list wg_optim_parameters(const wg_optim *optim);

/* Everything that a later run must restore, by name, for wg_read and wg_write, and the optimizer's: each group's rate
   "group0.lr", each parameter's "0.weight.count" (steps), and "0.weight.v" (SGD with momentum) or "0.weight.m" and "0.weight.v"
   (Adam); of stages "0.weight.ema.average", or, of the whole optimizer, "skip_nonfinite.skipped". In groups after the first the
   parameter's name follows "group1.". No name occurs twice: a parameter whose name an earlier one has already, as where two
   networks are in one list, is called "0.weight#2", the next "0.weight#3". So names depend on the lists of parameters alone, and
   a run that makes the same lists finds its state by name. */
WG_API wg_tensor_list wg_optim_state(const wg_optim *optim);

#ifdef __cplusplus
}
#endif

#endif
