/* Modules around another module that compute one of its parameters from others: weight norm and spectral norm. A wrapper is applied as the
   module in it, in the same places: it takes its inputs, has its results, and may itself be wrapped. Both are made of what nn.h declares,
   wg_nn_apply_child_with above all. */
#ifndef WENGERT_NN_WRAPPER_H
#define WENGERT_NN_WRAPPER_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in nn.h */
#endif

#include "../nn.h"
#include "../ops.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Each takes over the module, on failure too, as its child "module". The parameter must be the module's own, not a child's: its tensor becomes
   a parameter of the wrapper under another name and is listed there alone, and so are the module's other own parameters, under their names: a
   wrapped linear layer has PyTorch's names "bias", "weight_g" and "weight_v". So wrap before the optimizer is made and before parameters
   are tied. NULL and the error: E_NULL; E_ARGUMENT, with the names that there are; E_STATE (the module is a child already); E_MEMORY. */

/* Options of wg_nn_weight_norm. parameter: which one. axis: each of its indices has a norm of its own; negative: from the end; WG_ALL: one
   norm for all elements. */
typedef struct WG_NAMED wg_nn_weight_norm_options {
    const char *parameter;
    int64_t axis;
} wg_nn_weight_norm_options;

/* w = g v/|v|, the norm over all axes but one: for a weight (out, in, …) and axis 0 each row has a length g of its own. Parameters
   "weight_v", the module's weight, and "weight_g", its norms, of its rank with extents of 1 but along the axis; at first w is the module's
   weight. Where v is 0, w and the gradients of v and g are 0.
   Source: Salimans, Kingma, 2016. PyTorch: torch.nn.utils.weight_norm, whose dim is the axis, None WG_ALL. */
#define wg_nn_weight_norm(module, ...) \
    wg_nn_weight_norm_with((module), WG_OPTIONS(wg_nn_weight_norm_options, .parameter = "weight", .axis = 0, __VA_ARGS__))
WG_API wg_nn_module *wg_nn_weight_norm_with(wg_nn_module *module, wg_nn_weight_norm_options options);

/* Options of wg_nn_spectral_norm. axis: the rows of the parameter as a matrix; 1 for a transposed convolution. iterations: of each
   application in training; 0: none, see wg_nn_spectral_norm_iterate. eps: lower bound of the norms that vectors are divided by. generator: draws the first vectors; WG_NONE: a stream
   split off this thread's own generator. */
typedef struct WG_NAMED wg_nn_spectral_norm_options {
    const char *parameter;
    int64_t axis, iterations;
    double eps;
    wg_tensor *generator;
} wg_nn_spectral_norm_options;

/* w/σ, where σ = uᵀ W v is the largest singular value of w as a matrix W, nearly: u and v come from power iteration, v ← Wᵀu/|Wᵀu|, u ←
   Wv/|Wv|, which in training goes on at each application. Parameter "weight_orig", the module's weight, and buffers "weight_u" and
   "weight_v", whose change is an effect, undone if the step fails. The gradient takes u and v for constants, in any order. In use
   (WG_EVAL_MODE) u and v stay, and so they do, for purity, in wg_nn_apply_with, which computes with what training would compute. The first
   u and v are random vectors after 15 iterations, as in PyTorch's torch.nn.utils.parametrizations; each later application is as in its
   torch.nn.utils.spectral_norm, but where σ is 0, w/σ and its gradient are 0. Cost: two products of W with a vector for each iteration
   and one more. Source: Miyato, Kataoka, Koyama, Yoshida, 2018. */
#define wg_nn_spectral_norm(module, ...)                                                                                          \
    wg_nn_spectral_norm_with((module), WG_OPTIONS(wg_nn_spectral_norm_options, .parameter = "weight", .axis = 0, .iterations = 1, \
                                                  .eps = 1e-12, .generator = WG_NONE, __VA_ARGS__))
WG_API wg_nn_module *wg_nn_spectral_norm_with(wg_nn_module *module, wg_nn_spectral_norm_options options);

/* So many power iterations, 1 or more, on every spectral norm in a network, with its present weights. With spectral norms that are made with
   .iterations = 0 each application takes the u and v of the buffers for constants, so that all applications of a step share them: to real and
   generated data, to a penalty's point, in unrolled steps. Then call this once for each update of the network, on the step's tape before the
   first application. An effect: undone if the step on the open tape fails. On failure nothing has changed once the open tape is closed, or at
   once where none is open: E_ARGUMENT (no spectral norm, iterations below 1), E_STATE (a wrapper around a spectral norm computes the weight
   that it divides), E_NULL, E_MEMORY. Cost: two products of each weight with a vector for each iteration. */
WG_API WG_MUST_CHECK wg_status wg_nn_spectral_norm_iterate(wg_nn_module *net, int64_t iterations);

#ifdef __cplusplus
}
#endif

#endif
