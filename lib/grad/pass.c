/* The backward pass: a loop over the tape's nodes, youngest first. When a node is visited the gradients of its results are complete
   sums; its vjp computes those of its inputs. Between nodes a gradient is stored in its tensor's adjoint. */
#include "grad/pass.h"
#include "wengert/ops.h"

wg_status wg_give(wg_grad_slot *slot, wg_tensor *gradient)
{
    if (!slot)
        return wg_fail(WG_E_NULL, "give", "give: the slot is NULL");
    if (!gradient)
        return wg_error_cause();
    slot->result = gradient;
    return WG_OK;
}

/* ---- one node ---- */

/* True if backward reads operand i or, for i >= n_in, result i - n_in. */
WG_HOT bool reads(const wg_call *c, unsigned i)
{
    return i < c->n_in ? wg_bit(c->op->saves & WG_ALL_IN, i) : (c->op->saves & WG_OUT(i - c->n_in)) != 0;
}

WG_HOT wg_tensor *operand_or_result(const wg_call *c, unsigned i)
{
    return i < c->n_in ? c->in[i] : c->out[i - c->n_in];
}

/* True if backward reads operand or result i, and its value was released or changed. */
WG_HOT bool is_lost(const struct wg_node *node, unsigned i)
{
    const wg_call *c = &node->call;
    if (!reads(c, i))
        return false;
    const wg_tensor *t = operand_or_result(c, i);
    return !wg_absent(t) && (!t->storage || t->storage->version != wg_versions(node)[i]);
}

/* The first lost operand or result, or n_in + n_out if there is none. */
static unsigned first_lost(const struct wg_node *node)
{
    const unsigned n = (unsigned)(node->call.n_in + node->call.n_out);
    unsigned i = 0;
    while (i < n && !is_lost(node, i))
        i++;
    return i;
}

/* Fails if a value that backward reads was released, or changed since forward. */
wg_status wg_check_saved(const struct wg_node *node)
{
    const wg_call *c = &node->call;
    const unsigned i = c->op->saves ? first_lost(node) : (unsigned)(c->n_in + c->n_out);
    if (i == (unsigned)(c->n_in + c->n_out))
        return WG_OK;
    const bool input = i < c->n_in;
    const char *kind = input ? "operand" : "result";
    const unsigned at = input ? i : i - c->n_in;
    if (!operand_or_result(c, i)->storage)
        return wg_fail(WG_E_RELEASED, c->op->name,
                       "%s: %s %u, which backward reads, was released, by an earlier wg_backward "
                       "(see .retain) or wg_donate",
                       c->op->name, kind, at);
    return wg_fail(WG_E_STALE, c->op->name, "%s: %s %u was changed after it was used, and backward needs what it was", c->op->name,
                   kind, at);
}

static bool is_among(const wg_tensor *t, wg_tensor *const *list, unsigned n)
{
    unsigned i = 0;
    while (i < n && list[i] != t)
        i++;
    return i < n;
}

wg_status wg_hide_undeclared(const wg_call *c, wg_tensor *const *given, unsigned n_given, struct wg_hidden *hidden)
{
    const unsigned n = (unsigned)(c->n_in + c->n_out);
    uint8_t *states = hidden->state = n <= sizeof hidden->local ? hidden->local : wg_object_new(n);
    if (!states)
        return WG_E_MEMORY;
    for (unsigned i = 0; i < n; i++)
        states[i] = operand_or_result(c, i)->state;
    for (unsigned i = 0; i < n; i++)
        if (!wg_absent(operand_or_result(c, i)) && !is_among(operand_or_result(c, i), given, n_given))
            operand_or_result(c, i)->state = WG_UNDECLARED;
    for (unsigned i = 0; i < n; i++)
        if (reads(c, i) && !wg_absent(operand_or_result(c, i)))
            operand_or_result(c, i)->state = states[i] == WG_DROPPED ? WG_LIVE : states[i];
    return WG_OK;
}

