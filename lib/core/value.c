/* Values: creating, inspecting, reading and writing them. */
#include <math.h>
#include <string.h>

#include "core/tensor_build.h"

/* ---- making values ---- */

static wg_tensor *find_memory(struct wg_thread *th, wg_dtype dtype, wg_shape shape)
{
    wg_tensor *t = NULL;
    if (wg_tensor_build(
            th, &t, (struct wg_parts){.dtype = dtype, .rank = shape.rank, .extent = shape.extent, .slot = WG_NO_RESULT}) == WG_OK)
        return t;
    if (!t)
        return NULL;
    if (t->tape)
        t->state = WG_RELEASED;
    else
        wg_value_unref(t);
    return NULL;
}

/* If memory runs out, the error names the function, as for an op. */
static wg_tensor *new_value(const char *name, wg_dtype dtype, wg_shape shape)
{
    const struct wg_op maker = {.name = name};
    struct wg_thread *th = wg_self();
    int64_t numel;
    if (!th || wg_shape_check(name, shape.rank, shape.extent, dtype, &numel) != WG_OK)
        return NULL;
    wg_tensor *t = find_memory(th, dtype, shape);
    if (!t)
        wg_op_failed(th, &maker, WG_E_MEMORY, "forward");
    return t;
}

wg_tensor *wg_from_bytes(const void *data, wg_dtype dtype, wg_shape shape)
{
    struct wg_thread *th = wg_self();
    int64_t numel;
    if (!th || wg_shape_check("from", shape.rank, shape.extent, dtype, &numel) != WG_OK)
        return NULL;
    if (!data && numel > 0) {
        wg_fail(WG_E_NULL, "from", "from: the data is NULL");
        return NULL;
    }
    if (dtype <= WG_F64 && numel > 1 && wg_may_hide(th, "from", "a constant made from host data") != WG_OK)
        return NULL;
    if (wg_may_write(th, "from") != WG_OK)
        return NULL;
    wg_tensor *t = new_value("from", dtype, shape);
    if (t && numel > 0)
        memcpy(t->data, data, (size_t)numel * wg_dtype_size(dtype));
    return t;
}

wg_tensor *wg_full(wg_dtype dtype, wg_shape shape, double value)
{
    if ((dtype == WG_I64 && !(value >= -0x1p63 && value < 0x1p63)) || (dtype == WG_U8 && !(value > -1 && value < 256))) {
        wg_fail(WG_E_ARGUMENT, "full", "full: %g is no %s", value, wg_dtype_name(dtype));
        return NULL;
    }
    wg_tensor *t = new_value("full", dtype, shape);
    if (!t)
        return NULL;
    const int64_t n = t->numel;
    switch (dtype) {
    case WG_F32:
        for (int64_t i = 0; i < n; i++)
            ((float *)t->data)[i] = (float)value;
        break;
    case WG_F64:
        for (int64_t i = 0; i < n; i++)
            ((double *)t->data)[i] = value;
        break;
    case WG_I64:
        for (int64_t i = 0; i < n; i++)
            ((int64_t *)t->data)[i] = (int64_t)value;
        break;
    case WG_U8:
        memset(t->data, (int)value, (size_t)n);
        break;
    }
    return t;
}

wg_tensor *wg_zeros(wg_dtype dtype, wg_shape shape)
{
    return wg_full(dtype, shape, 0);
}

wg_tensor *wg_ones(wg_dtype dtype, wg_shape shape)
{
    return wg_full(dtype, shape, 1);
}

wg_tensor *wg_scalar(wg_dtype dtype, double value)
{
    return wg_full(dtype, WG_SCALAR, value);
}

/* ---- properties, reading and writing ---- */

int wg_rank(const wg_tensor *t)
{
    return wg_has_shape(t, "rank") ? t->rank : 0;
}

static int64_t dim(const wg_tensor *t, const char *op, int axis, bool stride)
{
    if (!wg_has_shape(t, op))
        return 0;
    const int at = axis < 0 ? axis + t->rank : axis;
    if (at < 0 || at >= t->rank) {
        wg_fail(WG_E_ARGUMENT, op, "%s: there is no axis %d in a tensor of rank %d", op, axis, t->rank);
        return 0;
    }
    return t->dims[stride ? t->rank + at : at];
}

int64_t wg_extent(const wg_tensor *t, int axis)
{
    return dim(t, "extent", axis, false);
}

int64_t wg_stride(const wg_tensor *t, int axis)
{
    return dim(t, "stride", axis, true);
}

int64_t wg_numel(const wg_tensor *t)
{
    return wg_has_shape(t, "numel") ? t->numel : 0;
}

wg_dtype wg_dtype_of(const wg_tensor *t)
{
    return wg_has_shape(t, "dtype_of") ? (wg_dtype)t->dtype : WG_F32;
}

wg_shape wg_shape_of(const wg_tensor *t)
{
    wg_shape shape = WG_SCALAR;
    if (!wg_has_shape(t, "shape_of"))
        return shape;
    shape.rank = t->rank;
    for (int i = 0; i < t->rank; i++)
        shape.extent[i] = t->dims[i];
    return shape;
}

bool wg_is_contiguous(const wg_tensor *t)
{
    return wg_has_shape(t, "is_contiguous") && (t->flags & WG_T_CONTIGUOUS);
}

