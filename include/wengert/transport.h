/* Distances of samples: how far the distribution of the points x is from that of the points y. They compare what a generator makes with
   the data, as a loss or as a measure.

       wg_tensor *loss = wg_transport_sinkhorn(wg_nn_apply(generator, z), data, .epsilon = 0.05, .debiased = true);
       WG_TRY(wg_backward(loss));

   x (n,d) and y (m,d) are n and m points of d coordinates each, one a row, f32 or f64, of one dtype; docs/guide/transport.md says which
   distance suits what. */
#ifndef WENGERT_TRANSPORT_H
#define WENGERT_TRANSPORT_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in nn.h */
#endif

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Each distance is a scalar on the open tape, or the caller's with no tape open, and differentiable by x and y to any order unless it
   says otherwise. It is NULL and the error recorded on failure: E_NULL, E_DTYPE, E_MEMORY; E_SHAPE for points that are no matrices, sets
   without points, points without coordinates and sets of other numbers of columns; E_ARGUMENT for an option out of its range. Where a distance
   has a root at 0, as that of a set to itself has, its gradient is 0. A NaN among the coordinates or the weights makes the distance NaN,
   unless it says otherwise.

   .weights_x (n) and .weights_y (m), of the points' dtype: the share of each point, 1/n and 1/m by default. E_ARGUMENT for a weight that is
   negative, and unless each set's weights sum to 1, to 1e-6 in f64 and 1e-4 in f32; a point of weight 0 is as none, and the
   gradient by such a weight is the derivative for a weight that grows from 0.

   Squares and other powers of distances need not be numbers of the dtype where the distance is one, as for coordinates of 1e200: the Wasserstein
   distances and the mean discrepancy are made in the unit of the largest coordinate or bandwidth (distances below 1e-150 of it, in f32 1e-18, count as 0). The
   costs of wg_transport_cost are not, and wg_transport_sinkhorn, whose value is one, refuses costs that are infinite: E_ARGUMENT. */

/* ---- the Wasserstein distance ----

   W_p(x, y) = (min_P Σ P_ij |x_i - y_j|ᵖ)^{1/p} over all plans P ≥ 0 (n,m) whose rows sum to the weights of x and whose columns sum to
   those of y; |.| is the Euclidean norm. Source: Kantorovich, 1942. */

typedef struct WG_NAMED wg_transport_cost_options {
    double p;
} wg_transport_cost_options;

/* The costs |x_i - y_j|ᵖ (n,m), with .p ≥ 1, by default 1. For equal points the first derivative is 0; the second is 0 for p = 1, right
   for p ≥ 2, and NaN between, where it is infinite. Cost: n m d, in time and memory. */
#define wg_transport_cost(x, y, ...) wg_transport_cost_with((x), (y), WG_OPTIONS(wg_transport_cost_options, .p = 1, __VA_ARGS__))
WG_API wg_tensor *wg_transport_cost_with(wg_tensor *x, wg_tensor *y, wg_transport_cost_options options);

/* An optimal plan (n,m) for costs c (n,m), and the potentials f (n) and g (m) that prove it: f_i + g_j ≤ c_ij, with equality where plan_ij > 0, so
   Σ plan c = Σ a f + Σ b g for the weights a and b. All are made like any tensors, and are constants: no gradient flows through them. */
typedef struct wg_transport_solution {
    wg_tensor *plan, *f, *g;
} wg_transport_solution;

typedef struct WG_NAMED wg_transport_solve_options {
    wg_tensor *weights_x, *weights_y;
} wg_transport_solve_options;

/* Solves the transport problem exactly, for any costs (n,m), f32 or f64, which are read in f64. The plan has at most n + m - 1 elements that are not 0; it may
   not be the only one. Of the potentials, g_j = min_i c_ij - f_i, and f_i = min_j c_ij - g_j where the weight of i is 0. Method: the simplex algorithm of GLPK, on the columns
   that the potentials ask for, in a thread of its own, so that a program may use GLPK itself. Its optimality is tested to 1e-12 of the largest cost.
   A replay solves anew in each run. Cost: docs/guide/transport.md has times; n m ≤ 50 million.
   On failure *solution is unchanged: E_ARGUMENT (costs that are not finite; weights), E_SHAPE, E_DTYPE, E_NULL, E_MEMORY; E_NUMERIC if GLPK
   does not find an optimum; E_STATE: the library was built without GLPK. */
