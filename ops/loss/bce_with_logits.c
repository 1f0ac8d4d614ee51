/* Binary cross entropy of logits x and targets t, without overflow: x ([x > 0] - t) + log(1 + e^{-|x|}). The first term counts as 0
   where [x > 0] - t is 0, even if x is infinite. With weights w and weights q of targets of 1 it is w (q t softplus(-x) + (1 - t)
   softplus(x)), in which a term of weight 0 is 0. The sum is made in f64, in row-major order of indices; how it is split into parts
   depends only on the number of elements. The mean and the sum run as one kernel, which keeps no element. */
#ifdef REAL
enum { T(BCE_PARTS) = 256, T(BCE_BLOCK) = 256 };

static REAL T(bce_of)(REAL x, REAL t)
{
    const int right = x > (REAL)0;
    const REAL u = (right ? (REAL)1 : (REAL)0) - t, product = x * u;
    return (u == (REAL)0 ? u : product) + R(log1p)(R(exp)(-R(fabs)(x)));
}

static REAL T(bce_weighted_of)(REAL x, REAL t, REAL weight, REAL of_ones)
{
    const REAL both = R(log1p)(R(exp)(-R(fabs)(x))), zero = (REAL)0;
    const int right = x > zero;
    const REAL ones = of_ones * t, zeros = (REAL)1 - t;
    const REAL of_one = ones * ((right ? zero : -x) + both), of_zero = zeros * ((right ? x : zero) + both);
    const REAL sum = (ones == zero ? zero : of_one) + (zeros == zero ? zero : of_zero), product = weight * sum;
    return weight == zero ? zero : product;
}

/* One call, shared by the threads that compute its parts. each: the loss of each element, or NULL for their sum. weight: w and q,
   of x's extents, or NULL. */
typedef struct {
    const ELEM *x, *t, *weight[2];
    ELEM *each;
    struct wg_reduction_plan of_x, of_t, of_each, of_weight[2];
    int64_t n, part; /* total elements; elements of a part, a whole number of blocks */
    WIDE sums[T(BCE_PARTS)];
} T(bce_sum);

/* The losses of n ≤ BCE_BLOCK elements from number `at` on. */
static void T(bce_block)(const T(bce_sum) * s, int64_t at, int64_t n, REAL *loss)
{
    int64_t at_x[T(BCE_BLOCK)], at_t[T(BCE_BLOCK)], at_w[2][T(BCE_BLOCK)];
    wg_reduced_offsets(&s->of_x, at, n, at_x);
    wg_reduced_offsets(&s->of_t, at, n, at_t);
    if (!s->weight[0] && !s->weight[1]) {
        for (int64_t i = 0; i < n; i++)
            loss[i] = T(bce_of)(s->x[at_x[i]], s->t[at_t[i]]);
        return;
    }
    for (int k = 0; k < 2; k++)
        if (s->weight[k])
            wg_reduced_offsets(&s->of_weight[k], at, n, at_w[k]);
    for (int64_t i = 0; i < n; i++) {
        const REAL weight = s->weight[0] ? (REAL)s->weight[0][at_w[0][i]] : (REAL)1;
        const REAL of_ones = s->weight[1] ? (REAL)s->weight[1][at_w[1][i]] : (REAL)1;
        loss[i] = T(bce_weighted_of)(s->x[at_x[i]], s->t[at_t[i]], weight, of_ones);
    }
}

static void T(bce_parts)(int64_t first_part, int64_t last_part, void *context)
{
    T(bce_sum) *s = (T(bce_sum) *)context;
    int64_t at_y[T(BCE_BLOCK)];
    REAL loss[T(BCE_BLOCK)];
    for (int64_t part = first_part; part < last_part; part++) {
        const int64_t end = (part + 1) * s->part < s->n ? (part + 1) * s->part : s->n;
        WIDE total = (WIDE)0;
        for (int64_t at = part * s->part; at < end; at += T(BCE_BLOCK)) {
            const int64_t n = end - at < T(BCE_BLOCK) ? end - at : T(BCE_BLOCK);
            WIDE sum = (WIDE)0;
            T(bce_block)(s, at, n, loss);
            if (s->each) {
                wg_reduced_offsets(&s->of_each, at, n, at_y);
                for (int64_t i = 0; i < n; i++)
                    s->each[at_y[i]] = loss[i];
                continue;
            }
            for (int64_t i = 0; i < n; i++)
                sum = sum + (WIDE)loss[i];
            total = total + sum;
        }
        s->sums[part] = total;
    }
}

