/* Applying an op: check the operands, ask the shape rule, find memory, run the kernel, record the node. On a tape a node is the call
   itself, built where it will stay and committed by linking it; in a backward that is not recorded the same memory is given back. */
#include <string.h>

#include "internal.h"

/* ---- messages ---- */

static size_t describe(const wg_tensor *t, char *text, size_t size)
{
    char shape[160];
    if (!t || t->state == WG_ABSENT || t->state == WG_DEAD)
        return (size_t)snprintf(text, size, "%s", !t ? "NULL" : t->state == WG_ABSENT ? "none" : "dangling");
    return (size_t)snprintf(text, size, "%s %s", wg_dtype_name((wg_dtype)t->dtype),
                            wg_shape_text(wg_shape_of(t), shape, sizeof shape));
}

wg_status wg_call_error(const wg_call *c, wg_status code, const char *text)
{
    char operands[280];
    size_t used = 0;
    operands[0] = 0;
    for (int i = 0; i < c->n_in && used + 40 < sizeof operands; i++) {
        used += (size_t)snprintf(operands + used, sizeof operands - used, "%s", i ? " x " : "");
        if (used + 40 < sizeof operands)
            used += describe(c->in[i], operands + used, sizeof operands - used);
    }
    return wg_fail(code, c->op->name, "%s: %s: %s", c->op->name, text, operands);
}

/* ---- shape rules that many ops share ---- */

wg_status wg_same_float(const wg_call *c, wg_dtype *dtype)
{
    int first = -1;
    for (int i = 0; i < c->n_in; i++) {
        if (wg_absent(c->in[i]))
            continue;
        if (c->in[i]->dtype != WG_F32 && c->in[i]->dtype != WG_F64)
            return wg_call_error(c, WG_E_DTYPE, "f32 or f64 is wanted");
        if (first < 0)
            first = c->in[i]->dtype;
        else if (c->in[i]->dtype != first)
            return wg_call_error(c, WG_E_DTYPE, "dtypes differ, and nothing is promoted");
    }
    *dtype = first == WG_F64 ? WG_F64 : WG_F32;
    return WG_OK;
}

wg_status wg_broadcast_shapes(const wg_call *c, wg_spec *out)
{
    int rank = 0;
    for (int i = 0; i < c->n_in; i++)
        if (!wg_absent(c->in[i]) && c->in[i]->rank > rank)
            rank = c->in[i]->rank;
    for (int axis = 0; axis < rank; axis++)
        out->extent[axis] = 1;
    for (int i = 0; i < c->n_in; i++) {
        if (wg_absent(c->in[i]))
            continue;
        const int lead = rank - c->in[i]->rank;
        for (int axis = lead; axis < rank; axis++) {
            const int64_t extent = wg_extents(c->in[i])[axis - lead];
            if (out->extent[axis] == 1)
                out->extent[axis] = extent;
            else if (extent != 1 && extent != out->extent[axis])
                return wg_call_error(c, WG_E_SHAPE, "shapes do not broadcast");
        }
    }
    out->rank = rank;
    return WG_OK;
}

static wg_status default_shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_same_float(c, &out->dtype));
    const wg_tensor *a = c->in[0];
    if (c->n_in == 1 && !wg_absent(a)) {
        out->rank = a->rank;
        memcpy(out->extent, wg_extents(a), (size_t)a->rank * sizeof *out->extent);
        return WG_OK;
    }
    return wg_broadcast_shapes(c, out);
}

/* ---- building the call ---- */

static size_t node_bytes(const struct wg_op *op, size_t n_in, size_t n_out)
{
    const size_t pointers = (n_in + n_out) * sizeof(wg_tensor *);
    const size_t versions = ((n_in + n_out) * sizeof(uint32_t) + 7) & ~(size_t)7;
    return sizeof(struct wg_node) + pointers + versions + op->params_size;
}

