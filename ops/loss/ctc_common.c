/* Checks and costs of the ops of connectionist temporal classification. */
#include "ops/loss/ctc.h"
#include "ops/op.h"

static int64_t number(const wg_tensor *t, int64_t i)
{
    return ((const int64_t *)(const void *)t->data)[i * wg_strides(t)[0]];
}

static int64_t label(const wg_tensor *targets, int64_t n, int64_t k)
{
    return ((const int64_t *)(const void *)targets->data)[n * wg_strides(targets)[0] + k * wg_strides(targets)[1]];
}

struct wg_ctc_lengths wg_ctc_lengths(const wg_call *c, int64_t n)
{
    return (struct wg_ctc_lengths){number(c->in[2], n), number(c->in[3], n)};
}

/* ---- checks ---- */

wg_status wg_ctc_shapes(const wg_call *c)
{
    const wg_tensor *x = c->in[0], *targets = c->in[1];
    if ((x->dtype != WG_F32 && x->dtype != WG_F64) || targets->dtype != WG_I64 || c->in[2]->dtype != WG_I64 ||
        c->in[3]->dtype != WG_I64)
        return wg_call_error(c, WG_E_DTYPE, "expected log-probabilities of f32 or f64, and targets and lengths of i64");
    bool fits = x->rank == 3 && targets->rank == 2 && wg_extents(targets)[0] == wg_extents(x)[1];
    for (int i = 2; i < WG_CTC_OPERANDS && fits; i++)
        fits = c->in[i]->rank == 1 && wg_extents(c->in[i])[0] == wg_extents(x)[1];
    if (!fits)
        return wg_call_error(c, WG_E_SHAPE, "expected log-probabilities (T,N,C), targets (N,S) and lengths (N), (N)");
    const struct wg_ctc_params *p = c->params;
    if (p->blank < 0 || p->blank >= wg_extents(x)[2])
        return wg_call_error(c, WG_E_ARGUMENT, "expected a blank that is one of the classes");
    return WG_OK;
}

static wg_status check_length(const wg_call *c, int64_t n, const char *what, int64_t length, int64_t most)
{
    if (length >= 0 && length <= most)
        return WG_OK;
    return wg_fail(WG_E_ARGUMENT, c->op->name, "%s: expected %s lengths in 0..%lld, got %lld for sequence %lld", c->op->name, what,
                   (long long)most, (long long)length, (long long)n);
}

wg_status wg_ctc_check(const wg_call *c)
{
    const struct wg_ctc_params *p = c->params;
    const wg_tensor *x = c->in[0], *targets = c->in[1];
    for (int64_t n = 0; n < wg_extents(x)[1]; n++) {
        const struct wg_ctc_lengths length = wg_ctc_lengths(c, n);
        WG_TRY(check_length(c, n, "input", length.times, wg_extents(x)[0]));
        WG_TRY(check_length(c, n, "target", length.labels, wg_extents(targets)[1]));
        for (int64_t k = 0; k < length.labels; k++) {
            const int64_t value = label(targets, n, k);
            if (value < 0 || value >= wg_extents(x)[2] || value == p->blank)
                return wg_fail(WG_E_ARGUMENT, c->op->name,
                               "%s: expected labels in 0..%lld that are not the blank, got %lld in sequence %lld", c->op->name,
                               (long long)wg_extents(x)[2] - 1, (long long)value, (long long)n);
        }
    }
    return WG_OK;
}

/* ---- costs ---- */

/* The number of distinct elements of a tensor of x's shape that are read: for each sequence and time, those of the blank and of the
   labels. Elements that stride 0 repeats count once. If memory for marking them cannot be allocated, all elements. */
static double elements_read(const wg_call *c, const wg_tensor *x)
{
    const struct wg_ctc_params *p = c->params;
    const int64_t *extent = wg_extents(x), *stride = wg_strides(x);
    bool *seen = wg_object_new((size_t)x->numel + 1);
    double count = 0;
    for (int64_t n = 0; n < extent[1] && seen; n++) {
        const struct wg_ctc_lengths length = wg_ctc_lengths(c, n);
        for (int64_t t = 0; t < length.times; t++)
            for (int64_t k = -1; k < length.labels; k++) {
                const int64_t class = k < 0 ? p->blank : label(c->in[1], n, k);
                const int64_t at = ((stride[0] ? t : 0) * extent[1] + (stride[1] ? n : 0)) * extent[2] + (stride[2] ? class : 0);
                count += !seen[at];
                seen[at] = true;
            }
    }
    count = seen ? count : (double)x->numel;
    wg_object_free(seen);
    return count;
}

/* A step of the recursion for `states` states, and its derivatives in `parts` parts along k directions. */
static void add_steps(wg_cost *cost, double states, double k, double parts)
{
    cost->add += 6 * states;
    cost->compare += 3 * states;
    cost->transcendental += 3 * states;
    if (k > 0) {
        cost->add += states * (4 + 2 * parts);
        cost->mul += states * 3 * parts;
        cost->compare += states;
        cost->transcendental += 3 * states;
    }
}

/* Multiplication by e^x of `states` states. */
static void add_emissions(wg_cost *cost, double states, double k, double parts)
{
    cost->add += states * (1 + k * parts / 2);
    cost->mul += states * k * parts / 2;
}

static void add_sequence(wg_cost *cost, struct wg_ctc_lengths length, bool both_ways, double k)
{
    const double states = 2 * (double)length.labels + 1, times = (double)length.times, parts = exp2(k);
    add_steps(cost, (times - 1) * states, k, parts);
    add_emissions(cost, times * states, k, parts);
    cost->add += 4; /* the sum of the two ends */
    cost->compare += 2;
    cost->transcendental += 3;
    if (!both_ways)
        return;
    cost->compare++;
    if (k > 0) { /* its reciprocal's derivatives */
        const double products = pow(3, k) - parts;
        cost->add += 2 + parts + products;
        cost->mul += 2 * parts + products;
        cost->transcendental += 2;
    }
    add_steps(cost, (times - 1) * states, k, parts);
    add_emissions(cost, (times - 1) * states, k, parts);
    cost->add += 2 * times * states;
    cost->transcendental += times * states;
    if (k > 0) {
        cost->add += times * states * parts;
        cost->mul += times * states * (parts + 1);
    }
}

wg_cost wg_ctc_cost(const wg_call *c, bool both_ways)
{
    const double k = c->n_in - WG_CTC_OPERANDS, size = (double)wg_dtype_size((wg_dtype)c->in[0]->dtype);
    wg_call labels = *c;
    labels.in++;
    labels.n_in = WG_CTC_OPERANDS - 1;
    wg_cost cost = wg_cost_bytes(&labels);
    if (c->out[0]->numel == 0)
        return (wg_cost){0};
    const bool known = c->in[1]->state == WG_LIVE && c->in[2]->state == WG_LIVE && c->in[3]->state == WG_LIVE;
    for (unsigned i = 0; i < c->n_in; i++)
        if (i == 0 || i >= WG_CTC_OPERANDS)
            cost.bytes_read += size * (known ? elements_read(c, c->in[i]) : (double)c->in[i]->numel);
    for (int64_t n = 0; n < wg_extents(c->in[0])[1]; n++) {
        const struct wg_ctc_lengths most = {wg_extents(c->in[0])[0], wg_extents(c->in[1])[1]};
        const struct wg_ctc_lengths length = known ? wg_ctc_lengths(c, n) : most;
        if (length.times > 0)
            add_sequence(&cost, length, both_ways, k);
    }
    return cost;
}
