/* The weights of scaled dot-product attention: softmax(scale q kᵀ + mask). The softmax of a query whose keys are all masked is undefined:
   its scores are replaced by 0 and its weights are 0, and no gradient passes through them. */
#include "ops/attention/attention.h"
#include "ops/op.h"

enum { Q, K, MASK };

/* attention's check, with the keys in the place of the values. */
static wg_status check(const wg_call *c)
{
    wg_tensor *in[4] = {c->in[Q], c->in[K], c->in[K], c->in[MASK]};
    wg_call products = *c;
    wg_spec batch;
    products.in = in, products.n_in = 4;
    return wg_attention_operands(&products, &batch);
}

/* The keys that a query may attend to, as u8: the u8 mask, the causal mask, or their intersection. WG_NONE: all. */
static wg_tensor *allowed(wg_tensor *q, wg_tensor *k, wg_tensor *mask, bool causal)
{
    wg_tensor *given = !wg_absent(mask) && mask->dtype == WG_U8 ? mask : WG_NONE;
    if (!causal)
        return given;
    wg_tensor *ones = wg_ones((wg_dtype)q->dtype, WG_SHAPE(wg_extents(q)[q->rank - 2], wg_extents(k)[k->rank - 2]));
    wg_tensor *past = wg_cast(wg_tril(ones), WG_U8);
    return wg_absent(given) ? past : wg_logical_and(given, past);
}

wg_tensor *wg_attention_scores(wg_tensor *q, wg_tensor *k, wg_tensor *mask, const struct wg_attention_params *p)
{
    wg_tensor *may = allowed(q, k, mask, p->causal);
    wg_tensor *scores = may ? wg_matmul(wg_mul_scalar(q, p->scale), wg_transposed(k)) : NULL;
    if (scores && !wg_absent(mask) && mask->dtype != WG_U8)
        scores = wg_add(wg_donate(scores), mask);
    if (!scores || wg_absent(may))
        return scores;
    return wg_where(may, wg_donate(scores), wg_scalar((wg_dtype)q->dtype, -(double)INFINITY));
}

/* 1 for each query that has a key to attend to, i.e. one allowed and with an additive mask above -inf; u8, extent 1 in the last
   axis. WG_NONE: all queries have. */
static wg_tensor *looks(const wg_call *c)
{
    const struct wg_attention_params *p = c->params;
    wg_tensor *mask = c->in[MASK];
    if (wg_absent(mask)) /* with a causal mask every query may attend to the first key */
        return WG_NONE;
    wg_tensor *open = allowed(c->in[Q], c->in[K], mask, p->causal);
    if (mask->dtype != WG_U8) {
        wg_tensor *above = wg_ne(mask, wg_scalar((wg_dtype)mask->dtype, -(double)INFINITY));
        open = open && wg_absent(open) ? above : wg_logical_and(above, open);
    }
    return open && open->rank > 0 ? wg_any(open, .axis = -1, .keepdims = true) : open;
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    WG_TRY(check(c));
    wg_tensor *scores = wg_attention_scores(c->in[Q], c->in[K], c->in[MASK], c->params), *some = scores ? looks(c) : NULL;
    if (!some)
        return WG_E_NULL;
    if (wg_absent(some))
        return wg_made(out[0] = wg_softmax(wg_donate(scores)));
    wg_tensor *zero = wg_scalar((wg_dtype)scores->dtype, 0);
    return wg_made(out[0] = wg_where(some, wg_softmax(wg_where(some, wg_donate(scores), zero)), zero));
}

wg_tensor *wg_attention_weights_with(wg_tensor *q, wg_tensor *k, wg_attention_weights_options options)
{
    struct wg_attention_params p;
    if (wg_attention_resolve("attention_weights", q, options.causal, options.scale, &p) != WG_OK)
        return NULL;
    wg_tensor *in[3] = {q, k, options.mask}, *weights = NULL;
    return wg_invoke(&wg_op_attention_weights, &p, in, 3, &weights, 1) == WG_OK ? weights : NULL;
}

#define PARAMS(b)                                 \
    .params = &(const struct wg_attention_params) \
    {                                             \
        .causal = b, .scale = 0.5                 \
    }
const struct wg_op wg_op_attention_weights = {
    .name = WG_REGISTERED("attention_weights"),
    .params_size = sizeof(struct wg_attention_params),
    .n_in = 3,
    .n_out = 1,
    .optional = WG_IN(MASK),
    .compose = compose,
    WG_SAMPLES({"plain", {WG_DIMS(3, 4), WG_DIMS(5, 4)}, .n = 3, .none = WG_IN(MASK), PARAMS(false)},
               {"heads", {WG_DIMS(2, 2, 3, 4), WG_DIMS(2, 1, 3, 4)}, .n = 3, .none = WG_IN(MASK), PARAMS(true)},
               {"added", {WG_DIMS(2, 3, 4), WG_DIMS(2, 5, 4), WG_DIMS(3, 5)}, .n = 3, PARAMS(false)},
               {"allowed",
                {WG_DIMS(2, 3, 4), WG_DIMS(2, 3, 4), WG_DIMS(2, 1, 3)},
                .n = 3,
                .dtype = {WG_F32, WG_F32, WG_U8},
                .low = {0, 0, 1},
                .high = {0, 0, 3},
                PARAMS(true)}),
};
#undef PARAMS
