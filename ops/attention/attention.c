/* Scaled dot-product attention (Vaswani and others, 2017): softmax(scale q kᵀ + mask) v, block by block of queries, so that the weights of
   all queries and keys are never in memory at once (Rabe, Staats, 2021; Dao and others, 2022). A masked key has the score -inf. A query
   whose keys are all masked has the result 0. Second output: log Σ e^score of each query, from which the gradient computes the weights
   again; +inf for a query that attends to no key, so that its weights are 0. */
#ifdef REAL
#include "ops/attention/attention_blocks.h"

/* Replaces the scores of w queries by e^(score - maximum). Sets sum, and log_sum with the given stride. masked: a maximum of -inf means that
   there is no key to attend to, and is not an overflow. */
WG_INLINE void T(exponentials)(ELEM *score, int64_t n, int64_t w, bool masked, ELEM *sum, ELEM *log_sum, int64_t step)
{
    REAL largest[WG_ATTENTION_LANES], total[WG_ATTENTION_LANES], part[WG_ATTENTION_LANES];
    for (int64_t k = 0; k < WG_ATTENTION_LANES; k++) {
        largest[k] = (REAL)-HUGE_VAL;
        total[k] = (REAL)0;
    }
    for (int64_t j = 0; j < n; j++) {
        const ELEM *s = score + j * WG_ATTENTION_BLOCK;
        EACH_LANE(w) largest[k] = (REAL)s[k] > largest[k] ? (REAL)s[k] : largest[k];
    }
    if (masked)
        EACH_LANE(w) largest[k] = largest[k] == (REAL)-HUGE_VAL ? (REAL)0 : largest[k];
    for (int64_t j = 0; j < n;) {
        const int64_t end = n - j < WG_ATTENTION_SUM ? n : j + WG_ATTENTION_SUM;
        for (int64_t k = 0; k < WG_ATTENTION_LANES; k++)
            part[k] = (REAL)0;
        for (; j < end; j++) {
            ELEM *s = score + j * WG_ATTENTION_BLOCK;
            EACH_LANE(w)
            {
                const REAL e = T(exp_or_none)((REAL)s[k] - largest[k]);
                s[k] = e;
                part[k] = part[k] + e;
            }
        }
        EACH_LANE(w) total[k] = total[k] + part[k];
    }
    for (int64_t k = 0; k < w; k++) {
        sum[k] = total[k];
        log_sum[k * step] = total[k] == (REAL)0 ? (REAL)HUGE_VAL : largest[k] + R(log)(total[k]);
    }
}

/* y / sum by rows; 0 where sum is 0. */
static void T(divide_rows)(T(matrix) y, const ELEM *sum)
{
    for (int64_t i = 0; i < y.rows; i++) {
        ELEM *row = y.data + i * y.row;
        const REAL by = sum[i];
        if (by == (REAL)0)
            for (int64_t j = 0; j < y.columns; j++)
                row[j * y.column] = (REAL)0;
        else if (y.column == 1)
            _Pragma("omp simd") for (int64_t j = 0; j < y.columns; j++) row[j] = (REAL)row[j] / by;
        else
            for (int64_t j = 0; j < y.columns; j++)
                row[j * y.column] = (REAL)row[j * y.column] / by;
    }
}

static wg_status T(attend_block)(const struct T(attention) * a, int64_t unit, ELEM *workspace)
{
    const T(query_block) b = T(block_of)(a, unit / a->blocks, unit % a->blocks, workspace);
    const T(matrix) log_sum = T(head_of)(a, a->c->out[1], b.head), values = T(head_of)(a, a->c->in[2], b.head);
    const T(matrix) y = T(lines_of)(T(head_of)(a, a->c->out[0], b.head), b.first, b.m);
    ELEM sum[WG_ATTENTION_BLOCK];
    wg_status status = T(score)(a, &b);
    if (status != WG_OK)
        return status;
    for (int64_t i = 0; i < b.m; i += WG_ATTENTION_LANES)
        T(exponentials)
    (b.scores + i, b.n, b.m - i < WG_ATTENTION_LANES ? b.m - i : WG_ATTENTION_LANES, a->c->in[3]->state != WG_ABSENT, sum + i,
     log_sum.data + (b.first + i) * log_sum.row, log_sum.row);
    status = T(gemm)(T(transposed)(T(in_lines)(&b, b.scores)), T(lines_of)(values, 0, b.n), false, y);
    if (status == WG_OK)
        T(divide_rows)(y, sum);
    return status;
}

