/* The gradient of attention. With the weights w_ij = e^(s_ij - l_i), computed again from the scores s and the logarithms l of their sums,
   and g = gy vᵀ:

     gv = wᵀ gy,   gs_ij = w_ij (g_ij - Σ_j w_ij g_ij),   gq = scale gs k,   gk = scale gsᵀ q.

   Sums over queries are over blocks of WG_ATTENTION_BLOCK, from the last block to the first: with causal the last one has all keys that
   any has. Source: Dao and others, 2022. */
#ifdef REAL
#include "ops/attention/attention_blocks.h"

/* Replaces the scores of w queries by the weights, and g by scale gs. */
WG_INLINE void T(score_gradients)(ELEM *score, ELEM *g, int64_t n, int64_t w, const ELEM *log_sum, int64_t step, REAL scale)
{
    REAL l[WG_ATTENTION_LANES], dot[WG_ATTENTION_LANES];
    for (int64_t k = 0; k < WG_ATTENTION_LANES; k++) {
        l[k] = k < w ? (REAL)log_sum[k * step] : (REAL)0;
        dot[k] = (REAL)0;
    }
    for (int64_t j = 0; j < n; j++) {
        ELEM *s = score + j * WG_ATTENTION_BLOCK, *by = g + j * WG_ATTENTION_BLOCK;
        EACH_LANE(w)
        {
            const REAL weight = T(exp_or_none)((REAL)s[k] - l[k]);
            s[k] = weight;
            dot[k] = dot[k] + weight * (REAL)by[k];
        }
    }
    for (int64_t j = 0; j < n; j++) {
        ELEM *s = score + j * WG_ATTENTION_BLOCK, *by = g + j * WG_ATTENTION_BLOCK;
        EACH_LANE(w) by[k] = (REAL)s[k] * ((REAL)by[k] - dot[k]) * scale;
    }
}

static void T(zero_lines)(T(matrix) x, int64_t first)
{
    for (int64_t i = first; i < x.rows; i++)
        for (int64_t j = 0; j < x.columns; j++)
            x.data[i * x.row + j * x.column] = (REAL)0;
}

/* One block; add: gk and gv hold the sums of later blocks. */
static wg_status T(block_grad)(const struct T(attention) * a, const T(query_block) * b, ELEM *g, bool add)
{
    const wg_call *c = a->c;
    const T(matrix) log_sum = T(head_of)(a, c->in[4], b->head), gy = T(head_of)(a, c->in[5], b->head);
    const T(matrix) queries = T(lines_of)(T(head_of)(a, c->in[0], b->head), b->first, b->m);
    const T(matrix) keys = T(lines_of)(T(head_of)(a, c->in[1], b->head), 0, b->n);
    wg_status status = T(score)(a, b);
    if (status == WG_OK)
        status = T(multiply_turned)(b, T(head_of)(a, c->in[2], b->head), gy, 1, g);
    if (status != WG_OK)
        return status;
    for (int64_t i = 0; i < b->m; i += WG_ATTENTION_LANES)
        T(score_gradients)
    (b->scores + i, g + i, b->n, b->m - i < WG_ATTENTION_LANES ? b->m - i : WG_ATTENTION_LANES,
     log_sum.data + (b->first + i) * log_sum.row, log_sum.row, (REAL)a->scale);
    const T(matrix) weights = T(in_lines)(b, b->scores), gs = T(in_lines)(b, g);
    status = T(gemm)(weights, T(lines_of)(gy, b->first, b->m), add, T(lines_of)(T(head_of)(a, c->out[2], b->head), 0, b->n));
    if (status == WG_OK)
        status = T(gemm)(gs, queries, add, T(lines_of)(T(head_of)(a, c->out[1], b->head), 0, b->n));
    if (status == WG_OK)
        status = T(gemm)(T(transposed)(gs), keys, false, T(lines_of)(T(head_of)(a, c->out[0], b->head), b->first, b->m));
    return status;
}

