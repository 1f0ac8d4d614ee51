/* The root mean square normalisation layer. */
#include "../layers.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_rms_norm_options *o = call->options;
    const struct nn_form form = {"nn_rms_norm", o->dtype, .min_rank = 1, .axis = -1, .extent = o->features, .text = "(..., %)"};
    return nn_fits(x, &form) ? wg_rms_norm(x, .weight = nn_affine_of(call, o->affine, false).weight, .eps = o->eps) : NULL;
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_rms_norm_options *o = options;
    return nn_add_affine(layer, o->dtype, o->features, o->affine, false);
}

#define OPTIONS(...)                                \
    &(const wg_nn_rms_norm_options)                 \
    {                                               \
        .features = 5, .dtype = WG_F64, __VA_ARGS__ \
    }
static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.eps = 1e-6, .affine = true), .n_in = 1, .in = {{3, {2, 3, 5}}}},
    {.options = OPTIONS(.eps = 0.1, .affine = false), .n_in = 1, .in = {{2, {4, 5}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_rms_norm_kind = {.name = "rms_norm", .forward = forward, .build = build, .samples = samples};
