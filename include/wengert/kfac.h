/* K-FAC: the natural gradient of the linear and convolutional layers of a network, with each layer's Fisher information matrix
   approximated by a Kronecker product. It stands between wg_backward and any optimizer's step, and puts other gradients in the
   place of those that backward left:

       wg_optim *opt = wg_optim_sgd(wg_nn_parameters(net), .lr = 0.1, .momentum = 0.9);
       wg_kfac *kfac = wg_kfac_create(net, .damping = 1e-2);
       …
       WG_TAPE(tape);
       WG_TRY(wg_backward(wg_cross_entropy(wg_kfac_apply(kfac, x), y)));
       WG_TRY(wg_kfac_precondition(kfac));
       WG_TRY(wg_optim_step(opt));

   A layer s = W̄ ā, where ā is the layer's input with a 1 behind it for the bias, and g is the gradient of a sample's loss with
   respect to s, has the factors A = E[ā āᵀ] and G = E[g gᵀ], and its gradient D becomes

       (G + √λ/π I)⁻¹ D (A + π √λ I)⁻¹,   π² = (tr A/dim A)/(tr G/dim G),   λ the damping.

   A and G are moving averages over the steps: X ← ε X + (1 - ε) X_now with ε = min(1 - 1/k, decay) at the k-th step that saw the
   layer. The inverses are computed at the first and at each .frequency-th of these steps, by eigendecomposition in f64, and kept
   in between. Weights that no such layer has keep their gradients, and so do those that another kind of module has, too (a tied
   embedding, weight_norm).

   Of a layer that is applied to several rows for each sample (a linear layer to (N,T,in), a convolution at all of its windows, a
   layer that the network uses twice) A is the mean over all rows, and G is the sum over a sample's rows, averaged over the
   samples: the Fisher of rows that are independent of one another. For a convolution this is KFC, whose factors are ours times
   and over the number of windows, which the damped product does not see; its ā is a window of the padded image. Each group of a
   convolution has factors of its own.

   Source: Martens, Grosse: Optimizing neural networks with Kronecker-factored approximate curvature, 2015, sections 3, 5, 6.3;
   Grosse, Martens: A Kronecker-factored approximate Fisher matrix for convolution layers, 2016; the limit: Ba, Grosse, Martens,
   2017. */
#ifndef WENGERT_KFAC_H
#define WENGERT_KFAC_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_kfac_create(net): before C23 a macro's "..." takes an argument */
#endif

#include <stdio.h>

#include "nn.h"
#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wg_kfac wg_kfac;

/* Options of wg_kfac_create.
   damping: λ, above 0. decay: the largest weight of the averages before, in [0, 1). frequency: of the inverses, in steps.
   samples: what the loss divides the sum of the samples' losses by: 0, the extent of the network's first input along axis 0,
   which is right for a mean over the batch; 1, for a sum; else that number. It is the factor between g and what backward brings:
   g = samples × gradient.
   kl_limit: if above 0, all new gradients v together are multiplied by min(1, √(kl_limit/(lr² Σ vᵀD))), where lr² Σ vᵀD is twice
   the KL divergence that the step makes in the quadratic model. lr is the rate of group 0 of optim, at each step that of then, or
   1 if optim is NULL. */
typedef struct WG_NAMED wg_kfac_options {
    double damping, decay;
    int64_t frequency, samples;
    double kl_limit;
    const wg_optim *optim;
} wg_kfac_options;

/* For the layers linear and conv2d of a network whose weights require a gradient (what is unfrozen later keeps its gradient);
   borrows the network, which outlives it, and its parameters. A bias that requires none is not part of its layer's matrix. NULL
   and the error: E_NULL; E_ARGUMENT (an option out of its range; there is no such layer; two layers share a weight and not the
   bias); E_MEMORY.
   Memory: for each layer twice the squares of in × window + 1 and of out, for each group. Cost of a step: for each row these
   squares and, at each .frequency-th step, up to 12 of their cubes in f64. */
