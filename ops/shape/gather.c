/* y[…,i,…] = x[…,index[…,i,…],…] along an axis, of any dtype. Linear in x; the gradient is scatter_add. */
#include "ops/op.h"

struct gather {
    struct wg_indexed plan;
    char *x;
    const int64_t *index;
    char *y;
    size_t size;
};

/* Gathers n elements with one index each. whole: x's stride along the indexed axis; step: the strides from one element to the
   next. */
static inline void pick_sized(int64_t n, const char *x, int64_t whole, const int64_t *index, char *y, struct wg_indexed_at step,
                              size_t size)
{
    for (int64_t i = 0; i < n; i++)
        memcpy(y + i * step.part * (int64_t)size, x + (index[i * step.index] * whole + i * step.whole) * (int64_t)size, size);
}

static void pick(const struct gather *g, int64_t n, const char *x, const int64_t *index, char *y, struct wg_indexed_at step)
{
    const int64_t whole = g->plan.along.whole;
    if (g->size == 8) /* constant sizes, so that memcpy is inlined */
        pick_sized(n, x, whole, index, y, step, 8);
    else if (g->size == 4)
        pick_sized(n, x, whole, index, y, step, 4);
    else
        pick_sized(n, x, whole, index, y, step, 1);
}

static void gather_blocks(int64_t first, int64_t last, void *context)
{
    const struct gather *g = context;
    const struct wg_indexed_at along = g->plan.along, across = g->plan.across, line = {0, along.index, along.part};
    const int64_t size = (int64_t)g->size, row[2] = {across.part, across.whole};
    for (int64_t block = first; block < last; block++) {
        struct wg_indexed_at at;
        const int64_t width = wg_indexed_block(&g->plan, block, &at), *index = g->index + at.index;
        char *x = g->x + at.whole * size, *y = g->y + at.part * size;
        if (width == 1) {
            pick(g, g->plan.n, x, index, y, line);
            continue;
        }
        for (int64_t i = 0; i < g->plan.n; i++, index += along.index, y += along.part * size)
            if (across.index == 0) /* one index for the whole block: copies a row */
                wg_copy_row(width, (char *const[]){y, x + *index * along.whole * size}, row, &g->size);
            else
                pick(g, width, x, index, y, across);
    }
}

static wg_status kernel(const wg_call *c)
{
    const struct wg_index_params *p = c->params;
    const wg_tensor *x = c->in[0], *index = c->in[1], *y = c->out[0];
    WG_TRY(wg_index_check(c, index, wg_extents(x)[p->axis]));
    struct gather g = {
        .x = x->data, .index = (const int64_t *)(const void *)index->data, .y = y->data, .size = wg_dtype_size((wg_dtype)x->dtype)};
    wg_plan_indexed(x, index, y, p->axis, &g.plan);
    wg_parallel(wg_kernel_threads((double)y->numel), g.plan.blocks, gather_blocks, &g);
    return WG_OK;
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *index = c->in[1];
    WG_TRY(wg_index_shape(c, c->in[0], index));
    out->dtype = (wg_dtype)c->in[0]->dtype;
    out->rank = index->rank;
    memcpy(out->extent, wg_extents(index), (size_t)index->rank * sizeof *out->extent);
    return WG_OK;
}

wg_tensor *wg_gather(wg_tensor *x, int axis, wg_tensor *index)
{
    return wg_apply_along(&wg_op_gather, (wg_tensor *[]){x, index}, 2, axis);
}

/* The gradient is scattered into the accumulator if there is one, else into zeros. */
static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct wg_index_params *p = c->params;
    const wg_tensor *x = c->in[0];
    if (!gx[0].need)
        return WG_OK;
    gx[0].accumulated = gx[0].into != NULL;
    wg_tensor *to = gx[0].into ? wg_donate(gx[0].into) : wg_broadcast_to(wg_scalar((wg_dtype)x->dtype, 0), wg_shape_of(x));
    return wg_give(&gx[0], wg_scatter_add(to, p->axis, c->in[1], gy[0]));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const struct wg_index_params *p = c->params;
    return wg_made(ty[0] = wg_gather(tx[0], p->axis, c->in[1]));
}

/* The number of distinct elements of x that the indices name. If memory for marking them cannot be allocated, or the index's value
   is released, the number of indices. */
static double named(const wg_call *c)
{
    const struct wg_index_params *p = c->params;
    const wg_tensor *x = c->in[0], *index = c->in[1];
    double n = 0;
    bool *seen = index->state == WG_LIVE ? wg_object_new((size_t)x->numel + 1) : NULL;
    for (int64_t i = 0; i < index->numel && seen; i++) {
        const int64_t *at = (const int64_t *)(const void *)index->data;
        int64_t place[WG_MAX_RANK], rest = i, named = 0;
        for (int axis = index->rank - 1; axis >= 0; axis--) {
            place[axis] = rest % wg_extents(index)[axis];
            rest /= wg_extents(index)[axis];
            at += place[axis] * wg_strides(index)[axis];
        }
        place[p->axis] = *at;
        for (int axis = 0; axis < x->rank; axis++)
            named = named * wg_extents(x)[axis] + (wg_strides(x)[axis] != 0 ? place[axis] : 0);
        if (*at < 0 || *at >= wg_extents(x)[p->axis] || seen[named]) /* changed since the call, or counted already */
            continue;
        seen[named] = true;
        n++;
    }
    n = seen ? n : (double)index->numel;
    wg_object_free(seen);
    return n;
}

static wg_cost cost(const wg_call *c)
{
    wg_call others = *c;
    others.in++;
    others.n_in--;
    wg_cost cost = wg_cost_bytes(&others);
    cost.bytes_read += named(c) * (double)wg_dtype_size((wg_dtype)c->in[0]->dtype);
    return cost;
}

#define ALONG(i)                              \
    .params = &(const struct wg_index_params) \
    {                                         \
        i                                     \
    }

const struct wg_op wg_op_gather = {
    .name = WG_REGISTERED("gather"),
    .params_size = sizeof(struct wg_index_params),
    WG_PARAMS(WG_PARAM(INT, struct wg_index_params, axis)),
    .n_in = 2,
    .n_out = 1,
    .shape = shape,
    .kernels = {{.run = {kernel, kernel}}},
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(1),
    WG_SAMPLES(
        {"rows", {WG_DIMS(5, 3), WG_DIMS(4, 3)}, .n = 2, .dtype = {WG_F32, WG_I64}, .low = {-1, 0}, .high = {1, 5}, ALONG(0)},
        {"fewer", {WG_DIMS(3, 4), WG_DIMS(2, 6)}, .n = 2, .dtype = {WG_F32, WG_I64}, .low = {-1, 0}, .high = {1, 4}, ALONG(1)},
        {"middle",
         {WG_DIMS(2, 3, 2), WG_DIMS(2, 2, 2)},
         .n = 2,
         .dtype = {WG_F32, WG_I64},
         .low = {-1, 0},
         .high = {1, 3},
         ALONG(1)},
        {"vector", {WG_DIMS(4), WG_DIMS(7)}, .n = 2, .dtype = {WG_F32, WG_I64}, .low = {-1, 0}, .high = {1, 4}, ALONG(0)}),
};
