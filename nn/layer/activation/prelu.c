/* The prelu layer: relu with a slope for x ≤ 0 that is trained. */
#include "../layers.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { SLOPE }; /* parameters */

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_prelu_options *o = call->options;
    const struct nn_form each = {
        "nn_prelu", o->dtype, .min_rank = 2, .axis = 1, .extent = o->channels, .text = "(N, %) or (N, %, ...)"};
    if (!(o->channels > 1 ? nn_fits(x, &each) : nn_is_of_dtype(x, o->dtype, "nn_prelu")))
        return NULL;
    wg_tensor *slope = o->channels > 1 ? nn_per_channel(call->param[SLOPE], x) : call->param[SLOPE];
    return wg_where(wg_gt(x, wg_zeros(o->dtype, WG_SCALAR)), x, wg_mul(slope, x));
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_prelu_options *o = options;
    const wg_shape shape = WG_SHAPE(o->channels);
    return wg_nn_add_parameter(layer, "weight", wg_init_tensor(o->dtype, shape, WG_NONE, WG_INIT_CONSTANT, .value = o->init));
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_prelu_options){.channels = 1, .init = 0.25, .dtype = WG_F64}, .n_in = 1, .in = {{2, {3, 4}}}},
    {.options = &(const wg_nn_prelu_options){.channels = 3, .init = 0.25, .dtype = WG_F64}, .n_in = 1, .in = {{3, {2, 3, 4}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_prelu_kind = {.name = "prelu", .forward = forward, .build = build, .samples = samples};
