/* What ops along one axis share, and the labels of those that take some. */
#include "op.h"

wg_tensor *wg_apply_along(const struct wg_op *op, wg_tensor *const *in, size_t n, int axis)
{
    wg_tensor *y = NULL;
    if (wg_has_value(in[0]) && wg_axis(op->name, in[0], axis, &axis) != WG_OK)
        return NULL;
    return wg_invoke(op, &axis, in, n, &y, 1) == WG_OK ? y : NULL;
}

wg_status wg_lanes_shape(const wg_call *c, wg_spec *out)
{
    const int axis = *(const int *)c->params;
    const wg_tensor *x = c->in[0];
    WG_TRY(wg_same_float(c, &out->dtype));
    if (axis < 0 || axis >= x->rank)
        return wg_call_error(c, WG_E_ARGUMENT, "there is no such axis");
    for (unsigned i = 1; i < c->n_in; i++)
        if (!wg_same_dims(c->in[i], x))
            return wg_call_error(c, WG_E_SHAPE, "operands are of one shape");
    out->rank = x->rank;
    memcpy(out->extent, wg_extents(x), (size_t)x->rank * sizeof *out->extent);
    return WG_OK;
}

double wg_lane_count(const wg_call *c)
{
    const int64_t extent = wg_extents(c->in[0])[*(const int *)c->params];
    return extent ? (double)(c->in[0]->numel / extent) : 0;
}

wg_status wg_labels_shape(const wg_call *c)
{
    const wg_tensor *x = c->in[0], *labels = c->in[1];
    if (labels->dtype != WG_I64 || (x->dtype != WG_F32 && x->dtype != WG_F64))
        return wg_call_error(c, WG_E_DTYPE, "a matrix of f32 or f64 and i64 labels are wanted");
    if (x->rank != 2 || labels->rank != 1 || wg_extents(labels)[0] != wg_extents(x)[0])
        return wg_call_error(c, WG_E_SHAPE, "a matrix (N,C) and labels (N) are wanted");
    if (x->numel == 0 && labels->numel > 0)
        return wg_call_error(c, WG_E_SHAPE, "there are no columns for the labels to name");
    return WG_OK;
}

wg_status wg_labels_check(const wg_call *c)
{
    const int64_t classes = wg_extents(c->in[0])[1], stride = wg_strides(c->in[1])[0];
    const int64_t *label = (const int64_t *)(const void *)c->in[1]->data;
    for (int64_t row = 0; row < c->in[1]->numel; row++)
        if (label[row * stride] < 0 || label[row * stride] >= classes)
            return wg_fail(WG_E_ARGUMENT, c->op->name, "%s: row %lld has label %lld, which is not in 0..%lld", c->op->name,
                           (long long)row, (long long)label[row * stride], (long long)classes - 1);
    return WG_OK;
}
