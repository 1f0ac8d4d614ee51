/* Instruments for the landscape of a loss around a point: its Hessian's spectrum, what kind of stationary point it is, its slices,
   its curvature along training, and the gradients and signals of each layer.

   What is studied is a loss, a function of parameters, at the present values of the parameters:

       const wg_study_loss loss = {.f = mean_squared, .context = &data, .params = wg_nn_parameters(net)};

   Rules for all functions below. The loss is a number: one element, f32 or f64. Vectors over all parameters are f64, the elements of
   the parameters one after another in the order of the list.
   Looking changes nothing. The loss runs on a tape of the study's own, opened with .undo, and its random draws, running statistics,
   gradients left on leaves, and modes of the thread are put back. Parameters, gradients, generators and modes have the bits that they
   had before, also on failure; only elements that the loss writes itself (wg_write, wg_data_mut) stay, as on any tape. Every run of
   the loss in one study draws the same random numbers, so dropout is one fixed mask.
   What an instrument draws itself comes from .seed, stream WG_STREAM_STUDY: the same seed gives the same bits. Called along training, an
   estimate has the same probes each time, so that what changes is the loss; .seed = step draws others each time, so that errors of the
   estimates are independent and their mean over steps is more accurate.
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
#include "nn.h"
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
   occurs several times a single one may be found, and one whose eigenvector the random start vector hardly contains may be missed.
   E_NUMERIC if .products were not enough.
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
   that stands for an eigenvalue; 0 for a hundredth of the spectrum's range. The table shows what is wider than the distance of its rows,
   so a smaller width takes more points. */
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

/* What a point is: a minimum if all eigenvalues of H are above 0, a maximum if all are below, a saddle if there are both and none is 0.
   Otherwise, as at the monkey saddle, second derivatives do not decide. */
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

/* The conditions of the strict-saddle property, of which one suffices: the gradient is large; the Hessian has a clearly negative
   eigenvalue; a minimum is near, around which the loss is strongly convex. */
typedef enum wg_study_strict {
    WG_STUDY_STRICT_NONE,
    WG_STUDY_STRICT_GRADIENT,
    WG_STUDY_STRICT_CURVATURE,
    WG_STUDY_STRICT_MINIMUM
} wg_study_strict;

/* Which condition holds, the first of the three; smallest: eigenvalue of H. distance: to the minimum that was found, NaN without one.
   convexity: the smallest eigenvalue that was seen around it, NaN without one. */
typedef struct wg_study_strict_result {
    wg_study_strict holds;
    double gradient_norm, smallest, distance, convexity;
} wg_study_strict_result;

/* Options of wg_study_strict_saddle. The four numbers of the property, each above 0; samples: points around a minimum at which
   convexity is checked. */
typedef struct WG_NAMED wg_study_strict_options {
    double alpha, gamma, epsilon, delta;
    int64_t samples;
    uint64_t seed;
} wg_study_strict_options;

/* Whether the loss has the (α, γ, ε, δ)-strict-saddle property at the parameters: ‖∇L‖ ≥ ε, or H's smallest eigenvalue is at most -γ, or
   there is a local minimum within δ, in whose 2δ-neighbourhood the loss is α-strongly convex. The minimum is searched by Newton's
   method from here. Convexity is checked at .samples random points of the neighbourhood: it is refuted, not proved. A loss has the
   property if every point has it, so a single point with WG_STUDY_STRICT_NONE refutes it.
   Cost: wg_study_eigenvalues at each step of Newton's method and at each sample.
   Source: Ge, Huang, Jin, Yuan: Escaping from saddle points, 2015. */
