/* Applying an op: check the operands, call the shape rule, allocate results, run the kernel, record the node. On a tape the call
   is built inside its node, and recording links that node to the tape. A call that is not recorded gives the node's memory back. */
#include <string.h>

#include "core/node.h"

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
    if (!c)
        return wg_fail(code, "", "%s", text ? text : "");
    operands[0] = 0;
    const struct wg_thread *th = wg_self();
    const char *name = c->op->name;
    if (th && th->composing_call) /* the composed op that the user called, with the user's operands */
        c = th->composing_call;
    for (int i = 0; i < c->n_in && used + 40 < sizeof operands; i++) {
        used += (size_t)snprintf(operands + used, sizeof operands - used, "%s", i ? " x " : "");
        if (used + 40 < sizeof operands)
            used += describe(c->in[i], operands + used, sizeof operands - used);
    }
    return wg_fail(code, name, "%s: %s: %s", name, text ? text : "", operands);
}

/* ---- building the call ---- */

/* The node of a call that will not be recorded, on the stack, with space for its few pointers. */
enum { FEW = 4 };
struct passing {
    struct wg_node node;
    wg_tensor *tensor[FEW];
};

static void node_discard(struct wg_thread *th, struct wg_node *node)
{
    if (th->top)
        wg_tape_unalloc(th->top, node, wg_node_bytes(node->call.op, node->call.n_in, node->call.n_out));
    else
        wg_object_free(node);
}

/* A NULL operand is the result of something that failed earlier. Its error was recorded there; one is recorded here only if
   there is none. */
static wg_status null_operand(struct wg_thread *th, const struct wg_op *op, size_t i)
{
    if (th->has_error) {
        th->error.later++;
        wg_mark_failed(th);
        return WG_E_NULL;
    }
    return wg_fail(WG_E_NULL, op->name, "%s: operand %zu is NULL", op->name, i);
}

wg_status wg_check_operand(struct wg_thread *th, const struct wg_op *op, const wg_tensor *t, size_t i)
{
    if (!t)
        return null_operand(th, op, i);
    if (t->state != WG_LIVE && !(t->state == WG_ABSENT && wg_bit(op->optional, (unsigned)i)))
        return wg_check_handle(t, op->name, (int)i);
    return t->tape && t->tape->thread != th ? wg_check_handle(t, op->name, (int)i) : WG_OK;
}

/* Handles an operand that is not live on the top tape: it is refused, or absent, or on a tape below, or the caller's and
   replaced by its proxy. */
static wg_tensor *operand(struct wg_thread *th, const struct wg_op *op, wg_tensor *t, size_t i, wg_status *status)
{
    *status = wg_check_operand(th, op, t, i);
    if (*status != WG_OK)
        return NULL;
    if (!t->tape && th->top && t->state != WG_ABSENT && !(t = wg_proxy(th, t)))
        *status = WG_E_MEMORY;
    return t;
}

/* Sets the operands and the dtype of the node's call. *flags: the union of the operands' flags. */
WG_HOT wg_status take_operands(struct wg_thread *th, struct wg_node *node, wg_tensor *const *given, size_t n, unsigned *flags)
{
    wg_tensor **in = (wg_tensor **)(uintptr_t)node->call.in;
    unsigned dtype = WG_I64, all = 0;
    for (size_t i = 0; i < n; i++) {
        wg_tensor *t = given[i];
        if (__builtin_expect(!t || t->state != WG_LIVE || t->tape != th->top, 0)) {
            wg_status status;
            t = operand(th, node->call.op, t, i, &status);
            if (!t)
                return status;
        }
        in[i] = t;
        all |= t->flags;
        if (dtype > WG_F64 && t->state != WG_ABSENT)
            dtype = t->dtype;
    }
    node->call.dtype = (uint8_t)(dtype > WG_F64 ? WG_F32 : dtype);
    *flags = all;
    return WG_OK;
}

/* ---- results ---- */

/* The operand whose layout the result gets, for the common case: an element-wise op on operands of one shape and dtype. It is
   the first dense one, and no shape rule is called. NULL in any other case. Also sets call.same_layout. */
