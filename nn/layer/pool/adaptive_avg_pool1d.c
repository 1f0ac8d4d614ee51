/* The layer of adaptive avg pooling over sequences. */
#include "../conv/places.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_adaptive_avg_pool1d_options *o = call->options;
    return nn_has_places(x, "nn_adaptive_avg_pool1d", 1) ? wg_adaptive_avg_pool1d(x, o->size) : NULL;
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_adaptive_avg_pool1d_options){.size = 1}, .n_in = 1, .in = {{3, {2, 3, 5}}}},
    {.options = &(const wg_nn_adaptive_avg_pool1d_options){.size = 3}, .n_in = 1, .in = {{3, {2, 3, 5}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_adaptive_avg_pool1d_kind = {.name = "adaptive_avg_pool1d", .forward = forward, .samples = samples};
