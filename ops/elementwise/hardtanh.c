/* hardtanh: clamp under the name of the piecewise linear approximation of tanh. */
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct wg_bounds *p = c->params;
    return wg_made(out[0] = wg_clamp(c->in[0], p->low, p->high));
}

wg_tensor *wg_hardtanh_with(wg_tensor *x, wg_hardtanh_options options)
{
    const struct wg_bounds p = {options.low, options.high};
    return wg_invoke1(&wg_op_hardtanh, &p, x);
}

const struct wg_op wg_op_hardtanh = {
    .name = WG_REGISTERED("hardtanh"),
    .params_size = sizeof(struct wg_bounds),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"inside", {WG_DIMS(3, 4)}, .n = 1, .low = {-0.9}, .high = {0.9}, .params = &(const struct wg_bounds){-1, 1}},
               {"mixed", {WG_DIMS(3, 4)}, .n = 1, .low = {-50}, .high = {50}, .params = &(const struct wg_bounds){-25, 25}}),
};
