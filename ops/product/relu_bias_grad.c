/* The gradients of y = relu(x + b), where b has one element per column or channel. That of x is g = gy where y > 0 or NaN and 0
   elsewhere; that of b is Σ g over the rows or over a channel, summed in the same pass. Linear in gy; the derivative with
   respect to y is zero. A column is summed in the order of sum, a channel in that of channel_sum. */
#ifdef REAL
#include "ops/channel.h"

#define PASS relu_bias
#define ACC REAL
#define COMBINE(a, b) ((a) + (b))
#include "ops/reduce_pass_tmpl.h"

static inline REAL T(let_through)(REAL y, REAL gy)
{
    return y <= (REAL)0 ? (REAL)0 : gy;
}

static inline void T(relu_bias_row)(int64_t n, ELEM *g, const ELEM *y, const ELEM *gy)
{
    WG_LOOP(n)
        g[i] = T(let_through)(y[i], gy[i]);
}

/* Computes g in w columns, from `first` on. */
static void T(relu_bias_mask)(const wg_call *c, int64_t first, int64_t w)
{
    const int64_t *sy = wg_strides(c->in[0]), *sg = wg_strides(c->in[1]), *s = wg_strides(c->out[0]);
    for (int64_t i = 0; i < wg_extents(c->in[0])[0]; i++) {
        const ELEM *y = (const ELEM *)(const void *)c->in[0]->data + i * sy[0] + first * sy[1];
        const ELEM *gy = (const ELEM *)(const void *)c->in[1]->data + i * sg[0] + first * sg[1];
        ELEM *g = (ELEM *)(void *)c->out[0]->data + i * s[0] + first * s[1];
        if (sy[1] == 1 && sg[1] == 1 && s[1] == 1)
            T(relu_bias_row)(w, g, y, gy);
        else
            for (int64_t k = 0; k < w; k++)
                g[k * s[1]] = T(let_through)(y[k * sy[1]], gy[k * sg[1]]);
    }
}

/* One call, shared by the threads that compute its groups of columns. */
typedef struct {
    const wg_call *call;
    struct wg_reduction_plan plan;
    int failed;
} T(relu_bias_share);

/* Each job is a group of columns. Mask and sum run group by group, so that g is still cached when it is summed. */
static void T(relu_bias_groups)(int64_t first_group, int64_t last_group, void *context)
{
    T(relu_bias_share) *share = (T(relu_bias_share) *)context;
    const wg_tensor *g = share->call->out[0], *sum = share->call->out[1];
    for (int64_t group = first_group; group < last_group; group++) {
        const int64_t first = group * WG_REDUCE_WIDTH, rest = sum->numel - first,
                      w = rest < WG_REDUCE_WIDTH ? rest : WG_REDUCE_WIDTH;
        const ELEM *column = (const ELEM *)(const void *)g->data + first * wg_strides(g)[1];
        REAL total[WG_REDUCE_WIDTH];
        T(relu_bias_mask)(share->call, first, w);
        for (int64_t k = 0; k < w; k++)
            total[k] = (REAL)0;
        if (share->plan.count > 0 && T(relu_bias_columns)(&share->plan, 1, column, wg_strides(g)[1], w, 0, total) != WG_OK)
            __atomic_store_n(&share->failed, 1, __ATOMIC_RELAXED);
        for (int64_t k = 0; k < w; k++)
            ((ELEM *)(void *)sum->data)[(first + k) * wg_strides(sum)[0]] = total[k];
    }
}

/* ---- the sum over a channel ---- */

WG_INLINED void T(mask_step)(int64_t n, bool unit, ELEM *const *at, const int64_t *s, bool each, const void *state, WIDE *part)
{
    const ELEM *y = at[0], *gy = at[1];
    ELEM *g = at[2];
    (void)each, (void)state;
    WG_LOOP(n) {
        const REAL passed = T(let_through)((REAL)y[unit ? i : i * s[0]], (REAL)gy[unit ? i : i * s[1]]);
        g[unit ? i : i * s[2]] = passed;
        part[i] = part[i] + (WIDE)passed;
    }
}

static void T(relu_channels)(int64_t first, int64_t last, void *context)
{
    T(sum_groups)((const T(channel_sums) *)context, 3, T(mask_step), first, last);
}

static wg_status T(relu_by_channel)(const wg_call *c)
{
    const wg_tensor *t[3] = {c->in[0], c->in[1], c->out[0]};
    return T(sum_by_channel)(3, t, c->out[1], 2 * (double)c->out[0]->numel, T(relu_channels));
}