static wg_status T(attention)(const wg_call *c)
{
    return T(attend_all)(c, c->out[0], T(attend_block), true, 1);
}
#else
#define KERNEL_FILE "ops/attention/attention.c"
#include "ops/attention/attention.h"
#include "ops/op.h"

enum { Q, K, V, MASK, Y = 0, LOG_SUM }; /* inputs; outputs */

/* ---- shapes and params ---- */

wg_status wg_attention_resolve(const char *op, const wg_tensor *q, bool causal, double scale, struct wg_attention_params *params)
{
    WG_TRY(wg_check_number(op, "scale", scale, WG_NOT_NEGATIVE));
    const int64_t d = wg_has_value(q) && q->rank > 0 ? wg_extents(q)[q->rank - 1] : 0;
    *params = (struct wg_attention_params){causal, scale > 0 ? scale : d > 0 ? 1 / sqrt((double)d) : 1};
    return WG_OK;
}

/* Broadcasts the leading axes of t to those in batch. */
static bool broadcasts(const wg_tensor *t, wg_spec *batch)
{
    for (int axis = 0; axis < t->rank - 2; axis++) {
        int64_t *extent = &batch->extent[axis + batch->rank - t->rank];
        const int64_t own = wg_extents(t)[axis];
        if (own != *extent && own != 1 && *extent != 1)
            return false;
        *extent = *extent == 1 ? own : *extent;
    }
    return true;
}

wg_status wg_attention_operands(const wg_call *c, wg_spec *batch)
{
    const wg_tensor *q = c->in[Q], *k = c->in[K], *v = c->in[V], *mask = c->in[MASK];
    const wg_call products = {.op = c->op, .in = c->in, .n_in = 3};
    WG_TRY(wg_same_float(&products, &batch->dtype));
    if (!wg_absent(mask) && mask->dtype != WG_U8 && mask->dtype != batch->dtype)
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
    batch->rank = 2;
    for (unsigned i = 0; i < 4; i++)
        if (!wg_absent(c->in[i]) && c->in[i]->rank > batch->rank)
            batch->rank = c->in[i]->rank;
    for (int axis = 0; axis < batch->rank; axis++)
        batch->extent[axis] = 1;
    for (unsigned i = 0; i < 4; i++)
        if (!wg_absent(c->in[i]) && !broadcasts(c->in[i], batch))
            return wg_call_error(c, WG_E_SHAPE, "leading axes do not broadcast");
    return WG_OK;
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_attention_operands(c, &out[Y]));
    const wg_tensor *q = c->in[Q], *v = c->in[V];
    out[LOG_SUM] = out[Y];
    out[Y].extent[out[Y].rank - 2] = out[LOG_SUM].extent[out[Y].rank - 2] = wg_extents(q)[q->rank - 2];
    out[Y].extent[out[Y].rank - 1] = wg_extents(v)[v->rank - 1];
    return WG_OK;
}

wg_tensor *wg_attention_with(wg_tensor *q, wg_tensor *k, wg_tensor *v, wg_attention_options options)
{
    struct wg_attention_params p;
    if (wg_attention_resolve("attention", q, options.causal, options.scale, &p) != WG_OK)
        return NULL;
    wg_tensor *in[4] = {q, k, v, options.mask}, *y = NULL, **to[2] = {&y, options.log_sum_exp};
    return wg_invoke_into(&wg_op_attention, &p, in, 4, to) == WG_OK ? y : NULL;
}

/* ---- derivatives in ops that have derivatives ---- */

