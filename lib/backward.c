/* Backward: a plain loop over the list, youngest node first. Each node's gradients, summed by then, go through its vjp to its inputs.
   Between nodes a gradient waits in its tensor's adjoint. */
#include <string.h>

#include "internal.h"
#include "wengert/ops.h"

/* An adjoint known to be zero, from an op that is flat: passed on without computing. */
static const struct wg_tensor known_zero = {.state = WG_ABSENT};
#define ZERO ((wg_tensor *)(uintptr_t)&known_zero)

struct walk {
    struct wg_thread *th;
    const char *name;         /* of the public function, for messages */
    bool recording;           /* create_graph: gradients are ordinary tensors of the tape */
    bool keeping;             /* recording or tracing: the tape owns the gradients, nothing is released on the way */
    bool releasing;           /* wg_backward without retain: values of the top tape go as soon as they are done with */
    bool selective;           /* wg_grad: only what lies between y and the wanted tensors */
    wg_tensor **touched;      /* leaves that have an adjoint */
    size_t n_touched, room;
};

/* ---- who owns a gradient ---- */

static wg_tensor *owned(struct walk *w, wg_tensor *g)
{
    if (w->keeping || g == ZERO)
        return g;
    if (!(g->flags & WG_T_SCRATCH) || (g->flags & WG_T_OWNED)) {
        g = wg_alias(w->th, g);
        if (!g)
            return NULL;
    }
    g->flags |= WG_T_SCRATCH | WG_T_OWNED;
    return g;
}

static void let_go(struct walk *w, wg_tensor *g)
{
    if (!g || g == ZERO || w->keeping)
        return;
    if (g->flags & WG_T_LISTED) { /* the sweep gives the slot back */
        g->flags &= (uint16_t)~WG_T_OWNED;
        wg_release_value(g);
    } else {
        wg_release_slot(g);
    }
}

/* What a vjp made and nobody adopted. */
static void sweep(struct wg_thread *th)
{
    while (th->scratch_list) {
        wg_tensor *t = th->scratch_list;
        th->scratch_list = t->adjoint;
        t->adjoint = NULL;
        t->flags &= (uint16_t)~WG_T_LISTED;
        if (!(t->flags & WG_T_OWNED))
            wg_release_slot(t);
    }
}

/* ---- summing ---- */

static bool is_leaf(const wg_tensor *t)
{
    return (t->flags & (WG_T_PROXY | WG_T_REQUIRES)) || !t->from.node;
}

static wg_status touch(struct walk *w, wg_tensor *t)
{
    if (!is_leaf(t) || (t->flags & WG_T_TOUCHED))
        return WG_OK;
    if (w->n_touched == w->room) {
        const size_t room = w->room ? 2 * w->room : 32;
        wg_tensor **grown = wg_object_new(room * sizeof *grown);
        if (!grown)
            return WG_E_MEMORY;
        if (w->touched)
            memcpy(grown, w->touched, w->n_touched * sizeof *grown);
        wg_object_free(w->touched);
        w->touched = grown;
        w->room = room;
    }
    w->touched[w->n_touched++] = t;
    t->flags |= WG_T_TOUCHED;
    return WG_OK;
}

/* A gradient of a broadcast input is summed over the axes that were stretched. */
static wg_tensor *unbroadcast(const struct wg_op *op, const wg_tensor *t, wg_tensor *g)
{
    const int lead = g->rank - t->rank;
    wg_reduce_options over = {.axis = WG_ALL, .keepdims = true};
    bool fits = lead >= 0 && g->dtype == t->dtype;
    for (int axis = 0; axis < g->rank && fits; axis++) {
        const int64_t had = axis < lead ? 1 : wg_extents(t)[axis - lead], has = wg_extents(g)[axis];
        if (axis < lead || had != has)
            over.axes.axis[over.axes.count++] = (int8_t)axis;
        fits = had == has || had == 1;
    }
    if (!fits) {
        char a[200], b[200];
        wg_fail(WG_E_BUG, op->name, "%s: its backward gave a gradient of %s %s for an input of %s %s: a bug in the op", op->name,
                wg_dtype_name((wg_dtype)g->dtype), wg_shape_text(wg_shape_of(g), a, sizeof a), wg_dtype_name((wg_dtype)t->dtype),
                wg_shape_text(wg_shape_of(t), b, sizeof b));
        return NULL;
    }
    g = wg_sum_with(g, over);
    return g && lead > 0 ? wg_reshape(g, wg_shape_of(t)) : g;
}

