/* avg_pool2d with adaptive windows: the result's size is given, and the windows divide the image. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

struct params {
    int64_t height, width;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    const struct wg_window_params windows = wg_adaptive_params(p->height, p->width);
    return wg_made(out[0] = wg_invoke1(&wg_op_avg_pool2d, &windows, c->in[0]));
}

wg_tensor *wg_adaptive_avg_pool2d(wg_tensor *x, int64_t height, int64_t width)
{
    return wg_invoke1(&wg_op_adaptive_avg_pool2d, &(const struct params){height, width}, x);
}

#define TO(height, width)            \
    .params = &(const struct params) \
    {                                \
        height, width                \
    }

const struct wg_op wg_op_adaptive_avg_pool2d = {
    .name = WG_REGISTERED("adaptive_avg_pool2d"),
    .params_size = sizeof(struct params),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"smaller", {WG_DIMS(2, 3, 5, 4)}, .n = 1, TO(3, 2)}, {"one window", {WG_DIMS(2, 1, 2, 3)}, .n = 1, TO(1, 1)},
               {"larger", {WG_DIMS(1, 2, 2, 3)}, .n = 1, TO(3, 4)}),
};
