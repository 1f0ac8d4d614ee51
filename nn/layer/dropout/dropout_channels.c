/* Dropout of whole channels. */
#include "../layers.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

static wg_tensor *drop(wg_tensor *x, double p)
{
    wg_shape shape = wg_shape_of(x);
    for (int axis = 2; axis < shape.rank; axis++)
        shape.extent[axis] = 1;
    return wg_mask_scale(x, wg_bernoulli(wg_generator_default(), WG_U8, shape, 1 - p), 1 / (1 - p));
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_dropout_channels_options *o = call->options;
    if (!nn_is_float(x, "nn_dropout_channels") || !nn_has_rank(x, 2, "(N, C) or (N, C, ...)", "nn_dropout_channels"))
        return NULL;
    return wg_train_mode() && o->p > 0 ? drop(x, o->p) : x;
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_dropout_channels_options){.p = 0.5}, .n_in = 1, .in = {{4, {2, 4, 2, 3}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_dropout_channels_kind = {.name = "dropout_channels", .forward = forward, .samples = samples};
