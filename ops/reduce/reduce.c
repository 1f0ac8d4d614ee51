/* Shared by reductions: axes, shapes, plans for kernels, derivatives and costs. */
#include "ops/op.h"

wg_status wg_axis(const char *op, const wg_tensor *x, int axis, int *resolved)
{
    const int at = axis < 0 ? axis + x->rank : axis;
    char text[200];
    if (at < 0 || at >= x->rank)
        return wg_fail(WG_E_ARGUMENT, op, "%s: there is no axis %d in %s", op, axis,
                       wg_shape_text(wg_shape_of(x), text, sizeof text));
    *resolved = at;
    return WG_OK;
}

wg_status wg_reduce_resolve(const char *op, const wg_tensor *x, wg_reduce_options options, struct wg_reduce_params *params)
{
    params->keepdims = options.keepdims;
    if (options.axes.count != 0 && options.axis != WG_ALL)
        return wg_fail(WG_E_ARGUMENT, op, "%s: expected .axis or .axes, got both", op);
    if (options.axes.count == 0 && options.axis == WG_ALL) {
        params->axes = (uint8_t)((1u << x->rank) - 1);
        return WG_OK;
    }
    const int n = options.axes.count ? options.axes.count : 1;
    if (n < 0 || n > WG_MAX_RANK)
        return wg_fail(WG_E_ARGUMENT, op, "%s: expected at most 8 axes, got %d", op, n);
    for (int i = 0; i < n; i++) {
        int axis = 0;
        WG_TRY(wg_axis(op, x, options.axes.count ? options.axes.axis[i] : options.axis, &axis));
        if (params->axes >> axis & 1)
            return wg_fail(WG_E_ARGUMENT, op, "%s: axis %d is named twice", op, axis);
        params->axes = (uint8_t)(params->axes | 1u << axis);
    }
    return WG_OK;
}

void wg_reduced_extents(const wg_call *c, wg_spec *out)
{
    const struct wg_reduce_params *p = c->params;
    const wg_tensor *x = c->in[0];
    out->rank = 0;
    for (int axis = 0; axis < x->rank; axis++) {
        const bool reduced = p->axes >> axis & 1;
        if (!reduced || p->keepdims)
            out->extent[out->rank++] = reduced ? 1 : wg_extents(x)[axis];
    }
}

wg_status wg_reduce_shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_same_float(c, &out->dtype));
    wg_reduced_extents(c, out);
    return WG_OK;
}

wg_tensor *wg_reduce(const struct wg_op *op, wg_tensor *x, wg_reduce_options options, struct wg_reduce_params params)
{
    if (!wg_has_value(x))
        return wg_invoke1(op, &params, x); /* the op's operand check reports what is wrong */
    return wg_reduce_resolve(op->name, x, options, &params) == WG_OK ? wg_invoke1(op, &params, x) : NULL;
}

wg_tensor *wg_restore_axes(const wg_call *c, wg_tensor *t)
{
    const struct wg_reduce_params *p = c->params;
    wg_shape shape = {.rank = c->in[0]->rank};
    if (p->keepdims || p->axes == 0)
        return t;
    for (int axis = 0; axis < shape.rank; axis++)
        shape.extent[axis] = p->axes >> axis & 1 ? 1 : wg_extents(c->in[0])[axis];
    return wg_reshape(t, shape);
}

wg_status wg_view_of(const wg_call *c, wg_spec *out)
{
    out->dtype = (wg_dtype)c->in[0]->dtype;
    out->offset = 0;
    return WG_OK;
}

wg_status wg_view_whole(const wg_call *c, wg_spec *out)
{
    const wg_tensor *x = c->in[0];
    WG_TRY(wg_view_of(c, out));
    out->rank = x->rank;
    memcpy(out->extent, wg_extents(x), (size_t)x->rank * sizeof *out->extent);
    memcpy(out->stride, wg_strides(x), (size_t)x->rank * sizeof *out->stride);
    return WG_OK;
}

/* Appends an axis, merged into the previous one if the strides allow it; returns the number of axes. */
static int append(int n, int64_t *extents, int64_t *in, int64_t *out, int64_t extent, int64_t stride_in, int64_t stride_out)
{
    if (extent == 1)
        return n;
    if (n > 0 && in[n - 1] == stride_in * extent && (!out || out[n - 1] == stride_out * extent)) {
        n--;
        extent *= extents[n];
    }
    extents[n] = extent;
    in[n] = stride_in;
    if (out)
        out[n] = stride_out;
    return n + 1;
}