/* The weights (…,L,S), with all of the result's leading axes. */
static wg_tensor *weights_of(const wg_call *c)
{
    const struct wg_attention_params *p = c->params;
    wg_tensor *weights = wg_attention_weights(c->in[Q], c->in[K], .mask = c->in[MASK], .causal = p->causal, .scale = p->scale);
    wg_shape whole = wg_shape_of(c->out[Y]);
    whole.extent[whole.rank - 1] = wg_extents(c->in[K])[c->in[K]->rank - 2];
    return weights ? wg_broadcast_to(weights, whole) : NULL;
}

/* The scores' gradient from that of the result and that of log_sum, either of which may be absent. */
static wg_tensor *scores_grad(const wg_call *c, wg_tensor *weights, wg_tensor *const *gy)
{
    wg_tensor *by_y = WG_PART(gy[Y], wg_softmax_grad(weights, wg_matmul(gy[Y], wg_transposed(c->in[V])), -1));
    return wg_plus(by_y, WG_PART(gy[LOG_SUM], wg_mul(weights, gy[LOG_SUM])));
}

static wg_status composed_grad(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const double scale = ((const struct wg_attention_params *)c->params)->scale;
    wg_tensor *weights = weights_of(c), *gs = weights ? scores_grad(c, weights, gy) : NULL;
    if (!gs)
        return WG_E_NULL;
    WG_TRY(WG_GIVE(gx[Q], wg_mul_scalar(wg_matmul(gs, c->in[K]), scale)));
    WG_TRY(WG_GIVE(gx[K], wg_mul_scalar(wg_matmul(wg_transposed(gs), c->in[Q]), scale)));
    const wg_tensor *v = c->in[V];
    WG_TRY(
        WG_GIVE(gx[V], wg_absent(gy[Y]) ? wg_zeros((wg_dtype)v->dtype, wg_shape_of(v)) : wg_matmul(wg_transposed(weights), gy[Y])));
    return WG_GIVE(gx[MASK], gs);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct wg_attention_params *p = c->params;
    wg_tensor *gq, *gk, *gv;
    if (gx[MASK].need || !wg_absent(gy[LOG_SUM]))
        return composed_grad(c, gy, gx);
    WG_TRY(
        wg_attention_grad(c->in[Q], c->in[K], c->in[V], c->in[MASK], c->out[LOG_SUM], gy[Y], p->causal, p->scale, &gq, &gk, &gv));
    WG_TRY(WG_GIVE(gx[Q], gq));
    WG_TRY(WG_GIVE(gx[K], gk));
    return WG_GIVE(gx[V], gv);
}

/* The scores' tangent, or WG_NONE. */
static wg_tensor *scores_tangent(const wg_call *c, wg_tensor *const *tx, const wg_tensor *weights)
{
    const double scale = ((const struct wg_attention_params *)c->params)->scale;
    wg_tensor *products = wg_plus(WG_PART(tx[Q], wg_matmul(tx[Q], wg_transposed(c->in[K]))),
                                  WG_PART(tx[K], wg_matmul(c->in[Q], wg_transposed(tx[K]))));
    wg_tensor *sum = products ? wg_plus(WG_PART(products, wg_mul_scalar(products, scale)), tx[MASK]) : NULL;
    return sum ? WG_PART(sum, wg_broadcast_to(sum, wg_shape_of(weights))) : NULL;
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *weights = weights_of(c), *ts = weights ? scores_tangent(c, tx, weights) : NULL;
    if (!ts)
        return WG_E_NULL;
    WG_TRY(wg_made(ty[LOG_SUM] = WG_PART(ts, wg_sum(wg_mul(weights, ts), .axis = -1, .keepdims = true))));
    return wg_jvp_sum(c, WG_PART(ts, wg_matmul(wg_softmax_grad(weights, ts, -1), c->in[V])),
                      WG_PART(tx[V], wg_matmul(weights, tx[V])), ty);
}

/* ---- cost ---- */

