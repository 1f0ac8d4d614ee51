/* ln Σ eˣ over axes, computed as m + ln Σ e^{x-m} with m = max x, or m = 0 if that is not finite: so all -inf give -inf, inf gives
   inf and NaN propagates. The gradient is e^{x-y} / Σ e^{x-y}, which does not depend on the rounding of y. */
#ifdef REAL
#include "ops/route.h"

#define PASS largest
#define ACC REAL
#define COMBINE(a, b) WG_EXTREMUM(a, b, >)
#include "ops/reduce_pass_tmpl.h"

#define PASS sum
#define ACC REAL
#define TERM(x, c) R(exp)((x) - (c))
#define COMBINE(a, b) ((a) + (b))
#include "ops/reduce_pass_tmpl.h"

static wg_status T(reduce_columns)(const struct wg_reduction_plan *plan, const struct wg_reduce_params *params, int threads,
                                   const ELEM *x, int64_t s, int64_t w, REAL *result)
{
    REAL m[WG_REDUCE_WIDTH];
    (void)params;
    wg_status status = T(largest_columns)(plan, threads, x, s, w, 0, m);
    for (int64_t k = 0; k < w && status == WG_OK; k++)
        m[k] = m[k] - m[k] == (REAL)0 ? m[k] : (REAL)0;
    if (status == WG_OK)
        status = T(sum_columns)(plan, threads, x, s, w, m, result);
    for (int64_t k = 0; k < w && status == WG_OK; k++)
        result[k] = m[k] + R(log)(result[k]);
    return status;
}

#define NAME logsumexp
#define EMPTY ((REAL)-INFINITY)
#include "ops/reduce/reduce_tmpl.h"
#else
#define KERNEL_FILE "ops/reduce/logsumexp.c"
#include <float.h>

#include "ops/op.h"

/* The gradient as a function of x alone: y is detached. If all x are -inf, y is clamped to the least finite value and the sum is 0,
   which is replaced by 1; so the gradient and its derivatives are 0. */
static wg_tensor *weights(const wg_call *c)
{
    const double least = c->dtype == WG_F32 ? -(double)FLT_MAX : -DBL_MAX;
    struct wg_reduce_params params = *(const struct wg_reduce_params *)c->params;
    params.keepdims = true;
    wg_tensor *y = wg_restore_axes(c, wg_clamp(wg_detach(c->out[0]), least, INFINITY));
    wg_tensor *e = wg_exp(wg_donate(wg_sub(c->in[0], y))), *sum = wg_invoke1(&wg_op_sum, &params, e);
    wg_tensor *is_zero = wg_add_scalar(wg_neg(wg_sign(sum)), 1);
    return wg_div(wg_donate(e), wg_add(sum, is_zero));
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_mul(weights(c), wg_restore_axes(c, gy[0])));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = wg_invoke1(&wg_op_sum, c->params, wg_mul(weights(c), tx[0])));
}

/* Per result over n elements: 2 (n - 1) comparisons for the maximum and one more; n differences, n exponentials and n - 1
   additions; two additions of m and one logarithm. */
static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_bytes(c);
    const double n = (double)c->in[0]->numel, groups = (double)c->out[0]->numel;
    if (n > 0) {
        cost.compare = 2 * n - groups;
        cost.add = 2 * n + groups;
        cost.transcendental = n + groups;
    }
    return cost;
}

const struct wg_op wg_op_logsumexp = {
    .name = WG_REGISTERED("logsumexp"),
    .params_size = sizeof(struct wg_reduce_params),
    WG_PARAMS(WG_REDUCE_PARAMS),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_reduce_shape,
    .kernels = KERNELS(logsumexp),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_OUT(0),
    WG_SAMPLES({"all", {WG_DIMS(3, 4)}, .n = 1, .low = {-3}, .high = {3}, .params = &(const struct wg_reduce_params){.axes = 3}},
               {"rows", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 2}},
               {"columns", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 1, .keepdims = true}},
               {"outer", {WG_DIMS(2, 3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 5}},
               {"blocks", {WG_DIMS(300)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 1}}),
};
#endif
