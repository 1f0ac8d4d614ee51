/* Concatenates tensors of one dtype, any dtype, along an axis. The gradient of each input is its part of gy: a view. */
#include "ops/op.h"

struct params {
    int axis;
};

wg_status wg_copy_part(const wg_tensor *from, const wg_tensor *to, int axis, int64_t start, int64_t step)
{
    int64_t stride[WG_MAX_RANK];
    memcpy(stride, wg_strides(to), (size_t)to->rank * sizeof *stride);
    const int64_t first = start * stride[axis];
    stride[axis] *= step;
    return wg_copy_into(from, to, first, stride);
}

/* The error if operand i does not fit the first; the message names it, as there may be many operands. */
static wg_status misfit(const wg_call *c, unsigned i, wg_status code, const char *text)
{
    const wg_tensor *first = c->in[0], *t = c->in[i];
    char a[160], b[160];
    return wg_fail(code, "concat", "concat: %s: %s %s x %s %s (operand %u)", text, wg_dtype_name((wg_dtype)first->dtype),
                   wg_shape_text(wg_shape_of(first), a, sizeof a), wg_dtype_name((wg_dtype)t->dtype),
                   wg_shape_text(wg_shape_of(t), b, sizeof b), i);
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    if (c->n_in == 0)
        return wg_call_error(c, WG_E_ARGUMENT, "expected at least one operand");
    const struct params *p = c->params;
    const wg_tensor *first = c->in[0];
    if (p->axis >= first->rank)
        return wg_call_error(c, WG_E_SHAPE, "there is no such axis");
    out->dtype = (wg_dtype)first->dtype;
    out->rank = first->rank;
    memcpy(out->extent, wg_extents(first), (size_t)first->rank * sizeof *out->extent);
    for (unsigned i = 1; i < c->n_in; i++) {
        const wg_tensor *t = c->in[i];
        if (t->dtype != first->dtype)
            return misfit(c, i, WG_E_DTYPE, "dtypes differ, and nothing is promoted");
        if (t->rank != first->rank)
            return misfit(c, i, WG_E_SHAPE, "ranks differ");
        for (int axis = 0; axis < t->rank; axis++)
            if (axis != p->axis && wg_extents(t)[axis] != out->extent[axis])
                return misfit(c, i, WG_E_SHAPE, "extents differ beside the axis");
        if (__builtin_add_overflow(out->extent[p->axis], wg_extents(t)[p->axis], &out->extent[p->axis]))
            return misfit(c, i, WG_E_SHAPE, "the result is too large");
    }
    return WG_OK;
}

static wg_status kernel(const wg_call *c)
{
    const struct params *p = c->params;
    int64_t at = 0;
    for (unsigned i = 0; i < c->n_in; i++) {
        WG_TRY(wg_copy_part(c->in[i], c->out[0], p->axis, at, 1));
        at += wg_extents(c->in[i])[p->axis];
    }
    return WG_OK;
}

wg_tensor *wg_concat(wg_tensor *const *x, size_t n, int axis)
{
    struct params p = {.axis = 0};
    wg_tensor *y = NULL;
    if (!x || n == 0) {
        wg_fail(x ? WG_E_ARGUMENT : WG_E_NULL, "concat", "concat: %s", x ? "nothing to join" : "the array of tensors is NULL");
        return NULL;
    }
    if (wg_has_value(x[0]) && wg_axis("concat", x[0], axis, &p.axis) != WG_OK)
        return NULL;
    return wg_invoke(&wg_op_concat, &p, x, n, &y, 1) == WG_OK ? y : NULL;
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct params *p = c->params;
    int64_t at = 0;
    for (unsigned i = 0; i < c->n_in; i++) {
        const int64_t next = at + wg_extents(c->in[i])[p->axis];
        WG_TRY(WG_GIVE(gx[i], wg_slice(gy[0], p->axis, at, next, 1)));
        at = next;
    }
    return WG_OK;
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor **part = wg_object_new(c->n_in * sizeof *part);
    if (!part)
        return WG_E_MEMORY;
    for (unsigned i = 0; i < c->n_in; i++)
        part[i] = wg_absent(tx[i]) ? wg_zeros((wg_dtype)c->in[i]->dtype, wg_shape_of(c->in[i])) : tx[i];
    const wg_status status = wg_invoke(c->op, c->params, part, c->n_in, ty, 1);
    wg_object_free(part);
    return status;
}

#define ALONG(i)                     \
    .params = &(const struct params) \
    {                                \
        i                            \
    }

const struct wg_op wg_op_concat = {
    .name = WG_REGISTERED("concat"),
    .params_size = sizeof(struct params),
    WG_PARAMS(WG_PARAM(INT, struct params, axis)),
    .n_out = 1,
    .shape = shape,
    .kernels = {{.run = {kernel, kernel}}},
    .vjp = vjp,
    .jvp = jvp,
    .cost = wg_cost_bytes,
    .flags = WG_OP_SURE,
    WG_SAMPLES({"rows", {WG_DIMS(2, 3), WG_DIMS(1, 3)}, .n = 2, ALONG(0)},
               {"columns", {WG_DIMS(2, 3), WG_DIMS(2, 1), WG_DIMS(2, 2)}, .n = 3, ALONG(1)},
               {"middle", {WG_DIMS(2, 1, 3), WG_DIMS(2, 2, 3)}, .n = 2, ALONG(1)}, {"one", {WG_DIMS(4)}, .n = 1, ALONG(0)},
               {"with nothing", {WG_DIMS(2, 3), WG_DIMS(0, 3)}, .n = 2, ALONG(0)}),
};
