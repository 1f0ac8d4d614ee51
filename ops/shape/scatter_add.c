/* A copy of x in which src[…,i,…] is added to the element at index[…,i,…] along an axis. Each slice along the axis belongs to one
   thread, which adds in the order of i; so the bits do not depend on the number of threads. */
#ifdef REAL
MAP1(scatter_start, wg_no_params, x)

typedef struct {
    struct wg_indexed plan;
    ELEM *y;
    const int64_t *index;
    const ELEM *src;
} T(scatter);

/* Adds a row: all slices of a block have the same index. */
static inline void T(add_row)(int64_t n, ELEM *y, int64_t sy, const ELEM *src, int64_t s)
{
    if (sy == 1 && s == 1)
        WG_LOOP(n)
            y[i] = (REAL)y[i] + (REAL)src[i];
    else
        WG_LOOP(n)
            y[i * sy] = (REAL)y[i * sy] + (REAL)src[i * s];
}

/* Adds n elements, in order, with one index each. whole: y's stride along the indexed axis; step: the strides from one element to
   the next. */
static inline void T(add_each)(int64_t n, ELEM *y, int64_t whole, const int64_t *index, const ELEM *src, struct wg_indexed_at step)
{
    for (int64_t i = 0; i < n; i++) {
        ELEM *to = y + index[i * step.index] * whole + i * step.whole;
        *to = (REAL)*to + (REAL)src[i * step.part];
    }
}

static void T(scatter_blocks)(int64_t first, int64_t last, void *context)
{
    const T(scatter) *s = (const T(scatter) *)context;
    const struct wg_indexed_at along = s->plan.along, across = s->plan.across;
    struct wg_indexed_at line = along;
    line.whole = 0;
    for (int64_t block = first; block < last; block++) {
        struct wg_indexed_at at;
        const int64_t width = wg_indexed_block(&s->plan, block, &at);
        const int64_t *index = s->index + at.index;
        const ELEM *src = s->src + at.part;
        ELEM *y = s->y + at.whole;
        if (width == 1)
            T(add_each)(s->plan.n, y, along.whole, index, src, line);
        else if (across.index == 0)
            for (int64_t i = 0; i < s->plan.n; i++)
                T(add_row)(width, y + index[i * along.index] * along.whole, across.whole, src + i * along.part, across.part);
        else
            for (int64_t i = 0; i < s->plan.n; i++)
                T(add_each)(width, y, along.whole, index + i * along.index, src + i * along.part, across);
    }
}

static wg_status T(scatter_add)(const wg_call *c)
{
    const int axis = *(const int *)c->params;
    const wg_tensor *y = c->out[0], *index = c->in[1], *src = c->in[2];
    wg_status status = wg_index_check(c, index, wg_extents(y)[axis]);
    if (status != WG_OK)
        return status;
    wg_call start = *c;
    start.n_in = 1;
    if (y->data != c->in[0]->data) {
        status = T(scatter_start)(&start);
        if (status != WG_OK)
            return status;
    }
    T(scatter) s;
    s.y = (ELEM *)(void *)y->data;
    s.index = (const int64_t *)(const void *)index->data;
    s.src = (const ELEM *)(const void *)src->data;
    wg_plan_indexed(y, index, src, axis, &s.plan);
    if (src->numel > 0)
        wg_parallel(wg_kernel_threads((double)src->numel), s.plan.blocks, T(scatter_blocks), &s);
    return WG_OK;
}
#else
#define KERNEL_FILE "ops/shape/scatter_add.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *x = c->in[0], *src = c->in[2];
    WG_TRY(wg_index_shape(c, x, c->in[1]));
    if (src->dtype != x->dtype || (x->dtype != WG_F32 && x->dtype != WG_F64))
        return wg_call_error(c, WG_E_DTYPE, "expected x and src of one dtype, f32 or f64");
    if (!wg_same_dims(src, c->in[1]))
        return wg_call_error(c, WG_E_SHAPE, "expected index and src of one shape");
    out->dtype = (wg_dtype)x->dtype;
    out->rank = x->rank;
    memcpy(out->extent, wg_extents(x), (size_t)x->rank * sizeof *out->extent);
    return WG_OK;
}

wg_tensor *wg_scatter_add(wg_tensor *x, int axis, wg_tensor *index, wg_tensor *src)
{
    return wg_apply_along(&wg_op_scatter_add, (wg_tensor *[]){x, index, src}, 3, axis);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct wg_index_params *p = c->params;
    WG_TRY(WG_GIVE(gx[0], gy[0]));
    return WG_GIVE(gx[2], wg_gather(gy[0], p->axis, c->in[1]));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const struct wg_index_params *p = c->params;
    wg_tensor *x = c->in[0], *to = tx[0];
    if (wg_absent(tx[2]))
        return wg_made(ty[0] = tx[0]);
    if (wg_absent(to))
        to = wg_broadcast_to(wg_scalar((wg_dtype)x->dtype, 0), wg_shape_of(x));
    return wg_made(ty[0] = wg_scatter_add(to, p->axis, c->in[1], tx[2]));
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_bytes(c);
    cost.add = (double)c->in[2]->numel;
    return cost;
}

#define ALONG(i)                              \
    .params = &(const struct wg_index_params) \
    {                                         \
        i                                     \
    }
#define INDEXED(extent) .n = 3, .dtype = {WG_F32, WG_I64}, .low = {-1, 0, -1}, .high = {1, extent, 1}

const struct wg_op wg_op_scatter_add = {
    .name = WG_REGISTERED("scatter_add"),
    .params_size = sizeof(struct wg_index_params),
    WG_PARAMS(WG_PARAM(INT, struct wg_index_params, axis)),
    .n_in = 3,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(scatter_add),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(1),
    .inplace = WG_IN(0),
    WG_SAMPLES({"rows", {WG_DIMS(5, 3), WG_DIMS(4, 3), WG_DIMS(4, 3)}, INDEXED(5), ALONG(0)},
               {"fewer", {WG_DIMS(3, 4), WG_DIMS(2, 6), WG_DIMS(2, 6)}, INDEXED(4), ALONG(1)},
               {"middle", {WG_DIMS(2, 3, 2), WG_DIMS(2, 2, 2), WG_DIMS(2, 2, 2)}, INDEXED(3), ALONG(1)},
               {"vector", {WG_DIMS(4), WG_DIMS(7), WG_DIMS(7)}, INDEXED(4), ALONG(0)}),
};
#endif
