/* The linear layer: y = x Wᵀ + b. */
#include <math.h>

#include "wengert/error.h"
#include "wengert/nn.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

/* The layer names itself, whether it runs alone or in one pass with a relu. */
static bool fits(const wg_tensor *weight, const wg_tensor *x)
{
    const wg_shape shape = wg_shape_of(x);
    char text[200];
    if (wg_dtype_of(x) != wg_dtype_of(weight)) {
        (void)wg_error_set(WG_E_DTYPE, "linear",
                           "linear: expected x of the weight's dtype, %s, got %s: wg_cast x, or make the layer with .dtype",
                           wg_dtype_name(wg_dtype_of(weight)), wg_dtype_name(wg_dtype_of(x)));
        return false;
    }
    if (shape.rank >= 1 && shape.extent[shape.rank - 1] == wg_extent(weight, 1))
        return true;
    (void)wg_error_set(WG_E_SHAPE, "linear", "linear: expected x of shape (..., %lld), got %s", (long long)wg_extent(weight, 1),
                       wg_shape_text(shape, text, sizeof text));
    return false;
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    return fits(call->param[0], x) ? wg_linear(x, call->param[0], call->param[1]) : NULL;
}

static wg_tensor *forward_without_bias(const wg_nn_call *call, wg_tensor *x)
{
    return fits(call->param[0], x) ? wg_linear(x, call->param[0], WG_NONE) : NULL;
}

static wg_tensor *forward_relu(const wg_nn_call *call, wg_tensor *x)
{
    return fits(call->param[0], x) ? wg_linear_relu(x, call->param[0], call->param[1]) : NULL;
}

static wg_tensor *forward_relu_without_bias(const wg_nn_call *call, wg_tensor *x)
{
    return fits(call->param[0], x) ? wg_linear_relu(x, call->param[0], WG_NONE) : NULL;
}

static const struct wg_nn_kind with_bias = {.name = "linear", .forward = forward, .forward_relu = forward_relu};
static const struct wg_nn_kind without_bias = {
    .name = "linear", .forward = forward_without_bias, .forward_relu = forward_relu_without_bias};

static wg_tensor *initial_bias(int64_t in, int64_t out, const wg_nn_linear_options *options)
{
    const double bound = 1 / sqrt((double)in);
    if (options->init == WG_INIT_LINEAR)
        return wg_uniform(options->generator, options->dtype, WG_SHAPE(out), -bound, bound);
    return wg_zeros(options->dtype, WG_SHAPE(out));
}

static wg_status add_parameters(wg_nn_module *layer, int64_t in, int64_t out, const wg_nn_linear_options *options)
{
    const wg_init_options rule = {.gain = options->gain, .fan = WG_FAN_IN};
    WG_TRY(wg_nn_add_parameter(layer, "weight",
                               wg_init_tensor_with(options->dtype, WG_SHAPE(out, in), options->generator, options->init, rule)));
    return options->bias ? wg_nn_add_parameter(layer, "bias", initial_bias(in, out, options)) : WG_OK;
}

wg_nn_module *wg_nn_linear_with(int64_t in, int64_t out, wg_nn_linear_options options)
{
    if (in < 1 || out < 1) {
        (void)wg_error_set(WG_E_ARGUMENT, "nn_linear", "nn_linear: sizes are at least 1, not %lld to %lld", (long long)in,
                           (long long)out);
        return NULL;
    }
    wg_tensor *own = options.generator == WG_NONE ? wg_generator_split(wg_generator_default(), WG_STREAM_INIT) : WG_NONE;
    if (own != WG_NONE)
        options.generator = own;
    wg_nn_module *layer = wg_nn_module_create(options.bias ? &with_bias : &without_bias, NULL);
    const bool good = layer && add_parameters(layer, in, out, &options) == WG_OK;
    wg_free(own);
    if (good)
        return layer;
    wg_nn_destroy(layer);
    return NULL;
}
