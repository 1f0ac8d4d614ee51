/* The batch normalisation layer: the op on the batch's statistics in training, the running statistics in use. */
#include "statistics.h"

#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

static bool fits(const wg_nn_batch_norm_options *o, const wg_tensor *x)
{
    return nn_fits(x, &(struct nn_form){"nn_batch_norm", o->dtype, .min_rank = 2, .axis = 1, .extent = o->channels,
                                        .text = "(N, %) or (N, %, ...)"});
}

/* running ← its mean with the value, over count values. */
static wg_status average(wg_tensor *running, wg_tensor *value, wg_tensor *count)
{
    wg_tensor *rate = wg_reciprocal(wg_cast(count, wg_dtype_of(running)));
    return wg_assign(running, wg_lerp(running, value, rate));
}

/* m values of each channel. */
static wg_status update(const wg_nn_call *call, wg_tensor *mean, wg_tensor *variance, int64_t m)
{
    const wg_nn_batch_norm_options *o = call->options;
    wg_tensor *const *buffer = call->buffer;
    WG_NO_GRAD;
    WG_TRY(wg_increment(buffer[NN_COUNT]));
    if (!o->cumulative)
        return nn_update_statistics(call, mean, variance, m, o->momentum);
    WG_TRY(average(buffer[NN_MEAN], mean, buffer[NN_COUNT]));
    return average(buffer[NN_VARIANCE], wg_mul_scalar(variance, (double)m / (double)(m - 1)), buffer[NN_COUNT]);
}

/* By the batch's statistics. */
static wg_tensor *train(const wg_nn_call *call, wg_tensor *x, bool relu)
{
    const wg_nn_batch_norm_options *o = call->options;
    char text[200];
    if (wg_numel(x) == o->channels) {
        (void)wg_error_set(
            WG_E_SHAPE, "nn_batch_norm",
            "nn_batch_norm: training takes more than one value of each channel, got %s: leave out a last batch of one row "
            "(.drop_last), or apply the network in WG_EVAL_MODE",
            wg_shape_text(wg_shape_of(x), text, sizeof text));
        return NULL;
    }
    wg_tensor *mean = NULL, *variance = NULL;
    const struct nn_affine affine = nn_affine_of(call, o->affine, o->affine);
    const wg_batch_norm_options options = {
        .weight = affine.weight, .bias = affine.bias, .eps = o->eps, .mean = &mean, .variance = &variance};
    wg_tensor *y = relu ? wg_batch_norm_relu_with(x, options) : wg_batch_norm_with(x, options);
    if (!y)
        return NULL;
    if (o->track && wg_train_mode() && !call->functional && update(call, mean, variance, wg_numel(x) / o->channels) != WG_OK)
        return NULL;
    wg_drop(mean);
    wg_drop(variance);
    return y;
}

static wg_tensor *use(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_batch_norm_options *o = call->options;
    return nn_by_statistics(call, x, nn_affine_of(call, o->affine, o->affine), o->eps);
}

static bool by_batch(const wg_nn_call *call)
{
    return wg_train_mode() || !((const wg_nn_batch_norm_options *)call->options)->track;
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    if (!fits(call->options, x))
        return NULL;
    return by_batch(call) ? train(call, x, false) : use(call, x);
}

wg_tensor *nn_batch_norm_relu(const wg_nn_call *call, wg_tensor *x)
{
    if (!fits(call->options, x))
        return NULL;
    return by_batch(call) ? train(call, x, true) : wg_relu(wg_donate(use(call, x)));
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_batch_norm_options *o = options;
    if (o->cumulative && o->momentum != 0.1)
        return wg_error_set(
            WG_E_ARGUMENT, "nn_batch_norm",
            "nn_batch_norm: .cumulative = true and .momentum = %g exclude each other: a mean over all batches has no momentum",
            o->momentum);
    WG_TRY(nn_add_affine(layer, o->dtype, o->channels, o->affine, o->affine));
    if (!o->track)
        return WG_OK;
    WG_TRY(nn_add_statistics(layer, o->dtype, o->channels));
    return wg_nn_add_buffer(layer, "num_batches_tracked", wg_zeros(WG_F64, WG_SCALAR));
}

#define OPTIONS(...)                  \
    &(const wg_nn_batch_norm_options) \
    {                                 \
        .dtype = WG_F64, __VA_ARGS__  \
    }

static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.channels = 4, .eps = 1e-5, .momentum = 0.1, .affine = true, .track = true),
     .n_in = 1,
     .in = {{2, {6, 4}}}},
    {.options = OPTIONS(.channels = 3, .eps = 0.01, .momentum = 0.3, .affine = true, .track = true),
     .n_in = 1,
     .in = {{4, {2, 3, 4, 2}}}},
    {.options = OPTIONS(.channels = 3, .eps = 1e-5, .momentum = 0.1, .cumulative = true, .affine = false, .track = true),
     .n_in = 1,
     .in = {{3, {2, 3, 4}}}},
    {.options = OPTIONS(.channels = 2, .eps = 1e-5, .momentum = 0.1, .affine = true, .track = false),
     .n_in = 1,
     .in = {{2, {5, 2}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_batch_norm_kind = {.name = "batch_norm", .forward = forward, .build = build, .samples = samples};
