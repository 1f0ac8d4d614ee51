/* A view of x with a larger shape: stride 0 along axes that are new or stretched. The engine sums the gradient over those axes. */
#include "ops/op.h"

struct params {
    wg_shape shape;
};

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct params *p = c->params;
    const wg_tensor *x = c->in[0];
    const int lead = p->shape.rank - x->rank;
    char to[200];
    WG_TRY(wg_view_of(c, out));
    bool fits = lead >= 0 && p->shape.rank <= WG_MAX_RANK;
    for (int axis = 0; axis < p->shape.rank && fits; axis++) {
        const int64_t has = axis < lead ? 1 : wg_extents(x)[axis - lead];
        out->extent[axis] = p->shape.extent[axis];
        out->stride[axis] = axis < lead || (has == 1 && p->shape.extent[axis] != 1) ? 0 : wg_strides(x)[axis - lead];
        fits = has == p->shape.extent[axis] || has == 1;
    }
    out->rank = p->shape.rank;
    char text[240];
    snprintf(text, sizeof text, "the shape does not broadcast to %s", wg_shape_text(p->shape, to, sizeof to));
    return fits ? WG_OK : wg_call_error(c, WG_E_SHAPE, text);
}

wg_tensor *wg_broadcast_to(wg_tensor *x, wg_shape to)
{
    const struct params p = {.shape = to};
    return wg_invoke1(&wg_op_broadcast_to, &p, x);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    return WG_GIVE(gx[0], gy[0]);
}

const struct wg_op wg_op_broadcast_to = {
    .name = WG_REGISTERED("broadcast_to"),
    .params_size = sizeof(struct params),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .flags = WG_OP_VIEW,
    WG_SAMPLES({"rows", {WG_DIMS(4)}, .n = 1, .params = &(const struct params){WG_DIMS(3, 4)}},
               {"stretch", {WG_DIMS(2, 1, 3)}, .n = 1, .params = &(const struct params){WG_DIMS(2, 4, 3)}}),
};
