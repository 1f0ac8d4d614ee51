/* The mean of max(x, 0) - x t + log(1 + e^{-|x|}), x logits and t targets: binary cross entropy, without overflow. Terms are summed
   in f64 by parts that the number of elements alone sets, in row-major order of their indices. */
#ifdef REAL
enum { T(BCE_PARTS) = 256, T(BCE_BLOCK) = 256 };

static REAL T(bce_of)(REAL x, REAL t)
{
    return (x > (REAL)0 ? x : (REAL)0) - x * t + R(log1p)(R(exp)(-R(fabs)(x)));
}

static WIDE T(bce_part)(const wg_call *c, const struct wg_reduction *of_x, const struct wg_reduction *of_t, int64_t first,
                        int64_t end)
{
    const ELEM *x = (const ELEM *)(const void *)c->in[0]->data, *t = (const ELEM *)(const void *)c->in[1]->data;
    int64_t at_x[T(BCE_BLOCK)], at_t[T(BCE_BLOCK)];
    WIDE total = (WIDE)0;
    for (int64_t at = first; at < end; at += T(BCE_BLOCK)) {
        const int64_t n = end - at < T(BCE_BLOCK) ? end - at : T(BCE_BLOCK);
        WIDE sum = (WIDE)0;
        wg_reduced_offsets(of_x, at, n, at_x);
        wg_reduced_offsets(of_t, at, n, at_t);
        for (int64_t i = 0; i < n; i++)
            sum = sum + (WIDE)T(bce_of)(x[at_x[i]], t[at_t[i]]);
        total = total + sum;
    }
    return total;
}

static wg_status T(bce_with_logits)(const wg_call *c)
{
    struct wg_reduction of_x, of_t;
    wg_plan_reduction(c->in[0], c->out[0], (1u << c->in[0]->rank) - 1, &of_x);
    wg_plan_reduction(c->in[1], c->out[0], (1u << c->in[1]->rank) - 1, &of_t);
    const int64_t n = c->in[0]->numel, blocks = (n + T(BCE_BLOCK) - 1) / T(BCE_BLOCK);
    const int64_t part = (blocks + T(BCE_PARTS) - 1) / T(BCE_PARTS) * T(BCE_BLOCK), parts = part ? (n + part - 1) / part : 0;
    WIDE sums[T(BCE_PARTS)], total = (WIDE)0;
    const int threads = wg_kernel_threads(16 * (double)n);
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (int64_t k = 0; k < parts; k++)
        sums[k] = T(bce_part)(c, &of_x, &of_t, k * part, (k + 1) * part < n ? (k + 1) * part : n);
    for (int64_t k = 0; k < parts; k++)
        total = total + sums[k];
    *(ELEM *)(void *)c->out[0]->data = (REAL)(total / (WIDE)n);
    return WG_OK;
}
#else
#define KERNEL_FILE "bce_with_logits.c"
#include "op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_same_float(c, &out->dtype));
    if (!wg_same_dims(c->in[0], c->in[1]))
        return wg_call_error(c, WG_E_SHAPE, "logits and targets are of one shape");
    out->rank = 0;
    return WG_OK;
}

wg_tensor *wg_bce_with_logits(wg_tensor *logits, wg_tensor *targets)
{
    return wg_invoke2(&wg_op_bce_with_logits, NULL, logits, targets);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *x = c->in[0], *t = c->in[1];
    const double share = x->numel ? 1 / (double)x->numel : 0;
    WG_TRY(WG_GIVE(gx[0], wg_mul(wg_sub(wg_sigmoid(x), t), wg_mul_scalar(gy[0], share))));
    return WG_GIVE(gx[1], wg_mul(x, wg_mul_scalar(gy[0], -share)));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *x = c->in[0], *t = c->in[1];
    return wg_jvp_sum(c, WG_PART(tx[0], wg_mean(wg_mul(wg_sub(wg_sigmoid(x), t), tx[0]))),
                      WG_PART(tx[1], wg_neg(wg_mean(wg_mul(x, tx[1])))), ty);
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_bytes(c);
    const double n = (double)c->in[0]->numel, blocks = ceil(n / 256), part = ceil(blocks / 256) * 256;
    cost.add = 3 * n + blocks + (n > 0 ? ceil(n / part) : 0);
    cost.mul = n;
    cost.div = 1;
    cost.compare = n;
    cost.transcendental = 2 * n;
    return cost;
}

const struct wg_op wg_op_bce_with_logits = {
    .name = "bce_with_logits", .n_in = 2, .n_out = 1, .shape = shape, .kernel = KERNELS(bce_with_logits), .vjp = vjp, .jvp = jvp,
    .cost = cost, .saves = WG_IN(0) | WG_IN(1),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-3, 0}, .high = {3, 1}},
               {"blocks", {WG_DIMS(300), WG_DIMS(300)}, .n = 2, .low = {-3, 0}, .high = {3, 1}}),
};
#endif
