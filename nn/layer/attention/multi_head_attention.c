/* Multi-head attention (Vaswani and others, 2017): queries, keys and values are projected, cut into heads, and attended to head by head. */
#include "attention.h"

#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

/* ---- what the layer is made of ---- */

static const char *const op = "nn_multi_head_attention";

static int64_t key_width(const wg_nn_multi_head_attention_options *o)
{
    return o->key_width > 0 ? o->key_width : o->width;
}

static int64_t value_width(const wg_nn_multi_head_attention_options *o)
{
    return o->value_width > 0 ? o->value_width : o->width;
}

/* One weight holds the projections of queries, keys and values where these are of one width. */
static bool is_packed(const wg_nn_multi_head_attention_options *o)
{
    return key_width(o) == o->width && value_width(o) == o->width;
}

enum { OUT, ROTARY }; /* children */

static wg_status add_weight(wg_nn_module *layer, const wg_nn_multi_head_attention_options *o, const char *name, int64_t rows,
                            int64_t in)
{
    return wg_nn_add_parameter(layer, name, wg_init_tensor(o->dtype, WG_SHAPE(rows, in), o->generator, WG_INIT_XAVIER_UNIFORM));
}

static wg_status add_projections(wg_nn_module *layer, const wg_nn_multi_head_attention_options *o)
{
    if (is_packed(o)) {
        WG_TRY(add_weight(layer, o, "in_proj_weight", 3 * o->width, o->width));
    } else {
        WG_TRY(add_weight(layer, o, "q_proj_weight", o->width, o->width));
        WG_TRY(add_weight(layer, o, "k_proj_weight", o->width, key_width(o)));
        WG_TRY(add_weight(layer, o, "v_proj_weight", o->width, value_width(o)));
    }
    return o->bias ? wg_nn_add_parameter(layer, "in_proj_bias", wg_zeros(o->dtype, WG_SHAPE(3 * o->width))) : WG_OK;
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_multi_head_attention_options *o = options;
    if (o->width % o->heads != 0)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected heads that divide width, got %lld for %lld", op, (long long)o->heads,
                            (long long)o->width);
    WG_TRY(add_projections(layer, o));
    wg_nn_module *out = wg_nn_linear(o->width, o->width, .bias = o->bias, .dtype = o->dtype, .generator = o->generator);
    WG_TRY(wg_nn_add_child(layer, "out_proj", out));
    if (o->bias)
        WG_TRY(wg_init_zeros(wg_nn_parameter(out, "bias")));
    if (o->rotary == 0)
        return WG_OK;
    return wg_nn_add_child(layer, "rotary", wg_nn_rotary_positions(o->rotary, o->width / o->heads, .dtype = o->dtype));
}

/* ---- inputs ---- */

/* mask: WG_NONE, or (…,L,S) that broadcasts over (B,heads,L,S). */
struct inputs {
    wg_tensor *q, *k, *v, *mask;
};

static bool fits(const wg_nn_multi_head_attention_options *o, const wg_tensor *x, int64_t width)
{
    return nn_fits(x,
                   &(struct nn_form){op, o->dtype, .min_rank = 3, .max_rank = 3, .axis = -1, .extent = width, .text = "(B, L, %)"});
}

/* what: what t, or the three together, are expected to be. */
static bool refuse(const struct inputs *in, const wg_tensor *t, const char *what)
{
    char text[3][200];
    (void)wg_error_set(WG_E_SHAPE, op, "%s: for queries %s and keys %s expected %s, got %s", op,
                       wg_shape_text(wg_shape_of(in->q), text[0], sizeof text[0]),
                       wg_shape_text(wg_shape_of(in->k), text[1], sizeof text[1]), what,
                       wg_shape_text(wg_shape_of(t), text[2], sizeof text[2]));
    return false;
}

