/* Scaled dot-product attention (Vaswani and others, 2017): softmax(q kᵀ/√d + mask) v. A masked key has the score -inf. The
   softmax of a query whose keys are all masked is undefined: its scores are replaced by 0 and its result is 0, and no gradient
   passes through it. */
#include "ops/op.h"

struct params {
    bool causal;
};

static wg_status check(const wg_call *c)
{
    const wg_tensor *q = c->in[0], *k = c->in[1], *v = c->in[2], *mask = c->in[3];
    const wg_call products = {.op = c->op, .in = c->in, .n_in = 3};
    wg_dtype dtype;
    WG_TRY(wg_same_float(&products, &dtype));
    if (!wg_absent(mask) && mask->dtype != WG_U8 && mask->dtype != dtype)
        return wg_call_error(c, WG_E_DTYPE, "expected a mask of u8 or of the queries' dtype");
    if (q->rank < 2 || k->rank < 2 || v->rank < 2)
        return wg_call_error(c, WG_E_SHAPE, "expected queries (…,L,d), keys (…,S,d) and values (…,S,e)");
    const int64_t *of_q = wg_extents(q) + q->rank - 2, *of_k = wg_extents(k) + k->rank - 2, *of_v = wg_extents(v) + v->rank - 2;
    if (of_q[1] != of_k[1] || of_k[0] != of_v[0])
        return wg_call_error(c, WG_E_SHAPE, "expected queries (…,L,d), keys (…,S,d) and values (…,S,e)");
    for (int axis = 0; axis < 2 && !wg_absent(mask); axis++) {
        const int64_t wanted = axis == 0 ? of_q[0] : of_k[0];
        const int at = mask->rank - 2 + axis;
        if (at >= 0 && wg_extents(mask)[at] != 1 && wg_extents(mask)[at] != wanted)
            return wg_call_error(c, WG_E_SHAPE, "expected a mask (…,L,S)");
    }
    return WG_OK;
}

/* The keys that a query may attend to, as u8: the u8 mask, the causal mask, or their intersection. WG_NONE: all. */
static wg_tensor *allowed(const wg_call *c)
{
    const struct params *p = c->params;
    wg_tensor *q = c->in[0], *k = c->in[1], *mask = c->in[3];
    wg_tensor *given = !wg_absent(mask) && mask->dtype == WG_U8 ? mask : WG_NONE;
    if (!p->causal)
        return given;
    wg_tensor *ones = wg_ones((wg_dtype)q->dtype, WG_SHAPE(wg_extents(q)[q->rank - 2], wg_extents(k)[k->rank - 2]));
    wg_tensor *past = wg_cast(wg_tril(ones), WG_U8);
    return wg_absent(given) ? past : wg_logical_and(given, past);
}

/* 1 for each query that has a key to attend to, i.e. one allowed and with an additive mask above -inf; u8, extent 1 in the last
   axis. WG_NONE: all queries have. */
static wg_tensor *looks(const wg_call *c, wg_tensor *may)
{
    wg_tensor *mask = c->in[3], *open = may;
    if (wg_absent(mask)) /* with a causal mask every query may attend to the first key */
        return WG_NONE;
    if (mask->dtype != WG_U8) {
        open = wg_ne(mask, wg_scalar((wg_dtype)mask->dtype, -(double)INFINITY));
        open = wg_absent(may) ? open : wg_logical_and(open, may);
    }
    return open && open->rank > 0 ? wg_any(open, .axis = -1, .keepdims = true) : open;
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    WG_TRY(check(c));
    wg_tensor *q = c->in[0], *k = c->in[1], *mask = c->in[3], *may = allowed(c);
    wg_tensor *some = may ? looks(c, may) : NULL;
    if (!some)
        return WG_E_NULL;
    wg_tensor *zero = wg_absent(some) ? WG_NONE : wg_scalar((wg_dtype)q->dtype, 0);
    const int64_t d = wg_extents(q)[q->rank - 1];
    wg_tensor *scores = wg_matmul(wg_mul_scalar(q, d > 0 ? 1 / sqrt((double)d) : 1), wg_transposed(k));
    if (!zero || !scores)
        return WG_E_NULL;
    if (!wg_absent(mask) && mask->dtype != WG_U8)
        scores = wg_add(wg_donate(scores), wg_where(some, mask, zero));
    if (!wg_absent(may)) {
        wg_tensor *never = wg_scalar((wg_dtype)q->dtype, -(double)INFINITY);
        scores = wg_where(may, wg_donate(scores), wg_absent(some) ? never : wg_where(some, never, zero));
    }
    wg_tensor *y = wg_matmul(wg_softmax(wg_donate(scores)), c->in[2]);
    return wg_made(out[0] = wg_absent(some) ? y : wg_where(some, wg_donate(y), zero));
}

wg_tensor *wg_attention_with(wg_tensor *q, wg_tensor *k, wg_tensor *v, wg_attention_options options)
{
    const struct params p = {options.causal};
    wg_tensor *in[4] = {q, k, v, options.mask}, *y = NULL;
    return wg_invoke(&wg_op_attention, &p, in, 4, &y, 1) == WG_OK ? y : NULL;
}

#define CAUSAL(b)                    \
    .params = &(const struct params) \
    {                                \
        b                            \
    }
const struct wg_op wg_op_attention = {
    .name = WG_REGISTERED("attention"),
    .params_size = sizeof(struct params),
    .n_in = 4,
    .n_out = 1,
    .optional = WG_IN(3),
    .compose = compose,
    WG_SAMPLES({"plain", {WG_DIMS(3, 4), WG_DIMS(5, 4), WG_DIMS(5, 2)}, .n = 4, .none = WG_IN(3), CAUSAL(false)},
               {"heads", {WG_DIMS(2, 2, 3, 4), WG_DIMS(2, 1, 3, 4), WG_DIMS(2, 3, 2)}, .n = 4, .none = WG_IN(3), CAUSAL(true)},
               {"added", {WG_DIMS(2, 3, 4), WG_DIMS(2, 5, 4), WG_DIMS(2, 5, 2), WG_DIMS(3, 5)}, .n = 4, CAUSAL(false)},
               {"allowed",
                {WG_DIMS(2, 3, 4), WG_DIMS(2, 3, 4), WG_DIMS(2, 3, 2), WG_DIMS(2, 1, 3)},
                .n = 4,
                .dtype = {WG_F32, WG_F32, WG_F32, WG_U8},
                .low = {0, 0, 0, 1},
                .high = {0, 0, 0, 3},
                CAUSAL(true)}),
};
#undef CAUSAL
