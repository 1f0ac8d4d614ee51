/* Template of the kernels of var and std, compiled once per number type: two passes with f64 totals. The first computes the mean,
   as the first element plus the mean difference from it; so equal elements have variance 0. The second computes the sum of squared
   differences from the mean. If differences or squares leave f64's range, both are repeated with scaled elements (squares.h).
   Define before including it: NAME, the op; OF_VARIANCE(v) and OF_DEVIATION(d), the result from the variance or from the standard
   deviation. */
#include "ops/reduce/squares.h"

/* The parameters of a scaled pass, whose terms are x scale - about. */
typedef struct {
    WIDE scale, about;
} T(scaling);

static inline WIDE T(square_about)(REAL x, WIDE mean)
{
    const WIDE d = (WIDE)x - mean;
    return d * d;
}

static inline WIDE T(scaled_distance)(REAL x, T(scaling) by)
{
    return (WIDE)x * by.scale - by.about;
}

static inline WIDE T(scaled_square)(REAL x, T(scaling) by)
{
    const WIDE d = T(scaled_distance)(x, by);
    return d * d;
}

#define PASS distances
#define ACC WIDE
#define TERM(x, c) ((WIDE)(x) - (c))
#define COMBINE(a, b) ((a) + (b))
#include "ops/reduce_pass_tmpl.h"

#define PASS squares
#define ACC WIDE
#define TERM(x, c) T(square_about)(x, c)
#define COMBINE(a, b) ((a) + (b))
#include "ops/reduce_pass_tmpl.h"

#define PASS scaled_distances
#define ACC WIDE
#define COLUMN T(scaling)
#define TERM(x, c) T(scaled_distance)(x, c)
#define COMBINE(a, b) ((a) + (b))
#include "ops/reduce_pass_tmpl.h"

#define PASS scaled_squares
#define ACC WIDE
#define COLUMN T(scaling)
#define TERM(x, c) T(scaled_square)(x, c)
#define COMBINE(a, b) ((a) + (b))
#include "ops/reduce_pass_tmpl.h"

/* The scale for squared differences from a mean. If |mean| >= 2^-300, no scaling up is necessary: a difference is 0 or at least one
   unit in the mean's last place, whose square does not underflow. */
static inline WIDE T(spread_scale)(WIDE squares, WIDE mean)
{
    const WIDE scale = T(squares_scale)(squares);
    const int level = W(fabs)(mean) < (WIDE)0x1p-300;
    return level || (double)scale < 1 ? scale : (WIDE)1;
}

/* The standard deviation of one column whose sum of squared differences overflowed or underflowed. */
static __attribute__((noinline)) wg_status T(scaled_deviation)(const struct wg_reduction_plan *plan, int threads, const ELEM *x,
                                                               int64_t s, WIDE freedom, WIDE scale, WIDE *deviation)
{
    T(scaling) by;
    WIDE distances, squares;
    by.scale = scale;
    by.about = (WIDE)(REAL)*x * scale;
    wg_status status = T(scaled_distances_columns)(plan, threads, x, s, 1, &by, &distances);
    by.about = by.about + distances / (WIDE)plan->count;
    if (status == WG_OK)
        status = T(scaled_squares_columns)(plan, threads, x, s, 1, &by, &squares);
    if (status == WG_OK)
        *deviation = sqrt(squares / freedom) / scale;
    return status;
}

static wg_status T(reduce_columns)(const struct wg_reduction_plan *plan, const struct wg_reduce_params *params, int threads,
                                   const ELEM *x, int64_t s, int64_t w, REAL *result)
{
    const double freedom = (double)plan->count - params->correction;
    WIDE mean[WG_REDUCE_WIDTH], distances[WG_REDUCE_WIDTH], squares[WG_REDUCE_WIDTH];
    mean[0] = distances[0] = squares[0] = (WIDE)0; /* written by the loop, too, since w ≥ 1; gcc warns without this */
    for (int64_t k = 0; k < w; k++)
        mean[k] = (WIDE)(REAL)x[k * s];
    wg_status status = T(distances_columns)(plan, threads, x, s, w, mean, distances);
    for (int64_t k = 0; k < w && status == WG_OK; k++)
        mean[k] = mean[k] + distances[k] / (WIDE)plan->count;
    if (status == WG_OK)
        status = T(squares_columns)(plan, threads, x, s, w, mean, squares);
    for (int64_t k = 0; k < w && status == WG_OK; k++) {
        if (freedom <= 0) {
            result[k] = (REAL)NAN;
            continue;
        }
        const WIDE scale = T(spread_scale)(squares[k], mean[k]);
        WIDE deviation = (WIDE)0;
        if ((double)scale == 1) {
            result[k] = (REAL)OF_VARIANCE(squares[k] / (WIDE)freedom);
            continue;
        }
        status = T(scaled_deviation)(plan, threads, x + k * s, s, (WIDE)freedom, scale, &deviation);
        result[k] = (REAL)OF_DEVIATION(deviation);
    }
    return status;
}

#define EMPTY ((REAL)NAN)
#include "ops/reduce/reduce_tmpl.h"
#undef OF_VARIANCE
#undef OF_DEVIATION
