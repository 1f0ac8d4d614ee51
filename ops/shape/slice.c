/* The elements start, start + step, … before stop along one axis: a view. The gradient is added to that part of x's accumulator, or
   written into zeros. */
#include "ops/op.h"

bool wg_slice_fits(const struct wg_slice_params *p, int64_t extent)
{
    int64_t reach, last;
    if (p->count <= 0)
        return p->count == 0;
    return p->start >= 0 && p->start < extent && !__builtin_mul_overflow(p->count - 1, p->step, &reach) &&
           !__builtin_add_overflow(p->start, reach, &last) && last >= 0 && last < extent;
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct wg_slice_params *p = c->params;
    const wg_tensor *x = c->in[0];
    WG_TRY(wg_view_of(c, out));
    if (p->axis >= x->rank || !wg_slice_fits(p, wg_extents(x)[p->axis]))
        return wg_call_error(c, WG_E_SHAPE, "expected a slice inside its axis");
    out->rank = x->rank;
    memcpy(out->extent, wg_extents(x), (size_t)x->rank * sizeof *out->extent);
    memcpy(out->stride, wg_strides(x), (size_t)x->rank * sizeof *out->stride);
    if (p->count > 0)
        out->offset = p->start * out->stride[p->axis];
    if (p->count > 1)
        out->stride[p->axis] *= p->step;
    out->extent[p->axis] = p->count;
    return WG_OK;
}

/* An end of the slice, as in Python: negative indices count from the end. Clipped to 0 … extent, or -1 … extent-1 for a negative
   step. */
static int64_t clip(int64_t at, int64_t extent, bool forwards)
{
    const int64_t lowest = forwards ? 0 : -1, highest = forwards ? extent : extent - 1;
    if (at < 0)
        at += extent;
    return at < lowest ? lowest : at > highest ? highest : at;
}

/* The magnitude of the step is unsigned, so that negating INT64_MIN does not overflow. */
static void normalise(struct wg_slice_params *p, int64_t extent, int64_t start, int64_t stop, int64_t step)
{
    const bool forwards = step > 0;
    const uint64_t stride = forwards ? (uint64_t)step : 0 - (uint64_t)step;
    const int64_t first = clip(start, extent, forwards), end = clip(stop, extent, forwards);
    const int64_t span = forwards ? end - first : first - end;
    p->count = span > 0 ? (int64_t)(((uint64_t)span - 1) / stride) + 1 : 0;
    p->start = p->count > 0 ? first : 0;
    p->step = p->count > 1 ? step : 1;
}

wg_tensor *wg_slice_by(wg_tensor *x, const struct wg_slice_params *p)
{
    return wg_invoke1(&wg_op_slice, p, x);
}

wg_tensor *wg_slice(wg_tensor *x, int axis, int64_t start, int64_t stop, int64_t step)
{
    struct wg_slice_params p = {.axis = 0};
    if (wg_has_value(x)) {
        if (wg_axis("slice", x, axis, &p.axis) != WG_OK)
            return NULL;
        if (step == 0) {
            wg_fail(WG_E_ARGUMENT, "slice", "slice: the step is 0");
            return NULL;
        }
        normalise(&p, wg_extents(x)[p.axis], start, stop, step);
    }
    return wg_slice_by(x, &p);
}

static wg_tensor *spread(const wg_call *c, wg_tensor *gy)
{
    const struct wg_slice_params *p = c->params;
    return wg_slice_grad(gy, wg_extents(c->in[0])[p->axis], p->axis, p->start, p->step);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return wg_give_through_view(c, gy[0], &gx[0], spread);
}

#define SLICE(...)                            \
    .params = &(const struct wg_slice_params) \
    {                                         \
        __VA_ARGS__                           \
    }

const struct wg_op wg_op_slice = {
    .name = WG_REGISTERED("slice"),
    .params_size = sizeof(struct wg_slice_params),
    WG_PARAMS(WG_PARAM(INT, struct wg_slice_params, axis), WG_PARAM(INT64, struct wg_slice_params, start),
              WG_PARAM(INT64, struct wg_slice_params, count), WG_PARAM_UNLESS(1, INT64, struct wg_slice_params, step)),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .flags = WG_OP_VIEW,
    WG_SAMPLES({"rows", {WG_DIMS(5, 3)}, .n = 1, SLICE(.axis = 0, .start = 1, .step = 1, .count = 3)},
               {"stepped", {WG_DIMS(2, 7)}, .n = 1, SLICE(.axis = 1, .start = 1, .step = 2, .count = 3)},
               {"backwards", {WG_DIMS(2, 5, 2)}, .n = 1, SLICE(.axis = 1, .start = 4, .step = -2, .count = 3)},
               {"nothing", {WG_DIMS(2, 3)}, .n = 1, SLICE(.axis = 1, .start = 0, .step = 1, .count = 0)}),
};
