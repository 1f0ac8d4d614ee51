/* The dropout layer. */
#include "../layers.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_dropout_options *o = call->options;
    if (!nn_is_float(x, "nn_dropout"))
        return NULL;
    return nn_dropped(x, o->p);
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_dropout_options){.p = 0.4}, .n_in = 1, .in = {{2, {4, 5}}}},
    {.options = &(const wg_nn_dropout_options){.p = 0}, .n_in = 1, .in = {{1, {3}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_dropout_kind = {.name = "dropout", .forward = forward, .samples = samples};
