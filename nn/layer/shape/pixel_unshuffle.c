/* The layer of wg_pixel_unshuffle. */
#include "../conv/places.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_pixel_unshuffle_options *o = call->options;
    return nn_has_places(x, "nn_pixel_unshuffle", 2) ? wg_pixel_unshuffle(x, o->factor) : NULL;
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_pixel_unshuffle_options){.factor = 2}, .n_in = 1, .in = {{4, {2, 1, 4, 6}}}},
    {.options = &(const wg_nn_pixel_unshuffle_options){.factor = 3}, .n_in = 1, .in = {{4, {1, 2, 3, 3}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_pixel_unshuffle_kind = {.name = "pixel_unshuffle", .forward = forward, .samples = samples};
