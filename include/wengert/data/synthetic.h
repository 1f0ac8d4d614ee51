/* Synthetic sets: data made of a formula and a seed. Row i depends on the seed and i alone (and on the options), so a set of more
   rows begins with the rows of a smaller one; rows are not sorted by class, so any range of rows is a sample. The same seed gives
   the same bits on one machine; they depend on the C library's functions, as wg_normal does. u is uniform in [0, 1), z and e are
   standard normal, each drawn anew for each row, from stream WG_STREAM_SYNTHETIC + a number of the set; what belongs to the whole
   set (centres, weights) is drawn from another stream, so that it does not depend on the number of rows.

       wg_tensor *x, *y;
       WG_TRY(wg_dataset_make_moons(&x, &y, .rows = 400, .noise = 0.1, .seed = 3));

   *x is (rows, features) of dtype, f32 or f64; *y is i64 (rows), or of dtype where targets are real; both are made like any
   tensor. On failure both are NULL: E_NULL, E_ARGUMENT (an option out of its range, with the range), E_DTYPE, E_MEMORY. Cost:
   O(rows · features). */
#ifndef WENGERT_DATA_SYNTHETIC_H
#define WENGERT_DATA_SYNTHETIC_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in dataset.h */
#endif

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Gaussian clusters: y = i mod classes, x = centre_y + deviation z; centres are uniform in [-box, box]^features. */
typedef struct WG_NAMED wg_dataset_blobs_options {
    int64_t rows, features, classes;
    double deviation, box;
    uint64_t seed;
    wg_dtype dtype;
} wg_dataset_blobs_options;
#define wg_dataset_make_blobs(x, y, ...)                                                                                      \
    wg_dataset_make_blobs_with((x), (y),                                                                                      \
                               WG_OPTIONS(wg_dataset_blobs_options, .rows = 300, .features = 2, .classes = 3, .deviation = 1, \
                                          .box = 10, .seed = 0, .dtype = WG_F32, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_make_blobs_with(wg_tensor **x, wg_tensor **y, wg_dataset_blobs_options options);

/* Two half circles that reach into each other, (rows, 2): y = i mod 2, t = π u; class 0 at (cos t, sin t), class 1 at (1 - cos t,
   1/2 - sin t); plus noise z on both coordinates. */
typedef struct WG_NAMED wg_dataset_moons_options {
    int64_t rows;
    double noise;
    uint64_t seed;
    wg_dtype dtype;
} wg_dataset_moons_options;
#define wg_dataset_make_moons(x, y, ...) \
    wg_dataset_make_moons_with(          \
        (x), (y), WG_OPTIONS(wg_dataset_moons_options, .rows = 300, .noise = 0.1, .seed = 0, .dtype = WG_F32, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_make_moons_with(wg_tensor **x, wg_tensor **y, wg_dataset_moons_options options);

/* Circles around the origin, one for each class, (rows, 2): y = i mod classes, of radius (y + 1) / classes, at the angle 2π u;
   plus noise z. */
typedef struct WG_NAMED wg_dataset_rings_options {
    int64_t rows, classes;
    double noise;
    uint64_t seed;
    wg_dtype dtype;
} wg_dataset_rings_options;
#define wg_dataset_make_rings(x, y, ...) \
    wg_dataset_make_rings_with(          \
        (x), (y),                        \
        WG_OPTIONS(wg_dataset_rings_options, .rows = 300, .classes = 2, .noise = 0.05, .seed = 0, .dtype = WG_F32, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_make_rings_with(wg_tensor **x, wg_tensor **y, wg_dataset_rings_options options);

/* Arms of a spiral, one for each class, (rows, 2): y = i mod classes, radius r = u, angle 2π (y / classes + turns r); plus noise
   z. */
typedef struct WG_NAMED wg_dataset_spirals_options {
    int64_t rows, classes;
    double turns, noise;
    uint64_t seed;
    wg_dtype dtype;
} wg_dataset_spirals_options;
#define wg_dataset_make_spirals(x, y, ...)                                                                                       \
    wg_dataset_make_spirals_with((x), (y),                                                                                       \
                                 WG_OPTIONS(wg_dataset_spirals_options, .rows = 300, .classes = 3, .turns = 0.75, .noise = 0.02, \
                                            .seed = 0, .dtype = WG_F32, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_make_spirals_with(wg_tensor **x, wg_tensor **y, wg_dataset_spirals_options options);

/* A random network labels Gaussian inputs: x = z, f = V tanh(W x / √features) / √hidden, with W (hidden, features) and V
   (outputs, hidden) standard normal. classes 0: y = f + noise e, of dtype (rows, outputs). classes above 1 (outputs stays 1): V
   has as many rows as classes, and y = argmax of f + noise e, i64 (rows). */
typedef struct WG_NAMED wg_dataset_teacher_options {
    int64_t rows, features, hidden, outputs, classes;
    double noise;
    uint64_t seed;
    wg_dtype dtype;
} wg_dataset_teacher_options;
#define wg_dataset_make_teacher(x, y, ...)                                                                                        \
    wg_dataset_make_teacher_with((x), (y),                                                                                        \
                                 WG_OPTIONS(wg_dataset_teacher_options, .rows = 1000, .features = 10, .hidden = 20, .outputs = 1, \
                                            .classes = 0, .noise = 0, .seed = 0, .dtype = WG_F32, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_make_teacher_with(wg_tensor **x, wg_tensor **y, wg_dataset_teacher_options options);

/* A mixture of Gaussians in the plane, (rows, 2), what generative networks learn: x = mean_y + deviation z, y uniform among the
   modes. RING: mean_k at radius `extent` and the angle 2π k / modes (8 modes). GRID: modes is a square, 25 by default, and the
   means are the points of a square grid over [-extent, extent]², row by row. modes 0: the default of the layout; extent 0: 2 for
   the ring, 4 for the grid. */
typedef enum wg_dataset_layout { WG_DATASET_LAYOUT_RING, WG_DATASET_LAYOUT_GRID } wg_dataset_layout;
typedef struct WG_NAMED wg_dataset_mixture_options {
    int64_t rows, modes;
    wg_dataset_layout layout;
    double extent, deviation;
    uint64_t seed;
    wg_dtype dtype;
} wg_dataset_mixture_options;
#define wg_dataset_make_mixture(x, y, ...)                                                                               \
    wg_dataset_make_mixture_with((x), (y),                                                                               \
                                 WG_OPTIONS(wg_dataset_mixture_options, .rows = 1000, .modes = 0,                        \
                                            .layout = WG_DATASET_LAYOUT_RING, .extent = 0, .deviation = 0.02, .seed = 0, \
                                            .dtype = WG_F32, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_make_mixture_with(wg_tensor **x, wg_tensor **y, wg_dataset_mixture_options options);

/* Linear regression, min ‖y - X w‖²: x_j = s_j z_j, y = Σ x_j w_j + noise e, of dtype (rows, 1), with weights w standard normal.
   condition: the ratio of the largest to the smallest eigenvalue of E[x xᵀ] = diag(s²), s_j = condition^(-j / (2 (features -
   1))): 1: all are 1. The default is the set on which gradient descent and stochastic gradient descent are compared, 10000 × 500.
   */
typedef struct WG_NAMED wg_dataset_regression_options {
    int64_t rows, features;
    double noise, condition;
    uint64_t seed;
    wg_dtype dtype;
} wg_dataset_regression_options;
#define WG_DATASET_REGRESSION_OPTIONS_(...)                                                                            \
    WG_OPTIONS(wg_dataset_regression_options, .rows = 10000, .features = 500, .noise = 0.1, .condition = 1, .seed = 0, \
               .dtype = WG_F32, __VA_ARGS__)
#define wg_dataset_make_regression(x, y, ...) wg_dataset_make_regression_with((x), (y), WG_DATASET_REGRESSION_OPTIONS_(__VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_make_regression_with(wg_tensor **x, wg_tensor **y, wg_dataset_regression_options options);

/* The weights w of the set with the same options, (features, 1). NULL and the same errors. */
#define wg_dataset_regression_weights(...) wg_dataset_regression_weights_with(WG_DATASET_REGRESSION_OPTIONS_(__VA_ARGS__))
WG_API wg_tensor *wg_dataset_regression_weights_with(wg_dataset_regression_options options);

#ifdef __cplusplus
}
#endif

#endif