WG_HOT const wg_tensor *model_of(struct wg_node *node, size_t n_in)
{
    const wg_call *c = &node->call;
    const wg_tensor *model = c->in[0];
    if (model->dtype > WG_F64 || wg_absent(model))
        return NULL;
    bool same_layout = true;
    for (size_t i = 1; i < n_in; i++) {
        const wg_tensor *t = c->in[i];
        if (wg_absent(t) || t->dtype != model->dtype || t->rank != model->rank)
            return NULL;
        for (int k = 0; k < t->rank; k++) {
            if (t->dims[k] != model->dims[k])
                return NULL;
            same_layout = same_layout && t->dims[t->rank + k] == model->dims[t->rank + k];
        }
        if (!(model->flags & WG_T_DENSE))
            model = t;
    }
    if (model->rank > WG_INLINE_RANK)
        return NULL;
    if (!(model->flags & WG_T_CONTIGUOUS) && (!(model->flags & WG_T_DENSE) || (c->op->flags & WG_OP_ROW_MAJOR)))
        return NULL;
    node->call.same_layout = same_layout;
    return model;
}

/* Makes the only result, with model's layout. flags: the union of the operands' flags. */
WG_HOT wg_status make_like(struct wg_thread *th, struct wg_node *node, const wg_tensor *model, unsigned flags)
{
    const wg_call *c = &node->call;
    const wg_tensor *donated = (flags & WG_T_DONATED) && c->op->inplace ? wg_operand_to_overwrite(th, c) : NULL;
    return wg_tensor_build(th, (wg_tensor **)(uintptr_t)c->out,
                           (struct wg_parts){.like = donated ? donated : model, .donated = donated});
}

/* ---- effects ---- */

static wg_status shared_with_target(const wg_call *c, unsigned target, int other)
{
    char text[120];
    snprintf(text, sizeof text, "operand %d shares memory with operand %u, which the op changes: copy it first (wg_copy)", other,
             target);
    return wg_call_error(c, WG_E_ARGUMENT, text);
}

/* Checks the operands that c will overwrite: each must be dense and share no memory with another operand. Their bytes are copied
   first, so that a failing step can restore them. A queued update needs no copy here: its commit cannot fail, or makes the copies
   itself (update.c). */
static wg_status before_writing(struct wg_thread *th, const wg_call *c, bool queued)
{
    if (*wg_lost_tapes() > 0)
        return wg_call_error(c, WG_E_MEMORY, "the tape around this could not be opened");
    if (th->capture && th->capture->failed != WG_OK)
        return th->capture->failed;
    for (unsigned i = 0; i < c->n_in; i++) {
        const wg_tensor *t = c->in[i];
        if (!wg_bit(c->op->writes, i) || wg_absent(t))
            continue;
        if (!(t->flags & WG_T_DENSE))
            return wg_call_error(c, WG_E_ARGUMENT, "an operand that is changed must be dense");
        if (!(c->op->flags & WG_OP_RANDOM)) /* a generator has no history, and a function that receives it may draw from it */
            WG_TRY(wg_may_change(th, t, c->op->name, i));
        const int other = wg_operand_in_the_way(c, i, 0);
        if (other >= 0)
            return shared_with_target(c, i, other);
        if (th->top && !queued)
            WG_TRY(wg_undo_push(th->top, t));
    }
    return WG_OK;
}

static void after_writing(const wg_call *c)
{
    for (unsigned i = 0; i < c->n_in; i++)
        if (wg_bit(c->op->writes, i) && !wg_absent(c->in[i]))
            c->in[i]->storage->version++;
}

static wg_status run_users_on_a_tape(const wg_call *c, wg_kernel *kernel)
{
    wg_callback callback = {.op = c->op->name, .who = "its forward", .call = c, .fills = true};
    wg_callback_begin(&callback);
    const wg_status status = wg_callback_end(&callback, kernel(c));
    for (unsigned i = 0; i < c->n_out; i++)
        if (!c->out[i]->storage)
            return wg_callback_fail(&callback, WG_E_STATE, "released its own result");
    return status;
}