/* Adds g to what t has: in place only where the sum so far is held by nobody else. */
static wg_status add_adjoint(struct walk *w, wg_tensor *t, wg_tensor *g)
{
    WG_TRY(touch(w, t));
    if (!t->adjoint || t->adjoint == ZERO) {
        wg_tensor *mine = owned(w, g);
        if (!mine)
            return WG_E_MEMORY;
        t->adjoint = mine;
        return WG_OK;
    }
    if (g == ZERO)
        return WG_OK;
    wg_tensor *sum = wg_add(w->keeping ? t->adjoint : wg_take(t->adjoint), g);
    if (!sum || !(sum = owned(w, sum)))
        return sum ? WG_OK : WG_E_MEMORY;
    let_go(w, t->adjoint);
    t->adjoint = sum;
    return WG_OK;
}

wg_status wg_give(wg_grad_slot *slot, wg_tensor *gradient)
{
    if (!gradient) {
        const wg_error *first = wg_error_first();
        return first ? first->code : WG_E_NULL;
    }
    slot->result = gradient;
    return WG_OK;
}

/* ---- hooks ---- */

static wg_status run_hooks(struct walk *w, wg_tensor *t)
{
    struct wg_thread *th = w->th;
    for (wg_tape *tape = th->top; tape; tape = tape->below)
        for (struct wg_hook_entry *hook = tape->hooks; hook; hook = hook->next) {
            if (hook->tensor != t || t->adjoint == ZERO)
                continue;
            th->in_hook = true;
            wg_tensor *g = hook->fn(t->adjoint, hook->context);
            th->in_hook = false;
            if (!g)
                return wg_fail(WG_E_STATE, "hook", "hook: it returned NULL");
            if (g == t->adjoint)
                continue;
            WG_TRY(wg_check_handle(g, "hook", -1));
            if (g->dtype != t->dtype || !wg_same_dims(g, t))
                return wg_fail(WG_E_SHAPE, "hook", "hook: what replaces a gradient has its shape and dtype");
            wg_tensor *mine = owned(w, g);
            if (!mine)
                return WG_E_MEMORY;
            let_go(w, t->adjoint);
            t->adjoint = mine;
        }
    return WG_OK;
}

wg_status wg_add_hook(wg_tensor *t, wg_hook *fn, void *context)
{
    struct wg_thread *th = wg_self();
    WG_TRY(wg_check_handle(t, "add_hook", -1));
    if (!fn)
        return wg_fail(WG_E_NULL, "add_hook", "add_hook: the function is NULL");
    if (!th->top)
        return wg_fail(WG_E_NO_TAPE, "add_hook", "add_hook: no tape is open: a hook lives on a tape");
    if (!(t->flags & WG_T_NEEDS))
        return wg_fail(WG_E_NO_GRAD, "add_hook", "add_hook: the tensor needs no gradient");
    if (!t->tape && !(t = wg_proxy(th, t)))
        return WG_E_MEMORY;
    struct wg_hook_entry *entry = wg_tape_alloc(th->top, sizeof *entry);
    if (!entry)
        return WG_E_MEMORY;
    *entry = (struct wg_hook_entry){t, fn, context, NULL};
    struct wg_hook_entry **last = &th->top->hooks;
    while (*last)
        last = &(*last)->next;
    *last = entry;
    t->flags |= WG_T_HOOKED;
    return WG_OK;
}

/* ---- one node ---- */

