/* Activations as layers. */
#include "wengert/error.h"
#include "wengert/nn.h"
#include "wengert/ops.h"

static wg_tensor *forward_identity(const wg_nn_call *call, wg_tensor *x)
{
    (void)call;
    return x;
}

static wg_tensor *forward_relu(const wg_nn_call *call, wg_tensor *x)
{
    (void)call;
    return wg_relu(x);
}

static wg_tensor *forward_tanh(const wg_nn_call *call, wg_tensor *x)
{
    (void)call;
    return wg_tanh(x);
}

static wg_tensor *forward_sigmoid(const wg_nn_call *call, wg_tensor *x)
{
    (void)call;
    return wg_sigmoid(x);
}

static const struct wg_nn_kind types[] = {
    [WG_ACTIVATION_IDENTITY] = {.name = "identity", .forward = forward_identity},
    [WG_ACTIVATION_RELU] = {.name = "relu", .forward = forward_relu, .is_relu = true},
    [WG_ACTIVATION_TANH] = {.name = "tanh", .forward = forward_tanh},
    [WG_ACTIVATION_SIGMOID] = {.name = "sigmoid", .forward = forward_sigmoid},
};

wg_nn_module *wg_nn_activation(wg_activation activation)
{
    if ((unsigned)activation < sizeof types / sizeof *types)
        return wg_nn_module_create(&types[activation], NULL);
    (void)wg_error_set(WG_E_ARGUMENT, "nn_activation", "nn_activation: there is no activation %d", (int)activation);
    return NULL;
}

wg_nn_module *wg_nn_relu(void)
{
    return wg_nn_activation(WG_ACTIVATION_RELU);
}

wg_nn_module *wg_nn_tanh(void)
{
    return wg_nn_activation(WG_ACTIVATION_TANH);
}

wg_nn_module *wg_nn_sigmoid(void)
{
    return wg_nn_activation(WG_ACTIVATION_SIGMOID);
}
