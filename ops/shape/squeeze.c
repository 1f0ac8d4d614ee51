/* Removes one axis of extent 1, or all of them: a view. */
#include "ops/op.h"

struct params {
    int axis; /* WG_ALL: every axis of extent 1 */
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    wg_tensor *x = c->in[0];
    wg_shape shape = {.rank = 0};
    int squeezed = p->axis;
    if (p->axis != WG_ALL)
        WG_TRY(wg_axis("squeeze", x, p->axis, &squeezed));
    if (p->axis != WG_ALL && wg_extents(x)[squeezed] != 1)
        return wg_call_error(c, WG_E_SHAPE, "expected an axis of extent 1");
    for (int axis = 0; axis < x->rank; axis++)
        if (wg_extents(x)[axis] != 1 || (p->axis != WG_ALL && axis != squeezed))
            shape.extent[shape.rank++] = wg_extents(x)[axis];
    return wg_made(out[0] = wg_reshape(x, shape));
}

wg_tensor *wg_squeeze(wg_tensor *x, int axis)
{
    return wg_invoke1(&wg_op_squeeze, &(const struct params){axis}, x);
}

#define AXIS(i)                      \
    .params = &(const struct params) \
    {                                \
        i                            \
    }

const struct wg_op wg_op_squeeze = {
    .name = WG_REGISTERED("squeeze"),
    .params_size = sizeof(struct params),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"middle", {WG_DIMS(2, 1, 3)}, .n = 1, AXIS(1)}, {"last", {WG_DIMS(2, 3, 1)}, .n = 1, AXIS(-1)},
               {"all", {WG_DIMS(1, 2, 1, 3)}, .n = 1, AXIS(WG_ALL)}),
};