static bool input_needed(const struct walk *w, const wg_tensor *in)
{
    if (!(in->flags & WG_T_NEEDS))
        return false;
    if (!w->selective || (in->flags & WG_T_WANTED))
        return true;
    return !is_leaf(in) && in->from.node->mark == w->th->walk;
}

/* Does backward read operand i, or result i - n_in? */
static bool reads(const wg_call *c, unsigned i)
{
    return i < c->n_in ? wg_bit(c->op->saves & WG_ALL_IN, i) : (c->op->saves & WG_OUT(i - c->n_in)) != 0;
}

/* What backward reads must still be there, and be what forward read. */
static wg_status check_saved(const struct wg_node *node)
{
    const wg_call *c = &node->call;
    for (unsigned i = 0; i < (unsigned)(c->n_in + c->n_out); i++) {
        const bool input = i < c->n_in;
        const wg_tensor *t = input ? c->in[i] : c->out[i - c->n_in];
        if (!reads(c, i) || wg_absent(t))
            continue;
        const char *kind = input ? "operand" : "result";
        const unsigned at = input ? i : i - c->n_in;
        if (!t->storage)
            return wg_fail(WG_E_RELEASED, c->op->name, "%s: %s %u, which backward reads, was released, by an earlier wg_backward "
                                                       "(see .retain) or wg_take", c->op->name, kind, at);
        if (t->storage->version != node->version[i])
            return wg_fail(WG_E_STALE, c->op->name, "%s: %s %u was changed after it was used, and backward needs what it was",
                           c->op->name, kind, at);
    }
    return WG_OK;
}

/* A user's backward sees what it declared; the rest reads as released. Restored afterwards. */
static void hide_undeclared(const wg_call *c, uint8_t *states, bool hide)
{
    for (unsigned i = 0; i < (unsigned)(c->n_in + c->n_out); i++) {
        wg_tensor *t = i < c->n_in ? c->in[i] : c->out[i - c->n_in];
        if (reads(c, i) || wg_absent(t))
            continue;
        if (hide)
            states[i] = t->state;
        t->state = hide ? (uint8_t)WG_RELEASED : states[i];
    }
}

static wg_status call_vjp(struct walk *w, struct wg_node *node, wg_tensor *const *gy, wg_grad_slot *gx)
{
    struct wg_thread *th = w->th;
    const wg_call *c = &node->call;
    uint8_t states[64];
    const bool hide = (c->op->flags & WG_USER) && c->n_in + c->n_out <= 64;
    const struct wg_node *cause = th->cause;
    th->cause = node;
    if (hide)
        hide_undeclared(c, states, true);
    const wg_status status = c->op->vjp(c, gy, gx);
    if (hide)
        hide_undeclared(c, states, false);
    th->cause = cause;
    return status;
}

static wg_status pass_on(struct walk *w, struct wg_node *node, wg_grad_slot *gx)
{
    const wg_call *c = &node->call;
    const struct wg_node *cause = w->th->cause;
    wg_status status = WG_OK;
    w->th->cause = node;
    for (unsigned i = 0; i < c->n_in && status == WG_OK; i++) {
        if (!gx[i].need)
            continue;
        wg_tensor *g = gx[i].result;
        if (!g && !wg_bit(c->op->flat, i)) {
            status = wg_fail(WG_E_BUG, c->op->name, "%s: its backward gave no gradient for operand %u: a bug in the op", c->op->name, i);
        } else if (g && gx[i].into && gx[i].accumulated) { /* g is the new sum */
            wg_tensor *sum = owned(w, g);
            let_go(w, c->in[i]->adjoint);
            c->in[i]->adjoint = sum;
            status = sum ? WG_OK : WG_E_MEMORY;
        } else {
            if (!g)
                g = ZERO;
            else if (g->dtype != c->in[i]->dtype || !wg_same_dims(g, c->in[i]))
                g = unbroadcast(c->op, c->in[i], g);
            status = g ? add_adjoint(w, c->in[i], g) : wg_error_first() ? wg_error_first()->code : WG_E_MEMORY;
        }
    }
    w->th->cause = cause;
    return status;
}

