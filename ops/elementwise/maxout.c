/* The maximum of every group of pieces neighbours along an axis: the axis is split in two, and the second one is reduced with
   max. */
#include "ops/op.h"

struct params {
    int axis;
    int64_t pieces;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    wg_tensor *x = c->in[0];
    wg_shape parted = {.rank = x->rank + 1};
    int axis = 0;
    WG_TRY(wg_axis(c->op->name, x, p->axis, &axis));
    if (p->pieces < 1 || wg_extents(x)[axis] % p->pieces != 0)
        return wg_call_error(c, p->pieces < 1 ? WG_E_ARGUMENT : WG_E_SHAPE, "expected pieces of at least 1 that divide the axis");
    if (parted.rank > WG_MAX_RANK)
        return wg_call_error(c, WG_E_SHAPE, "expected at most 7 axes, because the pieces take one more");
    for (int i = 0; i < x->rank; i++)
        parted.extent[i <= axis ? i : i + 1] = wg_extents(x)[i];
    parted.extent[axis] /= p->pieces;
    parted.extent[axis + 1] = p->pieces;
    return wg_made(out[0] = wg_max(wg_reshape(x, parted), .axis = axis + 1));
}

wg_tensor *wg_maxout(wg_tensor *x, int axis, int64_t pieces)
{
    const struct params p = {axis, pieces};
    return wg_invoke1(&wg_op_maxout, &p, x);
}

const struct wg_op wg_op_maxout = {
    .name = WG_REGISTERED("maxout"),
    .params_size = sizeof(struct params),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"rows", {WG_DIMS(3, 6)}, .n = 1, .distinct = WG_IN(0), .params = &(const struct params){-1, 3}},
               {"columns", {WG_DIMS(4, 3)}, .n = 1, .distinct = WG_IN(0), .params = &(const struct params){0, 2}}),
};