void wg_show_undeclared(const wg_call *c, struct wg_hidden *hidden)
{
    for (unsigned i = 0; i < (unsigned)(c->n_in + c->n_out); i++)
        if (!wg_absent(operand_or_result(c, i)))
            operand_or_result(c, i)->state = hidden->state[i];
    if (hidden->state != hidden->local)
        wg_object_free(hidden->state);
}

static wg_status vjp_of_user(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    struct wg_hidden hidden;
    WG_TRY(wg_hide_undeclared(c, gy, c->n_out, &hidden));
    wg_callback callback = {
        .op = c->op->name, .who = "its backward", .call = c, .gradient = gy, .n_gradients = c->n_out, .slot = gx};
    wg_callback_begin(&callback);
    wg_status status = wg_callback_end(&callback, c->op->vjp(c, gy, gx));
    for (unsigned i = 0; i < c->n_in && status == WG_OK; i++)
        if (gx[i].need && gx[i].result)
            status = wg_callback_check(&callback, gx[i].result, "gave as a gradient");
    wg_show_undeclared(c, &hidden);
    return status;
}

/* Runs the vjp of c's node. The caller has set th->mode.cause to the node. */
WG_HOT wg_status vjp_of(struct wg_thread *th, const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const wg_status status = c->op->registered ? c->op->vjp(c, gy, gx) : vjp_of_user(c, gy, gx);
    return status == WG_OK ? status : wg_op_failed(th, c->op, status, "backward");
}

wg_status wg_node_vjp(struct wg_thread *th, struct wg_node *node, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct wg_node *cause = th->mode.cause;
    th->mode.cause = node;
    const wg_status status = vjp_of(th, &node->call, gy, gx);
    th->mode.cause = cause;
    return status;
}

/* Fast path: makes the vjp's gradient the input's adjoint as it is. False if that is not possible. It must be the input's first
   gradient, of its shape and dtype, in a pass that is not recorded. Nobody else may own it: the vjp made it, or it is the adjoint
   of the node's own result, which nobody has requested. In the second case it moves from the result to the input. */
WG_HOT bool adopt(struct wg_pass *w, const wg_call *c, wg_tensor *in, const wg_grad_slot *gx)
{
    wg_tensor *g = gx->result, *y = c->out[0];
    if (!g || gx->accumulated || in->adjoint || g->state != WG_LIVE || g->dtype != in->dtype || !wg_same_dims(g, in))
        return false;
    const bool moves = g == y->adjoint && !(y->flags & WG_T_TARGET);
    if (!moves && (g->flags & (WG_T_SCRATCH | WG_T_OWNED)) != WG_T_SCRATCH)
        return false;
    if (wg_is_leaf(w, in) && !(in->flags & WG_T_REACHED)) {
        if (w->reached.n == w->reached.capacity)
            return false;
        *wg_reached_leaf(w, w->reached.n++) = in;
        in->flags |= WG_T_REACHED;
    }
    if (moves)
        y->adjoint = NULL;
    else
        g->flags |= WG_T_OWNED;
    in->adjoint = g;
    return true;
}

/* In a recorded pass gradients are shared handles, which nobody may overwrite. The exception is a sum that the current vjp has just
   made from the accumulator that it was offered: the next contribution may be added to it in place. This is safe because
   derivatives of backward read only the complete sum, never a partial one. */
static void mark_sole(const struct wg_pass *w, const wg_call *c, const wg_grad_slot *gx)
{
    wg_tensor *g = gx->result;
    if (w->keeping && g != gx->into && g->tape == w->th->top && g->from.node && g->from.node->cause == w->th->mode.cause &&
        !(g->flags & WG_T_PROXY) && c->op->registered)
        g->flags |= WG_T_EXCLUSIVE;
}

/* A traced tape remembers gradients, for graphs. table: the offset of one of its tables. */
static wg_status remember(size_t table, wg_tape *tape, const void *key, wg_tensor *gradient)
{
    if (!tape || !tape->trace || gradient->tape != tape)
        return WG_OK;
    struct wg_hash *gradients = (struct wg_hash *)(void *)((char *)tape + table);
    struct wg_hash_slot *slot = wg_hash_slot_for(gradients, key);
    if (!slot)
        return WG_E_MEMORY;
    if (!slot->key)
        wg_hash_put(gradients, slot, key);
    slot->value.pointer = gradient;
    return WG_OK;
}