/* An accumulator is offered where its sum is this walk's alone and the node reads the input once. */
static wg_tensor *accumulator(const struct walk *w, const wg_call *c, unsigned i)
{
    wg_tensor *sum = c->in[i]->adjoint;
    if (w->keeping || !sum || sum == ZERO || !(sum->flags & WG_T_DENSE) || !wg_storage_unique(sum->storage))
        return NULL;
    for (unsigned k = 0; k < c->n_in; k++)
        if (k != i && c->in[k] == c->in[i])
            return NULL;
    return sum;
}

static wg_status backward_through(struct walk *w, struct wg_node *node, wg_tensor *const *gy, bool all_zero)
{
    const wg_call *c = &node->call;
    wg_grad_slot local[8], *gx = c->n_in <= 8 ? local : wg_object_new(c->n_in * sizeof *gx);
    if (!gx)
        return WG_E_MEMORY;
    bool any = false;
    for (unsigned i = 0; i < c->n_in; i++) {
        const bool need = input_needed(w, c->in[i]);
        gx[i] = (wg_grad_slot){.need = need, .into = need ? accumulator(w, c, i) : NULL};
        any = any || need;
    }
    wg_status status = WG_OK;
    if (any && all_zero) {
        for (unsigned i = 0; i < c->n_in && status == WG_OK; i++)
            if (gx[i].need)
                status = add_adjoint(w, c->in[i], ZERO);
    } else if (any) {
        if ((c->op->flags & WG_NO_DERIVATIVE) || !c->op->vjp)
            status = wg_fail(WG_E_NO_GRAD, c->op->name, "%s has no derivative: %s", c->op->name,
                             c->op->reason ? c->op->reason : "none is defined");
        if (status == WG_OK)
            status = check_saved(node);
        if (status == WG_OK)
            status = call_vjp(w, node, gy, gx);
        if (status == WG_OK)
            status = pass_on(w, node, gx);
    }
    if (gx != local)
        wg_object_free(gx);
    return status;
}

static wg_status visit(struct walk *w, struct wg_node *node)
{
    const wg_call *c = &node->call;
    wg_tensor *gy[64];
    bool any = false, all_zero = true;
    for (unsigned i = 0; i < c->n_out; i++) {
        wg_tensor *y = c->out[i];
        if (y->adjoint && (y->flags & WG_T_HOOKED))
            WG_TRY(run_hooks(w, y));
        if (y->adjoint && y->adjoint != ZERO && (y->flags & WG_T_WANTED))
            y->adjoint->flags |= WG_T_HOLD; /* no vjp may overwrite it */
        gy[i] = y->adjoint && y->adjoint != ZERO ? y->adjoint : WG_NONE;
        any = any || y->adjoint;
        all_zero = all_zero && wg_absent(gy[i]);
    }
    if (!any)
        return WG_OK;
    const wg_status status = !w->selective || node->mark == w->th->walk ? backward_through(w, node, gy, all_zero) : WG_OK;
    sweep(w->th);
    for (unsigned i = 0; i < c->n_out; i++)
        if (!(c->out[i]->flags & WG_T_WANTED)) {
            let_go(w, c->out[i]->adjoint);
            c->out[i]->adjoint = NULL;
        }
    return status;
}

/* ---- the walk ---- */

static void release_outputs(const struct wg_node *node)
{
    for (unsigned i = 0; i < node->call.n_out; i++) {
        wg_tensor *y = node->call.out[i];
        if (!(y->flags & (WG_T_ROOT | WG_T_HOLD | WG_T_REQUIRES)) && y->storage)
            wg_release_value(y);
    }
}