static struct wg_node *node_new(struct wg_thread *th, const struct wg_op *op, const void *params, size_t n_in, size_t n_out)
{
    const size_t bytes = node_bytes(op, n_in, n_out);
    struct wg_node *node = th->top ? wg_tape_alloc(th->top, bytes) : wg_object_new(bytes);
    if (!node)
        return NULL;
    char *at = (char *)(node + 1);
    wg_tensor **in = (wg_tensor **)(void *)at, **out = in + n_in;
    memset(node, 0, sizeof *node);
    node->version = (uint32_t *)(void *)(out + n_out);
    char *params_at = at + bytes - sizeof *node - op->params_size;
    if (op->params_size)
        memcpy(params_at, params, op->params_size);
    node->call = (wg_call){.op = op, .params = params_at, .in = in, .out = out, .n_in = (uint16_t)n_in, .n_out = (uint16_t)n_out};
    node->bytes = bytes;
    memset(out, 0, n_out * sizeof *out);
    return node;
}

static void node_discard(struct wg_thread *th, struct wg_node *node)
{
    if (th->top)
        wg_tape_unalloc(th->top, node, node->bytes);
    else
        wg_object_free(node);
}

/* A NULL operand is a failure further up. It has been recorded there; only if it was not is it recorded here. */
static wg_status null_operand(struct wg_thread *th, const struct wg_op *op, size_t i)
{
    if (th->has_error) {
        th->error.later++;
        if (th->top)
            th->top->failed = true;
        if (th->updating)
            th->update_failed = true;
        return WG_E_NULL;
    }
    return wg_fail(WG_E_NULL, op->name, "%s: operand %zu is NULL", op->name, i);
}

static wg_status take_operands(struct wg_thread *th, struct wg_node *node, wg_tensor *const *given)
{
    const struct wg_op *op = node->call.op;
    wg_tensor **in = (wg_tensor **)(uintptr_t)node->call.in;
    int dtype = -1;
    for (size_t i = 0; i < node->call.n_in; i++) {
        wg_tensor *t = given[i];
        if (!t)
            return null_operand(th, op, i);
        if (t->state != WG_LIVE && !(t->state == WG_ABSENT && (op->optional >> i & 1)))
            WG_TRY(wg_check_handle(t, op->name, (int)i));
        else if (t->tape && t->tape->thread != th)
            WG_TRY(wg_check_handle(t, op->name, (int)i));
        if (!t->tape && th->top && t->state != WG_ABSENT) {
            t = wg_proxy(th, t);
            if (!t)
                return WG_E_MEMORY;
        }
        in[i] = t;
        if (dtype < 0 && t->state != WG_ABSENT && t->dtype <= WG_F64)
            dtype = t->dtype;
    }
    node->call.dtype = (uint8_t)(dtype < 0 ? WG_F32 : dtype);
    return WG_OK;
}

/* ---- memory for the outputs ---- */

/* The strides of a result: those of the first operand of the result's shape that is dense, so that physical order is kept. */
static const int64_t *strides_to_keep(const wg_call *c, const wg_spec *spec)
{
    if (c->op->flags & WG_ROW_MAJOR)
        return NULL;
    for (int i = 0; i < c->n_in; i++) {
        const wg_tensor *t = c->in[i];
        if (wg_absent(t) || t->rank != spec->rank || !(t->flags & WG_T_DENSE) ||
            memcmp(wg_extents(t), spec->extent, (size_t)spec->rank * sizeof *spec->extent) != 0)
            continue;
        return t->flags & WG_T_CONTIGUOUS ? NULL : wg_strides(t);
    }
    return NULL;
}

/* The operand given away whose bytes the output may have, or NULL. */
static wg_tensor *operand_to_overwrite(const struct wg_thread *th, const wg_call *c, const wg_spec *spec)
{
    for (int i = 0; i < c->n_in; i++) {
        wg_tensor *t = c->in[i];
        if (!(c->op->inplace >> i & 1) || !(t->flags & WG_T_TAKE) || (t->flags & (WG_T_SAVED | WG_T_PROXY | WG_T_HOLD | WG_T_ROOT)) ||
            !(t->flags & WG_T_DENSE) || t->dtype != spec->dtype || t->rank != spec->rank || !wg_storage_unique(t->storage) ||
            (th->top && th->top->trace && !t->from.node))
            continue;
        if (memcmp(wg_extents(t), spec->extent, (size_t)spec->rank * sizeof *spec->extent) == 0)
            return t;
    }
    return NULL;
}