/* (L,S) and (B,L,S), in which L is 1 where the mask is the same for all queries. */
static bool take_mask(const wg_nn_multi_head_attention_options *o, struct inputs *in)
{
    const wg_dtype dtype = wg_dtype_of(in->mask);
    if (dtype != WG_U8 && dtype != o->dtype) {
        (void)wg_error_set(WG_E_DTYPE, op, "%s: expected a mask of dtype u8 or %s, got %s", op, wg_dtype_name(o->dtype),
                           wg_dtype_name(dtype));
        return false;
    }
    const int rank = wg_rank(in->mask);
    const int64_t length = rank >= 2 ? wg_extent(in->mask, -2) : 0;
    if ((rank != 2 && rank != 3) || wg_extent(in->mask, -1) != wg_extent(in->k, 1) ||
        (length != 1 && length != wg_extent(in->q, 1)) || (rank == 3 && wg_extent(in->mask, 0) != wg_extent(in->q, 0)))
        return refuse(in, in->mask, "a mask (L, S), (B, L, S) or (B, 1, S) for L queries and S keys");
    if (rank == 3)
        in->mask = wg_unsqueeze(in->mask, 1); /* the same for all heads */
    return in->mask != NULL;
}

/* x; x, mask; query, key, value; query, key, value, mask. */
static bool sort_inputs(const wg_nn_call *call, struct inputs *in)
{
    const wg_nn_multi_head_attention_options *o = call->options;
    wg_tensor *const *given = call->in;
    if (call->n_in > 4 || call->n_out > 2) {
        (void)wg_error_set(
            WG_E_ARGUMENT, op,
            "%s: expected x or query, key and value, and a mask or none, for one or two results, got %zu inputs for %zu", op,
            call->n_in, call->n_out);
        return false;
    }
    const bool self = call->n_in <= 2;
    *in = (struct inputs){given[0], given[self ? 0 : 1], given[self ? 0 : 2],
                          call->n_in % 2 == 0 ? given[call->n_in - 1] : WG_NONE};
    if (!fits(o, in->q, o->width) || !fits(o, in->k, key_width(o)) || !fits(o, in->v, value_width(o)))
        return false;
    if (wg_extent(in->k, 0) != wg_extent(in->q, 0))
        return refuse(in, in->k, "keys of as many rows as queries");
    if (wg_extent(in->v, 0) != wg_extent(in->q, 0) || wg_extent(in->v, 1) != wg_extent(in->k, 1))
        return refuse(in, in->v, "values of as many rows and positions as keys");
    return in->mask == WG_NONE || take_mask(o, in);
}

/* ---- heads ---- */

/* (B,T,width) as (B,heads,T,width/heads), a view. */
static wg_tensor *cut_into_heads(const wg_nn_multi_head_attention_options *o, wg_tensor *x)
{
    if (!x)
        return NULL;
    const wg_shape shape = WG_SHAPE(wg_extent(x, 0), wg_extent(x, 1), o->heads, o->width / o->heads);
    return wg_transpose(wg_reshape(x, shape), 1, 2);
}

/* Part 0, 1 or 2 of a tensor whose first axis holds those of queries, keys and values. */
static wg_tensor *part_of(const wg_nn_multi_head_attention_options *o, wg_tensor *t, int part)
{
    return wg_slice(t, 0, part * o->width, (part + 1) * o->width, 1);
}

static wg_tensor *projected(const wg_nn_call *call, wg_tensor *x, int part)
{
    const wg_nn_multi_head_attention_options *o = call->options;
    wg_tensor *weight = is_packed(o) ? part_of(o, call->param[0], part) : call->param[part];
    wg_tensor *bias = o->bias ? part_of(o, call->param[is_packed(o) ? 1 : 3], part) : WG_NONE;
    return cut_into_heads(o, wg_linear(x, weight, bias));
}

