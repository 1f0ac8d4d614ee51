/* A language model as GPT-2 (Radford and others, 2019): tokens and positions as vectors, blocks of causal attention, logits of the next
   token. */
#include <math.h>
#include <string.h>

#include "attention.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { TOKENS, POSITIONS, BLOCKS, NORM, HEAD }; /* children */

static const char *const op = "nn_gpt";

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *tokens)
{
    const wg_nn_gpt_options *o = call->options;
    char text[200];
    if (wg_dtype_of(tokens) != WG_I64) {
        (void)wg_error_set(WG_E_DTYPE, op, "%s: expected tokens of dtype i64, got %s", op, wg_dtype_name(wg_dtype_of(tokens)));
        return NULL;
    }
    if (wg_rank(tokens) != 2 || wg_extent(tokens, 1) > o->context) {
        (void)wg_error_set(WG_E_SHAPE, op, "%s: expected tokens of shape (B, T) with T at most %lld, the context, got %s", op,
                           (long long)o->context, wg_shape_text(wg_shape_of(tokens), text, sizeof text));
        return NULL;
    }
    wg_tensor *x = wg_nn_apply_child(call, POSITIONS, wg_nn_apply_child(call, TOKENS, tokens));
    x = wg_nn_apply_child(call, BLOCKS, nn_dropped(x, o->dropout));
    return wg_nn_apply_child(call, HEAD, wg_nn_apply_child(call, NORM, x));
}

/* Weights are N(0, 0.02²); those that end a residual path are divided by √(number of such paths), so that their sum keeps its size. Biases are 0. */
static wg_status initialise(wg_nn_module *gpt, const wg_nn_gpt_options *o)
{
    const wg_tensor_list params = wg_nn_parameters(gpt);
    for (size_t i = 0; i < params.n; i++) {
        const char *name = params.name[i];
        const bool ends_a_path = strstr(name, "out_proj.weight") || strstr(name, "linear2.weight");
        if (wg_rank(params.tensor[i]) == 2)
            WG_TRY(wg_init_normal(params.tensor[i], o->generator, 0, ends_a_path ? 0.02 / sqrt(2 * (double)o->blocks) : 0.02));
        else if (strstr(name, "bias"))
            WG_TRY(wg_init_zeros(params.tensor[i]));
    }
    return WG_OK;
}

static wg_status build(wg_nn_module *gpt, const void *options)
{
    const wg_nn_gpt_options *o = options;
    const struct nn_transformer block = {.op = op,
                                         .width = o->width,
                                         .heads = o->heads,
                                         .hidden = 4 * o->width,
                                         .dropout = o->dropout,
                                         .eps = 1e-5,
                                         .activation = WG_ACTIVATION_GELU,
                                         .norm_first = true,
                                         .causal = true,
                                         .dtype = o->dtype,
                                         .generator = o->generator};
    WG_TRY(nn_check_transformer(&block));
    WG_TRY(wg_nn_add_child(gpt, "wte", wg_nn_embedding(o->vocabulary, o->width, .dtype = o->dtype, .generator = o->generator)));
    WG_TRY(
        wg_nn_add_child(gpt, "wpe", wg_nn_learned_positions(o->context, o->width, .dtype = o->dtype, .generator = o->generator)));
    WG_TRY(wg_nn_add_child(gpt, "h", nn_encoder_stack(&block, o->blocks)));
    WG_TRY(wg_nn_add_child(gpt, "ln_f", wg_nn_layer_norm(o->width, .dtype = o->dtype)));
    WG_TRY(wg_nn_add_child(gpt, "lm_head",
                           wg_nn_linear(o->width, o->vocabulary, .bias = false, .dtype = o->dtype, .generator = o->generator)));
    if (o->tied)
        WG_TRY(wg_nn_tie(gpt, "lm_head.weight", "wte.weight"));
    return initialise(gpt, o);
}

#define OPTIONS(...)                                                                                                           \
    &(const wg_nn_gpt_options)                                                                                                 \
    {                                                                                                                          \
        .vocabulary = 5, .context = 4, .width = 4, .heads = 2, .blocks = 2, .dtype = WG_F64, .generator = WG_NONE, __VA_ARGS__ \
    }
static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.tied = true), .n_in = 1, .in = {{2, {2, 3}}}, .below = {5}},
    {.options = OPTIONS(.tied = false), .n_in = 1, .in = {{2, {1, 4}}}, .below = {5}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_gpt_kind = {.name = "gpt", .forward = forward, .build = build, .samples = samples};
