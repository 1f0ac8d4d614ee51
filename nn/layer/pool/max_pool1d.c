/* The layer of max pooling over sequences. */
#include "../conv/places.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_max_pool1d_options *o = call->options;
    wg_pool1d_options options = {.size = o->size, .ceil_mode = o->ceil_mode};
    options.stride = o->stride;
    options.padding = o->padding;
    options.dilation = o->dilation;
    return nn_has_places(x, "nn_max_pool1d", 1) ? wg_max_pool1d_with(x, options) : NULL;
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_max_pool1d_options){.size = 2, .dilation = 1}, .n_in = 1, .in = {{3, {2, 2, 5}}}},
    {.options = &(const wg_nn_max_pool1d_options){.size = 3, .stride = 2, .padding = 1, .dilation = 2, .ceil_mode = true},
     .n_in = 1,
     .in = {{3, {1, 2, 8}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_max_pool1d_kind = {.name = "max_pool1d", .forward = forward, .samples = samples};
