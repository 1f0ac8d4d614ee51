/* sum with g added to the elements that a view of it shows. It accumulates the gradients of views of one tensor; each takes time
   linear in the view's size if sum may be overwritten. */
#ifdef REAL
MAP1(view_add_start, wg_no_params, x)

static void T(view_add_row)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    ELEM *y = (ELEM *)(void *)at[0];
    const ELEM *g = (const ELEM *)(const void *)at[1];
    (void)params;
    if (s[0] == 1 && s[1] == 1)
        WG_LOOP(n)
            y[i] = (REAL)y[i] + (REAL)g[i];
    else
        WG_LOOP(n)
            y[i * s[0]] = (REAL)y[i * s[0]] + (REAL)g[i * s[1]];
}

static wg_status T(view_add)(const wg_call *c)
{
    wg_call start = *c, add = *c;
    wg_tensor window, *in[2] = {&window, c->in[1]};
    int64_t dims[2 * WG_MAX_RANK];
    start.n_in = 1;
    wg_status status = c->out[0]->data == c->in[0]->data ? WG_OK : T(view_add_start)(&start);
    if (status == WG_OK)
        status = wg_view_window(c, sizeof(ELEM), &window, dims);
    add.in = in;
    return status == WG_OK && window.numel > 0 ? wg_map_in_place(&add, sizeof(ELEM), T(view_add_row), NULL) : status;
}
#else
#define KERNEL_FILE "ops/shape/view_add.c"
#include "ops/op.h"

struct params {
    const struct wg_op *view;
    union wg_view_params of; /* the view's params */
};

/* Computes the extents, strides and offset of the view of t. */
static wg_status seen(const wg_call *c, wg_tensor *t, wg_spec *out)
{
    const struct params *p = c->params;
    const wg_call look = {.op = p->view, .params = &p->of, .in = &t, .n_in = 1, .dtype = c->dtype};
    *out = (wg_spec){.rank = 0};
    return p->view->shape(&look, out);
}

wg_status wg_view_window(const wg_call *c, size_t size, wg_tensor *window, int64_t *dims)
{
    wg_spec spec;
    WG_TRY(seen(c, c->out[0], &spec));
    *window = *c->out[0];
    window->data += spec.offset * (int64_t)size;
    window->dims = dims;
    window->rank = (uint8_t)spec.rank;
    window->numel = c->in[1]->numel;
    window->flags = 0; /* neither dense nor contiguous: the strides describe it */
    memcpy(dims, spec.extent, (size_t)spec.rank * sizeof *dims);
    memcpy(dims + spec.rank, spec.stride, (size_t)spec.rank * sizeof *dims);
    return WG_OK;
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    wg_tensor *sum = c->in[0];
    const wg_tensor *g = c->in[1];
    wg_dtype dtype;
    wg_spec part;
    WG_TRY(wg_same_float(c, &dtype));
    WG_TRY(seen(c, sum, &part));
    if (part.rank != g->rank || memcmp(part.extent, wg_extents(g), (size_t)g->rank * sizeof *part.extent) != 0)
        return wg_call_error(c, WG_E_SHAPE, "expected g of the view's shape");
    out->dtype = dtype;
    out->rank = sum->rank;
    memcpy(out->extent, wg_extents(sum), (size_t)sum->rank * sizeof *out->extent);
    return WG_OK;
}

wg_tensor *wg_view_add(wg_tensor *sum, wg_tensor *g, const struct wg_op *view, const void *params)
{
    struct params p = {.view = view};
    if (!view || !params) {
        wg_fail(WG_E_NULL, "view_add", "view_add: the view or its params are NULL");
        return NULL;
    }
    if (!(view->flags & WG_OP_VIEW) || view->n_in != 1 || view->n_out != 1 || !view->shape || view->params_size > sizeof p.of) {
        wg_fail(WG_E_ARGUMENT, "view_add", "view_add: %s is no slice, select or diagonal", view->name);
        return NULL;
    }
    memcpy(&p.of, params, view->params_size);
    return wg_invoke2(&wg_op_view_add, &p, sum, g);
}

wg_status wg_give_through_view(const wg_call *c, wg_tensor *gy, wg_grad_slot *slot,
                               wg_tensor *(*spread)(const wg_call *, wg_tensor *))
{
    if (!slot->need)
        return WG_OK;
    slot->accumulated = slot->into != NULL;
    return wg_give(slot, slot->into ? wg_view_add(wg_donate(slot->into), gy, c->op, c->params) : spread(c, gy));
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct params *p = c->params;
    WG_TRY(WG_GIVE(gx[0], gy[0]));
    return WG_GIVE(gx[1], wg_invoke1(p->view, &p->of, gy[0]));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const struct params *p = c->params;
    const wg_tensor *sum = c->in[0];
    wg_tensor *to = tx[0];
    if (wg_absent(tx[1]))
        return wg_made(ty[0] = tx[0]);
    if (wg_absent(to))
        to = wg_broadcast_to(wg_scalar((wg_dtype)sum->dtype, 0), wg_shape_of(sum));
    return wg_made(ty[0] = wg_view_add(to, tx[1], p->view, &p->of));
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_bytes(c);
    cost.add = (double)c->in[1]->numel;
    return cost;
}

#define SLICE(...)                   \
    .params = &(const struct params) \
    {                                \
        &wg_op_slice,                \
        {                            \
            .slice = { __VA_ARGS__ } \
        }                            \
    }
#define SELECT(...)                   \
    .params = &(const struct params)  \
    {                                 \
        &wg_op_select,                \
        {                             \
            .select = { __VA_ARGS__ } \
        }                             \
    }

const struct wg_op wg_op_view_add = {
    .name = WG_REGISTERED("view_add"),
    .params_size = sizeof(struct params),
    .n_in = 2,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(view_add),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .inplace = WG_IN(0),
    WG_SAMPLES({"rows", {WG_DIMS(5, 3), WG_DIMS(3, 3)}, .n = 2, SLICE(.axis = 0, .start = 1, .step = 1, .count = 3)},
               {"backwards", {WG_DIMS(2, 5, 2), WG_DIMS(2, 3, 2)}, .n = 2, SLICE(.axis = 1, .start = 4, .step = -2, .count = 3)},
               {"nothing", {WG_DIMS(2, 3), WG_DIMS(2, 0)}, .n = 2, SLICE(.axis = 1, .start = 0, .step = 1, .count = 0)},
               {"one", {WG_DIMS(2, 3, 4), WG_DIMS(2, 4)}, .n = 2, SELECT(.axis = 1, .index = 2)},
               {"diagonal", {WG_DIMS(4, 5), WG_DIMS(4)}, .n = 2, .params = &(const struct params){&wg_op_diagonal, {.offset = 1}}}),
};
#endif
