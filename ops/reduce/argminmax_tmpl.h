/* Template of the kernels of argmax and argmin, compiled once per number type. The result is the index, in row-major order over the
   reduced axes, of the first extremum, or of the first NaN. Define before including it: NAME, the op; RELATION, >= or <=, which
   keeps the first of equal elements; BEYOND, the strict relation, > or <. */
#include "ops/route.h"

#define PASS extremum
#define ACC REAL
#define COMBINE(a, b) WG_EXTREMUM(a, b, BEYOND)
#include "ops/reduce_pass_tmpl.h"

/* One contiguous column of n elements. Finds the first block whose extremum is the column's, then searches that block for its
   index. The number of comparisons does not depend on the data. */
static int64_t T(place_in_run)(const ELEM *x, int64_t n)
{
    const int64_t window = n < WG_REDUCE_BLOCK ? n : WG_REDUCE_BLOCK;
    REAL best = x[0];
    int64_t from = 0;
    for (int64_t at = 0; at < n; at += WG_REDUCE_BLOCK) {
        const int64_t m = n - at < WG_REDUCE_BLOCK ? n - at : WG_REDUCE_BLOCK;
        const REAL other = T(extremum_run)(x + at, m, 0);
        const bool stays = WG_TAKES_FIRST(best, other, RELATION);
        best = stays ? best : other;
        from = stays ? from : at;
    }
    from = from < n - window ? from : n - window;
    const bool nan = best != best;
    int64_t place = from;
    for (int64_t j = window - 1; j >= 0; j--) {
        const REAL value = x[from + j];
        place = (nan ? value != value : value == best) ? from + j : place;
    }
    return place;
}

static wg_status T(reduce_columns)(const struct wg_reduction_plan *plan, const struct wg_reduce_params *params, int threads,
                                   const ELEM *x, int64_t s, int64_t w, int64_t *place)
{
    int64_t offset[WG_REDUCE_BLOCK];
    REAL best[WG_REDUCE_WIDTH];
    (void)params;
    (void)threads;
    if (wg_reduces_runs(plan) && !wg_reduces_short_rows(plan)) {
        for (int64_t k = 0; k < w; k++)
            place[k] = T(place_in_run)(x + k * s, plan->count);
        return WG_OK;
    }
    for (int64_t k = 0; k < w; k++) {
        best[k] = x[k * s];
        place[k] = 0;
    }
    for (int64_t at = 0; at < plan->count; at += WG_REDUCE_BLOCK) {
        const int64_t m = plan->count - at < WG_REDUCE_BLOCK ? plan->count - at : WG_REDUCE_BLOCK;
        wg_reduced_offsets(plan, at, m, offset);
        for (int64_t j = at == 0; j < m; j++)
            for (int64_t k = 0; k < w; k++) {
                const REAL value = x[offset[j] + k * s];
                const bool stays = WG_TAKES_FIRST(best[k], value, RELATION);
                best[k] = stays ? best[k] : value;
                place[k] = stays ? place[k] : at + j;
            }
    }
    return WG_OK;
}

#define IN ELEM
#define OUT int64_t
#define RESULT int64_t
#define ONE(x) ((void)(x), 0)
#define EMPTY 0 /* never stored: the shape rule rejects a reduction over nothing unless there are no results */
#include "ops/reduce/reduce_tmpl.h"
#undef RELATION
#undef BEYOND
