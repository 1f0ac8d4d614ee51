/* The batch normalisation layer: the op on the batch's statistics in training, the running statistics in use. */
#include "layers.h"

#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

enum { GAMMA, BETA };    /* parameters */
enum { MEAN, VARIANCE }; /* buffers */

static wg_status check_input(const wg_nn_batch_norm_options *o, const wg_tensor *x)
{
    const wg_shape shape = wg_shape_of(x);
    char text[200];
    if (!nn_is_of_dtype(x, o->dtype, "nn_batch_norm"))
        return WG_E_DTYPE;
    if (shape.rank >= 2 && shape.extent[1] == o->channels)
        return WG_OK;
    return wg_error_set(WG_E_SHAPE, "nn_batch_norm", "nn_batch_norm: expected (N, %lld) or (N, %lld, ...), got %s",
                        (long long)o->channels, (long long)o->channels, wg_shape_text(shape, text, sizeof text));
}

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
    const wg_batch_norm_options options = {
        .weight = call->param[GAMMA], .bias = call->param[BETA], .eps = o->eps, .mean = &mean, .variance = &variance};
    wg_tensor *y = relu ? wg_batch_norm_relu_with(x, options) : wg_batch_norm_with(x, options);
    if (!y)
        return NULL;
    if (!call->functional &&
        (wg_ema_update(call->buffer[MEAN], mean, o->momentum) != WG_OK ||
         wg_running_variance_update(call->buffer[VARIANCE], variance, o->momentum, wg_numel(x) / o->channels) != WG_OK))
        return NULL;
    wg_drop(mean);
    wg_drop(variance);
    return y;
}

/* A (C) tensor as x's axis 1: (C), or (C,1,…) for x (N,C,…). */
static wg_tensor *per_channel(wg_tensor *t, const wg_tensor *x)
{
    const int rank = wg_rank(x);
    if (!t || rank == 2)
        return t;
    wg_shape shape = {.rank = rank - 1, .extent = {wg_extent(x, 1)}};
    for (int i = 1; i < shape.rank; i++)
        shape.extent[i] = 1;
    return wg_reshape(t, shape);
}

/* (x - mean) before the product: a large mean would cancel in x scale + shift. The statistics are copied, so that training on may
   change them before backward reads them. */
static wg_tensor *use(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_batch_norm_options *o = call->options;
    wg_tensor *mean = wg_copy(call->buffer[MEAN]), *variance = wg_copy(call->buffer[VARIANCE]);
    wg_tensor *deviation = wg_sqrt(wg_add_scalar(wg_donate(variance), o->eps));
    wg_tensor *scale = wg_div(call->param[GAMMA], deviation);
    wg_tensor *centred = wg_sub(x, per_channel(mean, x));
    wg_tensor *scaled = wg_mul(centred, per_channel(scale, x));
    wg_tensor *y = wg_add(wg_donate(scaled), per_channel(call->param[BETA], x));
    wg_drop(mean);
    wg_drop(deviation);
    wg_drop(scale);
    wg_drop(centred);
    return y;
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    if (check_input(call->options, x) != WG_OK)
        return NULL;
    return wg_train_mode() ? train(call, x, false) : use(call, x);
}

wg_tensor *nn_batch_norm_relu(const wg_nn_call *call, wg_tensor *x)
{
    if (check_input(call->options, x) != WG_OK)
        return NULL;
    return wg_train_mode() ? train(call, x, true) : wg_relu(wg_donate(use(call, x)));
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_batch_norm_options *o = options;
    const wg_shape shape = WG_SHAPE(o->channels);
    WG_TRY(wg_nn_add_parameter(layer, "weight", wg_ones(o->dtype, shape)));
    WG_TRY(wg_nn_add_parameter(layer, "bias", wg_zeros(o->dtype, shape)));
    WG_TRY(wg_nn_add_buffer(layer, "running_mean", wg_zeros(o->dtype, shape)));
    return wg_nn_add_buffer(layer, "running_var", wg_ones(o->dtype, shape));
}

static const wg_nn_sample samples[] = {
    {&(const wg_nn_batch_norm_options){.channels = 4, .eps = 1e-5, .momentum = 0.1, .dtype = WG_F64}, 1, {{2, {6, 4}}}},
    {&(const wg_nn_batch_norm_options){.channels = 3, .eps = 0.01, .momentum = 0.3, .dtype = WG_F64}, 1, {{4, {2, 3, 4, 2}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_batch_norm_kind = {.name = "batch_norm", .forward = forward, .build = build, .samples = samples};
