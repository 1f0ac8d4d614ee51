/* Inserts an axis of extent 1: a view. */
#include "ops/op.h"

struct params {
    int axis;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    wg_tensor *x = c->in[0];
    const int at = p->axis < 0 ? p->axis + x->rank + 1 : p->axis;
    wg_shape shape = {.rank = x->rank + 1};
    if (at < 0 || at > x->rank)
        return wg_call_error(c, WG_E_ARGUMENT, "expected an axis of the result, which has one axis more than the operand");
    if (x->rank == WG_MAX_RANK)
        return wg_call_error(c, WG_E_SHAPE, "expected at most 7 axes, because the result has one more");
    for (int axis = 0; axis < shape.rank; axis++)
        shape.extent[axis] = axis == at ? 1 : wg_extents(x)[axis - (axis > at)];
    return wg_made(out[0] = wg_reshape(x, shape));
}

wg_tensor *wg_unsqueeze(wg_tensor *x, int axis)
{
    return wg_invoke1(&wg_op_unsqueeze, &(const struct params){axis}, x);
}

#define AXIS(i)                      \
    .params = &(const struct params) \
    {                                \
        i                            \
    }

const struct wg_op wg_op_unsqueeze = {
    .name = WG_REGISTERED("unsqueeze"),
    .params_size = sizeof(struct params),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"first", {WG_DIMS(2, 3)}, .n = 1, AXIS(0)}, {"last", {WG_DIMS(2, 3)}, .n = 1, AXIS(-1)},
               {"scalar", {{.rank = 0}}, .n = 1, AXIS(0)}),
};