static wg_status make_output(struct wg_thread *th, struct wg_node *node, unsigned slot, const wg_spec *spec)
{
    const wg_call *c = &node->call;
    const bool view = (c->op->flags & WG_VIEW) != 0;
    wg_tensor *y = wg_handle_new(th, spec->rank);
    if (!y)
        return WG_E_MEMORY;
    ((wg_tensor **)(uintptr_t)c->out)[slot] = y;
    y->dtype = (uint8_t)spec->dtype;
    y->slot = (uint8_t)slot;
    wg_tensor *taken = !view && slot == 0 && c->op->inplace ? operand_to_overwrite(th, c, spec) : NULL;
    const int64_t *stride = view ? spec->stride : taken ? wg_strides(taken) : strides_to_keep(c, spec);
    wg_set_dims(y, spec->rank, spec->extent, stride);
    const size_t size = wg_dtype_size(spec->dtype);
    if (view || taken) {
        const wg_tensor *source = view ? c->in[0] : taken;
        wg_storage_ref(source->storage);
        y->storage = source->storage;
        y->data = source->data + (view ? spec->offset * (int64_t)size : 0);
        return WG_OK;
    }
    y->storage = wg_storage_new((size_t)y->numel * size);
    if (!y->storage)
        return WG_E_MEMORY;
    y->data = wg_storage_data(y->storage);
    return WG_OK;
}

static bool has_float(const wg_call *c)
{
    for (int i = 0; i < c->n_in; i++)
        if (!wg_absent(c->in[i]) && c->in[i]->dtype <= WG_F64)
            return true;
    return false;
}

static wg_status make_outputs(struct wg_thread *th, struct wg_node *node)
{
    const wg_call *c = &node->call;
    const struct wg_op *op = c->op;
    wg_spec local[4];
    wg_spec *spec = c->n_out <= 4 ? local : wg_object_new(c->n_out * sizeof *spec);
    if (!spec)
        return WG_E_MEMORY;
    wg_status status = op->shape ? op->shape(c, spec) : default_shape(c, spec);
    if (status == WG_OK && c->n_out > 0 && !op->shape)
        for (unsigned i = 1; i < c->n_out; i++)
            spec[i] = spec[0];
    if (c->n_out > 0 && status == WG_OK && !has_float(c) && spec[0].dtype <= WG_F64)
        node->call.dtype = (uint8_t)spec[0].dtype;
    for (unsigned i = 0; i < c->n_out && status == WG_OK; i++) {
        wg_shape shape = {.rank = spec[i].rank};
        int64_t numel;
        memcpy(shape.extent, spec[i].extent, (size_t)(shape.rank > 0 ? shape.rank : 0) * sizeof *shape.extent);
        status = wg_shape_check(op->name, &shape, spec[i].dtype, &numel);
        if (status == WG_OK)
            status = make_output(th, node, i, &spec[i]);
    }
    if (spec != local)
        wg_object_free(spec);
    return status;
}

static void discard_outputs(struct wg_node *node)
{
    for (unsigned i = 0; i < node->call.n_out; i++) {
        wg_tensor *y = node->call.out[i];
        if (!y)
            continue;
        if (y->tape)
            wg_release_value(y);
        else
            wg_value_unref(y);
    }
}

/* ---- effects ---- */

/* What will be overwritten must lie dense, and is copied first, so that a failing step can put it back. */
static wg_status before_writing(struct wg_thread *th, const wg_call *c)
{
    for (int i = 0; i < c->n_in; i++) {
        const wg_tensor *t = c->in[i];
        if (!(c->op->writes >> i & 1) || wg_absent(t))
            continue;
        if (!(t->flags & WG_T_DENSE))
            return wg_call_error(c, WG_E_ARGUMENT, "an operand that is changed must be dense");
        if (th->top && !th->updating)
            WG_TRY(wg_undo_push(th->top, t));
    }
    return WG_OK;
}

static void after_writing(const wg_call *c)
{
    for (int i = 0; i < c->n_in; i++)
        if ((c->op->writes >> i & 1) && !wg_absent(c->in[i]))
            c->in[i]->storage->version++;
}

