/* The leaky relu layer. */
#include "../layers.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_leaky_relu_options *o = call->options;
    return wg_leaky_relu(x, .slope = o->slope);
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_leaky_relu_options){.slope = 0.1}, .n_in = 1, .in = {{2, {3, 4}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_leaky_relu_kind = {.name = "leaky_relu", .forward = forward, .samples = samples};
