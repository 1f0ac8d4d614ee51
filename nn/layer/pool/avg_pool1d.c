/* The layer of avg pooling over sequences. */
#include "../conv/places.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_avg_pool1d_options *o = call->options;
    wg_avg_pool1d_options options = {
        .size = o->size, .dilation = 1, .ceil_mode = o->ceil_mode, .count_include_pad = o->count_include_pad};
    options.stride = o->stride;
    options.padding = o->padding;
    return nn_has_places(x, "nn_avg_pool1d", 1) ? wg_avg_pool1d_with(x, options) : NULL;
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_avg_pool1d_options){.size = 2, .count_include_pad = true}, .n_in = 1, .in = {{3, {2, 2, 5}}}},
    {.options = &(const wg_nn_avg_pool1d_options){.size = 3, .stride = 2, .padding = 1, .ceil_mode = true},
     .n_in = 1,
     .in = {{3, {1, 2, 8}}}},
    {.options = &(const wg_nn_avg_pool1d_options){.size = 3, .ceil_mode = true, .count_include_pad = true},
     .n_in = 1,
     .in = {{3, {1, 2, 2}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_avg_pool1d_kind = {.name = "avg_pool1d", .forward = forward, .samples = samples};
