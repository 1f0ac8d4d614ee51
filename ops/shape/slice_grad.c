/* The gradient of slice: zeros of the input's shape with gy written into the slice. Its own gradient is slice. */
#include "ops/op.h"

struct params {
    struct wg_slice_params slice;
    int64_t extent;
};

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct params *p = c->params;
    const wg_tensor *gy = c->in[0];
    WG_TRY(wg_same_float(c, &out->dtype));
    if (p->slice.axis >= gy->rank)
        return wg_call_error(c, WG_E_SHAPE, "there is no such axis");
    if (p->slice.count != wg_extents(gy)[p->slice.axis] || !wg_slice_fits(&p->slice, p->extent))
        return wg_call_error(c, WG_E_SHAPE, "expected a slice inside its axis");
    out->rank = gy->rank;
    memcpy(out->extent, wg_extents(gy), (size_t)gy->rank * sizeof *out->extent);
    out->extent[p->slice.axis] = p->extent;
    return WG_OK;
}

static wg_status kernel(const wg_call *c)
{
    const struct params *p = c->params;
    wg_tensor *y = c->out[0];
    memset(y->data, 0, (size_t)y->numel * wg_dtype_size((wg_dtype)y->dtype));
    return wg_copy_part(c->in[0], y, p->slice.axis, p->slice.start, p->slice.step);
}

wg_tensor *wg_slice_grad(wg_tensor *gy, int64_t extent, int axis, int64_t start, int64_t step)
{
    struct params p = {.slice = {.start = start, .step = step}, .extent = extent};
    if (wg_has_value(gy)) {
        if (wg_axis("slice_grad", gy, axis, &p.slice.axis) != WG_OK)
            return NULL;
        p.slice.count = wg_extents(gy)[p.slice.axis];
        if (step == 0 || extent < 0) {
            wg_fail(WG_E_ARGUMENT, "slice_grad", "slice_grad: step %lld, extent %lld", (long long)step, (long long)extent);
            return NULL;
        }
    }
    return wg_invoke1(&wg_op_slice_grad, &p, gy);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct params *p = c->params;
    return WG_GIVE(gx[0], wg_slice_by(gy[0], &p->slice));
}

#define SLICE_GRAD(total, ...)       \
    .params = &(const struct params) \
    {                                \
        {__VA_ARGS__}, total         \
    }

const struct wg_op wg_op_slice_grad = {
    .name = WG_REGISTERED("slice_grad"),
    .params_size = sizeof(struct params),
    WG_PARAMS(WG_PARAM(INT, struct params, slice.axis), WG_PARAM(INT64, struct params, slice.start),
              WG_PARAM_UNLESS(1, INT64, struct params, slice.step)),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = {{.run = {kernel, kernel}}},
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .cost = wg_cost_bytes,
    WG_SAMPLES({"rows", {WG_DIMS(3, 3)}, .n = 1, SLICE_GRAD(5, .axis = 0, .start = 1, .step = 1, .count = 3)},
               {"stepped", {WG_DIMS(2, 3)}, .n = 1, SLICE_GRAD(7, .axis = 1, .start = 1, .step = 2, .count = 3)},
               {"backwards", {WG_DIMS(2, 3, 2)}, .n = 1, SLICE_GRAD(5, .axis = 1, .start = 4, .step = -2, .count = 3)},
               {"nothing", {WG_DIMS(2, 0)}, .n = 1, SLICE_GRAD(3, .axis = 1, .start = 0, .step = 1, .count = 0)}),
};
