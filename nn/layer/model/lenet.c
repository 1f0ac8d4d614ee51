/* LeNet-5 as it is trained today: maximum pooling and relu in place of averages and tanh, and a linear layer as the last. */
#include "../layers.h"
#include "wengert/error.h"

static wg_status build(wg_nn_module *net, const void *options)
{
    const wg_nn_lenet_options *o = options;
    const int64_t side = (o->extent / 2 - 4) / 2; /* of an image behind the second pooling */
    const wg_dtype dtype = o->dtype;
    wg_tensor *g = o->generator;
    WG_TRY(nn_append(net, wg_nn_conv2d(o->channels, o->width1, 5, .padding = WG_PAIR(2, 2), .dtype = dtype, .generator = g)));
    WG_TRY(nn_append(net, wg_nn_relu()));
    WG_TRY(nn_append(net, wg_nn_max_pool2d(2)));
    WG_TRY(nn_append(net, wg_nn_conv2d(o->width1, o->width2, 5, .dtype = dtype, .generator = g)));
    WG_TRY(nn_append(net, wg_nn_relu()));
    WG_TRY(nn_append(net, wg_nn_max_pool2d(2)));
    WG_TRY(nn_append(net, wg_nn_flatten()));
    WG_TRY(nn_append(net, wg_nn_linear(o->width2 * side * side, o->hidden1, .dtype = dtype, .generator = g)));
    WG_TRY(nn_append(net, wg_nn_relu()));
    WG_TRY(nn_append(net, wg_nn_linear(o->hidden1, o->hidden2, .dtype = dtype, .generator = g)));
    WG_TRY(nn_append(net, wg_nn_relu()));
    return nn_append(net, wg_nn_linear(o->hidden2, o->classes, .dtype = dtype, .generator = g));
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_lenet_options *o = call->options;
    char text[200];
    if (!nn_is_of_dtype(x, o->dtype, "nn_lenet"))
        return NULL;
    if (wg_rank(x) == 4 && wg_extent(x, 1) == o->channels && wg_extent(x, 2) == o->extent && wg_extent(x, 3) == o->extent)
        return nn_forward_chain(call, x);
    (void)wg_error_set(WG_E_SHAPE, "nn_lenet", "nn_lenet: expected x of shape (N, %lld, %lld, %lld), got %s",
                       (long long)o->channels, (long long)o->extent, (long long)o->extent,
                       wg_shape_text(wg_shape_of(x), text, sizeof text));
    return NULL;
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_lenet_options){.classes = 3,
                                             .channels = 1,
                                             .width1 = 2,
                                             .width2 = 3,
                                             .hidden1 = 5,
                                             .hidden2 = 4,
                                             .extent = 12,
                                             .dtype = WG_F64,
                                             .generator = WG_NONE},
     .n_in = 1,
     .in = {{4, {2, 1, 12, 12}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_lenet_kind = {.name = "lenet", .forward = forward, .build = build, .samples = samples};