/* Tensors that the kernel makes belong to the open tape, or to a tape that is opened for this call. */
__attribute__((noinline)) wg_status wg_run_users(const wg_call *c, wg_kernel *kernel)
{
    struct wg_thread *th = wg_self();
    if (th->top)
        return run_users_on_a_tape(c, kernel);
    wg_tape *own = wg_tape_push(th, false);
    const wg_status status = own ? run_users_on_a_tape(c, kernel) : WG_E_MEMORY;
    wg_tape_close(own);
    return status;
}

WG_HOT wg_status node_run(const struct wg_thread *th, struct wg_node *node, size_t n_out)
{
    const wg_call *c = &node->call;
    if (c->op->flags & WG_OP_VIEW)
        return WG_OK;
    bool empty = n_out > 0 && !c->op->writes;
    for (size_t i = 0; i < n_out && empty; i++)
        empty = c->out[i]->numel == 0;
    wg_kernel *kernel = WG_KERNEL(c->op, run, th->isa, c->dtype == WG_F64);
    const wg_status status = empty               ? WG_OK
                             : th->capture       ? th->capture->observer->run(th->capture, c, kernel)
                             : c->op->registered ? kernel(c)
                                                 : wg_run_users(c, kernel);
    if (c->op->writes)
        after_writing(c);
    return status;
}

wg_status wg_node_run(const struct wg_thread *th, struct wg_node *node)
{
    return node_run(th, node, node->call.n_out);
}

/* ---- recording ---- */

bool wg_differentiable(const struct wg_thread *th, const wg_call *c)
{
    unsigned flags = 0;
    for (unsigned i = 0; i < c->n_in; i++)
        flags |= c->in[i]->flags;
    return wg_passes_gradient(th, c->op, flags);
}

void wg_node_record(struct wg_thread *th, struct wg_node *node)
{
    wg_record(th, node, node->call.n_in, node->call.n_out, wg_differentiable(th, &node->call), false);
}

WG_HOT wg_status run(const struct wg_thread *th, struct wg_node *node, size_t n_out)
{
    return th->run ? th->run(th, node) : node_run(th, node, n_out);
}

wg_status wg_node_rerun(struct wg_thread *th, struct wg_node *node)
{
    if (node->call.op->writes)
        WG_TRY(before_writing(th, &node->call, false));
    const wg_status status = run(th, node, node->call.n_out);
    if (status != WG_OK)
        return wg_op_failed(th, node->call.op, status, "forward");
    if (node->needs)
        wg_mark_saved(node, node->call.n_in, node->call.n_out, false);
    return WG_OK;
}

/* Queues a node that runs when the update commits. Until then its operands count as saved, so that nothing overwrites or
   releases them. */
static void queue_update(struct wg_thread *th, struct wg_node *node)
{
    for (unsigned i = 0; i < node->call.n_in; i++)
        if (!wg_absent(node->call.in[i]))
            node->call.in[i]->flags |= WG_T_SAVED;
    th->top->queued = true;
    node->next_update = NULL;
    *th->updates_end = node;
    th->updates_end = &node->next_update;
}

/* Runs the node and records it, or queues it if it belongs to an open update. flags: the union of the operands' flags. */
WG_HOT wg_status finish(struct wg_thread *th, struct wg_node *node, size_t n_in, size_t n_out, unsigned flags, bool *recorded)
{
    const wg_call *c = &node->call;
    const bool queued = n_out == 0 && c->op->writes && th->updating; /* a draw has a result: it runs at once, and can be undone */
    if (c->op->writes)
        WG_TRY(before_writing(th, c, queued));
    if (!queued)
        WG_TRY(run(th, node, n_out));
    *recorded = th->top && (!th->mode.scratch || th->top->trace || queued);
    if (queued) /* recorded when it runs, so that a rerun keeps the order */
        queue_update(th, node);
    else if (*recorded)
        wg_record(th, node, n_in, n_out, wg_passes_gradient(th, c->op, flags), false);
    for (unsigned i = 0; i < n_in && (flags & WG_T_DONATED); i++)
        wg_end_donation(th, c->op, c->in, n_in, i, n_out > 0 ? c->out[0] : NULL);
    return WG_OK;
}