/* All three by one product. */
static bool project_self(const wg_nn_call *call, struct inputs *in)
{
    const wg_nn_multi_head_attention_options *o = call->options;
    wg_tensor *parts[3], *all = wg_linear(in->q, call->param[0], o->bias ? call->param[1] : WG_NONE);
    if (wg_chunk(all, -1, 3, parts, NULL) != WG_OK)
        return false;
    in->q = cut_into_heads(o, parts[0]), in->k = cut_into_heads(o, parts[1]), in->v = cut_into_heads(o, parts[2]);
    return true;
}

static bool project(const wg_nn_call *call, struct inputs *in)
{
    const wg_nn_multi_head_attention_options *o = call->options;
    if (is_packed(o) && in->q == in->k && in->k == in->v) {
        if (!project_self(call, in))
            return false;
    } else {
        in->q = projected(call, in->q, 0), in->k = projected(call, in->k, 1), in->v = projected(call, in->v, 2);
    }
    if (o->rotary > 0) {
        in->q = wg_nn_apply_child(call, ROTARY, in->q);
        in->k = wg_nn_apply_child(call, ROTARY, in->k);
    }
    return in->q && in->k && in->v;
}

/* ---- attention ---- */

static wg_tensor *attend(const wg_nn_call *call, const struct inputs *in)
{
    const wg_nn_multi_head_attention_options *o = call->options;
    const bool drops = wg_train_mode() && o->dropout > 0;
    if (!drops && call->n_out == 1)
        return wg_attention(in->q, in->k, in->v, .mask = in->mask, .causal = o->causal);
    wg_tensor *weights = wg_attention_weights(in->q, in->k, .mask = in->mask, .causal = o->causal);
    if (drops)
        weights = wg_dropout(weights, wg_generator_default(), o->dropout);
    if (call->n_out > 1)
        call->out[1] = wg_mean(weights, .axis = 1);
    return wg_matmul(weights, in->v);
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_multi_head_attention_options *o = call->options;
    struct inputs in;
    if (!sort_inputs(call, &in) || !project(call, &in))
        return NULL;
    wg_tensor *y = attend(call, &in);
    if (!y)
        return NULL;
    wg_tensor *joined = wg_reshape(wg_transpose(y, 1, 2), WG_SHAPE(wg_extent(x, 0), wg_extent(x, 1), o->width));
    return wg_nn_apply_child(call, OUT, joined);
}

#define OPTIONS(...)                                                               \
    &(const wg_nn_multi_head_attention_options)                                    \
    {                                                                              \
        .width = 4, .heads = 2, .dtype = WG_F64, .generator = WG_NONE, __VA_ARGS__ \
    }
static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.bias = true), .n_in = 1, .in = {{3, {2, 3, 4}}}, .n_out = 1},
    {.options = OPTIONS(.bias = true, .causal = true), .n_in = 1, .in = {{3, {2, 3, 4}}}, .n_out = 2},
    {.options = OPTIONS(.bias = false, .key_width = 3, .value_width = 2),
     .n_in = 3,
     .in = {{3, {2, 3, 4}}, {3, {2, 5, 3}}, {3, {2, 5, 2}}},
     .n_out = 1},
    {.options = OPTIONS(.bias = true), .n_in = 4, .in = {{3, {2, 3, 4}}, {3, {2, 5, 4}}, {3, {2, 5, 4}}, {2, {3, 5}}}, .n_out = 2},
    {.options = OPTIONS(.bias = true, .dropout = 0.3), .n_in = 1, .in = {{3, {2, 3, 4}}}, .n_out = 1},
    {.options = OPTIONS(.bias = true, .rotary = 6, .causal = true), .n_in = 1, .in = {{3, {1, 4, 4}}}, .n_out = 1},
    {.n_in = 0},
};

const struct wg_nn_kind nn_multi_head_attention_kind = {
    .name = "multi_head_attention", .forward = forward, .n_in = WG_NN_ANY, .n_out = WG_NN_ANY, .build = build, .samples = samples};
