/* Optimizers: they change parameters by the gradients that wg_backward left on them.

   An optimizer borrows its parameters (a module's outlives it) and owns its state, which is made when a group is added: a step
   allocates nothing of its own. */
#ifndef WENGERT_OPTIM_H
#define WENGERT_OPTIM_H

#include "base.h"
#include "nn.h"

typedef struct wg_optim wg_optim;

/* Stochastic gradient descent: g ← g + λp; v ← μv + (1-τ)g (v ← g at a parameter's first step); d ← g + μv if nesterov, else v; p ←
   p - lr d, with λ weight_decay, μ momentum, τ dampening. Nesterov wants momentum without dampening. keep_grads: a step does not
   consume the gradients. The rule is PyTorch's; momentum: Polyak, 1964; Nesterov, 1983, as Sutskever et al., 2013. NULL and the
   error: E_NULL, E_ARGUMENT (no parameters, one of them twice, a rate out of range), E_NO_GRAD (one that does not require a gradient),
   E_DTYPE, E_MEMORY. */
typedef struct wg_sgd_options {
    double lr, momentum, dampening, weight_decay;
    bool nesterov, keep_grads;
} wg_sgd_options;
#define wg_sgd(params, ...)                                                                                        \
    wg_sgd_with((params), WG_OPTIONS(wg_sgd_options, .lr = 0.01, .momentum = 0, .dampening = 0, .weight_decay = 0, \
                                     .nesterov = false, .keep_grads = false, __VA_ARGS__))
WG_API wg_optim *wg_sgd_with(wg_tensor_list params, wg_sgd_options options);

/* Adam: g ← g + λp; m ← β₁m + (1-β₁)g; v ← β₂v + (1-β₂)g²; p ← p - lr/(1-β₁ᵗ) m / (√v/√(1-β₂ᵗ) + ε), t the parameter's steps so
   far; with decoupled (AdamW) p ← p (1 - lr λ) instead of the first. Errors as above. Source: Kingma, Ba, 2015; Loshchilov, Hutter,
   2019. */
typedef struct wg_adam_options {
    double lr, beta1, beta2, eps, weight_decay;
    bool decoupled, keep_grads;
} wg_adam_options;
#define wg_adam(params, ...)                                                                                                     \
    wg_adam_with((params), WG_OPTIONS(wg_adam_options, .lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0, \
                                      .decoupled = false, .keep_grads = false, __VA_ARGS__))
WG_API wg_optim *wg_adam_with(wg_tensor_list params, wg_adam_options options);

WG_API void wg_optim_destroy(wg_optim *optim); /* NULL is allowed */

/* Further parameters with settings of their own: wg_optim_add_group(opt, wg_parameters(head), .lr = 1e-4). What is not given is as
   in group 0. Nothing changes on failure; a setting that the optimizer does not have is E_ARGUMENT. */
typedef struct wg_group_options {
    double lr, weight_decay;
    double momentum, dampening; /* SGD */
    double beta1, beta2, eps;   /* Adam */
    bool nesterov, decoupled;   /* SGD; Adam */
} wg_group_options;
#define wg_optim_add_group(optim, params, ...)                                                                                \
    __extension__({                                                                                                           \
        const wg_group_options wg_group0_ = wg_optim_options((optim), 0);                                                     \
        wg_optim_add_group_with((optim), (params),                                                                            \
                                WG_OPTIONS(wg_group_options, .lr = wg_group0_.lr, .weight_decay = wg_group0_.weight_decay,    \
                                           .momentum = wg_group0_.momentum, .dampening = wg_group0_.dampening,                \
                                           .beta1 = wg_group0_.beta1, .beta2 = wg_group0_.beta2, .eps = wg_group0_.eps,       \
                                           .nesterov = wg_group0_.nesterov, .decoupled = wg_group0_.decoupled, __VA_ARGS__)); \
    })
WG_API WG_MUST_CHECK wg_status wg_optim_add_group_with(wg_optim *optim, wg_tensor_list params, wg_group_options options);

WG_API size_t wg_optim_groups(const wg_optim *optim);
WG_API wg_group_options wg_optim_options(const wg_optim *optim, size_t group); /* lr as it stands now */

/* The rate of a group, for schedules; a write (wg_write), which stays if the step fails. E_ARGUMENT for a group that is not there or a rate that is negative or not finite. */
WG_API WG_MUST_CHECK wg_status wg_optim_set_lr(wg_optim *optim, size_t group, double lr);
WG_API double wg_optim_lr(const wg_optim *optim, size_t group); /* NaN and the error where there is none */

/* Updates every parameter that has a gradient, all of them or, on failure, none, then consumes the gradients (unless keep_grads). A
   parameter without a gradient stays as it is, and so does its state. Also makes the effects of the open tapes so far final
   (wg_update_commit). Errors: E_NULL, E_NO_GRAD (no parameter has a gradient), E_DANGLING (a parameter was freed), E_STATE (inside wg_update_begin), E_MEMORY. */
WG_API WG_MUST_CHECK wg_status wg_optim_step(wg_optim *optim);

/* Between wg_backward and the step: every element of the parameters' gradients brought into -limit … limit; NaN stays. */
WG_API WG_MUST_CHECK wg_status wg_clip_gradients_value(wg_tensor_list params, double limit);

/* The 2-norm n of all gradients together, and, if n is above limit, each gradient times limit/(n + 1e-6); *norm (may be NULL) is n,
   before. limit = INFINITY only asks. n is f64 whatever the gradients' dtype, and right wherever it is a finite f64, however large or
   small the elements: no square leaves the numbers. A norm that is not finite is E_NUMERIC, which names the parameter. For both: parameters without a
   gradient are left out; on failure nothing has changed once the open tape is closed, or at once where none is open; E_NULL, E_ARGUMENT
   (no parameters, one of them twice, a limit below 0), E_NO_GRAD (none has a gradient), E_MEMORY. Source: Pascanu, Mikolov, Bengio,
   2013; the rule is PyTorch's. */
WG_API WG_MUST_CHECK wg_status wg_clip_gradients_norm(wg_tensor_list params, double limit, double *norm);

/* Throws the gradients away, as wg_clear_gradient does. Only needed where a step will not consume them. */
WG_API void wg_optim_zero_grad(wg_optim *optim);

/* Everything that a later run must restore, by name, for wg_read and wg_write: each group's rate "group0.lr", each parameter's
   "0.weight.count" (steps), and "0.weight.v" (SGD with momentum) or "0.weight.m" and "0.weight.v" (Adam). In groups after the
   first the parameter's name follows "group1.". No name occurs twice: a parameter whose name an earlier one has already, as where two
   networks are in one list, is called "0.weight#2", the next "0.weight#3". So names depend on the lists of parameters alone, and a run
   that makes the same lists finds its state by name. */
WG_API wg_tensor_list wg_optim_state(const wg_optim *optim);

#endif
