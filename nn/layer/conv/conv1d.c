/* The layer of convolution over sequences. */
#include "places.h"
#include "wengert/ops.h"

enum { WEIGHT, BIAS }; /* parameters */

/* x as the convolution reads it. */
static wg_tensor *prepared(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_conv1d_options *o = call->options;
    const struct nn_reach reach = {.op = "nn_conv1d",
                                   .axes = 1,
                                   .mode = o->padding_mode,
                                   .padding = {o->padding},
                                   .size = {o->size},
                                   .dilation = {o->dilation}};
    return nn_fits_convolution(x, reach.op, 1, o->in, o->dtype) ? nn_padded(x, &reach) : NULL;
}

static wg_conv1d_options window(const wg_nn_conv1d_options *o)
{
    wg_conv1d_options options = {.groups = o->groups};
    options.stride = o->stride;
    options.dilation = o->dilation;
    options.padding = o->padding_mode == WG_PADDING_ZEROS ? o->padding : 0;
    return options;
}

static wg_tensor *bias_of(const wg_nn_call *call)
{
    return ((const wg_nn_conv1d_options *)call->options)->bias ? call->param[BIAS] : WG_NONE;
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    wg_tensor *padded = prepared(call, x);
    return padded ? wg_conv1d_with(padded, call->param[WEIGHT], bias_of(call), window(call->options)) : NULL;
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_conv1d_options *o = options;
    return nn_add_convolution(layer, &(struct nn_convolution){.op = "nn_conv1d",
                                                              .in = o->in,
                                                              .out = o->out,
                                                              .groups = o->groups,
                                                              .axes = 1,
                                                              .size = {o->size},
                                                              .bias = o->bias,
                                                              .dtype = o->dtype,
                                                              .init = o->init,
                                                              .gain = o->gain,
                                                              .generator = o->generator});
}

#define OPTIONS(...)                                                          \
    &(const wg_nn_conv1d_options)                                             \
    {                                                                         \
        .in = 2, .out = 4, .dtype = WG_F64, .generator = WG_NONE, __VA_ARGS__ \
    }

static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.size = 3, .stride = 1, .padding = 1, .dilation = 1, .groups = 1, .bias = true, .gain = 1),
     .n_in = 1,
     .in = {{3, {2, 2, 5}}}},
    {.options = OPTIONS(.size = 2, .stride = 2, .padding = 1, .dilation = 2, .groups = 2, .gain = 1),
     .n_in = 1,
     .in = {{3, {3, 2, 6}}}},
    {.options = OPTIONS(.size = 3, .stride = 1, .padding = 2, .dilation = 1, .groups = 1, .bias = true,
                        .padding_mode = WG_PADDING_CIRCULAR, .gain = 1),
     .n_in = 1,
     .in = {{3, {2, 2, 4}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_conv1d_kind = {.name = "conv1d", .forward = forward, .build = build, .samples = samples};