void wg_plan_reduction(const wg_tensor *x, const wg_tensor *y, unsigned axes, struct wg_reduction_plan *plan)
{
    const bool keepdims = y->rank == x->rank;
    int at = 0;
    *plan = (struct wg_reduction_plan){.outputs = 1, .count = 1};
    for (int axis = 0; axis < x->rank; axis++) {
        const int64_t extent = wg_extents(x)[axis], stride = wg_strides(x)[axis];
        if (axes >> axis & 1) {
            plan->count *= extent;
            plan->n_reduced = append(plan->n_reduced, plan->reduced, plan->reduced_in, NULL, extent, stride, 0);
            at += keepdims;
        } else {
            plan->outputs *= extent;
            plan->n_kept = append(plan->n_kept, plan->kept, plan->kept_in, plan->kept_out, extent, stride, wg_strides(y)[at++]);
        }
    }
}

void wg_reduced_offsets(const struct wg_reduction_plan *plan, int64_t first, int64_t n, int64_t *offset)
{
    int64_t index[WG_MAX_RANK] = {0}, at = 0, rest = first;
    if (plan->n_reduced == 1) {
        for (int64_t i = 0; i < n; i++)
            offset[i] = (first + i) * plan->reduced_in[0];
        return;
    }
    for (int axis = plan->n_reduced - 1; axis >= 0; axis--) {
        index[axis] = rest % plan->reduced[axis];
        rest /= plan->reduced[axis];
        at += index[axis] * plan->reduced_in[axis];
    }
    for (int64_t i = 0; i < n; i++) {
        offset[i] = at;
        for (int axis = plan->n_reduced - 1; axis >= 0; axis--) {
            at += plan->reduced_in[axis];
            if (++index[axis] < plan->reduced[axis])
                break;
            at -= plan->reduced[axis] * plan->reduced_in[axis];
            index[axis] = 0;
        }
    }
}

int64_t wg_kept_offset(int n, const int64_t *extent, const int64_t *stride, int64_t index)
{
    int64_t offset = 0;
    for (int axis = n - 1; axis >= 0; axis--) {
        offset += index % extent[axis] * stride[axis];
        index /= extent[axis];
    }
    return offset;
}

/* ---- max and min: an error over nothing; the gradient goes to the position of the extremum ---- */

wg_status wg_extremum_shape(const wg_call *c, wg_spec *out)
{
    int64_t outputs = 1;
    WG_TRY(wg_reduce_shape(c, out));
    for (int axis = 0; axis < out->rank; axis++)
        outputs *= out->extent[axis];
    return c->in[0]->numel == 0 && outputs > 0
               ? wg_call_error(c, WG_E_SHAPE, "expected at least one element to choose from, got none")
               : WG_OK;
}

wg_status wg_extremum_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_extremum_grad(c->in[0], wg_restore_axes(c, c->out[0]), wg_restore_axes(c, gy[0])));
}

wg_status wg_extremum_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *t = wg_extremum_pick(c->in[0], wg_restore_axes(c, c->out[0]), tx[0]);
    return wg_made(ty[0] = t ? wg_reshape(t, wg_shape_of(c->out[0])) : NULL);
}

/* Per result over n elements: n - 1 selections of two comparisons each. */
wg_cost wg_extremum_cost(const wg_call *c)
{
    wg_cost cost = wg_cost_bytes(c);
    if (c->in[0]->numel > 0)
        cost.compare = 2 * (double)(c->in[0]->numel - c->out[0]->numel);
    return cost;
}

/* ---- argmax and argmin ---- */

wg_status wg_argminmax_shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_extremum_shape(c, out));
    out->dtype = WG_I64;
    return WG_OK;
}

/* For long contiguous columns each result takes 3 + min(n, WG_REDUCE_BLOCK) more comparisons: 2 with the initial value, 1 that
   tests the extremum for NaN, and one per element of the block that is searched for the index. */
wg_cost wg_argminmax_cost(const wg_call *c)
{
    const struct wg_reduce_params *p = c->params;
    struct wg_reduction_plan plan;
    wg_cost cost = wg_extremum_cost(c);
    wg_plan_reduction(c->in[0], c->out[0], p->axes, &plan);
    if (plan.count == 1) /* the index is 0, and nothing is read */
        cost.bytes_read = 0;
    if (wg_reduces_runs(&plan) && !wg_reduces_short_rows(&plan))
        cost.compare += (double)plan.outputs * (double)(3 + (plan.count < WG_REDUCE_BLOCK ? plan.count : WG_REDUCE_BLOCK));
    return cost;
}

/* ---- the gradient of max and min ---- */

