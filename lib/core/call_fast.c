/* Fast path: element-wise ops on one to three contiguous operands of one shape, the bulk of small graphs. Everything else goes
   through call.c. */
#include "core/node.h"
#include "core/parallel.h"

enum way { ANOTHER_WAY, DONE, FAILED };

/* Records the node of an op whose operands have the same layout. */
WG_HOT struct wg_node *node_of(struct wg_thread *th, const struct wg_op *op, const void *params, wg_tensor *const *given, size_t n,
                               wg_tensor *y, bool needs)
{
    struct wg_node *node = wg_node_new(th, op, params, n, 1);
    if (!node)
        return NULL;
    wg_tensor **in = (wg_tensor **)(uintptr_t)node->call.in;
    for (size_t i = 0; i < n; i++)
        in[i] = given[i];
    in[n] = y; /* out[0] */
    node->call.dtype = y->dtype;
    node->call.same_layout = true;
    wg_record(th, node, n, 1, needs, true);
    return node;
}

/* Runs the op's row directly if the op is element-wise, a tape is open and unwatched, and the operands are contiguous floats of
   one shape and dtype with fewer than WG_MIN_TO_SPLIT elements. A call is built only for the record. In any other case it does
   nothing and returns ANOTHER_WAY; entries of in may already be replaced by proxies. */
WG_HOT enum way fast_path(const struct wg_op *op, const void *params, wg_tensor **in, size_t n, wg_tensor **result)
{
    struct wg_thread *th = wg_tls.state;
    static const int64_t ones[] = {1, 1, 1, 1};
    wg_tape *tape = th ? th->top : NULL;
    if (!tape || !op || !wg_has_rows(op) || th->watched || op->shape || op->n_in != n || (!params && op->params_size))
        return ANOTHER_WAY;
    unsigned any = 0, all = ~0u;
    for (size_t i = 0; i < n; i++) {
        wg_tensor *t = in[i];
        if (!t || t->state != WG_LIVE)
            return ANOTHER_WAY;
        if (t->tape != tape) {
            if (t->tape)
                return ANOTHER_WAY;
            if (!(t = wg_proxy(th, t)))
                return FAILED;
        }
        in[i] = t;
        any |= t->flags;
        all &= t->flags;
    }
    const wg_tensor *model = in[0];
    const bool scratch = th->mode.scratch;
    if (!(all & WG_T_CONTIGUOUS) || model->dtype > WG_F64 || model->numel >= WG_MIN_TO_SPLIT || model->rank > WG_INLINE_RANK ||
        ((any & WG_T_DONATED) && !scratch))
        return ANOTHER_WAY;
    for (size_t i = 1; i < n; i++)
        if (in[i]->dtype != model->dtype || !wg_same_dims(in[i], model))
            return ANOTHER_WAY;
    wg_row *row = WG_KERNEL(op, row, th->isa, model->dtype);
    if (!row)
        return ANOTHER_WAY;
    /* A donated operand holds the only reference to its storage, so it can share memory only with itself in another slot. Rows
       allow that. */
    const wg_tensor *donated = NULL;
    for (unsigned i = 0; i < n && (any & WG_T_DONATED) && !donated; i++)
        donated = wg_is_donated(op, in[i], i) ? in[i] : NULL;
    wg_tensor *y = NULL;
    if (wg_tensor_build(th, &y, (struct wg_parts){.like = model, .donated = donated, .checked = true}) != WG_OK) {
        if (y)
            wg_release_value(y);
        return FAILED;
    }
    char *p[4] = {y->data};
    for (size_t i = 0; i < n; i++)
        p[i + 1] = in[i]->data;
    row(y->numel, p, ones, params);
    if (scratch) {
        for (unsigned i = 0; i < n && (any & WG_T_DONATED); i++)
            wg_end_donation(th, op, in, n, i, y);
    } else if (!node_of(th, op, params, in, n, y, (any & WG_T_NEEDS) && wg_passes_gradient(th, op, any))) {
        wg_release_value(y);
        return FAILED;
    }
    *result = y;
    return DONE;
}

static __attribute__((noinline)) wg_tensor *no_memory_for(const struct wg_op *op)
{
    wg_op_failed(wg_self(), op, WG_E_MEMORY, "forward");
    return NULL;
}

wg_tensor *wg_invoke1(const struct wg_op *op, const void *params, wg_tensor *a)
{
    wg_tensor *in[1] = {a}, *y = NULL;
    const enum way way = fast_path(op, params, in, 1, &y);
    return way == DONE ? y : way == FAILED ? no_memory_for(op) : wg_call1(op, params, a);
}

wg_tensor *wg_invoke2(const struct wg_op *op, const void *params, wg_tensor *a, wg_tensor *b)
{
    wg_tensor *in[2] = {a, b}, *y = NULL;
    const enum way way = fast_path(op, params, in, 2, &y);
    return way == DONE ? y : way == FAILED ? no_memory_for(op) : wg_call2(op, params, a, b);
}

wg_tensor *wg_invoke3(const struct wg_op *op, const void *params, wg_tensor *a, wg_tensor *b, wg_tensor *c)
{
    wg_tensor *in[3] = {a, b, c}, *y = NULL;
    const enum way way = fast_path(op, params, in, 3, &y);
    return way == DONE ? y : way == FAILED ? no_memory_for(op) : wg_call3(op, params, a, b, c);
}