wg_status wg_node_run(struct wg_node *node)
{
    const wg_call *c = &node->call;
    if (c->op->flags & WG_VIEW)
        return WG_OK;
    bool empty = c->n_out > 0 && !c->op->writes;
    for (unsigned i = 0; i < c->n_out && empty; i++)
        empty = c->out[i]->numel == 0;
    const int kernel = c->dtype == WG_F64;
    const wg_status status = empty ? WG_OK : c->op->kernel[kernel](c);
    if (c->op->writes)
        after_writing(c);
    return status;
}

/* ---- recording ---- */

static bool differentiable(const struct wg_thread *th, const struct wg_node *node)
{
    if (th->no_grad || th->scratch || (node->call.op->flags & WG_CUT) || (!node->call.op->vjp && !(node->call.op->flags & WG_NO_DERIVATIVE)))
        return false;
    for (unsigned i = 0; i < node->call.n_in; i++)
        if (node->call.in[i]->flags & WG_T_NEEDS)
            return true;
    return false;
}

static void mark_saved(struct wg_node *node)
{
    const wg_call *c = &node->call;
    for (unsigned i = 0; i < c->n_in; i++) {
        wg_tensor *t = c->in[i];
        const unsigned bit = i < 16 ? WG_IN(i) : WG_IN(15);
        if ((c->op->saves & bit) && !wg_absent(t)) {
            t->flags |= WG_T_SAVED;
            node->version[i] = t->storage->version;
        }
    }
    for (unsigned i = 0; i < c->n_out; i++)
        if (c->op->saves & WG_OUT(i)) {
            c->out[i]->flags |= WG_T_SAVED;
            node->version[c->n_in + i] = c->out[i]->storage->version;
        }
}

void wg_node_record(struct wg_thread *th, struct wg_node *node)
{
    wg_tape *tape = th->top;
    const wg_call *c = &node->call;
    node->seq = ++th->seq;
    node->cause = th->cause;
    node->section = th->section;
    node->needs = differentiable(th, node);
    node->prev = tape->last;
    *(tape->last ? &tape->last->next : &tape->first) = node;
    tape->last = node;
    tape->n_nodes++;
    for (unsigned i = 0; i < c->n_out; i++) {
        c->out[i]->from.node = node;
        if (node->needs && c->out[i]->dtype <= WG_F64)
            c->out[i]->flags |= WG_T_NEEDS;
    }
    if (node->needs)
        mark_saved(node);
}

/* Operands given away are gone, whether the output took their memory or not. */
static void end_taken(const struct wg_thread *th, const wg_call *c)
{
    for (unsigned i = 0; i < c->n_in; i++)
        if (c->in[i]->flags & WG_T_TAKE) {
            c->in[i]->flags &= (uint16_t)~WG_T_TAKE;
            if (!(c->op->inplace >> i & 1) || (c->in[i]->flags & (WG_T_SAVED | WG_T_PROXY | WG_T_HOLD | WG_T_ROOT)))
                continue;
            if (th->top && th->top->trace)
                c->in[i]->state = WG_DROPPED; /* a rerun reads it again */
            else
                wg_release_value(c->in[i]);
        }
}

static wg_status finish(struct wg_thread *th, struct wg_node *node, bool *recorded)
{
    const wg_call *c = &node->call;
    if (c->op->writes)
        WG_TRY(before_writing(th, c));
    const bool queued = c->op->writes && th->updating;
    if (!queued)
        WG_TRY(wg_node_run(node));
    *recorded = th->top && (!th->scratch || th->top->trace || queued);
    if (queued) { /* recorded when it runs, so that a rerun keeps the order */
        *th->updates_end = node;
        th->updates_end = &node->next_update;
    } else if (*recorded) {
        wg_node_record(th, node);
    }
    if (c->op->inplace)
        end_taken(th, c);
    return WG_OK;
}