static wg_status T(head_grad)(const struct T(attention) * a, int64_t head, ELEM *workspace)
{
    ELEM *g = workspace + a->keys * WG_ATTENTION_BLOCK;
    int64_t keys = 0; /* that any query attends to */
    for (int64_t block = a->blocks - 1; block >= 0; block--) {
        T(query_block) b = T(block_of)(a, head, block, workspace);
        b.transposed = g + a->keys * WG_ATTENTION_BLOCK;
        const wg_status status = T(block_grad)(a, &b, g, block + 1 < a->blocks);
        if (status != WG_OK)
            return status;
        keys = b.n > keys ? b.n : keys;
    }
    T(zero_lines)(T(head_of)(a, a->c->out[1], head), keys);
    T(zero_lines)(T(head_of)(a, a->c->out[2], head), keys);
    return WG_OK;
}

static wg_status T(attention_grad)(const wg_call *c)
{
    return T(attend_all)(c, c->out[0], T(head_grad), false, 2);
}
#else
#define KERNEL_FILE "ops/attention/attention_grad.c"
#include "ops/attention/attention.h"
#include "ops/op.h"

enum { Q, K, V, MASK, LOG_SUM, GY };

/* True if t has batch's leading axes and these last two extents. */
static bool fits(const wg_tensor *t, const wg_spec *batch, int64_t rows, int64_t columns)
{
    const int leading = batch->rank - 2;
    return t->rank == batch->rank && memcmp(wg_extents(t), batch->extent, (size_t)leading * sizeof *batch->extent) == 0 &&
           wg_extents(t)[leading] == rows && wg_extents(t)[leading + 1] == columns;
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_attention_operands(c, &out[0]));
    const wg_tensor *q = c->in[Q], *k = c->in[K], *v = c->in[V];
    const wg_spec batch = out[0];
    const int64_t queries = wg_extents(q)[q->rank - 2];
    if (c->in[LOG_SUM]->dtype != batch.dtype || c->in[GY]->dtype != batch.dtype)
        return wg_call_error(c, WG_E_DTYPE, "expected log_sum_exp and gy of the queries' dtype");
    if (!fits(c->in[LOG_SUM], &batch, queries, 1) || !fits(c->in[GY], &batch, queries, wg_extents(v)[v->rank - 1]))
        return wg_call_error(c, WG_E_SHAPE, "expected log_sum_exp (…,L,1) and gy (…,L,e)");
    for (int i = 0; i < 3; i++) {
        const wg_tensor *of = i == Q ? q : i == K ? k : v;
        out[i] = batch;
        out[i].extent[batch.rank - 2] = wg_extents(of)[of->rank - 2];
        out[i].extent[batch.rank - 1] = wg_extents(of)[of->rank - 1];
    }
    return WG_OK;
}

wg_status wg_attention_grad(wg_tensor *q, wg_tensor *k, wg_tensor *v, wg_tensor *mask, wg_tensor *log_sum_exp, wg_tensor *gy,
                            bool causal, double scale, wg_tensor **gq, wg_tensor **gk, wg_tensor **gv)
{
    struct wg_attention_params p;
    WG_TRY(wg_attention_resolve("attention_grad", q, causal, scale, &p));
    wg_tensor *in[6] = {q, k, v, mask, log_sum_exp, gy}, **to[3] = {gq, gk, gv};
    return wg_invoke_into(&wg_op_attention_grad, &p, in, 6, to);
}

/* ---- derivatives ---- */

/* The parts of the gradient, all (…,L,S): the weights w, g = gy vᵀ, rest = g - Σ_j w g and gs = w rest. */
struct parts {
    wg_tensor *w, *g, *rest, *gs;
};

static wg_tensor *row_sums(wg_tensor *a, wg_tensor *b)
{
    return wg_sum(wg_mul(a, b), .axis = -1, .keepdims = true);
}

static wg_status parts_of(const wg_call *c, struct parts *p)
{
    wg_tensor *scores = wg_attention_scores(c->in[Q], c->in[K], c->in[MASK], c->params);
    p->w = scores ? wg_exp(wg_sub(scores, c->in[LOG_SUM])) : NULL;
    p->g = p->w ? wg_matmul(c->in[GY], wg_transposed(c->in[V])) : NULL;
    p->rest = p->g ? wg_sub(p->g, row_sums(p->w, p->g)) : NULL;
    return p->rest ? wg_made(p->gs = wg_mul(p->w, p->rest)) : WG_E_NULL;
}

