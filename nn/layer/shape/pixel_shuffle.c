/* The layer of wg_pixel_shuffle. */
#include "../conv/places.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_pixel_shuffle_options *o = call->options;
    return nn_has_places(x, "nn_pixel_shuffle", 2) ? wg_pixel_shuffle(x, o->factor) : NULL;
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_pixel_shuffle_options){.factor = 2}, .n_in = 1, .in = {{4, {2, 8, 2, 3}}}},
    {.options = &(const wg_nn_pixel_shuffle_options){.factor = 3}, .n_in = 1, .in = {{4, {1, 9, 1, 2}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_pixel_shuffle_kind = {.name = "pixel_shuffle", .forward = forward, .samples = samples};