#define wg_transport_solve(cost, solution, ...) \
    wg_transport_solve_with((cost), (solution), \
                            WG_OPTIONS(wg_transport_solve_options, .weights_x = WG_NONE, .weights_y = WG_NONE, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_transport_solve_with(wg_tensor *cost, wg_transport_solution *solution,
                                                       wg_transport_solve_options options);

/* Options of the Wasserstein distances. p: the order, p ≥ 1. */
typedef struct WG_NAMED wg_transport_options {
    double p;
    wg_tensor *weights_x, *weights_y;
} wg_transport_options;
#define WG_TRANSPORT_OPTIONS_(...) WG_OPTIONS(wg_transport_options, .p = 1, .weights_x = WG_NONE, .weights_y = WG_NONE, __VA_ARGS__)

/* W_p, exactly: the root of Σ plan |x_i - y_j|ᵖ with the plan of wg_transport_solve, which is a constant. The gradient by x and y is right
   wherever the best plan is the only one, and that by the weights, which are the potentials f and g up to a constant, wherever those are (the
   envelope theorem); else they are one of several. Derivatives of higher order are those with the plan and the potentials held: right by x and
   y where the plan does not change nearby. E_ARGUMENT for a coordinate that is not finite, and where a distance is not; errors and cost of wg_transport_solve. */
#define wg_transport_exact(x, y, ...) wg_transport_exact_with((x), (y), WG_TRANSPORT_OPTIONS_(__VA_ARGS__))
WG_API wg_tensor *wg_transport_exact_with(wg_tensor *x, wg_tensor *y, wg_transport_options options);

/* W_p of numbers x (n) and y (m), by sorting: (∫ |X(u) - Y(u)|ᵖ du)^{1/p} over 0 … 1, where X and Y are the quantile functions. Without weights it
   is wg_wasserstein, and p may be INFINITY. Differentiable by the weights, too, where no two cumulative weights are equal. Cost: that
   of sorting, linear. */
#define wg_transport_line(x, y, ...) wg_transport_line_with((x), (y), WG_TRANSPORT_OPTIONS_(__VA_ARGS__))
WG_API wg_tensor *wg_transport_line_with(wg_tensor *x, wg_tensor *y, wg_transport_options options);

typedef struct WG_NAMED wg_transport_sliced_options {
    double p;
    int64_t projections;
    wg_tensor *generator, *weights_x, *weights_y;
} wg_transport_sliced_options;

/* The sliced Wasserstein distance (mean_k W_p(x·θ_k, y·θ_k)ᵖ)^{1/p} over .projections = 50 directions θ_k, which are drawn uniformly from the
   unit sphere, by .generator or else this thread's default one; .p is 2 by default. The draw is an effect of the step. Its expectation over
   directions is a metric. Cost: (n + m) (d + 1) for each direction. Source: Rabin, Peyré, Delon, Bernot, 2011. */
#define wg_transport_sliced(x, y, ...)                                                                                \
    wg_transport_sliced_with((x), (y),                                                                                \
                             WG_OPTIONS(wg_transport_sliced_options, .p = 2, .projections = 50, .generator = WG_NONE, \
                                        .weights_x = WG_NONE, .weights_y = WG_NONE, __VA_ARGS__))
WG_API wg_tensor *wg_transport_sliced_with(wg_tensor *x, wg_tensor *y, wg_transport_sliced_options options);

typedef struct WG_NAMED wg_transport_sinkhorn_options {
    double p, epsilon;
    int64_t iterations;
    double tolerance;
    bool debiased, envelope;
    wg_tensor *weights_x, *weights_y;
} wg_transport_sinkhorn_options;

/* Transport with entropy: S(x, y) = min_P Σ P_ij |x_i - y_j|ᵖ + ε Σ P_ij ln(P_ij / (a_i b_j)), without a root, by the iterations
   f_i = -ε ln Σ_j b_j e^{(g_j - c_ij)/ε},   g_j = -ε ln Σ_i a_i e^{(f_i - c_ij)/ε}   from g = 0, with value Σ a f + Σ b g. As logarithms
   they neither overflow nor underflow, however small ε is; but the smaller it is beside the costs, the more iterations it takes.
   .p is 2 by default. .epsilon is 0.05, in the unit of the costs, and positive. .iterations is 100, at least 1.
   .tolerance: end as soon as the plan's rows differ from a by at most that, Σ |Σ_j P_ij - a_i|, and E_NUMERIC if they still differ by
   more after the last iteration. 0, the default, runs all iterations, whatever comes out. A tolerance reads values, which a captured step may
   not.
   .debiased: the Sinkhorn divergence S(x, y) - (S(x, x) + S(y, y))/2, which is 0 for equal sets. Three times the cost.
   .envelope: the gradient is that with the last f and g held, Σ P ∂c: right to first order at convergence alone, off by about the plan's
   remaining error, and of no higher order. Without it the gradient goes through all iterations, is that of the value as computed, and of any order;
   by a weight that is 0 it is of first order, and costs n m exponentials more for each update where weights require gradients.
   Cost: 2 n m exponentials for each iteration; the gradient as many again and 2 n m elements kept for each, with .envelope n m and none.
   Source: Cuturi, 2013; Feydy and others, 2019. */
#define wg_transport_sinkhorn(x, y, ...)                                                                              \
    wg_transport_sinkhorn_with((x), (y),                                                                              \
                               WG_OPTIONS(wg_transport_sinkhorn_options, .p = 2, .epsilon = 0.05, .iterations = 100,  \
                                          .tolerance = 0, .debiased = false, .envelope = false, .weights_x = WG_NONE, \
                                          .weights_y = WG_NONE, __VA_ARGS__))
WG_API wg_tensor *wg_transport_sinkhorn_with(wg_tensor *x, wg_tensor *y, wg_transport_sinkhorn_options options);

/* ---- distances by mean differences ----

   .unbiased: the means over pairs of one set leave out each point with itself, so that the expectation over samples is right; the
   distance may then be negative. Such sets have two points or more, else E_SHAPE. By default all pairs count, and it is at least 0. */

typedef struct WG_NAMED wg_transport_mmd_options {
    wg_tensor *bandwidths;
    bool unbiased;
} wg_transport_mmd_options;

/* The square of the maximum mean discrepancy, mean k(x, x') + mean k(y, y') - 2 mean k(x, y), of the kernel k(u, v) = mean_s
   exp(-|u - v|²/(2 s²)) over .bandwidths s (any number of them, in a vector of the points' dtype), by default 1. Differentiable by the bandwidths, too. E_ARGUMENT for one
   below 1e-30. Cost: d + k exponentials for each of (n + m)² pairs. Source: Gretton and others, 2012; Li, Swersky, Zemel, 2015. */
#define wg_transport_mmd(x, y, ...) \
    wg_transport_mmd_with((x), (y), WG_OPTIONS(wg_transport_mmd_options, .bandwidths = WG_NONE, .unbiased = false, __VA_ARGS__))
WG_API wg_tensor *wg_transport_mmd_with(wg_tensor *x, wg_tensor *y, wg_transport_mmd_options options);

typedef struct WG_NAMED wg_transport_energy_options {
    bool unbiased;
} wg_transport_energy_options;

/* The energy distance 2 mean |x - y| - mean |x - x'| - mean |y - y'|, without a root: the square of scipy.stats.energy_distance. Cost: d for
   each of (n + m)² pairs. Source: Székely, Rizzo, 2004. */
#define wg_transport_energy(x, y, ...) \
    wg_transport_energy_with((x), (y), WG_OPTIONS(wg_transport_energy_options, .unbiased = false, __VA_ARGS__))
WG_API wg_tensor *wg_transport_energy_with(wg_tensor *x, wg_tensor *y, wg_transport_energy_options options);

#ifdef __cplusplus
}
#endif

#endif
