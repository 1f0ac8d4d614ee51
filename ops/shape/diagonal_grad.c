/* The gradient of diagonal: zeros (…, rows, columns) with y (…, length), of any dtype, on a diagonal. Its own gradient is
   diagonal. */
#include "ops/op.h"

struct params {
    int64_t rows, columns, offset;
};

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct params *p = c->params;
    const wg_tensor *y = c->in[0];
    if (y->rank < 1 || y->rank == WG_MAX_RANK)
        return wg_call_error(c, WG_E_SHAPE, "expected rank 1 to 7");
    if (p->rows < 0 || p->columns < 0)
        return wg_call_error(c, WG_E_ARGUMENT, "expected rows and columns of at least 0");
    const int64_t offset = wg_offset_within(p->offset, p->rows, p->columns);
    if (wg_extents(y)[y->rank - 1] != wg_diagonal_length(offset, p->rows, p->columns))
        return wg_call_error(c, WG_E_SHAPE, "expected y of the diagonal's length");
    out->dtype = (wg_dtype)y->dtype;
    out->rank = y->rank + 1;
    memcpy(out->extent, wg_extents(y), (size_t)(y->rank - 1) * sizeof *out->extent);
    out->extent[y->rank - 1] = p->rows;
    out->extent[y->rank] = p->columns;
    return WG_OK;
}

static wg_status kernel(const wg_call *c)
{
    const struct params *p = c->params;
    wg_tensor *x = c->out[0];
    const int64_t row = wg_strides(x)[x->rank - 2], column = wg_strides(x)[x->rank - 1];
    const int64_t offset = wg_offset_within(p->offset, p->rows, p->columns);
    int64_t stride[WG_MAX_RANK];
    memset(x->data, 0, (size_t)x->numel * wg_dtype_size((wg_dtype)x->dtype));
    memcpy(stride, wg_strides(x), (size_t)(x->rank - 2) * sizeof *stride);
    stride[x->rank - 2] = row + column;
    return wg_copy_into(c->in[0], x, offset < 0 ? -offset * row : offset * column, stride);
}

wg_tensor *wg_diagonal_grad(wg_tensor *y, int64_t rows, int64_t columns, int64_t offset)
{
    return wg_invoke1(&wg_op_diagonal_grad, &(const struct params){rows, columns, offset}, y);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct params *p = c->params;
    return WG_GIVE(gx[0], wg_diagonal(gy[0], .offset = p->offset));
}

#define ON(...)                      \
    .params = &(const struct params) \
    {                                \
        __VA_ARGS__                  \
    }

const struct wg_op wg_op_diagonal_grad = {
    .name = WG_REGISTERED("diagonal_grad"),
    .params_size = sizeof(struct params),
    WG_PARAMS(WG_PARAM_UNLESS(0, INT64, struct params, offset)),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = {{.run = {kernel, kernel}}},
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .cost = wg_cost_bytes,
    .flags = WG_OP_ROW_MAJOR,
    WG_SAMPLES({"square", {WG_DIMS(4)}, .n = 1, ON(4, 4, 0)}, {"above", {WG_DIMS(3)}, .n = 1, ON(3, 5, 1)},
               {"below", {WG_DIMS(2, 3)}, .n = 1, ON(5, 3, -2)}, {"beyond", {WG_DIMS(0)}, .n = 1, ON(2, 3, 3)}),
};
