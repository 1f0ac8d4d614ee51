/* max_pool2d of images with one row. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    return wg_pool_sequence(c, &wg_op_max_pool2d, out);
}

wg_tensor *wg_max_pool1d_with(wg_tensor *x, wg_pool1d_options options)
{
    const int64_t stride = options.stride != 0 ? options.stride : options.size;
    struct wg_window_params p = wg_row_params(stride, options.padding, options.dilation, 1);
    p.size[1] = options.size;
    p.ceil_mode = options.ceil_mode;
    return wg_invoke1(&wg_op_max_pool1d, &p, x);
}

const struct wg_op wg_op_max_pool1d = {
    .name = WG_REGISTERED("max_pool1d"),
    .params_size = sizeof(struct wg_window_params),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES(
        {"pairs", {WG_DIMS(2, 3, 5)}, .n = 1, .distinct = 1, WG_WINDOWS(1, 2, 0, 0, 1, 1, 1, .size = {1, 2})},
        {"dilated", {WG_DIMS(2, 1, 6)}, .n = 1, .distinct = 1, WG_WINDOWS(1, 2, 0, 1, 1, 2, 1, .size = {1, 3})},
        {"ceil", {WG_DIMS(1, 2, 6)}, .n = 1, .distinct = 1, WG_WINDOWS(1, 3, 0, 1, 1, 1, 1, .size = {1, 2}, .ceil_mode = true)}),
};
