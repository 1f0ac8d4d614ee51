/* Instruments for the landscape of a loss around a point: its Hessian's spectrum, what kind of stationary point it is, its slices,
   its curvature along training, and the gradients and signals of each layer.

   What is studied is a loss, a function of parameters, at the present values of the parameters:

       const wg_study_loss loss = {.f = mean_squared, .context = &data, .params = wg_nn_parameters(net)};

   Rules for all functions below. The loss is a number: one element, f32 or f64. Vectors over all parameters are f64, the elements of
   the parameters one after another in the order of the list.
   Looking changes nothing. The loss runs on a tape of the study's own, opened with .undo, and its random draws, running statistics,
   gradients left on leaves, and modes of the thread are put back. Parameters, gradients, generators and modes have the bits that they
   had before, also on failure. Every run of the loss in one study draws the same random numbers, so dropout is one fixed mask.
   What an instrument draws itself comes from .seed, stream WG_STREAM_STUDY: the same seed gives the same bits.
   Tables are tensors, f64, which belong to the open tape or, without one, to the caller (wg_free). NULL and the error on failure.
   Errors: E_NULL; E_ARGUMENT (no parameters, one twice, an option out of its range); E_DTYPE (a parameter or the loss is no float);
   E_SHAPE (the loss has not one element); E_NO_GRAD (the loss depends on none of the parameters, or an op has no derivative);
   E_NUMERIC (the loss or a derivative is not finite); E_STATE (inside a hook, an update, a capture, or if the loss updates parameters
   itself); E_MEMORY; those of the loss.

   All may be called between the steps of a training loop. Instruments that move the parameters (slices, the strict-saddle test)
   write them and put them back: inside a step, a backward pass over what was recorded before is then E_STALE. */
#ifndef WENGERT_STUDY_H
#define WENGERT_STUDY_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_study_trace(&loss, &t): before C23 a macro's "..." takes an argument */
#endif

#include "derivative.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A loss and its parameters. f is called with the parameters themselves as its operands: it may use these, as wg_hessian's function
   does, or reach the same tensors in another way, as wg_nn_apply(net, x) does. It must compute the same at every call; a mini-batch is
   chosen outside. A parameter that requires no gradient (frozen) is treated as if it did. All is borrowed. */
typedef struct wg_study_loss {
    wg_function *f;
    void *context;
    wg_tensor_list params;
} wg_study_loss;

/* ---- the Hessian and its spectrum ---- */

/* The Hessian H of all n parameters together, a symmetric matrix (n, n).
   Cost: n Hessian-vector products, each about two gradients. Memory: n² doubles. */
WG_API wg_tensor *wg_study_hessian(const wg_study_loss *loss);

/* All eigenvalues of H in ascending order, (n).
   Cost: wg_study_hessian and wg_eigh, up to 6n³. Memory: about 6n² doubles. */
WG_API wg_tensor *wg_study_eigenvalues(const wg_study_loss *loss);

/* Options of wg_study_extremes.
   smallest, largest: how many eigenvalues of each end. tolerance: of each value λ, relative: at least one eigenvalue lies within
   tolerance |λ| of it, or within 1e-14 max|λ|. basis: vectors that are kept, 0 for 2 (smallest + largest) + 40. products: at most so
   many Hessian-vector products. vectors: if not NULL, it receives the eigenvectors as rows, (smallest + largest, n). */
typedef struct WG_NAMED wg_study_extremes_options {
    int64_t smallest, largest;
    double tolerance;
    int64_t basis, products;
    uint64_t seed;
    wg_tensor **vectors;
} wg_study_extremes_options;

/* The smallest and the largest eigenvalues of H, (smallest + largest), ascending in each part, without H itself. Of an eigenvalue that
   occurs several times a single one may be found. E_NUMERIC if .products were not enough.
   Method: Lanczos with full reorthogonalisation, restarted with the Ritz vectors of both ends.
   Cost: the products, some tens or hundreds. Memory: basis × n doubles.
   Source: Wu, Simon: Thick-restart Lanczos method for large symmetric eigenvalue problems, 2000. */
