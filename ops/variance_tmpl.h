/* The kernel of var and std, for the number type at hand, in two passes with f64 totals: the mean, as the first element and the mean
   distance from it, so that numbers all alike have no variance; then the squares about it. Before it is included: NAME the op, and
   ROOT(v) what becomes of the variance. */

static inline WIDE T(square_about)(REAL x, WIDE mean)
{
    const WIDE d = (WIDE)x - mean;
    return d * d;
}

#define PASS distances
#define ACC WIDE
#define TERM(x, c) ((WIDE)(x) - (c))
#define COMBINE(a, b) ((a) + (b))
#include "reduce_pass_tmpl.h"

#define PASS squares
#define ACC WIDE
#define TERM(x, c) T(square_about)(x, c)
#define COMBINE(a, b) ((a) + (b))
#include "reduce_pass_tmpl.h"

static wg_status T(reduce_columns)(const struct wg_reduction_plan *plan, const struct wg_reduce_params *params, int threads,
                                   const ELEM *x, int64_t s, int64_t w, REAL *result)
{
    const double freedom = (double)plan->count - params->correction;
    WIDE mean[WG_REDUCE_WIDTH], distances[WG_REDUCE_WIDTH], squares[WG_REDUCE_WIDTH];
    for (int64_t k = 0; k < w; k++)
        mean[k] = (WIDE)(REAL)x[k * s];
    wg_status status = T(distances_columns)(plan, threads, x, s, w, mean, distances);
    for (int64_t k = 0; k < w && status == WG_OK; k++)
        mean[k] = mean[k] + distances[k] / (WIDE)plan->count;
    if (status == WG_OK)
        status = T(squares_columns)(plan, threads, x, s, w, mean, squares);
    for (int64_t k = 0; k < w && status == WG_OK; k++)
        if (freedom > 0)
            result[k] = (REAL)ROOT(squares[k] / (WIDE)freedom);
        else
            result[k] = (REAL)NAN;
    return status;
}

#define EMPTY ((REAL)NAN)
#include "reduce_tmpl.h"
#undef ROOT
