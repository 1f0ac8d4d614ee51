/* One layer of a transformer's encoder: attention of the positions to one another, and a feed-forward network, each beside a residual path. */
#include "attention.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { ATTENTION, LINEAR1, LINEAR2, NORM1, NORM2 }; /* children */

static struct nn_transformer described(const wg_nn_transformer_encoder_layer_options *o)
{
    return (struct nn_transformer){.op = "nn_transformer_encoder_layer", NN_TRANSFORMER_OPTIONS(o), .causal = o->causal};
}

static wg_tensor *attend(const struct nn_transformer *t, const wg_nn_call *call, wg_tensor *x)
{
    (void)t;
    return wg_nn_apply_child_to(call, ATTENTION, (wg_tensor *[]){x, call->n_in > 1 ? call->in[1] : NULL}, call->n_in);
}

static wg_tensor *feed_forward(const struct nn_transformer *t, const wg_nn_call *call, wg_tensor *x)
{
    return nn_feed_forward(t, call, LINEAR1, x);
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const struct nn_transformer t = described(call->options);
    if (!nn_takes_inputs(&t, call, 2, "x, or x and a mask") || !nn_fits_sequence(&t, x))
        return NULL;
    wg_tensor *y = nn_apply_part(&t, call, &(struct nn_part){attend, NORM1}, x);
    return nn_apply_part(&t, call, &(struct nn_part){feed_forward, NORM2}, y);
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const struct nn_transformer t = described(options);
    WG_TRY(nn_check_transformer(&t));
    WG_TRY(nn_add_attention(&t, layer, "self_attn", t.causal));
    WG_TRY(nn_add_feed_forward(&t, layer));
    return nn_add_norms(&t, layer, 2);
}

#define OPTIONS(...)                                                                                         \
    &(const wg_nn_transformer_encoder_layer_options)                                                         \
    {                                                                                                        \
        .width = 4, .heads = 2, .hidden = 5, .eps = 1e-5, .dtype = WG_F64, .generator = WG_NONE, __VA_ARGS__ \
    }
static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.activation = WG_ACTIVATION_GELU), .n_in = 1, .in = {{3, {2, 3, 4}}}},
    {.options = OPTIONS(.activation = WG_ACTIVATION_GELU, .norm_first = true, .causal = true), .n_in = 1, .in = {{3, {2, 3, 4}}}},
    {.options = OPTIONS(.activation = WG_ACTIVATION_GELU), .n_in = 2, .in = {{3, {2, 3, 4}}, {2, {3, 3}}}},
    {.options = OPTIONS(.activation = WG_ACTIVATION_GELU, .dropout = 0.2), .n_in = 1, .in = {{3, {2, 3, 4}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_transformer_encoder_layer_kind = {
    .name = "transformer_encoder_layer", .forward = forward, .n_in = WG_NN_ANY, .build = build, .samples = samples};
