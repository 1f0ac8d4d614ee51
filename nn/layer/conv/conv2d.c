/* The layer of convolution over images. */

#include "../layers.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { WEIGHT, BIAS }; /* parameters */

static bool fits(const wg_nn_call *call, const wg_tensor *x)
{
    const wg_nn_conv2d_options *o = call->options;
    return nn_fits(x, &(struct nn_form){"nn_conv2d", o->dtype, .min_rank = 4, .max_rank = 4, .axis = 1, .extent = o->in,
                                        .text = "(N, %, H, W)"});
}

static wg_conv_options window(const wg_nn_conv2d_options *o)
{
    wg_conv_options options = {.groups = o->groups};
    options.stride = o->stride;
    options.padding = o->padding;
    options.dilation = o->dilation;
    return options;
}

static wg_tensor *bias_of(const wg_nn_call *call)
{
    return ((const wg_nn_conv2d_options *)call->options)->bias ? call->param[BIAS] : WG_NONE;
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    return fits(call, x) ? wg_conv2d_with(x, call->param[WEIGHT], bias_of(call), window(call->options)) : NULL;
}

wg_tensor *nn_conv2d_relu(const wg_nn_call *call, wg_tensor *x)
{
    return fits(call, x) ? wg_conv2d_relu_with(x, call->param[WEIGHT], bias_of(call), window(call->options)) : NULL;
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_conv2d_options *o = options;
    if (o->in % o->groups != 0 || o->out % o->groups != 0)
        return wg_error_set(WG_E_ARGUMENT, "nn_conv2d",
                            "nn_conv2d: expected groups that divide in and out, got %lld for %lld and %lld", (long long)o->groups,
                            (long long)o->in, (long long)o->out);
    return nn_add_weight(layer, &(struct nn_weight){"nn_conv2d", WG_SHAPE(o->out, o->in / o->groups, o->size, o->size), o->bias,
                                                    o->dtype, o->init, o->gain, o->generator});
}

#define OPTIONS(...)                                                          \
    &(const wg_nn_conv2d_options)                                             \
    {                                                                         \
        .in = 2, .out = 4, .dtype = WG_F64, .generator = WG_NONE, __VA_ARGS__ \
    }

static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.size = 3, .stride = WG_PAIR(1, 1), .padding = WG_PAIR(1, 1), .dilation = WG_PAIR(1, 1), .groups = 1,
                        .bias = true, .init = WG_INIT_LINEAR, .gain = 1),
     .n_in = 1,
     .in = {{4, {2, 2, 5, 4}}}},
    {.options = OPTIONS(.size = 2, .stride = WG_PAIR(2, 1), .padding = WG_PAIR(0, 1), .dilation = WG_PAIR(1, 2), .groups = 2,
                        .init = WG_INIT_XAVIER_NORMAL, .gain = 2),
     .n_in = 1,
     .in = {{4, {3, 2, 6, 5}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_conv2d_kind = {.name = "conv2d", .forward = forward, .build = build, .samples = samples};
