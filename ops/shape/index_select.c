/* The slices of x along an axis that index names, in its order: gather with one index for all elements of a slice. */
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct wg_index_params *p = c->params;
    wg_tensor *x = c->in[0], *index = wg_index_along(c, c->in[1], p->axis, wg_shape_of(x));
    return wg_made(out[0] = wg_gather(x, p->axis, index));
}

wg_tensor *wg_index_select(wg_tensor *x, int axis, wg_tensor *index)
{
    return wg_apply_along(&wg_op_index_select, (wg_tensor *[]){x, index}, 2, axis);
}

#define ALONG(i)                                                                                                 \
    .n = 2, .dtype = {WG_F32, WG_I64}, .low = {-1, 0}, .high = {1, 3}, .params = &(const struct wg_index_params) \
    {                                                                                                            \
        i                                                                                                        \
    }

const struct wg_op wg_op_index_select = {
    .name = WG_REGISTERED("index_select"),
    .params_size = sizeof(struct wg_index_params),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"rows", {WG_DIMS(3, 4), WG_DIMS(5)}, ALONG(0)}, {"columns", {WG_DIMS(2, 3), WG_DIMS(2)}, ALONG(1)},
               {"middle", {WG_DIMS(2, 3, 2), WG_DIMS(4)}, ALONG(1)}),
};
