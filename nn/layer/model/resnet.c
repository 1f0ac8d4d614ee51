/* Residual networks for small images: a convolution, three stages of blocks, the mean of each channel, a linear layer. */
#include "../conv/places.h"
#include "wengert/error.h"

/* A stage of blocks, the first of which changes channels and size. */
static wg_nn_module *stage(const wg_nn_resnet_options *o, int64_t in, int64_t out, int64_t stride)
{
    wg_nn_module *blocks = wg_nn_sequential_with(NULL, 0);
    wg_status status = blocks ? WG_OK : WG_E_MEMORY;
    for (int64_t i = 0; i < o->blocks && status == WG_OK; i++)
        status = nn_append(blocks, wg_nn_basic_block(i == 0 ? in : out, out, .stride = i == 0 ? stride : 1, .shortcut = o->shortcut,
                                                     .dtype = o->dtype, .generator = o->generator));
    if (status == WG_OK)
        return blocks;
    wg_nn_destroy(blocks);
    return NULL;
}

static wg_status build(wg_nn_module *net, const void *options)
{
    const wg_nn_resnet_options *o = options;
    const int64_t width = o->width;
    WG_TRY(wg_nn_add_child(net, "conv1",
                           wg_nn_conv2d(o->channels, width, 3, .padding = WG_PAIR(1, 1), .bias = false, .dtype = o->dtype,
                                        .init = WG_INIT_KAIMING_NORMAL, .gain = WG_SQRT_2, .generator = o->generator)));
    WG_TRY(wg_nn_add_child(net, "bn1", wg_nn_batch_norm(width, .dtype = o->dtype)));
    WG_TRY(wg_nn_add_child(net, "relu", wg_nn_relu()));
    WG_TRY(wg_nn_add_child(net, "layer1", stage(o, width, width, 1)));
    WG_TRY(wg_nn_add_child(net, "layer2", stage(o, width, 2 * width, 2)));
    WG_TRY(wg_nn_add_child(net, "layer3", stage(o, 2 * width, 4 * width, 2)));
    WG_TRY(wg_nn_add_child(net, "avgpool", wg_nn_adaptive_avg_pool2d(1)));
    WG_TRY(wg_nn_add_child(net, "flatten", wg_nn_flatten()));
    return wg_nn_add_child(net, "fc",
                           wg_nn_linear(4 * width, o->classes, .dtype = o->dtype, .init = WG_INIT_KAIMING_NORMAL, .gain = WG_SQRT_2,
                                        .generator = o->generator));
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_resnet_options *o = call->options;
    return nn_is_image(x, "nn_resnet", o->dtype, o->channels, 1) ? nn_forward_chain(call, x) : NULL;
}

static const wg_nn_sample samples[] = {
    {.options = &(
         const wg_nn_resnet_options){.blocks = 1, .classes = 3, .channels = 1, .width = 1, .dtype = WG_F64, .generator = WG_NONE},
     .n_in = 1,
     .in = {{4, {2, 1, 6, 5}}}},
    {.options = &(const wg_nn_resnet_options){.blocks = 2,
                                              .classes = 2,
                                              .channels = 2,
                                              .width = 1,
                                              .shortcut = WG_SHORTCUT_PROJECTION,
                                              .dtype = WG_F64,
                                              .generator = WG_NONE},
     .n_in = 1,
     .in = {{4, {2, 2, 6, 5}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_resnet_kind = {.name = "resnet", .forward = forward, .build = build, .samples = samples};
