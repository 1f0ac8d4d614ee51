/* The layer of convolution over volumes. */
#include "places.h"
#include "wengert/ops.h"

enum { WEIGHT, BIAS }; /* parameters */

/* x as the convolution reads it. */
static wg_tensor *prepared(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_conv3d_options *o = call->options;
    const int64_t rows = nn_extent_or(o->rows, o->size);
    const struct nn_reach reach = {.op = "nn_conv3d",
                                   .axes = 3,
                                   .mode = o->padding_mode,
                                   .padding = {o->padding.at[0], o->padding.at[1], o->padding.at[2]},
                                   .size = {o->size, rows, nn_extent_or(o->columns, rows)},
                                   .dilation = {o->dilation.at[0], o->dilation.at[1], o->dilation.at[2]}};
    return nn_fits_convolution(x, reach.op, 3, o->in, o->dtype) ? nn_padded(x, &reach) : NULL;
}

static wg_conv3d_options window(const wg_nn_conv3d_options *o)
{
    wg_conv3d_options options = {.groups = o->groups};
    options.stride = o->stride;
    options.dilation = o->dilation;
    if (o->padding_mode == WG_PADDING_ZEROS) /* else x is padded before */
        options.padding = o->padding;
    return options;
}

static wg_tensor *bias_of(const wg_nn_call *call)
{
    return ((const wg_nn_conv3d_options *)call->options)->bias ? call->param[BIAS] : WG_NONE;
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    wg_tensor *padded = prepared(call, x);
    return padded ? wg_conv3d_with(padded, call->param[WEIGHT], bias_of(call), window(call->options)) : NULL;
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_conv3d_options *o = options;
    return nn_add_convolution(layer, &(struct nn_convolution){.op = "nn_conv3d",
                                                              .in = o->in,
                                                              .out = o->out,
                                                              .groups = o->groups,
                                                              .axes = 3,
                                                              .size = {o->size, nn_extent_or(o->rows, o->size),
                                                                       nn_extent_or(o->columns, nn_extent_or(o->rows, o->size))},
                                                              .bias = o->bias,
                                                              .dtype = o->dtype,
                                                              .init = o->init,
                                                              .gain = o->gain,
                                                              .generator = o->generator});
}

#define OPTIONS(...)                                                          \
    &(const wg_nn_conv3d_options)                                             \
    {                                                                         \
        .in = 2, .out = 4, .dtype = WG_F64, .generator = WG_NONE, __VA_ARGS__ \
    }

static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.size = 2, .stride = WG_TRIPLE(1, 1, 1), .padding = WG_TRIPLE(1, 0, 1), .dilation = WG_TRIPLE(1, 1, 1),
                        .groups = 1, .bias = true, .gain = 1),
     .n_in = 1,
     .in = {{5, {2, 2, 2, 3, 2}}}},
    {.options = OPTIONS(.size = 2, .rows = 1, .columns = 3, .stride = WG_TRIPLE(1, 2, 1), .padding = WG_TRIPLE(1, 0, 1),
                        .dilation = WG_TRIPLE(2, 1, 1), .groups = 2, .padding_mode = WG_PADDING_CIRCULAR, .gain = 1),
     .n_in = 1,
     .in = {{5, {1, 2, 3, 3, 2}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_conv3d_kind = {.name = "conv3d", .forward = forward, .build = build, .samples = samples};