/* The general case: adds the gradient that the vjp gave for input i to the input's adjoint. */
static wg_status pass_on(struct wg_pass *w, const wg_call *c, unsigned i, const wg_grad_slot *gx)
{
    wg_tensor *g = gx->result, *in = c->in[i];
    if (!g && !wg_bit(c->op->flat, i))
        return wg_fail(WG_E_BUG, c->op->name, "%s: its backward gave no gradient for operand %u: a bug in the op", c->op->name, i);
    if (g && gx->accumulated && wg_absent(g)) /* an inner pass (wg_pass_part) found no gradient */
        return g == WG_SYMBOLIC_ZERO ? wg_pass_add(w, in, g) : WG_OK;
    if (g && g->state == WG_DROPPED) /* a dropped operand, which only backward may read, is the gradient */
        g = wg_reshape(g, wg_shape_of(g));
    else if (g && g->state != WG_LIVE)
        return wg_check_made(g, c->op->name, "what its backward gave as a gradient");
    if (!g && gx->result)
        return wg_error_cause();
    if (g && gx->into && gx->accumulated) { /* g is the new sum */
        mark_sole(w, c, gx);
        wg_tensor *sum = wg_pass_owned(w, g);
        wg_pass_let_go(w, in->adjoint);
        in->adjoint = sum;
        return sum ? WG_OK : WG_E_MEMORY;
    }
    if (!g)
        g = WG_SYMBOLIC_ZERO;
    else if (g->dtype != in->dtype || !wg_same_dims(g, in))
        g = wg_pass_unbroadcast(c->op, in, g);
    if (!g)
        return wg_error_cause();
    if (w->keeping && g != WG_SYMBOLIC_ZERO)
        WG_TRY(remember(offsetof(struct wg_tape, contributions), c->out[0]->tape, &c->in[i], g));
    return wg_pass_add(w, in, g);
}

/* The accumulator that the vjp is offered for input i: the input's adjoint so far, or NULL. It is offered only if the node reads
   the input once. Whether it may be overwritten is decided later, when the vjp uses it. The offer does not depend on that, so that
   recorded and traced passes have the same bits as others. */
static wg_tensor *accumulator(const wg_call *c, unsigned i)
{
    wg_tensor *sum = c->in[i]->adjoint;
    if (!sum || sum == WG_SYMBOLIC_ZERO || !(sum->flags & WG_T_DENSE))
        return NULL;
    for (unsigned k = 0; k < c->n_in; k++)
        if (k != i && c->in[k] == c->in[i])
            return NULL;
    return sum;
}

/* Fills the slots of n inputs: whether each requires a gradient, and its accumulator. True if any requires one. */
WG_HOT bool ask_inputs(const struct wg_pass *w, const wg_call *c, unsigned n, wg_grad_slot *gx)
{
    bool any = false;
    for (unsigned i = 0; i < n; i++) {
        const bool need = wg_pass_needs(w, c->in[i]);
        gx[i] = (wg_grad_slot){.need = need, .into = need && c->in[i]->adjoint ? accumulator(c, i) : NULL};
        any = any || need;
    }
    return any;
}

/* Runs the vjp of a node with n operands and n_out results, and adds the gradients to the inputs that require one. */
WG_HOT wg_status through_vjp(struct wg_pass *w, struct wg_node *node, unsigned n, unsigned n_out, wg_tensor *const *gy,
                             wg_grad_slot *gx)
{
    struct wg_thread *th = w->th;
    const wg_call *c = &node->call;
    for (unsigned i = 0; i < n + n_out; i++)
        if (is_lost(node, i))
            return wg_check_saved(node);
    const struct wg_node *cause = th->mode.cause;
    th->mode.cause = node;
    wg_status status = vjp_of(th, c, gy, gx);
    for (unsigned i = 0; i < n && status == WG_OK; i++)
        if (gx[i].need && (w->keeping || !adopt(w, c, c->in[i], &gx[i])))
            status = pass_on(w, c, i, &gx[i]);
    th->mode.cause = cause;
    return status;
}

