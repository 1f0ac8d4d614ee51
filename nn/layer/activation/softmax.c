/* The softmax layer. */
#include "../layers.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_softmax_options *o = call->options;
    return wg_softmax(x, .axis = (int)o->axis);
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_softmax_options){.axis = -1}, .n_in = 1, .in = {{2, {3, 4}}}},
    {.options = &(const wg_nn_softmax_options){.axis = 1}, .n_in = 1, .in = {{3, {2, 3, 2}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_softmax_kind = {.name = "softmax", .forward = forward, .samples = samples};
