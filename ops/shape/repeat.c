/* x repeated times[i] times along axis i. Each axis gets a new axis before it; these are broadcast, and one copy merges them with
   the old ones. */
#include "ops/op.h"

struct params {
    int rank;
    int64_t times[WG_MAX_RANK];
};

/* Repeats axes first … last-1. All axes before them, and all after them, are merged into one axis, so that the rank stays within
   WG_MAX_RANK. */
static wg_tensor *repeat_axes(wg_tensor *x, const int64_t *times, int first, int last)
{
    wg_shape separate = {.rank = 0}, wide, merged = wg_shape_of(x);
    int64_t before = 1, after = 1;
    for (int axis = 0; axis < first; axis++)
        before *= wg_extents(x)[axis];
    for (int axis = last; axis < x->rank; axis++)
        after *= wg_extents(x)[axis];
    if (first > 0)
        separate.extent[separate.rank++] = before;
    wide = separate;
    for (int axis = first; axis < last; axis++) {
        wide.extent[wide.rank++] = times[axis];
        wide.extent[wide.rank++] = wg_extents(x)[axis];
        separate.extent[separate.rank++] = 1;
        separate.extent[separate.rank++] = wg_extents(x)[axis];
        merged.extent[axis] = times[axis] * wg_extents(x)[axis];
    }
    if (last < x->rank)
        wide.extent[wide.rank++] = separate.extent[separate.rank++] = after;
    return wg_reshape(wg_broadcast_to(wg_reshape(x, separate), wide), merged);
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    wg_tensor *y = c->in[0];
    const int rank = y->rank;
    for (int axis = 0; axis < rank; axis++) {
        int64_t extent;
        if (p->times[axis] < 0)
            return wg_call_error(c, WG_E_ARGUMENT, "expected times of at least 0");
        if (__builtin_mul_overflow(wg_extents(y)[axis], p->times[axis], &extent))
            return wg_call_error(c, WG_E_SHAPE, "the result is too large");
    }
    for (int first = 0; first < rank && y;) {
        if (p->times[first] == 1) {
            first++;
            continue;
        }
        const int workspace = WG_MAX_RANK - (first > 0),
                  last = 2 * (rank - first) <= workspace ? rank : first + (workspace - 1) / 2;
        y = repeat_axes(y, p->times, first, last);
        first = last;
    }
    return wg_made(out[0] = y);
}

wg_tensor *wg_repeat(wg_tensor *x, wg_sizes times)
{
    struct params p = {.rank = 0};
    if (wg_has_value(x)) {
        p.rank = x->rank;
        if (wg_one_per_axis("repeat", "times", x, times, p.times) != WG_OK)
            return NULL;
    }
    return wg_invoke1(&wg_op_repeat, &p, x);
}

#define TIMES(...)                   \
    .params = &(const struct params) \
    {                                \
        __VA_ARGS__                  \
    }

const struct wg_op wg_op_repeat = {
    .name = WG_REGISTERED("repeat"),
    .params_size = sizeof(struct params),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"both", {WG_DIMS(2, 3)}, .n = 1, TIMES(2, {3, 2})}, {"columns", {WG_DIMS(2, 3)}, .n = 1, TIMES(2, {1, 2})},
               {"rank 5", {WG_DIMS(1, 2, 1, 2, 1)}, .n = 1, TIMES(5, {2, 1, 2, 2, 3})},
               {"once", {WG_DIMS(3)}, .n = 1, TIMES(1, {1})}),
};
