/* The maxout layer. */
#include "../layers.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_maxout_options *o = call->options;
    return wg_maxout(x, (int)o->axis, o->pieces);
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_maxout_options){.pieces = 2, .axis = 1}, .n_in = 1, .in = {{3, {2, 6, 2}}}},
    {.options = &(const wg_nn_maxout_options){.pieces = 3, .axis = -1}, .n_in = 1, .in = {{2, {2, 6}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_maxout_kind = {.name = "maxout", .forward = forward, .samples = samples};