static wg_status invoke(const struct wg_op *op, const void *params, wg_tensor *const *in, size_t n_in, wg_tensor **out, size_t n_out,
                        const wg_closure *closure)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    if (!(op->flags & WG_VIEW) && (!op->kernel[0] || !op->kernel[1]))
        return wg_fail(WG_E_BUG, op->name, "%s: the op has no kernel", op->name);
    if (n_in > 65535 || op->n_out > 64 || ((op->flags & WG_VIEW) && n_in == 0) || (op->n_in && op->n_in != n_in) || op->n_out < n_out)
        return wg_fail(WG_E_ARGUMENT, op->name, "%s: called with %zu operands for %zu results", op->name, n_in, n_out);
    struct wg_node *node = node_new(th, op, params, n_in, op->n_out);
    if (!node)
        return WG_E_MEMORY;
    if (closure) {
        node->call.context = closure->context;
        node->closure = closure;
    }
    bool recorded = false;
    wg_status status = take_operands(th, node, in);
    if (status == WG_OK)
        status = make_outputs(th, node);
    if (status == WG_OK)
        status = finish(th, node, &recorded);
    if (status != WG_OK) {
        discard_outputs(node);
        node_discard(th, node);
        return status;
    }
    for (size_t i = 0; i < n_out; i++)
        out[i] = node->call.out[i];
    for (size_t i = n_out; i < op->n_out && !th->top; i++) /* nobody will ask for these */
        wg_value_unref(node->call.out[i]);
    if (!recorded) {
        if (closure && closure->destroy)
            closure->destroy(closure->context);
        node_discard(th, node);
    }
    return WG_OK;
}

wg_status wg_invoke(const struct wg_op *op, const void *params, wg_tensor *const *in, size_t n_in, wg_tensor **out, size_t n_out)
{
    if (!op || (n_in && !in) || (n_out && !out))
        return wg_fail(WG_E_NULL, "invoke", "invoke: an argument is NULL");
    return invoke(op, params, in, n_in, out, n_out, NULL);
}

wg_tensor *wg_invoke1(const struct wg_op *op, const void *params, wg_tensor *a)
{
    wg_tensor *y = NULL;
    return invoke(op, params, &a, 1, &y, 1, NULL) == WG_OK ? y : NULL;
}

wg_tensor *wg_invoke2(const struct wg_op *op, const void *params, wg_tensor *a, wg_tensor *b)
{
    wg_tensor *in[2] = {a, b}, *y = NULL;
    return invoke(op, params, in, 2, &y, 1, NULL) == WG_OK ? y : NULL;
}

wg_tensor *wg_invoke3(const struct wg_op *op, const void *params, wg_tensor *a, wg_tensor *b, wg_tensor *c)
{
    wg_tensor *in[3] = {a, b, c}, *y = NULL;
    return invoke(op, params, in, 3, &y, 1, NULL) == WG_OK ? y : NULL;
}

/* ---- closures ---- */

/* A closure is a node whose op is made for it when it is applied. */
struct made_op {
    struct wg_op op; /* first, so that the shape rule finds the rest */
    wg_closure closure;
};

static wg_status closure_shape(const wg_call *c, wg_spec *out)
{
    const wg_closure *closure = &((const struct made_op *)(const void *)c->op)->closure;
    out->dtype = closure->dtype;
    out->rank = closure->shape.rank;
    memcpy(out->extent, closure->shape.extent, sizeof out->extent);
    return WG_OK;
}

wg_tensor *wg_apply_closure(const wg_closure *closure, wg_tensor *const *in, size_t n_in)
{
    struct wg_thread *th = wg_self();
    if (!closure || !closure->forward || !closure->name || (n_in && !in)) {
        wg_fail(WG_E_NULL, "closure", "closure: a name, a forward function and operands are wanted");
        if (closure && closure->destroy)
            closure->destroy(closure->context);
        return NULL;
    }
    struct made_op local, *p = th && th->top ? wg_tape_alloc(th->top, sizeof *p) : &local;
    wg_tensor *y = NULL;
    if (p && (!th || !th->check || wg_check_closure(th, closure, in, n_in) == WG_OK)) {
        *p = (struct made_op){.closure = *closure};
        p->op = (struct wg_op){.name = p->closure.name, .n_out = 1, .optional = 0xffff, .shape = closure_shape,
                               .kernel = {closure->forward, closure->forward}, .vjp = closure->backward,
                               .saves = closure->saves, .flags = WG_USER};
        if (invoke(&p->op, NULL, in, n_in, &y, 1, &p->closure) == WG_OK)
            return y;
    }
    if (closure->destroy)
        closure->destroy(closure->context);
    return NULL;
}
