/* Binary cross entropy of logits x and targets t, without overflow: the mean of x ([x > 0] - t) + log(1 + e^{-|x|}). The first
   term counts as 0 where [x > 0] - t is 0, even if x is infinite. The sum is made in f64, in row-major order of indices; how it
   is split into parts depends only on the number of elements. */
#ifdef REAL
enum { T(BCE_PARTS) = 256, T(BCE_BLOCK) = 256 };

static REAL T(bce_of)(REAL x, REAL t)
{
    const int right = x > (REAL)0;
    const REAL u = (right ? (REAL)1 : (REAL)0) - t, product = x * u;
    return (u == (REAL)0 ? u : product) + R(log1p)(R(exp)(-R(fabs)(x)));
}

/* One call's sum, shared by the threads that compute its parts. */
typedef struct {
    const ELEM *x, *t;
    struct wg_reduction_plan of_x, of_t;
    int64_t n, part; /* total elements; elements of a part, a whole number of blocks */
    WIDE sums[T(BCE_PARTS)];
} T(bce_sum);

static void T(bce_parts)(int64_t first_part, int64_t last_part, void *context)
{
    T(bce_sum) *s = (T(bce_sum) *)context;
    int64_t at_x[T(BCE_BLOCK)], at_t[T(BCE_BLOCK)];
    for (int64_t part = first_part; part < last_part; part++) {
        const int64_t end = (part + 1) * s->part < s->n ? (part + 1) * s->part : s->n;
        WIDE total = (WIDE)0;
        for (int64_t at = part * s->part; at < end; at += T(BCE_BLOCK)) {
            const int64_t n = end - at < T(BCE_BLOCK) ? end - at : T(BCE_BLOCK);
            WIDE sum = (WIDE)0;
            wg_reduced_offsets(&s->of_x, at, n, at_x);
            wg_reduced_offsets(&s->of_t, at, n, at_t);
            for (int64_t i = 0; i < n; i++)
                sum = sum + (WIDE)T(bce_of)(s->x[at_x[i]], s->t[at_t[i]]);
            total = total + sum;
        }
        s->sums[part] = total;
    }
}

static wg_status T(bce_with_logits)(const wg_call *c)
{
    T(bce_sum) s;
    s.x = (const ELEM *)(const void *)c->in[0]->data;
    s.t = (const ELEM *)(const void *)c->in[1]->data;
    wg_plan_reduction(c->in[0], c->out[0], (1u << c->in[0]->rank) - 1, &s.of_x);
    wg_plan_reduction(c->in[1], c->out[0], (1u << c->in[1]->rank) - 1, &s.of_t);
    s.n = c->in[0]->numel;
    const int64_t blocks = (s.n + T(BCE_BLOCK) - 1) / T(BCE_BLOCK);
    s.part = (blocks + T(BCE_PARTS) - 1) / T(BCE_PARTS) * T(BCE_BLOCK);
    const int64_t parts = s.part ? (s.n + s.part - 1) / s.part : 0;
    wg_parallel(wg_kernel_threads(16 * (double)s.n), parts, T(bce_parts), &s);
    WIDE total = (WIDE)0;
    for (int64_t k = 0; k < parts; k++)
        total = total + s.sums[k];
    *(ELEM *)(void *)c->out[0]->data = (REAL)(total / (WIDE)s.n);
    return WG_OK;
}
#else
#define KERNEL_FILE "ops/loss/bce_with_logits.c"
#include "ops/op.h"

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
    cost.compare = 2 * n;
    cost.transcendental = 2 * n;
    return cost;
}

const struct wg_op wg_op_bce_with_logits = {
    .name = "bce_with_logits",
    .n_in = 2,
    .n_out = 1,
    .shape = shape,
    .kernel = KERNELS(bce_with_logits),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-3, 0}, .high = {3, 1}},
               {"blocks", {WG_DIMS(300), WG_DIMS(300)}, .n = 2, .low = {-3, 0}, .high = {3, 1}}),
};
#endif