static wg_status T(bce_with_logits)(const wg_call *c)
{
    const wg_tensor *x = c->in[0], *y = c->out[0];
    const wg_reduction reduction = *(const wg_reduction *)c->params;
    T(bce_sum) s;
    s.x = (const ELEM *)(const void *)c->in[0]->data;
    s.t = (const ELEM *)(const void *)c->in[1]->data;
    s.each = reduction == WG_REDUCTION_NONE ? (ELEM *)(void *)y->data : NULL;
    wg_plan_reduction(x, y, (1u << x->rank) - 1, &s.of_x);
    wg_plan_reduction(c->in[1], y, (1u << x->rank) - 1, &s.of_t);
    if (s.each)
        wg_plan_reduction(y, y, (1u << x->rank) - 1, &s.of_each);
    for (int k = 0; k < 2; k++) {
        const wg_tensor *weight = c->n_in > 2 ? c->in[2 + k] : NULL;
        int64_t dims[2 * WG_MAX_RANK];
        wg_tensor seen;
        s.weight[k] = !weight || wg_absent(weight) ? NULL : (const ELEM *)(const void *)weight->data;
        if (s.weight[k]) {
            wg_stretch(weight, x, &seen, dims);
            wg_plan_reduction(&seen, y, (1u << x->rank) - 1, &s.of_weight[k]);
        }
    }
    s.n = x->numel;
    const int64_t blocks = (s.n + T(BCE_BLOCK) - 1) / T(BCE_BLOCK);
    s.part = (blocks + T(BCE_PARTS) - 1) / T(BCE_PARTS) * T(BCE_BLOCK);
    const int64_t parts = s.part ? (s.n + s.part - 1) / s.part : 0;
    wg_parallel(wg_kernel_threads(16 * (double)s.n), parts, T(bce_parts), &s);
    if (s.each)
        return WG_OK;
    WIDE total = (WIDE)0;
    for (int64_t k = 0; k < parts; k++)
        total = total + s.sums[k];
    if (reduction != WG_REDUCTION_SUM)
        total = total / (WIDE)(reduction == WG_REDUCTION_MEAN ? s.n : wg_extents(x)[0]);
    *(ELEM *)(void *)y->data = (REAL)total;
    return WG_OK;
}
#else
#define KERNEL_FILE "ops/loss/bce_with_logits.c"
#include "ops/loss/loss.h"

static wg_reduction reduction_of(const wg_call *c)
{
    return *(const wg_reduction *)c->params;
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *x = c->in[0];
    if (c->n_in != 2 && c->n_in != 4)
        return wg_call_error(c, WG_E_ARGUMENT, "expected logits and targets, and two weights or none");
    WG_TRY(wg_loss_pair(c, reduction_of(c)));
    for (unsigned i = 2; i < c->n_in; i++)
        WG_TRY(wg_loss_weight(c, i));
    out->dtype = (wg_dtype)x->dtype;
    out->rank = reduction_of(c) == WG_REDUCTION_NONE ? x->rank : 0;
    memcpy(out->extent, wg_extents(x), (size_t)out->rank * sizeof *out->extent);
    return WG_OK;
}

wg_tensor *wg_bce_with_logits_with(wg_tensor *logits, wg_tensor *targets, wg_bce_with_logits_options options)
{
    wg_tensor *in[4] = {logits, targets, options.weight, options.pos_weight};
    if (options.weight == WG_NONE && options.pos_weight == WG_NONE)
        return wg_invoke2(&wg_op_bce_with_logits, &options.reduction, logits, targets);
    return wg_loss_apply(&wg_op_bce_with_logits, &options.reduction, in, 4);
}

/* g times s, the factor of an element's loss in the result: 1/n of a mean over n elements. */
static wg_tensor *shared(const wg_call *c, wg_tensor *g, double sign)
{
    const wg_tensor *x = c->in[0];
    const wg_reduction reduction = reduction_of(c);
    double n = 1;
    if (reduction == WG_REDUCTION_MEAN)
        n = (double)x->numel;
    else if (reduction == WG_REDUCTION_BATCH_MEAN)
        n = (double)wg_extents(x)[0];
    return n == 1 && sign > 0 ? g : wg_mul_scalar(g, n > 0 ? sign / n : 0);
}

static bool is_weighted(const wg_call *c)
{
    return c->n_in > 2;
}

/* w x, or x where w is absent. */
static wg_tensor *times(wg_tensor *w, wg_tensor *x)
{
    return wg_absent(w) ? x : wg_mul(w, x);
}

