/* The elements of a tensor in five numbers. */
#include <math.h>

#include "microscope/graph/scan.h"

static double element(const wg_tensor *t, int64_t at)
{
    switch ((wg_dtype)t->dtype) {
    case WG_F32:
        return (double)((const float *)(const void *)t->data)[at];
    case WG_F64:
        return ((const double *)(const void *)t->data)[at];
    case WG_I64:
        return (double)((const int64_t *)(const void *)t->data)[at];
    case WG_U8:
    default:
        return (double)((const uint8_t *)(const void *)t->data)[at];
    }
}

/* The index counts up like an odometer, last axis first. */
bool wg_scan_elements(const wg_tensor *t, wg_graph_elements *to)
{
    if (wg_self()->capture || !t->storage || t->numel == 0 || (t->state != WG_LIVE && t->state != WG_DROPPED))
        return false;
    double low = INFINITY, high = -INFINITY, sum = 0, squares = 0;
    int64_t index[WG_MAX_RANK] = {0}, at = 0, nans = 0;
    for (int64_t i = 0; i < t->numel; i++) {
        const double x = element(t, at);
        if (isnan(x)) {
            nans++;
        } else {
            low = x < low ? x : low;
            high = x > high ? x : high;
            sum += x;
            squares += x * x;
        }
        for (int axis = t->rank - 1; axis >= 0; axis--) {
            at += wg_strides(t)[axis];
            if (++index[axis] < wg_extents(t)[axis])
                break;
            at -= index[axis] * wg_strides(t)[axis];
            index[axis] = 0;
        }
    }
    const bool any = nans < t->numel;
    *to = (wg_graph_elements){.min = any ? low : NAN,
                              .max = any ? high : NAN,
                              .mean = any ? sum / (double)(t->numel - nans) : NAN,
                              .norm = any ? sqrt(squares) : NAN,
                              .nan = nans};
    return true;
}