#define wg_study_strict_saddle(loss, result, ...)                                                                             \
    wg_study_strict_saddle_with((loss), (result),                                                                             \
                                WG_OPTIONS(wg_study_strict_options, .alpha = 0.1, .gamma = 0.1, .epsilon = 0.1, .delta = 0.1, \
                                           .samples = 20, .seed = 1, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_study_strict_saddle_with(const wg_study_loss *loss, wg_study_strict_result *result,
                                                           wg_study_strict_options options);

/* ---- along training ---- */

/* What a step of gradient descent meets. curvature: gᵀHg. rayleigh: gᵀHg/gᵀg, the curvature in the gradient's direction. step: gᵀg/gᵀHg,
   the rate of the steepest descent in the quadratic model; INFINITY unless gᵀHg > 0. At a gradient of 0 rayleigh is NaN. */
typedef struct wg_study_descent {
    double loss, gradient_norm, curvature, rayleigh, step;
} wg_study_descent;

/* Cost: the gradient, recorded, and one Hessian-vector product. */
WG_API WG_MUST_CHECK wg_status wg_study_curvature(const wg_study_loss *loss, wg_study_descent *descent);

/* The quadratic model L + gᵀd + ½ dᵀHd of the loss at a distance d, a vector (n). Cost: as wg_study_curvature. */
WG_API WG_MUST_CHECK wg_status wg_study_quadratic(const wg_study_loss *loss, wg_tensor *d, double *model);

/* Watches a training run: one call for each step, before or after the optimizer's. loss is copied; its context and parameters are
   borrowed. With a loss of the whole data, or of one fixed batch, lipschitz is that of its gradient; with another batch at each step the
   noise of the batches is in it. */
typedef struct wg_study_track wg_study_track;
typedef struct wg_study_record {
    int64_t step; /* calls before this one */
    wg_study_descent at;
    double moved;     /* ‖x - x'‖ since the call before; NaN in the first */
    double lipschitz; /* ‖g - g'‖/‖x - x'‖, a lower bound on the Lipschitz constant of the gradient; NaN where nothing moved */
    double lipschitz_max; /* the largest so far; 0 before there is one */
} wg_study_record;
WG_API wg_study_track *wg_study_track_create(const wg_study_loss *loss);
/* On failure the record is unchanged, and the track as if it had not been called. */
WG_API WG_MUST_CHECK wg_status wg_study_track_step(wg_study_track *track, wg_study_record *record);
WG_API void wg_study_track_destroy(wg_study_track *track); /* NULL is allowed */

/* ---- slices ---- */

/* How a random direction is scaled. FILTER: each filter of a parameter of rank 2 or more (its elements at one index of the first axis: a
   unit's weights, a channel's kernel) has the norm of that filter of the parameter, and parameters of rank 0 and 1 (biases, batch norm)
   have no part. TENSOR: each parameter's part has the norm of the parameter. NONE: standard normal. */
typedef enum wg_study_scale { WG_STUDY_SCALE_FILTER, WG_STUDY_SCALE_TENSOR, WG_STUDY_SCALE_NONE } wg_study_scale;

typedef struct WG_NAMED wg_study_direction_options {
    wg_study_scale scale;
    uint64_t seed;
} wg_study_direction_options;

/* A random direction, a vector (n). loss->f is not called and may be NULL.
   Source: Li, Xu, Taylor, Studer, Goldstein: Visualizing the loss landscape of neural nets, 2018. */
#define wg_study_direction(loss, ...) \
    wg_study_direction_with((loss), WG_OPTIONS(wg_study_direction_options, .scale = WG_STUDY_SCALE_FILTER, .seed = 1, __VA_ARGS__))
WG_API wg_tensor *wg_study_direction_with(const wg_study_loss *loss, wg_study_direction_options options);

/* Options of wg_study_line and wg_study_plane. from, to: the range of each coordinate. points: along each, at least 2. */
typedef struct WG_NAMED wg_study_slice_options {
    double from, to;
    int64_t points;
} wg_study_slice_options;

/* The loss along a direction, a vector (n): a table (points, 2) of t and L(x + t d). A loss that is not finite stands in the table as it
   is. Cost: the loss at each point. */
#define wg_study_line(loss, direction, ...) \
    wg_study_line_with((loss), (direction), WG_OPTIONS(wg_study_slice_options, .from = -1, .to = 1, .points = 51, __VA_ARGS__))
WG_API wg_tensor *wg_study_line_with(const wg_study_loss *loss, wg_tensor *direction, wg_study_slice_options options);

/* The loss on a plane: a table (points², 3) of s, t and L(x + s a + t b), t changing fastest. */
#define wg_study_plane(loss, a, b, ...) \
    wg_study_plane_with((loss), (a), (b), WG_OPTIONS(wg_study_slice_options, .from = -1, .to = 1, .points = 25, __VA_ARGS__))
WG_API wg_tensor *wg_study_plane_with(const wg_study_loss *loss, wg_tensor *a, wg_tensor *b, wg_study_slice_options options);

/* ---- Taylor models ---- */

/* The Taylor polynomial of t ↦ L(x + t d) at 0: its coefficients (degree + 1), those of 1, t, t², … d is a vector (n), or WG_NONE for
   ones, which is the polynomial of a function of one number. degree is in 0 … 30. Of a piecewise polynomial (relu) it is that of the
   piece. Method: differentiating again and again, so the cost may double with each degree. */
WG_API wg_tensor *wg_study_taylor(const wg_study_loss *loss, wg_tensor *d, int degree);

/* The polynomial's value at t; NaN and the error on failure: E_SHAPE or E_DTYPE unless it is f64 (n), n ≥ 1. */
WG_API double wg_study_taylor_at(const wg_tensor *coefficients, double t);

/* ---- layers ---- */

/* For each parameter, in the order of the list, its 2-norm, its gradient's, and the root mean square of the gradient's elements: a table
   (parameters, 3). Cost: one gradient. */
WG_API wg_tensor *wg_study_gradient_norms(const wg_study_loss *loss);

/* How a signal goes through the layers of a sequential network, and its gradient back: for each child the mean and the standard deviation
   of its result's elements, the share of them that is 0, and the root mean square of the gradient of the loss with respect to them: a
   table (children, 4). f gives the loss from the network's result, its only operand. Where the gradient shrinks from row to row
   upwards it vanishes, and where a row's falls sharply the layer below is saturated.
   E_ARGUMENT unless net is sequential or an mlp, with at least one child. Cost: the network and its backward pass. */
WG_API wg_tensor *wg_study_signals(const wg_nn_module *net, wg_tensor *x, wg_function *f, void *context);

#ifdef __cplusplus
}
#endif

#endif
