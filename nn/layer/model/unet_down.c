/* A step down of a U-Net: half the size, and convolved. */
#include "../conv/places.h"

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_unet_down_options *o = options;
    WG_TRY(nn_append(layer, wg_nn_max_pool2d(2)));
    return nn_append(layer, wg_nn_double_conv(o->in, o->out, .dtype = o->dtype, .generator = o->generator));
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_unet_down_options *o = call->options;
    return nn_is_image(x, "nn_unet_down", o->dtype, o->in, 2) ? nn_forward_chain(call, x) : NULL;
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_unet_down_options){.in = 2, .out = 3, .dtype = WG_F64, .generator = WG_NONE},
     .n_in = 1,
     .in = {{4, {2, 2, 5, 4}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_unet_down_kind = {.name = "unet_down", .forward = forward, .build = build, .samples = samples};
