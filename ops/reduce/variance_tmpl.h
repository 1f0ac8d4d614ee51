/* The kernel of var and std, for the number type at hand, in two passes with f64 totals: the mean, as the first element and the mean
   distance from it, so that numbers all alike have no variance; then the squares about it. Where distances or squares leave f64, the
   pass is made again of scaled numbers (squares.h). Before it is included: NAME the op, OF_VARIANCE(v) and OF_DEVIATION(d) its result by the variance
   and by the deviation. */
#include "ops/reduce/squares.h"

/* What a pass over scaled numbers takes off each: the numbers are x scale - about. */
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

/* The scale for the squares about a mean. What lies about a mean that is not small is 0 or no less than its last digit, whose square
   can stand. */
static inline WIDE T(spread_scale)(WIDE squares, WIDE mean)
{
    const WIDE scale = T(squares_scale)(squares);
    const int level = W(fabs)(mean) < (WIDE)0x1p-300;
    return level || (double)scale < 1 ? scale : (WIDE)1;
}

/* The standard deviation of a column whose squares about the mean have a sum that cannot stand. */
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
    mean[0] = distances[0] = squares[0] = (WIDE)0; /* w is at least 1, which the compiler cannot see */
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