#define wg_kfac_create(net, ...)                                                                                          \
    wg_kfac_create_with((net), WG_OPTIONS(wg_kfac_options, .damping = 1e-3, .decay = 0.95, .frequency = 10, .samples = 0, \
                                          .kl_limit = 0, .optim = NULL, __VA_ARGS__))
WG_API wg_kfac *wg_kfac_create_with(wg_nn_module *net, wg_kfac_options options);
WG_API void wg_kfac_destroy(wg_kfac *kfac); /* NULL is allowed. Before the network */

/* wg_nn_apply, with the bits of it, that also looks at the layers: A of each at once, and G when a backward pass brings the
   gradients of their results, from several passes the sum. Several applications on open tapes before one wg_kfac_precondition
   count as more samples. Not inside wg_checkpoint.
   Errors: those of wg_nn_apply; E_NO_TAPE. */
#ifndef __cplusplus
#define wg_kfac_apply(kfac, ...) wg_kfac_apply_to((kfac), WG_NN_TENSORS_(__VA_ARGS__))
#endif
WG_API wg_tensor *wg_kfac_apply_to(wg_kfac *kfac, wg_tensor *const *in, size_t n_in);
/* The same as wg_nn_apply_many. */
WG_API WG_MUST_CHECK wg_status wg_kfac_apply_many(wg_kfac *kfac, wg_tensor *const *in, size_t n_in, wg_tensor **out, size_t n_out);

/* G from another loss than that of the training: for the true Fisher the loss of labels that are drawn from the network's own
   predictions, on the same results, before wg_backward of the training's loss; without it, G is that of the given labels (the
   empirical Fisher). Retains the graph, leaves no gradient on any leaf, and what later backward passes bring does not count.
   Errors: those of wg_grad; E_STATE (no wg_kfac_apply on an open tape, or it was used already). */
WG_API WG_MUST_CHECK wg_status wg_kfac_observe(wg_kfac *kfac, wg_tensor *loss);

/* Takes what was seen into the averages, and puts the new gradients in the place of the old. Where nothing was seen since the
   step before (wg_nn_apply instead of wg_kfac_apply, to save the cost of the factors), the inverses stay. Effects of the step,
   like clipped gradients, undone if it fails. Works in a captured step (wg_replay_capture), in which the factors are computed at
   each run.
   Errors: E_NULL; E_NO_GRAD (no layer's weight has a gradient, or a bias has none while its weight has); E_STATE (a layer whose
   weight has a gradient has never been seen; the gradients of this step are preconditioned already); E_NUMERIC (a factor is not
   finite); E_DANGLING; E_MEMORY. */
WG_API WG_MUST_CHECK wg_status wg_kfac_precondition(wg_kfac *kfac);

/* A line, "kfac(damping=0.01, decay=0.95, …): 2 layers, 1234 elements", with all options, the damping of now, and the elements of
   the factors and their inverses. E_NULL, E_IO. */
WG_API WG_MUST_CHECK wg_status wg_kfac_print(const wg_kfac *kfac, FILE *stream);

WG_API size_t wg_kfac_layers(const wg_kfac *kfac); /* how many it has; 0 and E_NULL for NULL */

/* The damping, of which a captured step reads the value of its time; a write (wg_write). The next inverses have it. E_ARGUMENT
   unless above 0; NaN and the error where there is none. */
WG_API WG_MUST_CHECK wg_status wg_kfac_set_damping(wg_kfac *kfac, double damping);
WG_API double wg_kfac_damping(const wg_kfac *kfac);

/* All that a later run must restore, by name, for wg_read and wg_write: "damping", and of each layer, called by its weight,
   "0.weight.count" (steps), "0.weight.a", "0.weight.g", "0.weight.a_inverse" and "0.weight.g_inverse", of shape (groups, dim,
   dim). */
WG_API wg_tensor_list wg_kfac_state(const wg_kfac *kfac);

#ifdef __cplusplus
}

extern "C++" {
template <class... Tensor> inline wg_tensor *wg_kfac_apply(wg_kfac *kfac, Tensor... tensor)
{
    wg_tensor *const in[] = {tensor...};
    return wg_kfac_apply_to(kfac, in, sizeof...(tensor));
}
}
#endif

#endif
