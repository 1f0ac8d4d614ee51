/* x, of any dtype, padded on axis i with before[i] and after[i] elements of one value. The gradient is a slice of gy. */
#include "ops/op.h"

struct params {
    int rank;
    int64_t before[WG_MAX_RANK], after[WG_MAX_RANK];
    double value;
};

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct params *p = c->params;
    const wg_tensor *x = c->in[0];
    if (p->rank != x->rank)
        return wg_call_error(c, WG_E_SHAPE, "expected padding of x's rank");
    if (x->dtype > WG_F64 &&
        !(p->value >= (x->dtype == WG_I64 ? -0x1p63 : 0) && p->value <= (x->dtype == WG_I64 ? 0x1.fffffffffffffp62 : 255)))
        return wg_call_error(c, WG_E_ARGUMENT, "expected a value that the dtype can represent");
    out->dtype = (wg_dtype)x->dtype;
    out->rank = x->rank;
    for (int axis = 0; axis < x->rank; axis++) {
        if (p->before[axis] < 0 || p->after[axis] < 0)
            return wg_call_error(c, WG_E_ARGUMENT, "expected padding of at least 0");
        if (__builtin_add_overflow(wg_extents(x)[axis], p->before[axis], &out->extent[axis]) ||
            __builtin_add_overflow(out->extent[axis], p->after[axis], &out->extent[axis]))
            return wg_call_error(c, WG_E_SHAPE, "the result is too large");
    }
    return WG_OK;
}

/* Fills the output with the value (a source of stride 0), then copies x over it. */
static wg_status kernel(const wg_call *c)
{
    const struct params *p = c->params;
    wg_tensor *y = c->out[0];
    double value; /* large enough for an element of any dtype */
    int64_t first = 0, dims[2 * WG_MAX_RANK] = {0};
    wg_put_number(p->value, (wg_dtype)y->dtype, (char *)&value);
    memcpy(dims, wg_extents(y), (size_t)y->rank * sizeof *dims);
    wg_tensor everywhere = *y;
    everywhere.data = (char *)&value;
    everywhere.dims = dims;
    everywhere.flags = 0;
    WG_TRY(wg_copy_into(&everywhere, y, 0, wg_strides(y)));
    for (int axis = 0; axis < y->rank; axis++)
        first += p->before[axis] * wg_strides(y)[axis];
    return wg_copy_into(c->in[0], y, first, wg_strides(y));
}

wg_tensor *wg_pad(wg_tensor *x, wg_sizes before, wg_sizes after, double value)
{
    struct params p = {.value = value};
    if (wg_has_value(x)) {
        p.rank = x->rank;
        if (wg_one_per_axis("pad", "before", x, before, p.before) != WG_OK ||
            wg_one_per_axis("pad", "after", x, after, p.after) != WG_OK)
            return NULL;
    }
    return wg_invoke1(&wg_op_pad, &p, x);
}

/* g without the padding. */
static wg_tensor *inside(const wg_call *c, wg_tensor *g)
{
    const struct params *p = c->params;
    for (int axis = 0; axis < p->rank; axis++)
        if (p->before[axis] > 0 || p->after[axis] > 0)
            g = wg_slice(g, axis, p->before[axis], p->before[axis] + wg_extents(c->in[0])[axis], 1);
    return g;
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], inside(c, gy[0]));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    struct params zeros = *(const struct params *)c->params;
    zeros.value = 0;
    return wg_made(ty[0] = wg_invoke1(c->op, &zeros, tx[0]));
}

#define PAD(...)                     \
    .params = &(const struct params) \
    {                                \
        __VA_ARGS__                  \
    }

const struct wg_op wg_op_pad = {
    .name = WG_REGISTERED("pad"),
    .params_size = sizeof(struct params),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = {{.run = {kernel, kernel}}},
    .vjp = vjp,
    .jvp = jvp,
    .cost = wg_cost_bytes,
    WG_SAMPLES({"zeros", {WG_DIMS(3, 4)}, .n = 1, PAD(2, {1, 0}, {0, 2}, 0)}, {"ones", {WG_DIMS(3)}, .n = 1, PAD(1, {2}, {1}, 1)},
               {"image", {WG_DIMS(2, 1, 3, 2)}, .n = 1, PAD(4, {0, 0, 1, 1}, {0, 0, 1, 2}, -0.5)},
               {"scalar", {{.rank = 0}}, .n = 1, PAD(0)}),
};
