/* The layer of adaptive max pooling over volumes. */
#include "../conv/places.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_adaptive_max_pool3d_options *o = call->options;
    return nn_has_places(x, "nn_adaptive_max_pool3d", 3)
               ? wg_adaptive_max_pool3d(x, o->size, nn_extent_or(o->rows, o->size),
                                        nn_extent_or(o->columns, nn_extent_or(o->rows, o->size)))
               : NULL;
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_adaptive_max_pool3d_options){.size = 1}, .n_in = 1, .in = {{5, {1, 2, 2, 4, 3}}}},
    {.options = &(const wg_nn_adaptive_max_pool3d_options){.size = 2, .rows = 3, .columns = 2},
     .n_in = 1,
     .in = {{5, {1, 2, 2, 4, 3}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_adaptive_max_pool3d_kind = {.name = "adaptive_max_pool3d", .forward = forward, .samples = samples};