static wg_status walk_back(struct walk *w, wg_tensor *const *roots, size_t n)
{
    struct wg_node *node = NULL;
    wg_tape *tape = w->th->top;
    for (size_t i = 0; i < n; i++)
        if (!is_leaf(roots[i]) && (!node || roots[i]->from.node->seq > node->seq)) {
            node = roots[i]->from.node;
            tape = roots[i]->tape;
        }
    for (; tape; tape = tape->below, node = tape ? tape->last : NULL)
        for (; node; node = node->prev) {
            if (node->needs)
                WG_TRY(visit(w, node));
            if (w->releasing && tape == w->th->top)
                release_outputs(node);
        }
    if (w->releasing)
        for (node = w->th->top->last; node; node = node->prev)
            release_outputs(node);
    return WG_OK;
}

static wg_status seed(struct walk *w, wg_tensor *root, wg_tensor *given)
{
    if (!given)
        return wg_fail(WG_E_NULL, w->name, "%s: the given gradient is NULL", w->name);
    char a[200], b[200];
    if (wg_absent(given)) {
        if (root->numel != 1)
            return wg_fail(WG_E_SHAPE, w->name, "%s: a root of %s needs a gradient given with .grad; only a root of one element has 1",
                           w->name, wg_shape_text(wg_shape_of(root), a, sizeof a));
        given = wg_ones((wg_dtype)root->dtype, wg_shape_of(root));
        if (!given)
            return WG_E_MEMORY;
        given->flags |= WG_T_SCRATCH;
    } else {
        WG_TRY(wg_check_handle(given, w->name, -1));
        if (given->dtype != root->dtype || !wg_same_dims(given, root))
            return wg_fail(WG_E_SHAPE, w->name, "%s: the given gradient is %s %s, the root %s %s", w->name,
                           wg_dtype_name((wg_dtype)given->dtype), wg_shape_text(wg_shape_of(given), a, sizeof a),
                           wg_dtype_name((wg_dtype)root->dtype), wg_shape_text(wg_shape_of(root), b, sizeof b));
    }
    return add_adjoint(w, root, given);
}

static wg_status check_root(struct walk *w, wg_tensor **root)
{
    struct wg_thread *th = w->th;
    WG_TRY(wg_check_handle(*root, w->name, 0));
    if (!(*root)->tape) {
        if (!th->top || !((*root)->flags & WG_T_REQUIRES))
            return wg_fail(WG_E_NO_TAPE, w->name, "%s: no tape recorded this value: open one (WG_TAPE) before computing it", w->name);
        *root = wg_proxy(th, *root);
        if (!*root)
            return WG_E_MEMORY;
    }
    if (!((*root)->flags & WG_T_NEEDS))
        return wg_fail(WG_E_NO_GRAD, w->name, "%s: the root depends on no tensor that requires a gradient (wg_require_grad), or only "
                                              "through detached or kept values", w->name);
    return WG_OK;
}

static wg_status begin(struct walk *w)
{
    struct wg_thread *th = w->th;
    if (!th)
        return WG_E_MEMORY;
    if (th->in_hook || th->vjp_depth > 0)
        return wg_fail(WG_E_STATE, w->name, "%s: not inside a hook or another backward", w->name);
    if (th->updating)
        return wg_fail(WG_E_STATE, w->name, "%s: not between wg_update_begin and wg_update_commit", w->name);
    th->walk++;
    w->keeping = w->recording || (th->top && th->top->trace);
    w->releasing = w->releasing && !w->keeping;
    return WG_OK;
}

static void enter(struct walk *w)
{
    w->th->scratch = !w->recording;
    w->th->no_take = w->keeping;
    w->th->vjp_depth++;
}

static void leave(struct walk *w)
{
    sweep(w->th);
    w->th->scratch = w->th->no_take = false;
    w->th->vjp_depth--;
}

/* Puts every adjoint back to none, whatever happened. */
static void clear(struct walk *w, bool failed)
{
    for (wg_tape *tape = w->th->top; tape && failed; tape = tape->below)
        for (struct wg_node *node = tape->last; node; node = node->prev)
            for (unsigned i = 0; i < node->call.n_out; i++) {
                let_go(w, node->call.out[i]->adjoint);
                node->call.out[i]->adjoint = NULL;
            }
    for (size_t i = 0; i < w->n_touched; i++) {
        wg_tensor *t = w->touched[i];
        let_go(w, t->adjoint);
        t->adjoint = NULL;
        t->flags &= (uint16_t)~WG_T_TOUCHED;
    }
    wg_object_free(w->touched);
}

