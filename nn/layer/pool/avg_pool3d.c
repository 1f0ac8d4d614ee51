/* The layer of avg pooling over volumes. */
#include "../conv/places.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_avg_pool3d_options *o = call->options;
    wg_avg_pool3d_options options = {
        .size = WG_TRIPLE(o->size, nn_extent_or(o->rows, o->size), nn_extent_or(o->columns, nn_extent_or(o->rows, o->size))),
        .dilation = WG_TRIPLE(1, 1, 1),
        .ceil_mode = o->ceil_mode,
        .count_include_pad = o->count_include_pad};
    options.stride = o->stride;
    options.padding = o->padding;
    return nn_has_places(x, "nn_avg_pool3d", 3) ? wg_avg_pool3d_with(x, options) : NULL;
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_avg_pool3d_options){.size = 2, .count_include_pad = true}, .n_in = 1, .in = {{5, {1, 2, 2, 4, 3}}}},
    {.options =
         &(const wg_nn_avg_pool3d_options){
             .size = 2, .rows = 3, .columns = 2, .stride = WG_TRIPLE(1, 2, 3), .padding = WG_TRIPLE(1, 1, 0), .ceil_mode = true},
     .n_in = 1,
     .in = {{5, {1, 1, 3, 4, 6}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_avg_pool3d_kind = {.name = "avg_pool3d", .forward = forward, .samples = samples};
