/* avg_pool3d with adaptive windows: the result's size is given, and the windows divide the volume. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    return wg_pool_volume(c, &wg_op_avg_pool2d, out);
}

wg_tensor *wg_adaptive_avg_pool3d(wg_tensor *x, int64_t depth, int64_t height, int64_t width)
{
    const struct wg_volume_params p = {.depth = wg_adaptive_params(depth, 1), .plane = wg_adaptive_params(height, width)};
    return wg_invoke1(&wg_op_adaptive_avg_pool3d, &p, x);
}

#define TO(d, h, w)                                                                                                \
    .params = &(const struct wg_volume_params)                                                                     \
    {                                                                                                              \
        .depth = {.size = {d, 1}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1, .adaptive = true}, .plane = { \
            .size = {h, w},                                                                                        \
            .stride = {1, 1},                                                                                      \
            .dilation = {1, 1},                                                                                    \
            .groups = 1,                                                                                           \
            .adaptive = true                                                                                       \
        }                                                                                                          \
    }

const struct wg_op wg_op_adaptive_avg_pool3d = {
    .name = WG_REGISTERED("adaptive_avg_pool3d"),
    .params_size = sizeof(struct wg_volume_params),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"smaller", {WG_DIMS(2, 1, 3, 3, 4)}, .n = 1, TO(2, 2, 3)},
               {"one window", {WG_DIMS(1, 2, 2, 3, 2)}, .n = 1, TO(1, 1, 1)},
               {"larger", {WG_DIMS(1, 1, 2, 1, 2)}, .n = 1, TO(3, 2, 3)}),
};
