/* elu with the constants that preserve mean 0 and variance 1 from layer to layer (Klambauer, Unterthiner, Mayr, Hochreiter,
   2017). */
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    return wg_made(out[0] = wg_elu(c->in[0], .alpha = 1.6732632423543772, .scale = 1.0507009873554805));
}

const struct wg_op wg_op_selu = {
    .name = WG_REGISTERED("selu"),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"above", {WG_DIMS(3, 4)}, .n = 1, .low = {0.1}, .high = {1}},
               {"below", {WG_DIMS(3, 4)}, .n = 1, .low = {-3}, .high = {-0.1}}),
};
