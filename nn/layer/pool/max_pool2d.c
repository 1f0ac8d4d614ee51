/* The layer of max pooling over images. */
#include "../conv/places.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_max_pool2d_options *o = call->options;
    wg_pool_options options = {.size = WG_PAIR(o->size, nn_extent_or(o->columns, o->size)), .ceil_mode = o->ceil_mode};
    options.stride = o->stride;
    options.padding = o->padding;
    options.dilation = o->dilation;
    return nn_has_places(x, "nn_max_pool2d", 2) ? wg_max_pool2d_with(x, options) : NULL;
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_max_pool2d_options){.size = 2, .dilation = WG_PAIR(1, 1)}, .n_in = 1, .in = {{4, {2, 2, 4, 5}}}},
    {.options = &(const wg_nn_max_pool2d_options){.size = 3,
                                                  .columns = 2,
                                                  .stride = WG_PAIR(2, 1),
                                                  .padding = WG_PAIR(1, 0),
                                                  .dilation = WG_PAIR(2, 1),
                                                  .ceil_mode = true},
     .n_in = 1,
     .in = {{4, {1, 2, 8, 5}}}},
    {.options = &(const wg_nn_max_pool2d_options){.size = 2, .dilation = WG_PAIR(1, 1), .ceil_mode = true},
     .n_in = 1,
     .in = {{4, {1, 2, 1, 3}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_max_pool2d_kind = {.name = "max_pool2d", .forward = forward, .samples = samples};