/* Returns the first n_out results. With no tape open the others are freed; on a tape they stay unread. */
WG_HOT void hand_out(const struct wg_thread *th, wg_tensor *const *made, size_t n_made, wg_tensor **out, size_t n_out)
{
    for (size_t i = 0; i < n_out; i++)
        out[i] = made[i];
    for (size_t i = n_out; i < n_made && !th->top; i++)
        wg_value_unref(made[i]);
}

static wg_status invoke_composed(struct wg_thread *th, const struct wg_op *op, const void *params, wg_tensor *const *in,
                                 size_t n_in, wg_tensor **out, size_t n_out)
{
    wg_tensor *made[WG_MAX_OUTPUTS];
    wg_call c = {.op = op, .params = params, .in = in, .n_in = (uint16_t)n_in, .n_out = op->n_out};
    for (size_t i = n_in; i-- > 0;)
        if (in[i] && in[i]->dtype <= WG_F64 && !wg_absent(in[i]))
            c.dtype = in[i]->dtype;
    WG_TRY(wg_compose(th, &c, made));
    hand_out(th, made, op->n_out, out, n_out);
    return WG_OK;
}

/* Records the failure, releases the results and ends donations. flags: the union of the operands' flags, or 0 if an operand was
   refused. */
static __attribute__((noinline)) void give_up(struct wg_thread *th, struct wg_node *node, unsigned flags, wg_status status)
{
    wg_op_failed(th, node->call.op, status, "forward");
    wg_outputs_discard(node);
    for (unsigned i = 0; i < node->call.n_in && (flags & WG_T_DONATED); i++)
        if (node->call.in[i]->flags & WG_T_DONATED)
            node->call.in[i]->flags &= (uint16_t)~WG_T_DONATED;
}

/* One op call. It makes n_made results, of which the caller gets the first n_out. */
WG_HOT wg_status apply(struct wg_thread *th, const struct wg_op *op, const void *params, wg_tensor *const *in, size_t n_in,
                       wg_tensor **out, size_t n_out, size_t n_made, const wg_closure *closure)
{
    struct passing passing;
    const bool stays = !(th->mode.scratch && th->top && !th->top->trace) || closure || op->writes || n_made != 1 ||
                       n_in + n_made > FEW;
    struct wg_closure_entry *entry = closure && th->top ? wg_tape_alloc(th->top, sizeof *entry) : NULL;
    struct wg_node *node = closure && th->top && !entry ? NULL
                           : stays                      ? wg_node_new(th, op, params, n_in, n_made)
                                                        : wg_node_init(&passing.node, op, params, n_in, n_made);
    if (!node)
        return wg_op_failed(th, op, WG_E_MEMORY, "forward");
    if (closure)
        node->call.context = closure->context;
    bool recorded = false;
    unsigned flags = 0;
    wg_status status = take_operands(th, node, in, n_in, &flags);
    if (status == WG_OK) {
        const wg_tensor *model = n_made == 1 && n_in > 0 && !op->shape ? model_of(node, n_in) : NULL;
        status = model ? make_like(th, node, model, flags) : wg_outputs_make(th, node);
    }
    if (status == WG_OK)
        status = finish(th, node, n_in, n_made, flags, &recorded);
    if (status == WG_OK)
        hand_out(th, node->call.out, n_made, out, n_out);
    else
        give_up(th, node, flags, status);
    if (status == WG_OK && recorded && entry) {
        *entry = (struct wg_closure_entry){closure, th->top->closures};
        th->top->closures = entry;
    }
    if (status == WG_OK && !recorded && closure)
        wg_context_destroy(closure->name, closure->destroy, closure->context);
    if (stays && !recorded)
        node_discard(th, node);
    return status;
}

