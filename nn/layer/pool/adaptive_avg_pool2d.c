/* The layer of adaptive avg pooling over images. */
#include "../conv/places.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_adaptive_avg_pool2d_options *o = call->options;
    return nn_has_places(x, "nn_adaptive_avg_pool2d", 2) ? wg_adaptive_avg_pool2d(x, o->size, nn_extent_or(o->columns, o->size))
                                                         : NULL;
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_adaptive_avg_pool2d_options){.size = 1}, .n_in = 1, .in = {{4, {2, 2, 4, 3}}}},
    {.options = &(const wg_nn_adaptive_avg_pool2d_options){.size = 3, .columns = 2}, .n_in = 1, .in = {{4, {2, 2, 4, 3}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_adaptive_avg_pool2d_kind = {.name = "adaptive_avg_pool2d", .forward = forward, .samples = samples};
