/* Reverses an axis: the slice with step -1. */
#include "ops/op.h"

struct params {
    int axis;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    return wg_made(out[0] = wg_slice(c->in[0], p->axis, -1, INT64_MIN, -1));
}

wg_tensor *wg_flip(wg_tensor *x, int axis)
{
    return wg_invoke1(&wg_op_flip, &(const struct params){axis}, x);
}

#define AXIS(i)                      \
    .params = &(const struct params) \
    {                                \
        i                            \
    }

const struct wg_op wg_op_flip = {
    .name = WG_REGISTERED("flip"),
    .params_size = sizeof(struct params),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"rows", {WG_DIMS(3, 4)}, .n = 1, AXIS(0)}, {"columns", {WG_DIMS(2, 5)}, .n = 1, AXIS(-1)}),
};
