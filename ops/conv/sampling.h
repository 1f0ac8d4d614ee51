/* What resample and its gradient share: y = A x along one axis, with a sparse matrix A that depends on extents and rule only. */
#ifndef WG_SAMPLING_TABLE_H
#define WG_SAMPLING_TABLE_H

#include "ops/kernel.h"
#ifndef __cplusplus
#include "wengert/ops.h"

struct wg_sampling_params {
    int axis;
    int64_t extent; /* of x along the axis, in the gradient */
    wg_sampling sampling;
};
#endif

/* The rows of A, or of its transpose: result element r is the sum of weight[e] x[index[e]] for e = first[r] … first[r + 1] - 1. */
struct wg_sampling_table {
    struct wg_storage *memory;
    int64_t rows;
    int64_t *first, *index;
    double *weight;
    bool unit; /* all weights are 1 */
};

#ifdef __cplusplus
extern "C" {
#endif
/* The axis that c samples. */
int wg_sampling_axis(const wg_call *c);
/* Makes the table for c's params; E_MEMORY. To be given back. */
wg_status wg_sampling_table_make(const wg_call *c, bool transposed, struct wg_sampling_table *table);
void wg_sampling_table_free(struct wg_sampling_table *table);
#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
/* What WG_PARAMS describes of struct wg_sampling_params. */
#define WG_SAMPLING_PARAMS                                                                                   \
    WG_PARAM(INT, struct wg_sampling_params, axis), WG_PARAM(INT, struct wg_sampling_params, sampling.rule), \
        WG_PARAM(INT64, struct wg_sampling_params, sampling.extent)

/* Params of a sample: the axis, its extent in x for the gradient, and members of wg_sampling. */
#define SAMPLED(along, of_x, ...)                \
    .params = &(const struct wg_sampling_params) \
    {                                            \
        along, of_x,                             \
        {                                        \
            __VA_ARGS__                          \
        }                                        \
    }

/* For shape rules: E_ARGUMENT or E_SHAPE unless an axis of that extent can be sampled so. */
wg_status wg_sampling_check_axis(const wg_call *c);
wg_status wg_sampling_check(const wg_call *c, int64_t extent);
/* The cost of resample (x is in[0]) or of its gradient (x is out[0]). */
wg_cost wg_sampling_cost(const wg_call *c, bool transposed);
#endif

#endif
