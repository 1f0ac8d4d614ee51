/* The elu layer. */
#include "../layers.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_elu_options *o = call->options;
    return wg_elu(x, .alpha = o->alpha);
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_elu_options){.alpha = 0.7}, .n_in = 1, .in = {{2, {3, 4}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_elu_kind = {.name = "elu", .forward = forward, .samples = samples};
