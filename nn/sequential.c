/* Layers one after another, and the multilayer perceptron made of them. */
#include <stdio.h>

#include "wengert/error.h"
#include "wengert/nn.h"
#include "wengert/tensor.h"

/* The values between two layers are read again by backward only. A layer may return its input, or a view of it. */
static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const size_t n = wg_nn_children(call->module);
    wg_tensor *y = x;
    for (size_t i = 0; i < n && y;) {
        wg_tensor *next = wg_nn_apply_next(call, &i, y);
        if (y != x && y != next)
            wg_drop(y);
        y = next;
    }
    return y;
}

static const struct wg_nn_kind sequential = {.name = "sequential", .forward = forward};
static const struct wg_nn_kind mlp = {.name = "mlp", .forward = forward};

/* Takes layer over, NULL too: that is a failure. */
static wg_status append(wg_nn_module *net, wg_nn_module *layer)
{
    char name[32];
    snprintf(name, sizeof name, "%zu", wg_nn_children(net));
    return wg_nn_add_child(net, name, layer);
}

wg_nn_module *wg_nn_sequential_with(wg_nn_module *const *layers, size_t n)
{
    if (!layers && n > 0) {
        (void)wg_error_set(WG_E_NULL, "nn_sequential", "nn_sequential: the layers are NULL");
        return NULL;
    }
    wg_nn_module *net = wg_nn_module_create(&sequential, NULL);
    wg_status status = net ? WG_OK : WG_E_MEMORY;
    for (size_t i = 0; i < n; i++) {
        if (status == WG_OK)
            status = append(net, layers[i]);
        else
            wg_nn_destroy(layers[i]);
    }
    if (status == WG_OK)
        return net;
    wg_nn_destroy(net);
    return NULL;
}

static double gain_of(wg_activation activation)
{
    return activation == WG_ACTIVATION_RELU ? WG_SQRT_2 : activation == WG_ACTIVATION_TANH ? 5.0 / 3 : 1;
}

static wg_status append_block(wg_nn_module *net, int64_t in, int64_t out, bool last, wg_tensor *generator,
                              const wg_nn_mlp_options *options)
{
    const double gain = last ? 1 : gain_of(options->activation);
    WG_TRY(
        append(net, wg_nn_linear(in, out, .dtype = options->dtype, .init = options->init, .gain = gain, .generator = generator)));
    if (last)
        return WG_OK;
    if (options->batch_norm)
        WG_TRY(append(net, wg_nn_batch_norm(out, .dtype = options->dtype)));
    return options->activation == WG_ACTIVATION_IDENTITY ? WG_OK : append(net, wg_nn_activation(options->activation));
}

static wg_tensor *init_generator(uint64_t seed)
{
    return seed == WG_NO_SEED ? wg_generator_split(wg_generator_default(), WG_STREAM_INIT) : wg_generator(seed, WG_STREAM_INIT);
}

wg_nn_module *wg_nn_mlp_with(wg_sizes sizes, wg_nn_mlp_options options)
{
    if (!sizes.size || sizes.count < 2) {
        (void)wg_error_set(WG_E_ARGUMENT, "nn_mlp", "nn_mlp: expected at least two sizes, of input and output");
        return NULL;
    }
    wg_tensor *generator = init_generator(options.seed);
    wg_nn_module *net = generator ? wg_nn_module_create(&mlp, NULL) : NULL;
    wg_status status = net ? WG_OK : WG_E_MEMORY;
    for (int i = 0; i + 1 < sizes.count && status == WG_OK; i++)
        status = append_block(net, sizes.size[i], sizes.size[i + 1], i + 2 == sizes.count, generator, &options);
    wg_free(generator);
    if (status == WG_OK)
        return net;
    wg_nn_destroy(net);
    return NULL;
}
