/* The linear layer: y = x Wᵀ + b. */

#include "../layers.h"
#include "wengert/ops.h"

enum { WEIGHT, BIAS }; /* parameters */

/* The layer names itself, whether it runs alone or in one pass with a relu. */
static bool fits(const wg_nn_call *call, const wg_tensor *x)
{
    const wg_nn_linear_options *o = call->options;
    return nn_fits(x, &(struct nn_form){"nn_linear", o->dtype, .min_rank = 1, .axis = -1, .extent = o->in, .text = "(..., %)"});
}

static wg_tensor *bias_of(const wg_nn_call *call)
{
    return ((const wg_nn_linear_options *)call->options)->bias ? call->param[BIAS] : WG_NONE;
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    return fits(call, x) ? wg_linear(x, call->param[WEIGHT], bias_of(call)) : NULL;
}

wg_tensor *nn_linear_relu(const wg_nn_call *call, wg_tensor *x)
{
    return fits(call, x) ? wg_linear_relu(x, call->param[WEIGHT], bias_of(call)) : NULL;
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_linear_options *o = options;
    return nn_add_weight(layer, &(struct nn_weight){.op = "nn_linear",
                                                    .shape = WG_SHAPE(o->out, o->in),
                                                    .bias = o->bias,
                                                    .dtype = o->dtype,
                                                    .init = o->init,
                                                    .gain = o->gain,
                                                    .generator = o->generator});
}

static const wg_nn_sample samples[] = {
    {.options =
         &(const wg_nn_linear_options){
             .in = 3, .out = 4, .bias = true, .dtype = WG_F64, .init = WG_INIT_LINEAR, .gain = 1, .generator = WG_NONE},
     .n_in = 1,
     .in = {{2, {5, 3}}}},
    {.options =
         &(const wg_nn_linear_options){
             .in = 2, .out = 3, .dtype = WG_F64, .init = WG_INIT_KAIMING_NORMAL, .gain = 2, .generator = WG_NONE},
     .n_in = 1,
     .in = {{3, {2, 3, 2}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_linear_kind = {.name = "linear", .forward = forward, .build = build, .samples = samples};