static wg_status T(relu_bias_grad)(const wg_call *c)
{
    if (c->in[0]->rank > 2)
        return T(relu_by_channel)(c);
    T(relu_bias_share) share;
    share.call = c;
    share.failed = 0;
    wg_plan_reduction(c->out[0], c->out[1], 1, &share.plan);
    wg_parallel(wg_kernel_threads(2 * (double)c->out[0]->numel), (c->out[1]->numel + WG_REDUCE_WIDTH - 1) / WG_REDUCE_WIDTH,
                T(relu_bias_groups), &share);
    return share.failed ? WG_E_MEMORY : WG_OK;
}
#else
#define KERNEL_FILE "ops/product/relu_bias_grad.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *y = c->in[0];
    WG_TRY(wg_same_float(c, &out[0].dtype));
    if (y->rank < 2 || !wg_same_dims(y, c->in[1]))
        return wg_call_error(c, WG_E_SHAPE, "expected two tensors (N,C,…) of one shape");
    out[1].dtype = out[0].dtype;
    out[0].rank = y->rank;
    out[1].rank = 1;
    memcpy(out[0].extent, wg_extents(y), (size_t)y->rank * sizeof *out->extent);
    out[1].extent[0] = wg_extents(y)[1];
    return WG_OK;
}

wg_status wg_relu_bias_grad(wg_tensor *y, wg_tensor *gy, wg_tensor **g, wg_tensor **gb)
{
    wg_tensor *in[2] = {y, gy}, *out[2] = {NULL, NULL};
    const wg_status status = wg_invoke(&wg_op_relu_bias_grad, NULL, in, 2, out, 2);
    if (status == WG_OK) {
        *g = out[0];
        *gb = out[1];
    }
    return status;
}

wg_status wg_relu_layer_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx, wg_layer_gradients *layer)
{
    wg_tensor *g = NULL, *by_bias = NULL;
    if (gx[2].need)
        WG_TRY(wg_relu_bias_grad(c->out[0], wg_donate(gy[0]), &g, &by_bias));
    else
        WG_TRY(wg_made(g = wg_relu_grad(c->out[0], wg_donate(gy[0]))));
    wg_spent(c->out[0]);
    WG_TRY(layer(c, g, gx));
    return gx[2].need ? wg_give(&gx[2], by_bias) : WG_OK;
}

/* The sum's gradient is broadcast over the channel and added to the gradient of g. */
static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *by_sum = wg_absent(gy[1]) ? WG_NONE : wg_over_channels(gy[1], c->in[1]);
    wg_tensor *u = wg_absent(gy[0]) ? wg_broadcast_to(by_sum, wg_shape_of(c->in[1])) : wg_plus(gy[0], by_sum);
    return WG_GIVE(gx[1], wg_relu_grad(c->in[0], u));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_relu_bias_grad(c->in[0], tx[1], &ty[0], &ty[1]);
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_each(c, 0, 0, 0, 1, 0);
    if (c->in[0]->rank > 2)
        cost.add = (double)c->out[0]->numel + wg_joins_by_channel(c->in[0]);
    else if (c->out[0]->numel > 0)
        cost.add = (double)(c->out[0]->numel - c->out[1]->numel);
    return cost;
}

const struct wg_op wg_op_relu_bias_grad = {
    .name = WG_REGISTERED("relu_bias_grad"),
    .n_in = 2,
    .n_out = 2,
    .shape = shape,
    .kernels = KERNELS(relu_bias_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .flat = WG_IN(0),
    .inplace = WG_IN(1),
    WG_SAMPLES({"open", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {0.1}, .high = {1}},
               {"shut", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-1}, .high = {-0.1}},
               {"mixed", {WG_DIMS(20, 3), WG_DIMS(20, 3)}, .n = 2, .low = {-100}, .high = {100}},
               {"groups", {WG_DIMS(2, 37), WG_DIMS(2, 37)}, .n = 2, .low = {-100}, .high = {100}},
               {"images", {WG_DIMS(3, 2, 2, 3), WG_DIMS(3, 2, 2, 3)}, .n = 2, .low = {-100}, .high = {100}},
               {"positions", {WG_DIMS(9, 2, 5, 7), WG_DIMS(9, 2, 5, 7)}, .n = 2, .low = {-100}, .high = {100}}),
};
#endif
