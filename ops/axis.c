/* Shared by ops along one axis, and by ops that read class labels. */
#include "ops/op.h"

wg_tensor *wg_apply_along(const struct wg_op *op, wg_tensor *const *in, size_t n, int axis)
{
    wg_tensor *y = NULL;
    if (wg_has_value(in[0]) && wg_axis(op->name, in[0], axis, &axis) != WG_OK)
        return NULL;
    return wg_invoke(op, &axis, in, n, &y, 1) == WG_OK ? y : NULL;
}

wg_status wg_one_per_axis(const char *op, const char *name, const wg_tensor *x, wg_sizes list, int64_t *number)
{
    char text[200];
    if (list.count != x->rank)
        return wg_fail(WG_E_ARGUMENT, op, "%s: expected %s of %d numbers, one for each axis of %s, got %d", op, name, x->rank,
                       wg_shape_text(wg_shape_of(x), text, sizeof text), list.count);
    if (list.count > 0 && !list.size)
        return wg_fail(WG_E_NULL, op, "%s: the numbers of %s are NULL", op, name);
    for (int axis = 0; axis < x->rank; axis++)
        number[axis] = list.size[axis];
    return WG_OK;
}

wg_status wg_axis_shape(const wg_call *c, wg_spec *out)
{
    const int axis = *(const int *)c->params;
    const wg_tensor *x = c->in[0];
    WG_TRY(wg_same_float(c, &out->dtype));
    if (axis < 0 || axis >= x->rank)
        return wg_call_error(c, WG_E_ARGUMENT, "there is no such axis");
    for (unsigned i = 1; i < c->n_in; i++)
        if (!wg_same_dims(c->in[i], x))
            return wg_call_error(c, WG_E_SHAPE, "expected operands of one shape");
    out->rank = x->rank;
    memcpy(out->extent, wg_extents(x), (size_t)x->rank * sizeof *out->extent);
    return WG_OK;
}

double wg_axis_slices(const wg_call *c)
{
    const int64_t extent = wg_extents(c->in[0])[*(const int *)c->params];
    return extent ? (double)(c->in[0]->numel / extent) : 0;
}

/* Sets seen to t with one more axis, the last, of extent 1. dims receives its extents and strides. */
static void append_axis(const wg_tensor *t, wg_tensor *seen, int64_t *dims)
{
    *seen = *t;
    seen->rank = (uint8_t)(t->rank + 1);
    seen->dims = dims;
    memcpy(dims, wg_extents(t), (size_t)t->rank * sizeof *dims);
    memcpy(dims + seen->rank, wg_strides(t), (size_t)t->rank * sizeof *dims);
    dims[t->rank] = 1;
    dims[seen->rank + t->rank] = 0;
}

void wg_stretch(const wg_tensor *t, const wg_tensor *like, wg_tensor *seen, int64_t *dims)
{
    const int rank = like->rank, lead = rank - t->rank;
    *seen = *t;
    seen->rank = (uint8_t)rank;
    seen->numel = like->numel;
    seen->dims = dims;
    memcpy(dims, wg_extents(like), (size_t)rank * sizeof *dims);
    for (int axis = 0; axis < rank; axis++)
        dims[rank + axis] = axis < lead || wg_extents(t)[axis - lead] == 1 ? 0 : wg_strides(t)[axis - lead];
}

wg_status wg_rows(const wg_call *c, size_t size, unsigned per_row, wg_axis_kernel *kernel)
{
    enum { MOST = 8 };
    wg_tensor seen[MOST], *operand[MOST];
    int64_t dims[MOST][2 * WG_MAX_RANK];
    for (int i = 0; i < c->n_in + c->n_out; i++) {
        const bool input = i < c->n_in;
        operand[i] = input ? c->in[i] : c->out[i - c->n_in];
        if (input ? wg_bit(per_row & WG_ALL_IN, (unsigned)i) : (per_row & WG_OUT(i - c->n_in)) != 0) {
            append_axis(operand[i], &seen[i], dims[i]);
            operand[i] = &seen[i];
        }
    }
    wg_call call = *c;
    call.in = operand;
    call.out = operand + c->n_in;
    return wg_along_axis(&call, c->in[0]->rank - 1, size, kernel);
}

wg_status wg_labels_shape(const wg_call *c)
{
    const wg_tensor *x = c->in[0], *labels = c->in[1];
    if (labels->dtype != WG_I64 || (x->dtype != WG_F32 && x->dtype != WG_F64))
        return wg_call_error(c, WG_E_DTYPE, "expected a matrix of f32 or f64 and i64 labels");
    if (x->rank != 2 || labels->rank != 1 || wg_extents(labels)[0] != wg_extents(x)[0])
        return wg_call_error(c, WG_E_SHAPE, "expected a matrix (N,C) and labels (N)");
    if (x->numel == 0 && labels->numel > 0)
        return wg_call_error(c, WG_E_SHAPE, "expected logits with at least one class");
    return WG_OK;
}

/* True if any of n values v is not in 0..extent-1: then v or extent - 1 - v has its sign bit set. No branches, as there are many
   indices. */
static bool any_outside(const int64_t *at, int64_t n, int64_t step, int64_t extent)
{
    const uint64_t last = (uint64_t)extent - 1;
    uint64_t bits = 0;
    if (step == 1)
        for (int64_t i = 0; i < n; i++)
            bits |= (uint64_t)at[i] | (last - (uint64_t)at[i]);
    else
        for (int64_t i = 0; i < n; i++)
            bits |= (uint64_t)at[i * step] | (last - (uint64_t)at[i * step]);
    return bits >> 63;
}

bool wg_first_outside(const wg_tensor *t, int64_t extent, int64_t ignore, int64_t *number, int64_t *value)
{
    struct wg_reduction_plan plan;
    unsigned moving = 0;
    for (int axis = 0; axis < t->rank; axis++)
        moving |= (unsigned)(wg_strides(t)[axis] != 0) << axis;
    wg_plan_reduction(t, t, moving, &plan);
    const int outer = plan.n_reduced > 0 ? plan.n_reduced - 1 : 0;
    const int64_t n = plan.n_reduced > 0 ? plan.reduced[outer] : 1, step = plan.n_reduced > 0 ? plan.reduced_in[outer] : 0;
    for (int64_t first = 0; first < plan.count && t->numel > 0; first += n) {
        const int64_t *at = (const int64_t *)(const void *)t->data;
        at += wg_kept_offset(outer, plan.reduced, plan.reduced_in, first / n);
        if (!any_outside(at, n, step, extent))
            continue;
        for (int64_t i = 0; i < n; i++) {
            *value = at[i * step];
            if ((*value >= 0 && *value < extent) || (*value == ignore && ignore != WG_IGNORE_NOTHING))
                continue;
            *number = first + i;
            return true;
        }
    }
    return false;
}

wg_status wg_labels_in(const char *op, const wg_tensor *labels, int64_t classes, int64_t ignore)
{
    int64_t row, label;
    if (!wg_first_outside(labels, classes, ignore, &row, &label))
        return WG_OK;
    return wg_fail(WG_E_ARGUMENT, op, "%s: row %lld has label %lld, which is not in 0..%lld", op, (long long)row, (long long)label,
                   (long long)classes - 1);
}

wg_status wg_labels_check(const wg_call *c)
{
    return wg_labels_in(c->op->name, c->in[1], wg_extents(c->in[0])[1], WG_IGNORE_NOTHING);
}
