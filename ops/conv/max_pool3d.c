/* max_pool2d of a volume's planes, then along its depth. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    return wg_pool_volume(c, &wg_op_max_pool2d, out);
}

wg_tensor *wg_max_pool3d_with(wg_tensor *x, wg_pool3d_options options)
{
    const struct wg_volume_params p = wg_volume_pool_params(options);
    return wg_invoke1(&wg_op_max_pool3d, &p, x);
}

/* Params of a sample: size, stride and padding of the depth and of the planes, and members of both. */
#define BOXES(k, s, p, k1, k2, s1, s2, p1, p2, ...)                                                                              \
    .params = &(const struct wg_volume_params)                                                                                   \
    {                                                                                                                            \
        .depth = {.size = {k, 1}, .stride = {s, 1}, .padding = {p, 0}, .dilation = {1, 1}, .groups = 1, __VA_ARGS__}, .plane = { \
            .size = {k1, k2},                                                                                                    \
            .stride = {s1, s2},                                                                                                  \
            .padding = {p1, p2},                                                                                                 \
            .dilation = {1, 1},                                                                                                  \
            .groups = 1,                                                                                                         \
            __VA_ARGS__                                                                                                          \
        }                                                                                                                        \
    }

const struct wg_op wg_op_max_pool3d = {
    .name = WG_REGISTERED("max_pool3d"),
    .params_size = sizeof(struct wg_volume_params),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"2x2x2", {WG_DIMS(2, 1, 2, 3, 4)}, .n = 1, .distinct = 1, BOXES(2, 2, 0, 2, 2, 2, 2, 0, 0, )},
               {"overlapping", {WG_DIMS(1, 2, 3, 2, 3)}, .n = 1, .distinct = 1, BOXES(2, 1, 1, 2, 3, 1, 2, 1, 1, )},
               {"ceil", {WG_DIMS(1, 1, 4, 3, 4)}, .n = 1, .distinct = 1, BOXES(2, 3, 0, 2, 2, 2, 3, 0, 1, .ceil_mode = true)}),
};