wg_status wg_route_shape(const wg_call *c, const wg_tensor *given, const wg_tensor *like, wg_spec *out)
{
    const wg_tensor *x = c->in[0], *y = c->in[1];
    WG_TRY(wg_same_float(c, &out->dtype));
    if (y->rank != x->rank)
        return wg_call_error(c, WG_E_SHAPE, "expected an extremum of x's rank (.keepdims)");
    for (int axis = 0; axis < x->rank; axis++)
        if (wg_extents(y)[axis] != 1 && wg_extents(y)[axis] != wg_extents(x)[axis])
            return wg_call_error(c, WG_E_SHAPE, "expected extents of the extremum of 1 or as x's");
    if (!wg_same_dims(c->in[2], given))
        return wg_call_error(c, WG_E_SHAPE, "expected a last operand of x's or the extremum's shape");
    if (x->numel == 0 && y->numel > 0)
        return wg_call_error(c, WG_E_SHAPE, "expected at least one element to choose from, got none");
    out->rank = like->rank;
    memcpy(out->extent, wg_extents(like), (size_t)like->rank * sizeof *out->extent);
    return WG_OK;
}

/* Each element of x is compared with its y, and each y with itself (NaN). */
wg_cost wg_route_cost(const wg_call *c)
{
    wg_cost cost = wg_cost_bytes(c);
    if (c->in[0]->numel > 0)
        cost.compare = (double)c->in[0]->numel + (double)c->in[1]->numel;
    return cost;
}

/* ---- any and all ---- */

wg_status wg_any_all_shape(const wg_call *c, wg_spec *out)
{
    if (c->in[0]->dtype != WG_U8)
        return wg_call_error(c, WG_E_DTYPE, "expected a u8 mask");
    out->dtype = WG_U8;
    wg_reduced_extents(c, out);
    return WG_OK;
}

/* ---- var and std: centred on the mean; norm2 and std: lengths ---- */

wg_status wg_variance_shape(const wg_call *c, wg_spec *out)
{
    const struct wg_reduce_params *p = c->params;
    WG_TRY(wg_check_number(c->op->name, "correction", p->correction, WG_FINITE));
    return wg_reduce_shape(c, out);
}

double wg_degrees_of_freedom(const wg_call *c)
{
    const struct wg_reduce_params *p = c->params;
    double n = 1;
    for (int axis = 0; axis < c->in[0]->rank; axis++)
        n *= p->axes >> axis & 1 ? (double)wg_extents(c->in[0])[axis] : 1;
    return n > p->correction ? n - p->correction : (double)NAN;
}

static wg_tensor *mean_of(const wg_call *c, wg_tensor *x)
{
    struct wg_reduce_params params = *(const struct wg_reduce_params *)c->params;
    params.keepdims = true;
    return wg_invoke1(&wg_op_mean, &params, x);
}

/* The mean is rounded to x's dtype, which matters if it is large. Therefore the mean of the differences is subtracted too. */
wg_tensor *wg_centred(const wg_call *c)
{
    wg_tensor *x = wg_sub(c->in[0], mean_of(c, c->in[0])), *left = mean_of(c, x);
    return wg_sub(wg_donate(x), left);
}

/* Per result over n elements, two passes. For the mean: n differences, n - 1 additions, a division and an addition. For the
   variance: n differences, n squares, n - 1 additions and a division; the sum is compared three times. */
wg_cost wg_variance_cost(const wg_call *c)
{
    wg_cost cost = wg_cost_bytes(c);
    const double n = (double)c->in[0]->numel, groups = (double)c->out[0]->numel;
    if (n > 0) {
        cost.add = 4 * n - groups;
        cost.mul = n;
        cost.div = wg_degrees_of_freedom(c) > 0 ? 2 * groups : groups;
        cost.compare = wg_degrees_of_freedom(c) > 0 ? 3 * groups : 0;
    }
    return cost;
}

/* x/y, with 1 in place of y where y = 0. */
static wg_tensor *direction(const wg_call *c, wg_tensor *x)
{
    wg_tensor *is_zero = wg_add_scalar(wg_neg(wg_sign(c->out[0])), 1);
    return wg_div(x, wg_restore_axes(c, wg_add(c->out[0], is_zero)));
}

wg_tensor *wg_length_grad(const wg_call *c, wg_tensor *x, wg_tensor *g)
{
    wg_tensor *factor = wg_restore_axes(c, wg_mul(g, wg_sign(c->out[0])));
    return wg_mul(wg_donate(direction(c, x)), factor);
}

wg_tensor *wg_length_jvp(const wg_call *c, wg_tensor *x, wg_tensor *t)
{
    wg_tensor *sum = wg_invoke1(&wg_op_sum, c->params, wg_mul(wg_donate(direction(c, x)), t));
    return wg_mul(sum, wg_sign(c->out[0]));
}
