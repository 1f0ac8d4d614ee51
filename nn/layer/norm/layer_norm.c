/* The layer normalisation layer. */
#include "../layers.h"
#include "wengert/error.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_layer_norm_options *o = call->options;
    const struct nn_form form = {"nn_layer_norm", o->dtype, .min_rank = 1, .axis = -1, .extent = o->features, .text = "(..., %)"};
    const struct nn_affine affine = nn_affine_of(call, o->affine, o->affine && o->bias);
    return nn_fits(x, &form) ? wg_layer_norm(x, .weight = affine.weight, .bias = affine.bias, .eps = o->eps) : NULL;
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_layer_norm_options *o = options;
    if (!o->affine && !o->bias)
        return wg_error_set(WG_E_ARGUMENT, "nn_layer_norm",
                            "nn_layer_norm: .affine = false and .bias = false exclude each other: without affine there is no bias");
    return nn_add_affine(layer, o->dtype, o->features, o->affine, o->affine && o->bias);
}

#define OPTIONS(...)                                \
    &(const wg_nn_layer_norm_options)               \
    {                                               \
        .features = 5, .dtype = WG_F64, __VA_ARGS__ \
    }
static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.eps = 1e-5, .affine = true, .bias = true), .n_in = 1, .in = {{3, {2, 3, 5}}}},
    {.options = OPTIONS(.eps = 1e-5, .affine = true, .bias = false), .n_in = 1, .in = {{2, {4, 5}}}},
    {.options = OPTIONS(.eps = 0.1, .affine = false, .bias = true), .n_in = 1, .in = {{2, {4, 5}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_layer_norm_kind = {.name = "layer_norm", .forward = forward, .build = build, .samples = samples};
