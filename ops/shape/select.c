/* The elements at one index of an axis: a view without that axis. */
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct wg_select_params *p = c->params;
    const wg_tensor *x = c->in[0];
    WG_TRY(wg_view_of(c, out));
    if (p->axis >= x->rank || p->index < 0 || p->index >= wg_extents(x)[p->axis])
        return wg_call_error(c, WG_E_SHAPE, "expected an index within the axis");
    out->rank = x->rank - 1;
    for (int axis = 0; axis < out->rank; axis++) {
        out->extent[axis] = wg_extents(x)[axis + (axis >= p->axis)];
        out->stride[axis] = wg_strides(x)[axis + (axis >= p->axis)];
    }
    out->offset = p->index * wg_strides(x)[p->axis];
    return WG_OK;
}

wg_tensor *wg_select(wg_tensor *x, int axis, int64_t index)
{
    struct wg_select_params p = {.axis = 0};
    if (wg_has_value(x)) {
        if (wg_axis("select", x, axis, &p.axis) != WG_OK)
            return NULL;
        const int64_t extent = wg_extents(x)[p.axis];
        if (index < -extent || index >= extent) {
            wg_fail(WG_E_ARGUMENT, "select", "select: index %lld is not in an axis of extent %lld", (long long)index,
                    (long long)extent);
            return NULL;
        }
        p.index = index < 0 ? index + extent : index;
    }
    return wg_invoke1(&wg_op_select, &p, x);
}

static wg_tensor *spread(const wg_call *c, wg_tensor *gy)
{
    const struct wg_select_params *p = c->params;
    return wg_slice_grad(wg_unsqueeze(gy, p->axis), wg_extents(c->in[0])[p->axis], p->axis, p->index, 1);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return wg_give_through_view(c, gy[0], &gx[0], spread);
}

#define AT(...)                                \
    .params = &(const struct wg_select_params) \
    {                                          \
        __VA_ARGS__                            \
    }

const struct wg_op wg_op_select = {
    .name = WG_REGISTERED("select"),
    .params_size = sizeof(struct wg_select_params),
    WG_PARAMS(WG_PARAM(INT, struct wg_select_params, axis), WG_PARAM(INT64, struct wg_select_params, index)),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .flags = WG_OP_VIEW,
    WG_SAMPLES({"row", {WG_DIMS(4, 3)}, .n = 1, AT(.axis = 0, .index = 2)},
               {"middle", {WG_DIMS(2, 3, 4)}, .n = 1, AT(.axis = 1, .index = 1)},
               {"element", {WG_DIMS(5)}, .n = 1, AT(.axis = 0, .index = 4)}),
};
