/* y = x tanh(softplus x) (Misra, 2019). */
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    return wg_made(out[0] = wg_mul(wg_tanh(wg_donate(wg_softplus(c->in[0]))), c->in[0]));
}

wg_tensor *wg_mish(wg_tensor *x)
{
    return wg_invoke1(&wg_op_mish, NULL, x);
}

const struct wg_op wg_op_mish = {
    .name = WG_REGISTERED("mish"),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"each", {WG_DIMS(3, 4)}, .n = 1, .low = {-3}, .high = {3}}),
};