/* A leaf may stand on the tape through several proxies: their gradients add up in the youngest that has one. */
static wg_status fold_proxies(struct walk *w, wg_tensor *t)
{
    if (!(t->flags & WG_T_PROXY) || !t->adjoint)
        return WG_OK;
    for (struct wg_proxy_link *link = wg_proxies_of(w->th, t->from.leaf); link; link = link->older)
        if (link->proxy != t && link->proxy->adjoint) {
            WG_TRY(add_adjoint(w, t, link->proxy->adjoint));
            let_go(w, link->proxy->adjoint);
            link->proxy->adjoint = NULL;
        }
    return WG_OK;
}

/* ---- wg_backward ---- */

struct pending {
    wg_tensor *leaf, *gradient;
    struct wg_undo *undo;
    struct wg_leaf_gradient *entry; /* of a tape's leaf */
};

/* The summed gradient as a value of the leaf's own: dense, its storage held by nobody else; added to what the leaf has. */
static wg_tensor *leaf_value(struct walk *w, wg_tensor *g, wg_tensor *before)
{
    if (before)
        g = wg_add(before, g);
    else if (!(g->flags & WG_T_DENSE) || (!w->keeping && !wg_storage_unique(g->storage)))
        g = wg_copy(g);
    wg_tensor *value = g ? wg_value_new(g->rank) : NULL;
    if (!value)
        return NULL;
    value->dtype = g->dtype;
    wg_set_dims(value, g->rank, wg_extents(g), wg_strides(g));
    value->data = g->data;
    value->storage = g->storage;
    wg_storage_ref(g->storage);
    return value;
}

static wg_status prepare(struct walk *w, wg_tensor *t, struct pending *p)
{
    WG_TRY(fold_proxies(w, t));
    if (!t->adjoint || !(t->flags & WG_T_REQUIRES))
        return WG_OK;
    if (t->flags & WG_T_HOOKED)
        WG_TRY(run_hooks(w, t));
    p->leaf = t->flags & WG_T_PROXY ? t->from.leaf : t;
    wg_tensor *g = t->adjoint == ZERO ? wg_zeros((wg_dtype)t->dtype, wg_shape_of(t)) : t->adjoint;
    p->gradient = g ? leaf_value(w, g, wg_gradient(p->leaf)) : NULL;
    if (!p->gradient)
        return WG_E_MEMORY;
    if (!p->leaf->tape)
        return (p->undo = wg_undo_gradient_new()) ? WG_OK : WG_E_MEMORY;
    p->entry = wg_leaf_gradient_find(p->leaf);
    if (!p->entry) {
        p->entry = wg_tape_alloc(p->leaf->tape, sizeof *p->entry);
        if (!p->entry)
            return WG_E_MEMORY;
        *p->entry = (struct wg_leaf_gradient){p->leaf, NULL, p->leaf->tape->gradients};
        p->leaf->tape->gradients = p->entry;
    }
    return WG_OK;
}

static void hand_over(struct wg_thread *th, struct pending *p)
{
    if (p->entry) {
        if (p->entry->gradient)
            wg_value_unref(p->entry->gradient);
        p->entry->gradient = p->gradient;
    } else if (p->leaf) {
        wg_undo_gradient_push(th->top, p->undo, p->leaf, wg_value_of(p->leaf)->gradient);
        wg_value_of(p->leaf)->gradient = p->gradient;
    }
}

