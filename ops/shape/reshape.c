/* The same elements, in row-major order, with another shape. The result is a view of x if the strides allow it, else of a copy. */
#include "ops/op.h"

struct params {
    wg_shape shape;
};

/* Sets the strides of a view of x with the new extents, in row-major order; false if there is none. Both shapes are divided into
   the smallest runs of axes whose extents have equal products. A view exists if in each run the axes of x can be merged into
   one. A run of extents 1 has the stride of the axis before it: results that have more elements along it keep it there
   (strides_to_keep), so that the images of a place stay side by side behind a mean over places and its gradient. */
static bool view_strides(const wg_tensor *x, const wg_shape *to, int64_t *stride)
{
    int from_axis = 0, to_axis = 0;
    if (x->numel == 0)
        return false;
    while (from_axis < x->rank || to_axis < to->rank) {
        const int from_first = from_axis, to_first = to_axis;
        int64_t from_n = from_axis < x->rank ? wg_extents(x)[from_axis++] : 1;
        int64_t to_n = to_axis < to->rank ? to->extent[to_axis++] : 1;
        while (from_n != to_n)
            if (from_n < to_n)
                from_n *= wg_extents(x)[from_axis++];
            else
                to_n *= to->extent[to_axis++];
        int64_t inner = to_first > 0 ? stride[to_first - 1] : 1; /* the stride of the last axis of x's run whose extent is not 1 */
        for (int axis = from_axis - 1; axis >= from_first; axis--)
            if (wg_extents(x)[axis] != 1) {
                inner = wg_strides(x)[axis];
                break;
            }
        int64_t expected = inner;
        for (int axis = from_axis - 1; axis >= from_first; axis--) {
            if (wg_extents(x)[axis] == 1)
                continue;
            if (wg_strides(x)[axis] != expected)
                return false;
            expected *= wg_extents(x)[axis];
        }
        for (int axis = to_axis - 1; axis >= to_first; axis--) {
            stride[axis] = inner;
            inner *= to->extent[axis];
        }
    }
    return true;
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct params *p = c->params;
    WG_TRY(wg_view_of(c, out));
    out->rank = p->shape.rank;
    memcpy(out->extent, p->shape.extent, sizeof out->extent);
    int64_t numel = 1;
    for (int axis = 0; axis < out->rank; axis++)
        numel *= out->extent[axis];
    if (numel != c->in[0]->numel) /* only through wg_invoke: the builder has checked the shape */
        return wg_call_error(c, WG_E_SHAPE, "expected a shape of as many elements");
    if (numel == 0) {
        int64_t stride = 1;
        for (int axis = out->rank - 1; axis >= 0; axis--) {
            out->stride[axis] = stride;
            stride *= out->extent[axis];
        }
        return WG_OK;
    }
    return view_strides(c->in[0], &p->shape, out->stride) ? WG_OK
                                                          : wg_call_error(c, WG_E_SHAPE, "expected strides that allow a view");
}

static wg_status cannot(const wg_tensor *x, wg_shape shape, const char *why)
{
    char from[200], to[200];
    return wg_fail(WG_E_SHAPE, "reshape", "reshape: %s to %s: %s", wg_shape_text(wg_shape_of(x), from, sizeof from),
                   wg_shape_text(shape, to, sizeof to), why);
}

/* Replaces an extent of -1, and checks that the number of elements stays the same. */
static wg_status resolve(const wg_tensor *x, wg_shape *shape)
{
    wg_shape known = *shape;
    int64_t n = 1;
    int open = -1;
    for (int axis = 0; axis < shape->rank && shape->rank <= WG_MAX_RANK; axis++) {
        if (shape->extent[axis] != -1)
            continue;
        if (open >= 0)
            return cannot(x, *shape, "at most one extent may be -1");
        open = axis;
        known.extent[axis] = 1;
    }
    WG_TRY(wg_shape_check("reshape", known.rank, known.extent, (wg_dtype)x->dtype, &n));
    if (open >= 0 && n == 0)
        return cannot(x, *shape, "beside an extent of 0 any number fits for -1");
    if (open >= 0 && x->numel % n == 0)
        shape->extent[open] = x->numel / n;
    else if (open >= 0 || n != x->numel)
        return cannot(x, *shape, "expected a shape of as many elements");
    return WG_OK;
}

wg_tensor *wg_reshape(wg_tensor *x, wg_shape to)
{
    struct params p = {.shape = to};
    int64_t stride[WG_MAX_RANK];
    if (!wg_has_value(x))
        return wg_invoke1(&wg_op_reshape, &p, x); /* the op's operand check reports what is wrong */
    if (resolve(x, &p.shape) != WG_OK)
        return NULL;
    if (x->numel == 0 || view_strides(x, &p.shape, stride))
        return wg_invoke1(&wg_op_reshape, &p, x);
    wg_tensor *dense = wg_copy(x), *y = wg_invoke1(&wg_op_reshape, &p, dense);
    wg_free_intermediate(dense);
    return y;
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_reshape(gy[0], wg_shape_of(c->in[0])));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = wg_reshape(tx[0], wg_shape_of(c->out[0])));
}

const struct wg_op wg_op_reshape = {
    .name = WG_REGISTERED("reshape"),
    .params_size = sizeof(struct params),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .vjp = vjp,
    .jvp = jvp,
    .flags = WG_OP_VIEW,
    WG_SAMPLES({"merge", {WG_DIMS(2, 3, 4)}, .n = 1, .params = &(const struct params){WG_DIMS(6, 4)}},
               {"split", {WG_DIMS(6, 4)}, .n = 1, .params = &(const struct params){WG_DIMS(2, 3, 2, 2)}}),
};
