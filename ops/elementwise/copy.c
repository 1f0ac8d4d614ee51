/* y = x in a new storage, of any dtype, in row-major order whatever x's strides. The gradient passes through unchanged. */
#include "ops/op.h"

static inline void copy_strided(int64_t n, char *const *at, const int64_t *s, size_t size)
{
    for (int64_t i = 0; i < n; i++)
        memcpy(at[0] + i * s[0] * (int64_t)size, at[1] + i * s[1] * (int64_t)size, size);
}

/* Fills n elements with one value: a source of stride 0. */
static inline void fill(int64_t n, char *to, const char *from, size_t size)
{
    char value[8];
    memcpy(value, from, size);
    for (int64_t i = 0; i < n; i++)
        memcpy(to + i * (int64_t)size, value, size);
}

static inline void copy_sized(int64_t n, char *const *at, const int64_t *s, size_t size)
{
    if (s[0] == 1 && s[1] == 0)
        fill(n, at[0], at[1], size);
    else
        copy_strided(n, at, s, size);
}

void wg_copy_row(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    const size_t *size = params;
    if (s[0] == 1 && s[1] == 1)
        memcpy(at[0], at[1], (size_t)n * *size);
    else if (*size == 8) /* constant sizes, so that memcpy is inlined */
        copy_sized(n, at, s, 8);
    else if (*size == 4)
        copy_sized(n, at, s, 4);
    else
        copy_sized(n, at, s, 1);
}

void wg_put_number(double value, wg_dtype dtype, char *at)
{
    if (dtype == WG_F32)
        *(float *)(void *)at = (float)value;
    else if (dtype == WG_F64)
        *(double *)(void *)at = value;
    else if (dtype == WG_I64)
        *(int64_t *)(void *)at = (int64_t)value;
    else
        *(uint8_t *)at = (uint8_t)value;
}

wg_status wg_copy_into(const wg_tensor *from, const wg_tensor *to, int64_t first, const int64_t *stride)
{
    const size_t size = wg_dtype_size((wg_dtype)from->dtype);
    int64_t dims[2 * WG_MAX_RANK];
    if (from->numel == 0)
        return WG_OK;
    memcpy(dims, wg_extents(from), (size_t)from->rank * sizeof *dims);
    memcpy(dims + from->rank, stride, (size_t)from->rank * sizeof *dims);
    wg_tensor source = *from, part = *to, *in = &source, *out = &part;
    part.data += first * (int64_t)size;
    part.dims = dims;
    part.rank = from->rank;
    part.numel = from->numel;
    part.flags = 0; /* neither dense nor contiguous: the strides describe it */
    const wg_call copy = {.params = &size, .in = &in, .out = &out, .n_in = 1, .n_out = 1};
    return wg_map(&copy, size, wg_copy_row);
}

static wg_status forward(const wg_call *c)
{
    const size_t size = wg_dtype_size((wg_dtype)c->in[0]->dtype);
    const wg_call copy = {.params = &size, .in = c->in, .out = c->out, .n_in = 1, .n_out = 1};
    return wg_map(&copy, size, wg_copy_row);
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *x = c->in[0];
    out->dtype = (wg_dtype)x->dtype;
    out->rank = x->rank;
    memcpy(out->extent, wg_extents(x), (size_t)x->rank * sizeof *out->extent);
    return WG_OK;
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    return WG_GIVE(gx[0], gy[0]);
}

const struct wg_op wg_op_copy = {
    .name = WG_REGISTERED("copy"),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = {{.run = {forward, forward}}},
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .cost = wg_cost_bytes,
    .flags = WG_OP_ROW_MAJOR,
    WG_SAMPLES({"2x3", {WG_DIMS(2, 3)}, .n = 1}),
};