wg_status wg_no_derivative(const struct wg_op *op)
{
    const char *reason = op->flags & WG_OP_NO_DERIVATIVE && op->reason
                             ? op->reason
                             : "the op has no .vjp (if that is meant, say WG_OP_NO_DERIVATIVE and .reason)";
    return wg_fail(WG_E_NO_GRAD, op->name, "%s has no derivative: %s", op->name, reason);
}

static wg_status backward_with(struct wg_pass *w, struct wg_node *node, wg_tensor *const *gy, bool all_zero, wg_grad_slot *gx)
{
    const wg_call *c = &node->call;
    if (!ask_inputs(w, c, c->n_in, gx))
        return WG_OK;
    if (!all_zero && (!c->op->vjp || (c->op->flags & WG_OP_NO_DERIVATIVE)))
        return wg_no_derivative(c->op);
    if (!all_zero)
        return through_vjp(w, node, c->n_in, c->n_out, gy, gx);
    for (unsigned i = 0; i < c->n_in; i++)
        if (gx[i].need)
            WG_TRY(wg_pass_add(w, c->in[i], WG_SYMBOLIC_ZERO));
    return WG_OK;
}

static wg_status backward_through(struct wg_pass *w, struct wg_node *node, wg_tensor *const *gy, bool all_zero)
{
    const unsigned n = node->call.n_in;
    wg_grad_slot local[8], *gx = n <= 8 ? local : wg_object_new(n * sizeof *gx);
    if (!gx)
        return WG_E_MEMORY;
    const wg_status status = backward_with(w, node, gy, all_zero, gx);
    if (gx != local)
        wg_object_free(gx);
    return status;
}

static __attribute__((noinline)) wg_status visit_any(struct wg_pass *w, struct wg_node *node)
{
    const wg_call *c = &node->call;
    const size_t n = c->n_out;
    wg_tensor *gy[WG_MAX_OUTPUTS];
    bool any = false, all_zero = true;
    for (size_t i = 0; i < n; i++) {
        wg_tensor *y = c->out[i];
        if (y->adjoint && (y->flags & WG_T_HOOKED))
            WG_TRY(wg_pass_hooks(w, y));
        if (y->adjoint && y->adjoint != WG_SYMBOLIC_ZERO && (y->flags & WG_T_TARGET))
            y->adjoint->flags |= WG_T_HOLD; /* no vjp may overwrite it */
        const bool zero = !y->adjoint || y->adjoint == WG_SYMBOLIC_ZERO;
        gy[i] = zero ? WG_NONE : y->adjoint;
        if (!zero && w->keeping && gy[i]->tape)
            gy[i]->flags &= (uint16_t)~WG_T_EXCLUSIVE; /* the sum is complete, and its readers may pass it on */
        if (!zero && w->keeping)
            WG_TRY(remember(offsetof(struct wg_tape, adjoints), y->tape, y, gy[i]));
        any = any || y->adjoint;
        all_zero = all_zero && zero;
    }
    if (!any)
        return WG_OK;
    wg_status status = WG_OK;
    wg_note_entered(w->th, WG_ACTIVITY_VJP, node);
    if (!w->selective || node->mark == w->number)
        status = backward_through(w, node, gy, all_zero);
    wg_pass_sweep(w->th);
    wg_note_left(w->th, WG_ACTIVITY_VJP, node);
    for (size_t i = 0; i < n; i++)
        if (c->out[i]->adjoint && !(c->out[i]->flags & WG_T_TARGET)) {
            wg_pass_let_go(w, c->out[i]->adjoint);
            c->out[i]->adjoint = NULL;
        }
    return status;
}

/* Fast path: a node with n operands and one result that has a gradient, in a pass that is not recorded. */
WG_HOT wg_status visit_few(struct wg_pass *w, struct wg_node *node, unsigned n)
{
    wg_tensor *y = node->call.out[0], *gy = y->adjoint;
    wg_grad_slot gx[2];
    if (ask_inputs(w, &node->call, n, gx))
        WG_TRY(through_vjp(w, node, n, 1, &gy, gx));
    wg_pass_sweep(w->th);
    if (y->adjoint)
        wg_pass_let_go(w, y->adjoint);
    y->adjoint = NULL;
    return WG_OK;
}

