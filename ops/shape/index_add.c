/* A copy of x with slices of src added to the indexed slices along an axis: scatter_add with one index for all elements of a
   slice. */
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct wg_index_params *p = c->params;
    wg_tensor *x = c->in[0], *src = c->in[2], *index = wg_index_along(c, c->in[1], p->axis, wg_shape_of(x));
    if (index && !wg_same_dims(index, src))
        return wg_call_error(c, WG_E_SHAPE, "expected one index for each slice of src, and slices of the shape of x's");
    return wg_made(out[0] = wg_scatter_add(x, p->axis, index, src));
}

wg_tensor *wg_index_add(wg_tensor *x, int axis, wg_tensor *index, wg_tensor *src)
{
    return wg_apply_along(&wg_op_index_add, (wg_tensor *[]){x, index, src}, 3, axis);
}

#define ALONG(i)                                                                                                        \
    .n = 3, .dtype = {WG_F32, WG_I64}, .low = {-1, 0, -1}, .high = {1, 3, 1}, .params = &(const struct wg_index_params) \
    {                                                                                                                   \
        i                                                                                                               \
    }

const struct wg_op wg_op_index_add = {
    .name = WG_REGISTERED("index_add"),
    .params_size = sizeof(struct wg_index_params),
    .n_in = 3,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"rows", {WG_DIMS(3, 4), WG_DIMS(5), WG_DIMS(5, 4)}, ALONG(0)},
               {"columns", {WG_DIMS(2, 3), WG_DIMS(2), WG_DIMS(2, 2)}, ALONG(1)},
               {"middle", {WG_DIMS(2, 3, 2), WG_DIMS(4), WG_DIMS(2, 4, 2)}, ALONG(1)}),
};