/* scale (a kᵀ + q bᵀ), or WG_NONE. */
static wg_tensor *both_products(const wg_call *c, wg_tensor *a, wg_tensor *b)
{
    const double scale = ((const struct wg_attention_params *)c->params)->scale;
    wg_tensor *sum = wg_plus(WG_PART(a, wg_matmul(a, wg_transposed(c->in[K]))), WG_PART(b, wg_matmul(c->in[Q], wg_transposed(b))));
    return sum ? WG_PART(sum, wg_mul_scalar(sum, scale)) : NULL;
}

/* scale (a x + b y), or WG_NONE; a product is absent if one of its operands is. */
static wg_tensor *scaled_sum(const wg_call *c, wg_tensor *a, wg_tensor *x, wg_tensor *b, wg_tensor *y)
{
    const double scale = ((const struct wg_attention_params *)c->params)->scale;
    const bool first = a && x && !wg_absent(a) && !wg_absent(x), second = b && y && !wg_absent(b) && !wg_absent(y);
    wg_tensor *sum = a && x && b && y ? wg_plus(first ? wg_matmul(a, x) : WG_NONE, second ? wg_matmul(b, y) : WG_NONE) : NULL;
    return sum ? WG_PART(sum, wg_mul_scalar(sum, scale)) : NULL;
}

/* With u the gradients of gq, gk and gv: by_gs = scale (uq kᵀ + q ukᵀ) that of gs, by_g = w (by_gs - t) with t = Σ_j w by_gs that of g,
   by_w = by_gs rest - g t + gy uvᵀ that of w, and w by_w that of the scores. */
static wg_status vjp(const wg_call *c, wg_tensor *const *u, wg_grad_slot *gx)
{
    struct parts p;
    WG_TRY(parts_of(c, &p));
    wg_tensor *by_gs = both_products(c, u[Q], u[K]), *by_g = WG_NONE, *by_w = WG_NONE;
    if (!by_gs)
        return WG_E_NULL;
    if (!wg_absent(by_gs)) {
        wg_tensor *t = row_sums(p.w, by_gs);
        WG_TRY(wg_made(by_g = wg_mul(p.w, wg_sub(by_gs, t))));
        WG_TRY(wg_made(by_w = wg_sub(wg_mul(by_gs, p.rest), wg_mul(p.g, t))));
    }
    by_w = wg_plus(by_w, WG_PART(u[V], wg_matmul(c->in[GY], wg_transposed(u[V]))));
    wg_tensor *by_s = by_w ? wg_mul(p.w, by_w) : NULL;
    WG_TRY(wg_made(by_s));
    WG_TRY(WG_GIVE(gx[Q], scaled_sum(c, p.gs, u[K], by_s, c->in[K])));
    WG_TRY(WG_GIVE(gx[K], scaled_sum(c, wg_transposed(p.gs), u[Q], wg_transposed(by_s), c->in[Q])));
    WG_TRY(WG_GIVE(gx[V], wg_absent(by_g) ? wg_zeros((wg_dtype)c->in[V]->dtype, wg_shape_of(c->in[V]))
                                          : wg_matmul(wg_transposed(by_g), c->in[GY])));
    WG_TRY(WG_GIVE(gx[MASK], by_s));
    WG_TRY(WG_GIVE(gx[LOG_SUM], wg_neg(wg_sum(by_s, .axis = -1, .keepdims = true))));
    return WG_GIVE(gx[GY], wg_plus(WG_PART(by_g, wg_matmul(by_g, c->in[V])), WG_PART(u[V], wg_matmul(p.w, u[V]))));
}

