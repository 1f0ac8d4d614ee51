/* max_pool1d with adaptive windows: the result's length is given, and the windows divide the sequence. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    return wg_pool_sequence(c, &wg_op_max_pool2d, out);
}

wg_tensor *wg_adaptive_max_pool1d(wg_tensor *x, int64_t length)
{
    const struct wg_window_params p = wg_adaptive_params(1, length);
    return wg_invoke1(&wg_op_adaptive_max_pool1d, &p, x);
}

const struct wg_op wg_op_adaptive_max_pool1d = {
    .name = WG_REGISTERED("adaptive_max_pool1d"),
    .params_size = sizeof(struct wg_window_params),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES(
        {"smaller", {WG_DIMS(2, 3, 5)}, .n = 1, .distinct = 1, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1, .size = {1, 3}, .adaptive = true)},
        {"larger", {WG_DIMS(1, 2, 3)}, .n = 1, .distinct = 1, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1, .size = {1, 4}, .adaptive = true)}),
};
