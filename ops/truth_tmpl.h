/* The kernel of any and all. Before it is included: NAME the op, and SETTLED what the result is where an element is that truth. */

static wg_status T(reduce_columns)(const struct wg_reduction_plan *plan, const struct wg_reduce_params *params, int threads,
                                   const uint8_t *x, int64_t s, int64_t w, uint8_t *result)
{
    int64_t offset[WG_REDUCE_BLOCK];
    (void)params;
    (void)threads;
    for (int64_t k = 0; k < w; k++)
        result[k] = !SETTLED;
    if (w == 1 && plan->n_reduced == 1 && plan->reduced_in[0] == 1) {
        uint8_t settled = 0;
        for (int64_t j = 0; j < plan->count; j++)
            settled |= (uint8_t)((x[j] != 0) == SETTLED);
        result[0] = settled ? SETTLED : !SETTLED;
        return WG_OK;
    }
    for (int64_t at = 0; at < plan->count; at += WG_REDUCE_BLOCK) {
        const int64_t m = plan->count - at < WG_REDUCE_BLOCK ? plan->count - at : WG_REDUCE_BLOCK;
        wg_reduced_offsets(plan, at, m, offset);
        for (int64_t j = 0; j < m; j++)
            for (int64_t k = 0; k < w; k++)
                result[k] = (x[offset[j] + k * s] != 0) == SETTLED ? SETTLED : result[k];
    }
    return WG_OK;
}

#define IN uint8_t
#define OUT uint8_t
#define RESULT uint8_t
#define EMPTY !SETTLED
#include "reduce_tmpl.h"
#undef SETTLED
