/* A transformer's encoder: layers one after another. */
#include <stdio.h>

#include "attention.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { LAYERS, NORM }; /* children */

static struct nn_transformer described(const wg_nn_transformer_encoder_options *o)
{
    return (struct nn_transformer){.op = "nn_transformer_encoder", NN_TRANSFORMER_OPTIONS(o), .causal = o->causal};
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_transformer_encoder_options *o = call->options;
    const struct nn_transformer t = described(o);
    if (!nn_takes_inputs(&t, call, 2, "x, or x and a mask") || !nn_fits_sequence(&t, x))
        return NULL;
    wg_tensor *y = wg_nn_apply_child_to(call, LAYERS, call->in, call->n_in);
    return o->norm ? wg_nn_apply_child(call, NORM, y) : y;
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_transformer_encoder_options *o = options;
    const struct nn_transformer t = described(o);
    WG_TRY(nn_check_transformer(&t));
    WG_TRY(wg_nn_add_child(layer, "layers", nn_encoder_stack(&t, o->layers)));
    return o->norm ? wg_nn_add_child(layer, "norm", wg_nn_layer_norm(o->width, .eps = o->eps, .dtype = o->dtype)) : WG_OK;
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_transformer_encoder_options){.width = 4,
                                                           .heads = 2,
                                                           .layers = 2,
                                                           .hidden = 3,
                                                           .eps = 1e-5,
                                                           .activation = WG_ACTIVATION_GELU,
                                                           .norm = true,
                                                           .dtype = WG_F64,
                                                           .generator = WG_NONE},
     .n_in = 1,
     .in = {{3, {2, 3, 4}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_transformer_encoder_kind = {
    .name = "transformer_encoder", .forward = forward, .n_in = WG_NN_ANY, .build = build, .samples = samples};
