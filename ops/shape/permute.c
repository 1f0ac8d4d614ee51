/* A view whose axis i is axis order[i] of x. The gradient is permuted back. */
#include "ops/op.h"

struct params {
    int8_t rank, order[WG_MAX_RANK];
};

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct params *p = c->params;
    const wg_tensor *x = c->in[0];
    WG_TRY(wg_view_of(c, out));
    if (p->rank != x->rank)
        return wg_call_error(c, WG_E_SHAPE, "expected an order of as many axes as x has");
    out->rank = p->rank;
    for (int axis = 0; axis < p->rank; axis++) {
        out->extent[axis] = wg_extents(x)[p->order[axis]];
        out->stride[axis] = wg_strides(x)[p->order[axis]];
    }
    return WG_OK;
}

static wg_status resolve(const wg_tensor *x, const wg_axes *order, struct params *p)
{
    unsigned seen = 0;
    char text[200];
    if (order->count != x->rank)
        return wg_fail(WG_E_ARGUMENT, "permute", "permute: expected an order of %d axes for %s, got one of %d", x->rank,
                       wg_shape_text(wg_shape_of(x), text, sizeof text), order->count);
    p->rank = (int8_t)x->rank;
    for (int i = 0; i < x->rank; i++) {
        int axis = 0;
        WG_TRY(wg_axis("permute", x, order->axis[i], &axis));
        if (seen >> axis & 1)
            return wg_fail(WG_E_ARGUMENT, "permute", "permute: axis %d is named twice", axis);
        seen |= 1u << axis;
        p->order[i] = (int8_t)axis;
    }
    return WG_OK;
}

wg_tensor *wg_permute(wg_tensor *x, wg_axes order)
{
    struct params p = {.rank = 0};
    if (wg_has_value(x) && resolve(x, &order, &p) != WG_OK)
        return NULL;
    return wg_invoke1(&wg_op_permute, &p, x);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct params *p = c->params;
    struct params back = {.rank = p->rank};
    for (int axis = 0; axis < p->rank; axis++)
        back.order[p->order[axis]] = (int8_t)axis;
    return WG_GIVE(gx[0], wg_invoke1(&wg_op_permute, &back, gy[0]));
}

const struct wg_op wg_op_permute = {
    .name = WG_REGISTERED("permute"),
    .params_size = sizeof(struct params),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .flags = WG_OP_VIEW,
    WG_SAMPLES({"transpose", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct params){2, {1, 0}}},
               {"turn", {WG_DIMS(2, 3, 4)}, .n = 1, .params = &(const struct params){3, {2, 0, 1}}},
               {"same", {WG_DIMS(2, 3)}, .n = 1, .params = &(const struct params){2, {0, 1}}}),
};
