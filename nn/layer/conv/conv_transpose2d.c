/* The layer of transposed convolution over images. */
#include "places.h"
#include "wengert/ops.h"

enum { WEIGHT, BIAS }; /* parameters */

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_conv_transpose2d_options *o = call->options;
    wg_conv_transpose2d_options options = {.groups = o->groups};
    options.stride = o->stride;
    options.padding = o->padding;
    options.output_padding = o->output_padding;
    options.dilation = o->dilation;
    wg_tensor *bias = o->bias ? call->param[BIAS] : WG_NONE;
    return nn_fits_convolution(x, "nn_conv_transpose2d", 2, o->in, o->dtype)
               ? wg_conv_transpose2d_with(x, call->param[WEIGHT], bias, options)
               : NULL;
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_conv_transpose2d_options *o = options;
    return nn_add_convolution(layer, &(struct nn_convolution){.op = "nn_conv_transpose2d",
                                                              .in = o->in,
                                                              .out = o->out,
                                                              .groups = o->groups,
                                                              .axes = 2,
                                                              .size = {o->size, nn_extent_or(o->columns, o->size)},
                                                              .transposed = true,
                                                              .bias = o->bias,
                                                              .dtype = o->dtype,
                                                              .init = o->init,
                                                              .gain = o->gain,
                                                              .generator = o->generator});
}

#define OPTIONS(...)                                                          \
    &(const wg_nn_conv_transpose2d_options)                                   \
    {                                                                         \
        .in = 2, .out = 4, .dtype = WG_F64, .generator = WG_NONE, __VA_ARGS__ \
    }

static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.size = 3, .stride = WG_PAIR(2, 2), .padding = WG_PAIR(1, 1), .output_padding = WG_PAIR(1, 0),
                        .dilation = WG_PAIR(1, 1), .groups = 1, .bias = true, .gain = 1),
     .n_in = 1,
     .in = {{4, {2, 2, 3, 2}}}},
    {.options = OPTIONS(.size = 2, .columns = 3, .stride = WG_PAIR(1, 2), .padding = WG_PAIR(0, 1), .dilation = WG_PAIR(2, 1),
                        .groups = 2, .gain = 1),
     .n_in = 1,
     .in = {{4, {1, 2, 2, 3}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_conv_transpose2d_kind = {
    .name = "conv_transpose2d", .forward = forward, .build = build, .samples = samples};