const void *wg_data(const wg_tensor *t)
{
    return wg_check_handle(t, "data", -1) == WG_OK && wg_may_read(wg_self(), t, "data") == WG_OK ? t->data : NULL;
}

void *wg_data_mut(wg_tensor *t)
{
    if (wg_check_handle(t, "data_mut", -1) != WG_OK || wg_may_write(wg_self(), "data_mut") != WG_OK ||
        wg_may_change(wg_self(), t, "data_mut", 0) != WG_OK)
        return NULL;
    t->storage->version++;
    return t->data;
}

double wg_item(const wg_tensor *t)
{
    if (wg_check_handle(t, "item", -1) != WG_OK || wg_may_read(wg_self(), t, "item") != WG_OK)
        return NAN;
    if (t->numel != 1) {
        char text[200];
        wg_fail(WG_E_SHAPE, "item", "item: expected a tensor of one element, got %s",
                wg_shape_text(wg_shape_of(t), text, sizeof text));
        return NAN;
    }
    switch ((wg_dtype)t->dtype) {
    case WG_F32:
        return (double)*(const float *)t->data;
    case WG_F64:
        return *(const double *)t->data;
    case WG_I64:
        return (double)*(const int64_t *)t->data;
    case WG_U8:
        return *(const uint8_t *)t->data;
    }
    return NAN;
}

/* Copies between t, with its strides, and a row-major buffer. */
static void transfer(const wg_tensor *t, char *buffer, bool out)
{
    const size_t size = wg_dtype_size((wg_dtype)t->dtype);
    if (t->flags & WG_T_CONTIGUOUS) {
        if (t->numel > 0)
            memcpy(out ? buffer : t->data, out ? t->data : buffer, (size_t)t->numel * size);
        return;
    }
    int64_t index[WG_MAX_RANK] = {0};
    const int64_t *extent = wg_extents(t), *stride = wg_strides(t);
    char *at = t->data;
    for (int64_t i = 0; i < t->numel; i++, buffer += size) {
        memcpy(out ? buffer : at, out ? at : buffer, size);
        for (int axis = t->rank - 1; axis >= 0; axis--) {
            at += stride[axis] * (int64_t)size;
            if (++index[axis] < extent[axis])
                break;
            at -= extent[axis] * stride[axis] * (int64_t)size;
            index[axis] = 0;
        }
    }
}

wg_status wg_read_raw(const wg_tensor *t, void *data)
{
    WG_TRY(wg_check_handle(t, "read", -1));
    WG_TRY(wg_may_read(wg_self(), t, "read"));
    if (!data && t->numel > 0)
        return wg_fail(WG_E_NULL, "read", "read: the buffer is NULL");
    transfer(t, data, true);
    return WG_OK;
}

wg_status wg_write_raw(wg_tensor *t, const void *data)
{
    WG_TRY(wg_check_handle(t, "write", -1));
    WG_TRY(wg_may_write(wg_self(), "write"));
    WG_TRY(wg_may_change(wg_self(), t, "write", 0));
    if (!data && t->numel > 0)
        return wg_fail(WG_E_NULL, "write", "write: the data is NULL");
    for (int i = 0; i < t->rank && t->numel > 0; i++)
        if (t->dims[i] > 1 && t->dims[t->rank + i] == 0)
            return wg_fail(WG_E_ARGUMENT, "write", "write: a broadcast tensor's elements share memory; write its source");
    t->storage->version++;
    transfer(t, (char *)(uintptr_t)data, false);
    return WG_OK;
}

/* ---- the same with a check of the C type of the program's elements ---- */

static const char *c_type(wg_dtype dtype)
{
    static const char *const name[] = {[WG_F32] = "float", [WG_F64] = "double", [WG_I64] = "int64_t", [WG_U8] = "uint8_t"};
    return (unsigned)dtype < sizeof name / sizeof *name ? name[dtype] : "no such type";
}

static wg_status check_type(const wg_tensor *t, wg_dtype dtype, const char *op)
{
    WG_TRY(wg_check_handle(t, op, -1));
    if (t->dtype == (uint8_t)dtype)
        return WG_OK;
    char shape[200];
    const wg_dtype own = (wg_dtype)t->dtype;
    return wg_fail(WG_E_DTYPE, op, "%s: expected elements of type %s, for the tensor is %s %s, got %s", op, c_type(own),
                   wg_dtype_name(own), wg_shape_text(wg_shape_of(t), shape, sizeof shape), c_type(dtype));
}

wg_status wg_read_typed(const wg_tensor *t, void *data, wg_dtype dtype)
{
    WG_TRY(check_type(t, dtype, "read"));
    return wg_read_raw(t, data);
}

wg_status wg_write_typed(wg_tensor *t, const void *data, wg_dtype dtype)
{
    WG_TRY(check_type(t, dtype, "write"));
    return wg_write_raw(t, data);
}

const void *wg_data_typed(const wg_tensor *t, wg_dtype dtype)
{
    return check_type(t, dtype, "data") == WG_OK ? wg_data(t) : NULL;
}

void *wg_data_mut_typed(wg_tensor *t, wg_dtype dtype)
{
    return check_type(t, dtype, "data_mut") == WG_OK ? wg_data_mut(t) : NULL;
}