/* The derivative of an element's weighted loss by operand i. */
static wg_tensor *weighted_slope(const wg_call *c, int i)
{
    wg_tensor *x = c->in[0], *t = c->in[1], *weight = c->in[2], *of_ones = c->in[3];
    if (i == 2)
        return wg_bce_with_logits(x, t, .pos_weight = of_ones, .reduction = WG_REDUCTION_NONE);
    if (i == 3)
        return times(weight, wg_mul(t, wg_softplus(wg_neg(x))));
    if (i == 1)
        return times(weight, wg_sub(times(of_ones, wg_softplus(wg_neg(x))), wg_softplus(x)));
    wg_tensor *ones = times(of_ones, t), *zeros = wg_add_scalar(wg_neg(t), 1);
    return times(weight, wg_sub(wg_mul(wg_add(ones, zeros), wg_sigmoid(x)), ones));
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *x = c->in[0], *t = c->in[1];
    if (is_weighted(c)) {
        for (int i = 0; i < 4; i++)
            WG_TRY(WG_GIVE(gx[i], wg_mul(weighted_slope(c, i), shared(c, gy[0], 1))));
        return WG_OK;
    }
    WG_TRY(WG_GIVE(gx[0], wg_mul(wg_sub(wg_sigmoid(x), t), shared(c, gy[0], 1))));
    return WG_GIVE(gx[1], wg_mul(x, shared(c, gy[0], -1)));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *x = c->in[0], *t = c->in[1];
    const wg_reduction reduction = reduction_of(c);
    if (is_weighted(c)) {
        wg_tensor *sum = WG_NONE;
        for (int i = 0; i < 4 && sum; i++)
            sum = wg_plus(sum, WG_PART(tx[i], wg_mul(weighted_slope(c, i), tx[i])));
        return wg_made(ty[0] = !sum || wg_absent(sum) ? sum : wg_loss_reduce(sum, reduction));
    }
    return wg_jvp_sum(c, WG_PART(tx[0], wg_loss_reduce(wg_mul(wg_sub(wg_sigmoid(x), t), tx[0]), reduction)),
                      WG_PART(tx[1], wg_neg(wg_loss_reduce(wg_mul(x, tx[1]), reduction))), ty);
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_bytes(c);
    const double n = (double)c->in[0]->numel, blocks = ceil(n / 256), part = ceil(blocks / 256) * 256;
    const wg_reduction reduction = reduction_of(c);
    cost.add = is_weighted(c) ? 4 * n : 2 * n;
    if (reduction != WG_REDUCTION_NONE)
        cost.add += n + blocks + (n > 0 ? ceil(n / part) : 0);
    cost.mul = is_weighted(c) ? 4 * n : n;
    cost.div = reduction == WG_REDUCTION_MEAN || reduction == WG_REDUCTION_BATCH_MEAN;
    cost.compare = is_weighted(c) ? 4 * n : 2 * n;
    cost.transcendental = 2 * n;
    return cost;
}

#define SHAPES(...) {WG_DIMS(__VA_ARGS__), WG_DIMS(__VA_ARGS__)}, .n = 2, .low = {-3, 0}, .high = {3, 1}
#define WEIGHTS(w, q) {WG_DIMS(3, 4), WG_DIMS(3, 4), w, q}, .n = 4, .low = {-3, 0, 0.5, 0.5}, .high = {3, 1, 2, 2}
#define REDUCED(to)                 \
    .params = &(const wg_reduction) \
    {                               \
        WG_REDUCTION_##to           \
    }
const struct wg_op wg_op_bce_with_logits = {
    .name = WG_REGISTERED("bce_with_logits"),
    .params_size = sizeof(wg_reduction),
    .n_out = 1, /* of 2 operands, for which a call costs less, or of 4 */
    .optional = WG_IN(2) | WG_IN(3),
    .shape = shape,
    .kernels = KERNELS(bce_with_logits),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1) | WG_IN(2) | WG_IN(3),
    WG_SAMPLES({"mean", SHAPES(3, 4), REDUCED(MEAN)}, {"blocks", SHAPES(300), REDUCED(MEAN)}, {"sum", SHAPES(3, 4), REDUCED(SUM)},
               {"batch mean", SHAPES(3, 4), REDUCED(BATCH_MEAN)}, {"each", SHAPES(3, 4), REDUCED(NONE)},
               {"blocks of each", SHAPES(300), REDUCED(NONE)}, {"weighted", WEIGHTS(WG_DIMS(3, 4), WG_DIMS(4)), REDUCED(MEAN)},
               {"weight", WEIGHTS(WG_DIMS(3, 1), {0}), .none = WG_IN(3), REDUCED(SUM)},
               {"weight of ones", WEIGHTS({0}, WG_DIMS(1)), .none = WG_IN(2), REDUCED(NONE)}),
};
#undef SHAPES
#undef WEIGHTS
#undef REDUCED
#endif
