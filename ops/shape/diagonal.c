/* The elements (i, i + offset) of the last two axes: a view whose stride is the sum of the row and column strides. */
#include "ops/op.h"

struct params {
    int64_t offset;
};

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct params *p = c->params;
    const wg_tensor *x = c->in[0];
    WG_TRY(wg_view_of(c, out));
    if (x->rank < 2)
        return wg_call_error(c, WG_E_SHAPE, "expected a matrix, or a batch of them");
    const int row = x->rank - 2, column = x->rank - 1;
    const int64_t rows = wg_extents(x)[row], columns = wg_extents(x)[column];
    const int64_t offset = wg_offset_within(p->offset, rows, columns), length = wg_diagonal_length(offset, rows, columns);
    out->rank = x->rank - 1;
    memcpy(out->extent, wg_extents(x), (size_t)row * sizeof *out->extent);
    memcpy(out->stride, wg_strides(x), (size_t)row * sizeof *out->stride);
    out->extent[row] = length;
    out->stride[row] = wg_strides(x)[row] + wg_strides(x)[column];
    if (length > 0)
        out->offset = offset < 0 ? -offset * wg_strides(x)[row] : offset * wg_strides(x)[column];
    return WG_OK;
}

wg_tensor *wg_diagonal_with(wg_tensor *x, wg_diagonal_options options)
{
    return wg_invoke1(&wg_op_diagonal, &(const struct params){options.offset}, x);
}

static wg_tensor *spread(const wg_call *c, wg_tensor *gy)
{
    const struct params *p = c->params;
    const int64_t *last = wg_extents(c->in[0]) + c->in[0]->rank - 2;
    return wg_diagonal_grad(gy, last[0], last[1], p->offset);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return wg_give_through_view(c, gy[0], &gx[0], spread);
}

#define OFFSET(k)                    \
    .params = &(const struct params) \
    {                                \
        k                            \
    }

const struct wg_op wg_op_diagonal = {
    .name = WG_REGISTERED("diagonal"),
    .params_size = sizeof(struct params),
    WG_PARAMS(WG_PARAM_UNLESS(0, INT64, struct params, offset)),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .flags = WG_OP_VIEW,
    WG_SAMPLES({"square", {WG_DIMS(4, 4)}, .n = 1, OFFSET(0)}, {"above", {WG_DIMS(3, 5)}, .n = 1, OFFSET(1)},
               {"below", {WG_DIMS(2, 5, 3)}, .n = 1, OFFSET(-2)}, {"beyond", {WG_DIMS(2, 3)}, .n = 1, OFFSET(3)}),
};
