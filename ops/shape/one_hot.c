/* Labels (…) give (…, classes), of any dtype: 1 at the index of the label, else 0. */
#include "ops/op.h"

struct params {
    int64_t classes;
    wg_dtype dtype;
};

static void mark_rows(int64_t first, int64_t last, void *context)
{
    const wg_call *c = context;
    const struct params *p = c->params;
    const wg_tensor *labels = c->in[0];
    const int64_t size = (int64_t)wg_dtype_size(p->dtype);
    for (int64_t row = first; row < last; row++) {
        const int64_t at = wg_kept_offset(labels->rank, wg_extents(labels), wg_strides(labels), row);
        const int64_t label = ((const int64_t *)(const void *)labels->data)[at];
        char *y = c->out[0]->data + row * p->classes * size; /* the output is row-major */
        memset(y, 0, (size_t)(p->classes * size));
        wg_put_number(1, p->dtype, y + label * size);
    }
}

static wg_status kernel(const wg_call *c)
{
    const struct params *p = c->params;
    WG_TRY(wg_index_check(c, c->in[0], p->classes));
    wg_parallel(wg_kernel_threads((double)c->out[0]->numel), c->in[0]->numel, mark_rows, (void *)(uintptr_t)c);
    return WG_OK;
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct params *p = c->params;
    const wg_tensor *labels = c->in[0];
    if (labels->dtype != WG_I64 || wg_dtype_size(p->dtype) == 0)
        return wg_call_error(c, WG_E_DTYPE, labels->dtype != WG_I64 ? "expected labels of i64" : "there is no such dtype");
    if (p->classes < 1)
        return wg_call_error(c, WG_E_ARGUMENT, "expected classes of at least 1");
    if (labels->rank == WG_MAX_RANK)
        return wg_call_error(c, WG_E_SHAPE, "expected at most 7 axes, because the result has one more");
    out->dtype = p->dtype;
    out->rank = labels->rank + 1;
    memcpy(out->extent, wg_extents(labels), (size_t)labels->rank * sizeof *out->extent);
    out->extent[labels->rank] = p->classes;
    return WG_OK;
}

wg_tensor *wg_one_hot(wg_tensor *labels, int64_t classes, wg_dtype dtype)
{
    return wg_invoke1(&wg_op_one_hot, &(const struct params){classes, dtype}, labels);
}

#define LABELS(...)                                                                      \
    .n = 1, .dtype = {WG_I64}, .low = {0}, .high = {3}, .params = &(const struct params) \
    {                                                                                    \
        __VA_ARGS__                                                                      \
    }

const struct wg_op wg_op_one_hot = {
    .name = WG_REGISTERED("one_hot"),
    .params_size = sizeof(struct params),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = {{.run = {kernel, kernel}}},
    .cost = wg_cost_bytes,
    .flags = WG_OP_NO_DERIVATIVE | WG_OP_ROW_MAJOR,
    .reason = "labels are integers",
    WG_SAMPLES({"f32", {WG_DIMS(4)}, LABELS(3, WG_F32)}, {"f64", {WG_DIMS(2, 3)}, LABELS(5, WG_F64)},
               {"u8", {{.rank = 0}}, LABELS(3, WG_U8)}, {"i64", {WG_DIMS(2, 1)}, LABELS(4, WG_I64)}),
};
