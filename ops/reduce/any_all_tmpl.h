/* Template of the kernels of any and all. Define before including it: NAME, the op; SETTLED, the truth value (0 or 1) of an element
   that decides the result, which is then SETTLED. */

static wg_status T(reduce_columns)(const struct wg_reduction_plan *plan, const struct wg_reduce_params *params, int threads,
                                   const uint8_t *x, int64_t s, int64_t w, uint8_t *result)
{
    int64_t offset[WG_REDUCE_BLOCK];
    uint8_t settled[WG_REDUCE_WIDTH] = {0};
    (void)params;
    (void)threads;
    for (int64_t k = 0; k < w && wg_reduces_runs(plan); k++)
        for (int64_t j = 0; j < plan->count; j++)
            settled[k] |= (uint8_t)((x[k * s + j] != 0) == SETTLED);
    for (int64_t at = 0; at < plan->count && !wg_reduces_runs(plan); at += WG_REDUCE_BLOCK) {
        const int64_t m = plan->count - at < WG_REDUCE_BLOCK ? plan->count - at : WG_REDUCE_BLOCK;
        wg_reduced_offsets(plan, at, m, offset);
        for (int64_t j = 0; j < m; j++)
            if (s == 1 && w == WG_REDUCE_WIDTH)
                for (int64_t k = 0; k < WG_REDUCE_WIDTH; k++)
                    settled[k] |= (uint8_t)((x[offset[j] + k] != 0) == SETTLED);
            else
                for (int64_t k = 0; k < w; k++)
                    settled[k] |= (uint8_t)((x[offset[j] + k * s] != 0) == SETTLED);
    }
    for (int64_t k = 0; k < w; k++)
        result[k] = settled[k] ? SETTLED : !SETTLED;
    return WG_OK;
}

#define IN uint8_t
#define OUT uint8_t
#define RESULT uint8_t
#define TRANSPOSE ISA(wg_transpose_u8)
#define EMPTY !SETTLED
#define ONE(x) ((x) != 0)
#include "ops/reduce/reduce_tmpl.h"
#undef SETTLED