/* All gradients are made first and handed over together: on failure none has changed. */
static wg_status deliver(struct walk *w)
{
    if (w->n_touched == 0)
        return WG_OK;
    struct pending *pending = wg_object_new(w->n_touched * sizeof *pending);
    wg_status status = pending ? WG_OK : WG_E_MEMORY;
    for (size_t i = 0; i < w->n_touched && status == WG_OK; i++)
        status = prepare(w, w->touched[i], &pending[i]);
    for (size_t i = 0; pending && i < w->n_touched; i++)
        if (status == WG_OK) {
            hand_over(w->th, &pending[i]);
        } else {
            if (pending[i].gradient)
                wg_value_unref(pending[i].gradient);
            wg_object_free(pending[i].undo);
        }
    wg_object_free(pending);
    return status;
}

wg_status wg_backward_many(wg_tensor *const *given, wg_tensor *const *grads, size_t n, bool retain)
{
    struct walk w = {.th = wg_self(), .name = "backward", .releasing = !retain};
    WG_TRY(begin(&w));
    if (n == 0 || !given)
        return wg_fail(WG_E_NULL, w.name, "%s: no roots", w.name);
    wg_tensor *local[8], **roots = n <= 8 ? local : wg_object_new(n * sizeof *roots);
    if (!roots)
        return WG_E_MEMORY;
    wg_status status = WG_OK;
    for (size_t i = 0; i < n && status == WG_OK; i++) {
        roots[i] = given[i];
        status = check_root(&w, &roots[i]);
    }
    if (status == WG_OK) {
        for (size_t i = 0; i < n; i++)
            roots[i]->flags |= WG_T_ROOT;
        enter(&w);
        for (size_t i = 0; i < n && status == WG_OK; i++)
            status = seed(&w, roots[i], grads ? grads[i] : WG_NONE);
        if (status == WG_OK)
            status = walk_back(&w, roots, n);
        if (status == WG_OK)
            status = deliver(&w);
        leave(&w);
        clear(&w, status != WG_OK);
        for (size_t i = 0; i < n; i++)
            roots[i]->flags &= (uint16_t)~WG_T_ROOT;
    }
    if (roots != local)
        wg_object_free(roots);
    return status;
}

wg_status wg_backward_with(wg_tensor *root, wg_backward_options options)
{
    return wg_backward_many(&root, &options.grad, 1, options.retain);
}

/* ---- wg_grad ---- */

/* Marks, oldest first, the nodes that a wanted tensor lies behind. */
static void mark_paths(struct walk *w)
{
    for (const wg_tape *tape = w->th->bottom; tape; tape = tape->above)
        for (struct wg_node *node = tape->first; node; node = node->next)
            for (unsigned i = 0; i < node->call.n_in && node->needs; i++)
                if (input_needed(w, node->call.in[i])) {
                    node->mark = w->th->walk;
                    break;
                }
}

static void want(struct walk *w, wg_tensor *x, bool on)
{
    const unsigned flag = on ? WG_T_WANTED : 0;
    if (x->tape)
        x->flags = (uint16_t)((x->flags & ~(unsigned)WG_T_WANTED) | flag);
    else
        for (struct wg_proxy_link *link = wg_proxies_of(w->th, x); link; link = link->older)
            link->proxy->flags = (uint16_t)((link->proxy->flags & ~(unsigned)WG_T_WANTED) | flag);
}

/* Is x hidden behind a value that wg_keep took out of its tape and that is used here? */
static bool hidden(struct walk *w, const wg_tensor *x)
{
    if (x->flags & WG_T_PROXY)
        x = x->from.leaf;
    for (size_t i = 0; i < w->th->leaf_capacity; i++) {
        const wg_tensor *leaf = w->th->leaves[i].leaf;
        for (size_t k = 0; leaf && k < wg_value_of(w->th->leaves[i].leaf)->n_behind; k++)
            if (wg_value_of(w->th->leaves[i].leaf)->behind[k] == x)
                return true;
    }
    return false;
}

static wg_status check_wanted(struct walk *w, wg_tensor *x, size_t i)
{
    WG_TRY(wg_check_handle(x, w->name, (int)i + 1));
    if (!(x->flags & WG_T_NEEDS))
        return wg_fail(WG_E_NO_GRAD, w->name, "%s: operand %zu requires no gradient: call wg_require_grad before it is used", w->name,
                       i + 1);
    return WG_OK;
}