static inline wg_status visit(struct wg_pass *w, struct wg_node *node)
{
    const wg_call *c = &node->call;
    const unsigned n = c->n_in;
    if (c->n_out != 1 || n - 1 > 1 || w->in_general || (c->out[0]->flags & (WG_T_HOOKED | WG_T_TARGET)) ||
        c->out[0]->adjoint == WG_SYMBOLIC_ZERO || (w->selective && node->mark != w->number) || !c->op->vjp ||
        !c->op->registered) /* a registered op without derivative has no vjp: its checks see to that */
        return visit_any(w, node);
    if (!c->out[0]->adjoint)
        return WG_OK;
    return n == 1 ? visit_few(w, node, 1) : visit_few(w, node, 2);
}

/* ---- all nodes ---- */

struct wg_node *wg_first_above(const wg_tape *tape, uint64_t floor)
{
    struct wg_node *node = tape->last, *found = NULL;
    if (floor == 0)
        return tape->first;
    for (; node && node->seq > floor; node = node->prev)
        found = node;
    return found;
}

static inline bool is_spared(const wg_tensor *y)
{
    return (y->flags & (WG_T_ROOT | WG_T_HOLD | WG_T_REQUIRES)) != 0;
}

void wg_spent(wg_tensor *result)
{
    const struct wg_thread *th = wg_self();
    if (th->mode.releasing && result->tape == th->mode.backward_tape && !is_spared(result))
        wg_release_value(result);
}

/* Releases the values of the node's results, except those in the mask keep. */
static inline void release_outputs(const struct wg_node *node, unsigned keep)
{
    for (unsigned i = 0; i < node->call.n_out; i++) {
        wg_tensor *y = node->call.out[i];
        if (y->storage && !(keep & WG_OUT(i)) && !is_spared(y))
            wg_release_value(y);
    }
}

/* Prefetches older nodes and their results, which are usually at lower addresses. In a pass over more memory than the caches hold,
   they have then arrived when the loop comes to them. */
static inline void fetch_older(const struct wg_node *node)
{
    enum { LINE = 64, NODES = 16 * LINE };
    const uintptr_t at = (uintptr_t)node - NODES;
    __builtin_prefetch((const void *)at);
    __builtin_prefetch((const void *)(at + LINE));
    if (node->call.n_out > 0) {
        const uintptr_t slot = (uintptr_t)node->call.out[0] - 8 * sizeof(struct wg_slot);
        __builtin_prefetch((const void *)slot);
        __builtin_prefetch((const void *)(slot + offsetof(struct wg_slot, own)));
    }
}

wg_status wg_pass_run(struct wg_pass *w, wg_tensor *const *roots, size_t n)
{
    struct wg_node *node = NULL;
    wg_tape *top = w->th->top, *tape = top;
    for (size_t i = 0; i < n; i++)
        if (!wg_is_leaf(w, roots[i]) && (!node || roots[i]->from.node->seq > node->seq)) {
            node = roots[i]->from.node;
            tape = roots[i]->tape;
        }
    const struct wg_node *first = tape == top ? node : NULL, *rest = first; /* of the top tape: first visited; first not visited */
    for (; tape; tape = tape->below, node = tape ? tape->last : NULL) {
        for (; node && node->seq > w->floor; node = node->prev) {
            const bool releasing = w->releasing && tape == top;
            fetch_older(node);
            if (releasing) /* all younger readers are done; only the node's own vjp may still read its results */
                release_outputs(node, node->needs ? node->call.op->saves : 0);
            if (node->needs)
                WG_TRY(visit(w, node));
            if (releasing && node->call.op->saves & ~WG_ALL_IN)
                release_outputs(node, 0);
        }
        if (tape == top)
            rest = node;
    }
    for (const struct wg_node *younger = top->last; w->releasing && younger && younger != first; younger = younger->prev)
        release_outputs(younger, 0);
    for (; w->releasing && rest; rest = rest->prev)
        release_outputs(rest, 0);
    return WG_OK;
}