static wg_status no_kernels(const struct wg_op *op)
{
    const struct wg_op_kernels *portable = &op->kernels[WG_PORTABLE];
    const bool f32 = portable->run[WG_F32], f64 = portable->run[WG_F64];
    return wg_fail(WG_E_BUG, op->name, "%s: the op has no portable kernel for %s: expected .kernels[0].run for both f32 and f64%s",
                   op->name,
                   f32   ? "f64"
                   : f64 ? "f32"
                         : "f32 and f64",
                   portable->row[WG_F32] || portable->row[WG_F64] ? "; .row stands beside it, not in its place" : "");
}

static wg_status wrong_counts(const struct wg_op *op, size_t n_in, size_t n_out)
{
    char operands[32] = "any number of";
    if (op->n_in)
        snprintf(operands, sizeof operands, "%u", op->n_in);
    return wg_fail(WG_E_ARGUMENT, op->name,
                   "%s: expected %s operands (.n_in) and up to %u results (.n_out, at most %d), got %zu and %zu", op->name,
                   operands, op->n_out, WG_MAX_OUTPUTS, n_in, n_out);
}

static wg_status invoke(const struct wg_op *op, const void *params, wg_tensor *const *in, size_t n_in, wg_tensor **out,
                        size_t n_out, const wg_closure *closure)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    if (!op)
        return wg_fail(WG_E_NULL, "invoke", "invoke: the op is NULL");
    if (op->params_size && !params)
        return wg_fail(WG_E_NULL, op->name, "%s: expected %zu bytes of params, got NULL", op->name, op->params_size);
    if (!(op->flags & WG_OP_VIEW) && !op->compose && !wg_has_kernels(op))
        return no_kernels(op);
    if (n_in > 65535 || op->n_out > WG_MAX_OUTPUTS || ((op->flags & WG_OP_VIEW) && n_in == 0) || (op->n_in && op->n_in != n_in) ||
        op->n_out < n_out)
        return wrong_counts(op, n_in, n_out);
    if (op->compose)
        return invoke_composed(th, op, params, in, n_in, out, n_out);
    return apply(th, op, params, in, n_in, out, n_out, op->n_out, closure);
}

wg_status wg_invoke(const struct wg_op *op, const void *params, wg_tensor *const *in, size_t n_in, wg_tensor **out, size_t n_out)
{
    if ((n_in && !in) || (n_out && !out))
        return wg_fail(WG_E_NULL, "invoke", "invoke: an argument is NULL");
    return invoke(op, params, in, n_in, out, n_out, NULL);
}

/* A call with n operands and one result. If the op fits that, the general checks of invoke are unnecessary. */
WG_HOT wg_tensor *call_one(const struct wg_op *op, const void *params, wg_tensor *const *in, size_t n)
{
    struct wg_thread *th = wg_self();
    wg_tensor *y = NULL;
    const bool fits = op && (op->n_in == n || op->n_in == 0) && op->n_out == 1; /* .n_in 0: any number */
    const bool plain = th && fits && wg_has_kernels(op) && (params || !op->params_size);
    const wg_status status = plain ? apply(th, op, params, in, n, &y, 1, 1, NULL) : invoke(op, params, in, n, &y, 1, NULL);
    return status == WG_OK ? y : NULL;
}

/* call_one for a fixed number of operands. These are separate functions so that the fast path, which calls them last
   (call_fast.c), saves no more registers than it needs. */
wg_tensor *wg_call1(const struct wg_op *op, const void *params, wg_tensor *a)
{
    return call_one(op, params, &a, 1);
}

wg_tensor *wg_call2(const struct wg_op *op, const void *params, wg_tensor *a, wg_tensor *b)
{
    wg_tensor *in[2] = {a, b};
    return call_one(op, params, in, 2);
}

wg_tensor *wg_call3(const struct wg_op *op, const void *params, wg_tensor *a, wg_tensor *b, wg_tensor *c)
{
    wg_tensor *in[3] = {a, b, c};
    return call_one(op, params, in, 3);
}

wg_status wg_invoke_closure(const struct wg_op *op, wg_tensor *const *in, size_t n_in, wg_tensor **y, const wg_closure *closure)
{
    return invoke(op, NULL, in, n_in, y, 1, closure);
}
