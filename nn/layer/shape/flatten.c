/* The layer that merges axes. */
#include "../layers.h"
#include "wengert/error.h"
#include "wengert/ops.h"

/* An axis of a tensor of that rank, from the end if negative; -1 if there is none. */
static int axis_of(int64_t axis, int rank)
{
    const int64_t at = axis < 0 ? axis + rank : axis;
    return at >= 0 && at < rank ? (int)at : -1;
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_flatten_options *o = call->options;
    const wg_shape from = wg_shape_of(x);
    const int start = axis_of(o->start, from.rank), end = axis_of(o->end, from.rank);
    wg_shape to = {.rank = 0};
    char text[200];
    if (!nn_is_float(x, "nn_flatten"))
        return NULL;
    if (start < 0 || end < start) {
        (void)wg_error_set(WG_E_SHAPE, "nn_flatten", "nn_flatten: expected x with axes %lld to %lld, in this order, got %s",
                           (long long)o->start, (long long)o->end, wg_shape_text(from, text, sizeof text));
        return NULL;
    }
    for (int axis = 0; axis < from.rank; axis++) {
        if (axis <= start || axis > end)
            to.extent[to.rank++] = from.extent[axis];
        else if (__builtin_mul_overflow(to.extent[start], from.extent[axis],
                                        &to.extent[start])) { /* of a tensor without elements */
            (void)wg_error_set(WG_E_SHAPE, "nn_flatten", "nn_flatten: %s is too large", wg_shape_text(from, text, sizeof text));
            return NULL;
        }
    }
    return wg_reshape(x, to);
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_flatten_options){.start = 1, .end = -1}, .n_in = 1, .in = {{4, {2, 3, 2, 2}}}},
    {.options = &(const wg_nn_flatten_options){.start = -3, .end = 2}, .n_in = 1, .in = {{4, {2, 3, 2, 2}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_flatten_kind = {.name = "flatten", .forward = forward, .samples = samples};