#define wg_study_extremes(loss, ...)                                                                                     \
    wg_study_extremes_with((loss), WG_OPTIONS(wg_study_extremes_options, .smallest = 1, .largest = 1, .tolerance = 1e-8, \
                                              .basis = 0, .products = 10000, .seed = 1, .vectors = NULL, __VA_ARGS__))
WG_API wg_tensor *wg_study_extremes_with(const wg_study_loss *loss, wg_study_extremes_options options);

/* Options of wg_study_trace. probes: at least 2. */
typedef struct WG_NAMED wg_study_trace_options {
    int64_t probes;
    uint64_t seed;
} wg_study_trace_options;

/* A mean over random probes, and the standard error of that mean. */
typedef struct wg_study_estimate {
    double mean, standard_error;
} wg_study_estimate;

/* The trace of H: the mean of vᵀHv over random vectors v of ±1.
   Cost: one product for each probe. Source: Hutchinson, 1989. */
#define wg_study_trace(loss, trace, ...) \
    wg_study_trace_with((loss), (trace), WG_OPTIONS(wg_study_trace_options, .probes = 30, .seed = 1, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_study_trace_with(const wg_study_loss *loss, wg_study_estimate *trace,
                                                   wg_study_trace_options options);

/* Options of wg_study_density.
   probes: random start vectors. steps: of Lanczos from each. points: rows of the table. width: the standard deviation of the Gaussian
   that stands for an eigenvalue; 0 for a hundredth of the spectrum's range. */
typedef struct WG_NAMED wg_study_density_options {
    int64_t probes, steps, points;
    double width;
    uint64_t seed;
} wg_study_density_options;

/* The density of H's eigenvalues, as a table (points, 2) of λ and density, equally spaced, from 6 widths below the spectrum to 6 widths
   above it. The integral over λ is 1. Of an H without extent (all eigenvalues equal) the width is relative to |λ|, or 1.
   Method: stochastic Lanczos quadrature. Cost: probes × steps products.
   Source: Lin, Saad, Yang: Approximating spectral densities of large matrices, 2016; Ghorbani, Krishnan, Xiao, 2019. */
#define wg_study_density(loss, ...)                                                                                          \
    wg_study_density_with((loss), WG_OPTIONS(wg_study_density_options, .probes = 10, .steps = 80, .points = 500, .width = 0, \
                                             .seed = 1, __VA_ARGS__))
WG_API wg_tensor *wg_study_density_with(const wg_study_loss *loss, wg_study_density_options options);

/* ---- stationary points ---- */

/* What a point is. INCONCLUSIVE: an eigenvalue is 0 and the others have one sign, or there are no others: second derivatives do not
   decide, as at the monkey saddle. A point with eigenvalues of both signs is a saddle if none is 0, and inconclusive if one is. */
typedef enum wg_study_kind {
    WG_STUDY_NOT_STATIONARY,
    WG_STUDY_MINIMUM,
    WG_STUDY_MAXIMUM,
    WG_STUDY_SADDLE,
    WG_STUDY_INCONCLUSIVE
} wg_study_kind;
WG_API const char *wg_study_kind_name(wg_study_kind kind); /* "not stationary", "minimum", …; "?" for no kind */

/* negative, the number of negative eigenvalues, is the index of the point. */
typedef struct wg_study_point {
    wg_study_kind kind;
    int64_t negative, zero, positive;
    double loss, gradient_norm, smallest, largest;
} wg_study_point;

/* Options of wg_study_classify. gradient: the point is stationary if the gradient's 2-norm is at most this. zero: an eigenvalue
   counts as 0 if its magnitude is at most zero times the largest magnitude. */
typedef struct WG_NAMED wg_study_classify_options {
    double gradient, zero;
} wg_study_classify_options;

/* What kind of point the parameters are at, from all eigenvalues of H. At a point that is not stationary the counts are those of H
   there, as everywhere. Cost: wg_study_eigenvalues. */
#define wg_study_classify(loss, point, ...) \
    wg_study_classify_with((loss), (point), WG_OPTIONS(wg_study_classify_options, .gradient = 1e-6, .zero = 1e-8, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_study_classify_with(const wg_study_loss *loss, wg_study_point *point,
                                                      wg_study_classify_options options);

#ifdef __cplusplus
}
#endif

#endif