struct wg_attention_counts wg_attention_count(int64_t queries, int64_t keys, bool causal)
{
    struct wg_attention_counts counts = {0, 0};
    for (int64_t first = 0; first < queries; first += WG_ATTENTION_BLOCK) {
        const int64_t m = queries - first < WG_ATTENTION_BLOCK ? queries - first : WG_ATTENTION_BLOCK;
        const int64_t n = wg_attention_keys(first, m, keys, causal);
        counts.scores += (double)m * (double)n;
        counts.sums += (double)m * (double)((n + WG_ATTENTION_SUM - 1) / WG_ATTENTION_SUM);
    }
    return counts;
}

/* Keys that no query may attend to with causal count as read. */
static wg_cost cost(const wg_call *c)
{
    const struct wg_attention_params *p = c->params;
    const wg_tensor *q = c->in[Q], *v = c->in[V], *mask = c->in[MASK];
    const int64_t queries = wg_extents(q)[q->rank - 2];
    const double d = (double)wg_extents(q)[q->rank - 1], e = (double)wg_extents(v)[v->rank - 1];
    const double rows = (double)c->out[LOG_SUM]->numel, heads = queries == 0 ? 0 : rows / (double)queries;
    const struct wg_attention_counts counts = wg_attention_count(queries, wg_extents(v)[v->rank - 2], p->causal);
    const double scores = heads * counts.scores;
    wg_cost cost = wg_cost_bytes(c);
    const double sums = counts.scores > 0 ? rows : 0; /* that are not 0 */
    cost.add = scores * (d + e + 2 + (!wg_absent(mask) && mask->dtype != WG_U8)) + heads * counts.sums + sums;
    cost.mul = scores * (d + e) + (p->scale != 1 ? rows * d : 0);
    cost.div = sums * e;
    cost.compare = 2 * scores + rows * (2 + !wg_absent(mask));
    cost.transcendental = scores + sums;
    return cost;
}

#define PARAMS(b)                                 \
    .params = &(const struct wg_attention_params) \
    {                                             \
        .causal = b, .scale = 0.5                 \
    }
const struct wg_op wg_op_attention = {
    .name = WG_REGISTERED("attention"),
    .params_size = sizeof(struct wg_attention_params),
    WG_PARAMS(WG_PARAM_UNLESS(0, BOOL, struct wg_attention_params, causal), WG_PARAM(REAL, struct wg_attention_params, scale)),
    .n_in = 4,
    .n_out = 2,
    .optional = WG_IN(MASK),
    .shape = shape,
    .kernels = KERNELS(attention),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(Q) | WG_IN(K) | WG_IN(V) | WG_IN(MASK) | WG_OUT(LOG_SUM),
    WG_SAMPLES({"plain", {WG_DIMS(3, 4), WG_DIMS(5, 4), WG_DIMS(5, 2)}, .n = 4, .none = WG_IN(MASK), PARAMS(false)},
               {"heads", {WG_DIMS(2, 2, 3, 4), WG_DIMS(2, 1, 3, 4), WG_DIMS(2, 3, 2)}, .n = 4, .none = WG_IN(MASK), PARAMS(true)},
               {"added", {WG_DIMS(2, 3, 4), WG_DIMS(2, 5, 4), WG_DIMS(2, 5, 2), WG_DIMS(3, 5)}, .n = 4, PARAMS(false)},
               {"blocks", {WG_DIMS(70, 2), WG_DIMS(67, 2), WG_DIMS(67, 1)}, .n = 4, .none = WG_IN(MASK), PARAMS(true)},
               {"allowed",
                {WG_DIMS(2, 3, 4), WG_DIMS(2, 3, 4), WG_DIMS(2, 3, 2), WG_DIMS(2, 1, 3)},
                .n = 4,
                .dtype = {WG_F32, WG_F32, WG_F32, WG_U8},
                .low = {0, 0, 0, 1},
                .high = {0, 0, 0, 3},
                PARAMS(true)}),
};
#undef PARAMS
#endif
