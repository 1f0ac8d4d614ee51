/* Activations as layers. */
#include "wengert/error.h"
#include "wengert/nn.h"
#include "wengert/ops.h"

static wg_tensor *forward_identity(const wg_module_call *call, wg_tensor *x)
{
    (void)call;
    return x;
}

static wg_tensor *forward_relu(const wg_module_call *call, wg_tensor *x)
{
    (void)call;
    return wg_relu(x);
}

static wg_tensor *forward_tanh(const wg_module_call *call, wg_tensor *x)
{
    (void)call;
    return wg_tanh(x);
}

static wg_tensor *forward_sigmoid(const wg_module_call *call, wg_tensor *x)
{
    (void)call;
    return wg_sigmoid(x);
}

static const struct wg_module_type types[] = {
    [WG_IDENTITY] = {.name = "identity", .forward = forward_identity},
    [WG_RELU] = {.name = "relu", .forward = forward_relu, .is_relu = true},
    [WG_TANH] = {.name = "tanh", .forward = forward_tanh},
    [WG_SIGMOID] = {.name = "sigmoid", .forward = forward_sigmoid},
};

wg_module *wg_activation_layer(wg_activation activation)
{
    if ((unsigned)activation < sizeof types / sizeof *types)
        return wg_module_create(&types[activation], NULL);
    (void)wg_error_set(WG_E_ARGUMENT, "activation_layer", "activation_layer: there is no activation %d", (int)activation);
    return NULL;
}

wg_module *wg_relu_layer(void)
{
    return wg_activation_layer(WG_RELU);
}

wg_module *wg_tanh_layer(void)
{
    return wg_activation_layer(WG_TANH);
}

wg_module *wg_sigmoid_layer(void)
{
    return wg_activation_layer(WG_SIGMOID);
}
