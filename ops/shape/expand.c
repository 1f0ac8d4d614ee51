/* broadcast_to, where an extent of -1 means the operand's extent. */
#include "ops/op.h"

struct params {
    wg_shape shape;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    wg_tensor *x = c->in[0];
    wg_shape shape = p->shape;
    const int lead = shape.rank - x->rank;
    if (lead < 0 || shape.rank > WG_MAX_RANK)
        return wg_call_error(c, WG_E_SHAPE, "expected a rank from the operand's to 8");
    for (int axis = 0; axis < shape.rank; axis++) {
        if (shape.extent[axis] == -1 && axis < lead)
            return wg_call_error(c, WG_E_SHAPE, "expected an extent of at least 0 for each new axis, got -1");
        if (shape.extent[axis] == -1)
            shape.extent[axis] = wg_extents(x)[axis - lead];
    }
    return wg_made(out[0] = wg_broadcast_to(x, shape));
}

wg_tensor *wg_expand(wg_tensor *x, wg_shape shape)
{
    return wg_invoke1(&wg_op_expand, &(const struct params){shape}, x);
}

#define TO(...)                      \
    .params = &(const struct params) \
    {                                \
        WG_DIMS(__VA_ARGS__)         \
    }

const struct wg_op wg_op_expand = {
    .name = WG_REGISTERED("expand"),
    .params_size = sizeof(struct params),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"rows", {WG_DIMS(4)}, .n = 1, TO(3, -1)}, {"stretch", {WG_DIMS(2, 1, 3)}, .n = 1, TO(-1, 4, 3)}),
};
