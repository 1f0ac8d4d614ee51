/* ψ(x) = Γ'(x)/Γ(x): polygamma with n = 0. */
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    return wg_made(out[0] = wg_polygamma(0, c->in[0]));
}

const struct wg_op wg_op_digamma = {
    .name = WG_REGISTERED("digamma"),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"above", {WG_DIMS(3, 4)}, .n = 1, .low = {0.3}, .high = {4}},
               {"below", {WG_DIMS(3, 4)}, .n = 1, .low = {-1.8}, .high = {-1.2}},
               {"far", {WG_DIMS(3, 4)}, .n = 1, .low = {30}, .high = {200}}),
};
