/* Two convolutions, each with batch normalisation and relu: the block of a U-Net. */
#include "../conv/places.h"

static wg_nn_module *convolution(const wg_nn_double_conv_options *o, int64_t in)
{
    return wg_nn_conv2d(in, o->out, 3, .padding = WG_PAIR(1, 1), .bias = false, .dtype = o->dtype, .generator = o->generator);
}

static wg_status build(wg_nn_module *block, const void *options)
{
    const wg_nn_double_conv_options *o = options;
    for (int i = 0; i < 2; i++) {
        WG_TRY(nn_append(block, convolution(o, i == 0 ? o->in : o->out)));
        WG_TRY(nn_append(block, wg_nn_batch_norm(o->out, .dtype = o->dtype)));
        WG_TRY(nn_append(block, wg_nn_relu()));
    }
    return WG_OK;
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_double_conv_options *o = call->options;
    return nn_is_image(x, "nn_double_conv", o->dtype, o->in, 1) ? nn_forward_chain(call, x) : NULL;
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_double_conv_options){.in = 2, .out = 3, .dtype = WG_F64, .generator = WG_NONE},
     .n_in = 1,
     .in = {{4, {2, 2, 4, 3}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_double_conv_kind = {.name = "double_conv", .forward = forward, .build = build, .samples = samples};
