/* One layer of a transformer's decoder: attention of the positions to one another, attention to the memory, and a feed-forward network, each
   beside a residual path. */
#include "attention.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { SELF_ATTENTION, ATTENTION, LINEAR1, LINEAR2, NORM1, NORM2, NORM3 }; /* children */
enum { X, MEMORY, MASK, MEMORY_MASK };                                     /* inputs */

static struct nn_transformer described(const wg_nn_transformer_decoder_layer_options *o)
{
    return (struct nn_transformer){.op = "nn_transformer_decoder_layer", NN_TRANSFORMER_OPTIONS(o), .causal = o->causal};
}

static wg_tensor *attend_to_self(const struct nn_transformer *t, const wg_nn_call *call, wg_tensor *x)
{
    (void)t;
    const bool masked = call->n_in > MASK;
    return wg_nn_apply_child_to(call, SELF_ATTENTION, (wg_tensor *[]){x, masked ? call->in[MASK] : NULL}, masked ? 2 : 1);
}

static wg_tensor *attend_to_memory(const struct nn_transformer *t, const wg_nn_call *call, wg_tensor *x)
{
    (void)t;
    const bool masked = call->n_in > MEMORY_MASK;
    wg_tensor *memory = call->in[MEMORY];
    return wg_nn_apply_child_to(call, ATTENTION, (wg_tensor *[]){x, memory, memory, masked ? call->in[MEMORY_MASK] : NULL},
                                masked ? 4 : 3);
}

static wg_tensor *feed_forward(const struct nn_transformer *t, const wg_nn_call *call, wg_tensor *x)
{
    return nn_feed_forward(t, call, LINEAR1, x);
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const struct nn_transformer t = described(call->options);
    if (!nn_takes_inputs(&t, call, 4, "x and the memory, and masks of both or none") || !nn_fits_sequence(&t, x))
        return NULL;
    if (call->n_in < 2) {
        (void)wg_error_set(WG_E_ARGUMENT, t.op, "%s: expected a memory behind x", t.op);
        return NULL;
    }
    wg_tensor *y = nn_apply_part(&t, call, &(struct nn_part){attend_to_self, NORM1}, x);
    y = nn_apply_part(&t, call, &(struct nn_part){attend_to_memory, NORM2}, y);
    return nn_apply_part(&t, call, &(struct nn_part){feed_forward, NORM3}, y);
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const struct nn_transformer t = described(options);
    WG_TRY(nn_check_transformer(&t));
    WG_TRY(nn_add_attention(&t, layer, "self_attn", t.causal));
    WG_TRY(nn_add_attention(&t, layer, "multihead_attn", false));
    WG_TRY(nn_add_feed_forward(&t, layer));
    return nn_add_norms(&t, layer, 3);
}

#define OPTIONS(...)                                                                                         \
    &(const wg_nn_transformer_decoder_layer_options)                                                         \
    {                                                                                                        \
        .width = 4, .heads = 2, .hidden = 5, .eps = 1e-5, .dtype = WG_F64, .generator = WG_NONE, __VA_ARGS__ \
    }
static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.activation = WG_ACTIVATION_GELU, .causal = true), .n_in = 2, .in = {{3, {2, 3, 4}}, {3, {2, 5, 4}}}},
    {.options = OPTIONS(.activation = WG_ACTIVATION_GELU, .norm_first = true),
     .n_in = 4,
     .in = {{3, {2, 3, 4}}, {3, {2, 5, 4}}, {2, {3, 3}}, {2, {3, 5}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_transformer_decoder_layer_kind = {
    .name = "transformer_decoder_layer", .forward = forward, .n_in = WG_NN_ANY, .build = build, .samples = samples};
