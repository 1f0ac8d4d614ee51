/* Additive Gaussian noise, whose mean and deviation may differ from channel to channel and from step to step. */
#include "../layers.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

/* Uniform in [low, high) for each channel, as axis 1 of x; a number if the two are equal. Drawn in f64, so that the draws of one seed are the
   same in both dtypes. */
static wg_tensor *per_channel(const wg_tensor *x, double low, double high)
{
    wg_tensor *generator = wg_generator_default();
    if (low == high)
        return wg_full(wg_dtype_of(x), WG_SCALAR, low);
    wg_tensor *draws = wg_uniform(generator, WG_F64, WG_SHAPE(wg_extent(x, 1)), low, high);
    return nn_per_channel(wg_cast(draws, wg_dtype_of(x)), x);
}

static wg_tensor *noise(const wg_nn_noise_options *o, const wg_tensor *x)
{
    wg_tensor *mean = per_channel(x, -o->mean_range, o->mean_range);
    wg_tensor *deviation = per_channel(x, o->deviation, o->deviation + o->deviation_range);
    return wg_fma(wg_normal(wg_generator_default(), wg_dtype_of(x), wg_shape_of(x), 0, 1), deviation, mean);
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_noise_options *o = call->options;
    if (!nn_is_float(x, "nn_noise") || !nn_has_rank(x, 2, "(N, C) or (N, C, ...)", "nn_noise"))
        return NULL;
    return wg_train_mode() ? wg_add(x, noise(o, x)) : x;
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_noise_options){.deviation = 0.1}, .n_in = 1, .in = {{2, {4, 5}}}},
    {.options = &(const wg_nn_noise_options){.deviation = 1, .deviation_range = 0.5, .mean_range = 2},
     .n_in = 1,
     .in = {{4, {2, 3, 2, 2}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_noise_kind = {.name = "noise", .forward = forward, .samples = samples};
