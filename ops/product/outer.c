/* The outer product of two vectors: y_ij = a_i b_j. */
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    wg_tensor *a = c->in[0], *b = c->in[1];
    if (a->rank != 1 || b->rank != 1)
        return wg_call_error(c, WG_E_SHAPE, "expected two vectors");
    return wg_made(out[0] = wg_mul(wg_reshape(a, WG_SHAPE(a->numel, 1)), b));
}

wg_tensor *wg_outer(wg_tensor *a, wg_tensor *b)
{
    return wg_invoke2(&wg_op_outer, NULL, a, b);
}

const struct wg_op wg_op_outer = {
    .name = WG_REGISTERED("outer"),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"column", {WG_DIMS(3), WG_DIMS(1)}, .n = 2}, {"3x4", {WG_DIMS(3), WG_DIMS(4)}, .n = 2}),
};