static wg_tensor *result_for(struct walk *w, wg_tensor *x, size_t i, wg_unused unused)
{
    wg_tensor *at = x;
    if (!x->tape) {
        struct wg_proxy_link *link = wg_proxies_of(w->th, x);
        while (link && !link->proxy->adjoint)
            link = link->older;
        at = link ? link->proxy : NULL;
    }
    if (at && at->adjoint && fold_proxies(w, at) != WG_OK)
        return NULL;
    if (at && (at->flags & WG_T_HOOKED) && is_leaf(at) && at->adjoint && run_hooks(w, at) != WG_OK)
        return NULL;
    wg_tensor *g = at ? at->adjoint : NULL;
    if (!g && hidden(w, x)) {
        wg_fail(WG_E_UNUSED, w->name, "%s: operand %zu lies behind a kept tensor (wg_keep), which cuts its gradient off", w->name, i + 1);
        return NULL;
    }
    if (!g && unused != WG_ZEROS) {
        wg_fail(WG_E_UNUSED, w->name, "%s: the result does not depend on operand %zu (.unused = WG_ZEROS gives zeros)", w->name, i + 1);
        return NULL;
    }
    return g && g != ZERO ? g : wg_zeros((wg_dtype)x->dtype, wg_shape_of(x));
}

/* Hands the adjoints out as tensors of the top tape. */
static wg_status collect(struct walk *w, wg_tensor *const *x, size_t n, wg_tensor **gx, wg_unused unused)
{
    for (size_t i = 0; i < n; i++) {
        wg_tensor *g = result_for(w, x[i], i, unused);
        if (g && !w->keeping)
            g = wg_alias(w->th, g);
        if (!g) {
            const wg_error *first = wg_error_first();
            return first ? first->code : WG_E_MEMORY;
        }
        g->flags |= WG_T_OWNED; /* survives the sweep */
        gx[i] = g;
    }
    sweep(w->th);
    for (size_t i = 0; i < n && !w->keeping; i++)
        gx[i]->flags = (uint16_t)(gx[i]->flags & ~(WG_T_SCRATCH | WG_T_OWNED));
    return WG_OK;
}

static void forget_wanted(struct walk *w, wg_tensor *const *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        want(w, x[i], false);
        if (x[i]->tape && !is_leaf(x[i])) {
            let_go(w, x[i]->adjoint);
            x[i]->adjoint = NULL;
        }
    }
}

wg_status wg_grad_many_with(wg_tensor *y, wg_tensor *const *x, size_t n, wg_tensor **gx, wg_grad_options options)
{
    struct walk w = {.th = wg_self(), .name = "grad", .recording = options.create_graph, .selective = true};
    WG_TRY(begin(&w));
    if (n == 0 || !x || !gx)
        return wg_fail(WG_E_NULL, w.name, "%s: no tensors to differentiate by", w.name);
    wg_tensor *root = y;
    WG_TRY(check_root(&w, &root));
    for (size_t i = 0; i < n; i++)
        WG_TRY(check_wanted(&w, x[i], i));
    for (size_t i = 0; i < n; i++)
        want(&w, x[i], true);
    mark_paths(&w);
    enter(&w);
    wg_tensor **made = wg_object_new(n * sizeof *made);
    wg_status status = made ? seed(&w, root, options.grad) : WG_E_MEMORY;
    if (status == WG_OK)
        status = walk_back(&w, &root, 1);
    if (status == WG_OK)
        status = collect(&w, x, n, made, options.unused);
    if (status == WG_OK)
        memcpy(gx, made, n * sizeof *made);
    leave(&w);
    forget_wanted(&w, x, n);
    clear(&w, status != WG_OK);
    wg_object_free(made);
    return status;
}

wg_tensor *wg_grad_with(wg_tensor *y, wg_tensor *x, wg_grad_options options)
{
    wg_tensor *gx = NULL;
    return wg_grad_many_with(y, &x, 1, &gx, options) == WG_OK ? gx : NULL;
}
