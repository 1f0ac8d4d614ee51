/* The dot product Σ a b of two vectors of the same length. */
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    if (c->in[0]->rank != 1 || c->in[1]->rank != 1)
        return wg_call_error(c, WG_E_SHAPE, "expected two vectors");
    return wg_made(out[0] = wg_matmul(c->in[0], c->in[1]));
}

wg_tensor *wg_dot(wg_tensor *a, wg_tensor *b)
{
    return wg_invoke2(&wg_op_dot, NULL, a, b);
}

const struct wg_op wg_op_dot = {
    .name = WG_REGISTERED("dot"),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"5", {WG_DIMS(5), WG_DIMS(5)}, .n = 2}),
};