/* The tangents of w and of gs, either of which may be WG_NONE. */
static wg_status tangents(const wg_call *c, const struct parts *p, wg_tensor *const *tx, wg_tensor **tw, wg_tensor **tgs)
{
    wg_tensor *ts = wg_plus(both_products(c, tx[Q], tx[K]), tx[MASK]);
    wg_tensor *tg = wg_plus(WG_PART(tx[GY], wg_matmul(tx[GY], wg_transposed(c->in[V]))),
                            WG_PART(tx[V], wg_matmul(c->in[GY], wg_transposed(tx[V]))));
    ts = wg_plus(ts, WG_PART(tx[LOG_SUM], wg_neg(tx[LOG_SUM])));
    if (!ts || !tg)
        return WG_E_NULL;
    WG_TRY(wg_made(*tw = WG_PART(ts, wg_mul(p->w, ts))));
    wg_tensor *sums = wg_plus(WG_PART(*tw, row_sums(*tw, p->g)), WG_PART(tg, row_sums(p->w, tg)));
    wg_tensor *by_rest = sums ? WG_PART(sums, wg_mul(p->w, wg_absent(tg) ? wg_neg(sums) : wg_sub(tg, sums))) : NULL;
    return by_rest ? wg_made(*tgs = wg_plus(WG_PART(*tw, wg_mul(*tw, p->rest)), by_rest)) : WG_E_NULL;
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    struct parts p;
    wg_tensor *tw, *tgs;
    WG_TRY(parts_of(c, &p));
    WG_TRY(tangents(c, &p, tx, &tw, &tgs));
    WG_TRY(wg_made(ty[Q] = scaled_sum(c, tgs, c->in[K], p.gs, tx[K])));
    WG_TRY(wg_made(ty[K] = scaled_sum(c, WG_PART(tgs, wg_transposed(tgs)), c->in[Q], wg_transposed(p.gs), tx[Q])));
    return wg_made(ty[V] = wg_plus(WG_PART(tw, wg_matmul(wg_transposed(tw), c->in[GY])),
                                   WG_PART(tx[GY], wg_matmul(wg_transposed(p.w), tx[GY]))));
}

/* Keys that no query may attend to with causal count as read. */
static wg_cost cost(const wg_call *c)
{
    const struct wg_attention_params *p = c->params;
    const int64_t *of_q = wg_extents(c->out[0]) + c->out[0]->rank - 2, *of_v = wg_extents(c->out[2]) + c->out[2]->rank - 2;
    const double d = (double)of_q[1], e = (double)of_v[1], queries = (double)c->out[0]->numel;
    const double rows = (double)c->in[LOG_SUM]->numel, heads = rows > 0 ? rows / (double)of_q[0] : 0;
    const double scores = heads * wg_attention_count(of_q[0], of_v[0], p->causal).scores;
    wg_cost cost = wg_cost_bytes(c);
    cost.bytes_read = rows > 0 ? cost.bytes_read : 0;
    cost.add = scores * (3 * d + 2 * e + 3);
    cost.mul = scores * (3 * d + 2 * e + 3) + (p->scale != 1 ? queries : 0);
    cost.add += !wg_absent(c->in[MASK]) && c->in[MASK]->dtype != WG_U8 ? scores : 0;
    cost.compare = cost.transcendental = scores;
    return cost;
}

#define HEADS(l, s, d, e) {WG_DIMS(2, l, d), WG_DIMS(2, s, d), WG_DIMS(2, s, e), {0}, WG_DIMS(2, l, 1), WG_DIMS(2, l, e)}, .n = 6
#define PARAMS(b)                                 \
    .params = &(const struct wg_attention_params) \
    {                                             \
        .causal = b, .scale = 0.5                 \
    }
const struct wg_op wg_op_attention_grad = {
    .name = WG_REGISTERED("attention_grad"),
    .params_size = sizeof(struct wg_attention_params),
    WG_PARAMS(WG_PARAM_UNLESS(0, BOOL, struct wg_attention_params, causal), WG_PARAM(REAL, struct wg_attention_params, scale)),
    .n_in = 6,
    .n_out = 3,
    .optional = WG_IN(MASK),
    .shape = shape,
    .kernels = KERNELS(attention_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_ALL_IN,
    WG_SAMPLES({"plain", HEADS(3, 5, 4, 2), .none = WG_IN(MASK), PARAMS(false)},
               {"causal", HEADS(70, 70, 2, 2), .none = WG_IN(MASK), PARAMS(true)}),
};
#undef HEADS
#undef PARAMS
#endif
