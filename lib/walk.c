/* The walk: a plain loop over the list, youngest node first. Each node's gradients, summed by then, go through its vjp to its inputs.
   Between nodes a gradient waits in its tensor's adjoint. */
#include <string.h>

#include "walk.h"
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

/* Does backward read operand i, or result i - n_in? */
WG_HOT bool reads(const wg_call *c, unsigned i)
{
    return i < c->n_in ? wg_bit(c->op->saves & WG_ALL_IN, i) : (c->op->saves & WG_OUT(i - c->n_in)) != 0;
}

WG_HOT wg_tensor *operand_or_result(const wg_call *c, unsigned i)
{
    return i < c->n_in ? c->in[i] : c->out[i - c->n_in];
}

/* Is it something that backward reads, and gone or changed? */
WG_HOT bool is_lost(const struct wg_node *node, unsigned i)
{
    const wg_call *c = &node->call;
    if (!reads(c, i))
        return false;
    const wg_tensor *t = operand_or_result(c, i);
    return !wg_absent(t) && (!t->storage || t->storage->version != wg_versions(node)[i]);
}

/* The first of these, or the number of all. */
static unsigned first_lost(const struct wg_node *node)
{
    const unsigned n = (unsigned)(node->call.n_in + node->call.n_out);
    unsigned i = 0;
    while (i < n && !is_lost(node, i))
        i++;
    return i;
}

/* What backward reads must still be there, and be what forward read. */
wg_status wg_walk_check_saved(const struct wg_node *node)
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
                       "(see .retain) or wg_take",
                       c->op->name, kind, at);
    return wg_fail(WG_E_STALE, c->op->name, "%s: %s %u was changed after it was used, and backward needs what it was", c->op->name,
                   kind, at);
}

/* A user's backward sees what it declared; the rest reads as released. One tensor may stand in several places: declared in one
   of them, it is seen. */
static void hide_undeclared(const wg_call *c, uint8_t *states)
{
    const unsigned n = (unsigned)(c->n_in + c->n_out);
    for (unsigned i = 0; i < n; i++)
        states[i] = operand_or_result(c, i)->state;
    for (unsigned i = 0; i < n; i++)
        if (!reads(c, i) && !wg_absent(operand_or_result(c, i)))
            operand_or_result(c, i)->state = WG_RELEASED;
    for (unsigned i = 0; i < n; i++)
        if (reads(c, i) && !wg_absent(operand_or_result(c, i)))
            operand_or_result(c, i)->state = states[i];
}

static void show_again(const wg_call *c, const uint8_t *states)
{
    for (unsigned i = 0; i < (unsigned)(c->n_in + c->n_out); i++)
        if (!wg_absent(operand_or_result(c, i)))
            operand_or_result(c, i)->state = states[i];
}

static wg_status vjp_of_user(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const size_t n = (size_t)c->n_in + c->n_out;
    uint8_t local[64], *states = n <= sizeof local ? local : wg_object_new(n);
    if (!states)
        return WG_E_MEMORY;
    hide_undeclared(c, states);
    const wg_status status = c->op->vjp(c, gy, gx);
    show_again(c, states);
    if (states != local)
        wg_object_free(states);
    return status;
}

/* Under the node as cause. */
WG_HOT wg_status vjp_of(struct wg_thread *th, const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const wg_tape *top = th->top;
    const wg_status status = c->op->flags & WG_USER ? vjp_of_user(c, gy, gx) : c->op->vjp(c, gy, gx);
    if (status != WG_OK)
        return wg_op_failed(th, c->op, status, "backward");
    if (th->top != top)
        return wg_fail(WG_E_STATE, c->op->name, "%s: its backward left a tape open", c->op->name);
    return status;
}

wg_status wg_walk_vjp(struct wg_thread *th, struct wg_node *node, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct wg_node *cause = th->cause;
    th->cause = node;
    const wg_status status = vjp_of(th, &node->call, gy, gx);
    th->cause = cause;
    return status;
}

/* The gradient of c's result, which nobody will ask for again, handed on as it is. */
static bool move_on(const struct walk *w, const wg_call *c, wg_tensor *in, wg_tensor *g)
{
    wg_tensor *y = c->out[0];
    if (g != y->adjoint || in->adjoint || w->keeping || (y->flags & WG_T_WANTED) || wg_is_leaf(w, in))
        return false;
    y->adjoint = NULL;
    in->adjoint = g;
    return true;
}

static wg_status pass_on(struct walk *w, const wg_call *c, unsigned i, const wg_grad_slot *gx)
{
    wg_tensor *g = gx->result, *in = c->in[i];
    if (!g && !wg_bit(c->op->flat, i))
        return wg_fail(WG_E_BUG, c->op->name, "%s: its backward gave no gradient for operand %u: a bug in the op", c->op->name, i);
    if (g && gx->accumulated && wg_absent(g)) /* a part of this walk found none */
        return g == WG_KNOWN_ZERO ? wg_walk_add(w, in, g) : WG_OK;
    if (g && g->state != WG_LIVE)
        return wg_check_handle(g, c->op->name, -1);
    if (g && gx->into && gx->accumulated) { /* g is the new sum */
        wg_tensor *sum = wg_walk_owned(w, g);
        wg_walk_let_go(w, in->adjoint);
        in->adjoint = sum;
        return sum ? WG_OK : WG_E_MEMORY;
    }
    if (!g)
        g = WG_KNOWN_ZERO;
    else if (g->dtype != in->dtype || !wg_same_dims(g, in))
        g = wg_walk_unbroadcast(c->op, in, g);
    if (!g)
        return wg_error_cause();
    return move_on(w, c, in, g) ? WG_OK : wg_walk_add(w, in, g);
}

/* An accumulator is offered where the node reads the input once. Whether it is overwritten is decided when it is taken; whether it is
   offered does not depend on that, so that a recorded or traced walk has the bits of one that is not. */
static wg_tensor *accumulator(const wg_call *c, unsigned i)
{
    wg_tensor *sum = c->in[i]->adjoint;
    if (!sum || sum == WG_KNOWN_ZERO || !(sum->flags & WG_T_DENSE))
        return NULL;
    for (unsigned k = 0; k < c->n_in; k++)
        if (k != i && c->in[k] == c->in[i])
            return NULL;
    return sum;
}

/* Through the vjp: what it returned goes to the inputs. gx says which of them want it. */
static wg_status through_vjp(struct walk *w, struct wg_node *node, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const wg_call *c = &node->call;
    if (!c->op->vjp || (c->op->flags & WG_NO_DERIVATIVE))
        return wg_fail(WG_E_NO_GRAD, c->op->name, "%s has no derivative: %s", c->op->name,
                       c->op->reason ? c->op->reason : "none is defined");
    if (c->op->saves)
        WG_TRY(wg_walk_check_saved(node));
    const struct wg_node *cause = w->th->cause;
    w->th->cause = node;
    wg_status status = vjp_of(w->th, c, gy, gx);
    for (unsigned i = 0; i < c->n_in && status == WG_OK; i++)
        if (gx[i].need)
            status = pass_on(w, c, i, &gx[i]);
    w->th->cause = cause;
    return status;
}

static wg_status backward_with(struct walk *w, struct wg_node *node, wg_tensor *const *gy, bool all_zero, wg_grad_slot *gx)
{
    const wg_call *c = &node->call;
    const unsigned n = c->n_in;
    bool any = false;
    for (unsigned i = 0; i < n; i++) {
        const bool need = wg_walk_needs(w, c->in[i]);
        gx[i] = (wg_grad_slot){.need = need, .into = need && c->in[i]->adjoint ? accumulator(c, i) : NULL};
        any = any || need;
    }
    if (any && !all_zero)
        return through_vjp(w, node, gy, gx);
    wg_status status = WG_OK;
    for (unsigned i = 0; i < n && status == WG_OK && any; i++)
        if (gx[i].need)
            status = wg_walk_add(w, c->in[i], WG_KNOWN_ZERO);
    return status;
}

static wg_status backward_through(struct walk *w, struct wg_node *node, wg_tensor *const *gy, bool all_zero)
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

/* A node of n results. */
static wg_status visit_node(struct walk *w, struct wg_node *node, wg_tensor **gy, size_t n)
{
    const wg_call *c = &node->call;
    bool any = false, all_zero = true;
    for (size_t i = 0; i < n; i++) {
        wg_tensor *y = c->out[i];
        if (y->adjoint && (y->flags & WG_T_HOOKED))
            WG_TRY(wg_walk_hooks(w, y));
        if (y->adjoint && y->adjoint != WG_KNOWN_ZERO && (y->flags & WG_T_WANTED))
            y->adjoint->flags |= WG_T_HOLD; /* no vjp may overwrite it */
        const bool zero = !y->adjoint || y->adjoint == WG_KNOWN_ZERO;
        gy[i] = zero ? WG_NONE : y->adjoint;
        any = any || y->adjoint;
        all_zero = all_zero && zero;
    }
    if (!any)
        return WG_OK;
    wg_status status = WG_OK;
    if (!w->selective || node->mark == w->number)
        status = backward_through(w, node, gy, all_zero);
    wg_walk_sweep(w->th);
    for (size_t i = 0; i < n; i++)
        if (c->out[i]->adjoint && !(c->out[i]->flags & WG_T_WANTED)) {
            wg_walk_let_go(w, c->out[i]->adjoint);
            c->out[i]->adjoint = NULL;
        }
    return status;
}

static __attribute__((noinline)) wg_status visit_any(struct walk *w, struct wg_node *node)
{
    wg_tensor *gy[WG_MOST_OUTPUTS];
    return visit_node(w, node, gy, node->call.n_out);
}

/* g, which the vjp of y's node made for an input, becomes the input's first gradient, where nothing is to be asked: it is of the
   input's shape, and either nobody else's or y's own, which then has it no longer. */
WG_HOT bool adopt(struct walk *w, wg_tensor *y, wg_tensor *in, const wg_grad_slot *gx)
{
    wg_tensor *g = gx->result;
    if (!g || gx->accumulated || in->adjoint || g->state != WG_LIVE || g->dtype != in->dtype || !wg_same_dims(g, in))
        return false;
    const bool moves = g == y->adjoint && !(y->flags & WG_T_WANTED);
    if (!moves && (g->flags & (WG_T_SCRATCH | WG_T_OWNED)) != WG_T_SCRATCH)
        return false;
    if (wg_is_leaf(w, in) && !(in->flags & WG_T_TOUCHED)) {
        if (w->n_touched == w->room)
            return false;
        w->touched[w->n_touched++] = in;
        in->flags |= WG_T_TOUCHED;
    }
    if (moves)
        y->adjoint = NULL;
    else
        g->flags |= WG_T_OWNED;
    in->adjoint = g;
    return true;
}

/* A node of n operands and one result, which has a gradient; nothing is recorded. */
WG_HOT wg_status visit_few(struct walk *w, struct wg_node *node, unsigned n)
{
    struct wg_thread *th = w->th;
    const wg_call *c = &node->call;
    wg_tensor *y = c->out[0], *gy = y->adjoint;
    wg_grad_slot gx[2];
    bool any = false;
    for (unsigned i = 0; i < n; i++) {
        const bool need = wg_walk_needs(w, c->in[i]);
        gx[i] = (wg_grad_slot){.need = need, .into = need && c->in[i]->adjoint ? accumulator(c, i) : NULL};
        any = any || need;
    }
    if (any) {
        for (unsigned i = 0; i <= n; i++)
            if (is_lost(node, i))
                return wg_walk_check_saved(node);
        const struct wg_node *cause = th->cause;
        th->cause = node;
        wg_status status = vjp_of(th, c, &gy, gx);
        for (unsigned i = 0; i < n && status == WG_OK; i++)
            if (gx[i].need && !adopt(w, y, c->in[i], &gx[i]))
                status = pass_on(w, c, i, &gx[i]);
        th->cause = cause;
        if (status != WG_OK)
            return status;
    }
    wg_walk_sweep(th);
    if (y->adjoint)
        wg_walk_let_go(w, y->adjoint);
    y->adjoint = NULL;
    return WG_OK;
}

static inline wg_status visit(struct walk *w, struct wg_node *node)
{
    const wg_call *c = &node->call;
    const unsigned n = c->n_in;
    if (c->n_out != 1 || n - 1 > 1 || w->keeping || (c->out[0]->flags & (WG_T_HOOKED | WG_T_WANTED)) ||
        c->out[0]->adjoint == WG_KNOWN_ZERO || (w->selective && node->mark != w->number) || !c->op->vjp ||
        (c->op->flags & (WG_NO_DERIVATIVE | WG_USER)))
        return visit_any(w, node);
    if (!c->out[0]->adjoint)
        return WG_OK;
    return n == 1 ? visit_few(w, node, 1) : visit_few(w, node, 2);
}

/* ---- the walk ---- */

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
    if (th->releasing && result->tape == th->walking && !is_spared(result))
        wg_release_value(result);
}

/* Those of a node's results that are in keep stay. */
static inline void release_outputs(const struct wg_node *node, unsigned keep)
{
    for (unsigned i = 0; i < node->call.n_out; i++) {
        wg_tensor *y = node->call.out[i];
        if (y->storage && !(keep & WG_OUT(i)) && !is_spared(y))
            wg_release_value(y);
    }
}

/* Older nodes lie below this one, and their results below its own, most of the time: a walk over more than the caches hold finds them
   there when it comes to them. */
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

wg_status wg_walk_back(struct walk *w, wg_tensor *const *roots, size_t n)
{
    struct wg_node *node = NULL;
    wg_tape *top = w->th->top, *tape = top;
    for (size_t i = 0; i < n; i++)
        if (!wg_is_leaf(w, roots[i]) && (!node || roots[i]->from.node->seq > node->seq)) {
            node = roots[i]->from.node;
            tape = roots[i]->tape;
        }
    const struct wg_node *first = tape == top ? node : NULL, *rest = first; /* of the top tape: visited; not visited */
    for (; tape; tape = tape->below, node = tape ? tape->last : NULL) {
        for (; node && node->seq > w->floor; node = node->prev) {
            const bool releasing = w->releasing && tape == top;
            fetch_older(node);
            if (releasing) /* younger nodes, which read it too, are done with: only its own vjp may still read it */
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

wg_status wg_walk_seed(struct walk *w, wg_tensor *root, wg_tensor *given)
{
    if (!given)
        return wg_fail(WG_E_NULL, w->name, "%s: the given gradient is NULL", w->name);
    char a[200], b[200];
    if (wg_absent(given)) {
        if (root->numel != 1)
            return wg_fail(WG_E_SHAPE, w->name,
                           "%s: a root of %s needs a gradient given with .grad; only a root of one element has 1", w->name,
                           wg_shape_text(wg_shape_of(root), a, sizeof a));
        given = wg_ones((wg_dtype)root->dtype, wg_shape_of(root));
        if (!given)
            return WG_E_MEMORY;
        given->flags |= WG_T_SCRATCH;
    } else {
        WG_TRY(wg_check_handle(given, w->name, -1));
        if (given->dtype != root->dtype || !wg_same_dims(given, root))
            return wg_fail(given->dtype != root->dtype ? WG_E_DTYPE : WG_E_SHAPE, w->name,
                           "%s: the given gradient is %s %s, the root %s %s", w->name, wg_dtype_name((wg_dtype)given->dtype),
                           wg_shape_text(wg_shape_of(given), a, sizeof a), wg_dtype_name((wg_dtype)root->dtype),
                           wg_shape_text(wg_shape_of(root), b, sizeof b));
    }
    return wg_walk_add(w, root, given);
}

wg_status wg_walk_root(struct walk *w, wg_tensor **root)
{
    struct wg_thread *th = w->th;
    WG_TRY(wg_check_handle(*root, w->name, 0));
    if (!(*root)->tape) {
        if (!th->top || !((*root)->flags & WG_T_REQUIRES))
            return wg_fail(WG_E_NO_TAPE, w->name, "%s: no tape recorded this value: open one (WG_TAPE) before computing it",
                           w->name);
        *root = wg_proxy(th, *root);
        if (!*root)
            return WG_E_MEMORY;
    }
    if (!((*root)->flags & WG_T_NEEDS))
        return wg_fail(WG_E_NO_GRAD, w->name,
                       "%s: the root depends on no tensor that requires a gradient (wg_require_grad), or only "
                       "through detached or kept values",
                       w->name);
    return WG_OK;
}

wg_status wg_walk_begin(struct walk *w)
{
    struct wg_thread *th = w->th;
    if (!th)
        return WG_E_MEMORY;
    if (th->in_hook || th->vjp_depth > 0)
        return wg_fail(WG_E_STATE, w->name, "%s: not inside a hook or another backward", w->name);
    if (th->updating)
        return wg_fail(WG_E_STATE, w->name, "%s: not between wg_update_begin and wg_update_commit", w->name);
    w->number = ++th->walk;
    w->floor = th->floor;
    w->keeping = w->recording || (th->top && th->top->trace);
    w->releasing = w->releasing && !w->keeping;
    return WG_OK;
}

void wg_walk_enter(struct walk *w)
{
    w->th->scratch = !w->recording;
    w->th->no_take = w->keeping;
    w->th->releasing = w->releasing;
    w->th->walking = w->th->top;
    w->th->vjp_depth++;
}

void wg_walk_leave(struct walk *w)
{
    wg_walk_sweep(w->th);
    w->th->scratch = w->th->no_take = w->th->releasing = false;
    w->th->walking = NULL;
    w->th->vjp_depth--;
}

/* Puts every adjoint back to none, whatever happened. */
void wg_walk_clear(struct walk *w, bool failed)
{
    for (wg_tape *tape = w->th->top; tape && failed; tape = tape->below)
        for (struct wg_node *node = tape->last; node && node->seq > w->floor; node = node->prev)
            for (unsigned i = 0; i < node->call.n_out; i++) {
                wg_walk_let_go(w, node->call.out[i]->adjoint);
                node->call.out[i]->adjoint = NULL;
            }
    for (size_t i = 0; i < w->n_touched; i++) {
        wg_tensor *t = w->touched[i];
        wg_walk_let_go(w, t->adjoint);
        t->adjoint = NULL;
        t->flags &= (uint16_t)~WG_T_TOUCHED;
    }
    wg_object_free(w->touched);
}

void wg_step_aside(struct wg_thread *th, struct aside *aside)
{
    *aside = (struct aside){th->releasing, th->scratch, th->no_take, th->in_hook, th->no_grad, th->eval,
                            th->vjp_depth, th->floor,   th->walking, th->cause,   th->section, th->scratch_list};
    th->scratch = th->no_take = th->releasing = th->in_hook = th->no_grad = false;
    th->vjp_depth = 0;
    th->floor = th->seq;
    th->walking = NULL;
    th->scratch_list = NULL;
}

void wg_step_back(struct wg_thread *th, const struct aside *aside)
{
    th->scratch = aside->scratch;
    th->releasing = aside->releasing;
    th->no_take = aside->no_take;
    th->in_hook = aside->in_hook;
    th->no_grad = aside->no_grad;
    th->eval = aside->eval;
    th->vjp_depth = aside->vjp_depth;
    th->floor = aside->floor;
    th->walking = aside->walking;
    th->cause = aside->cause;
    th->section = aside->section;
    th->scratch_list = aside->scratch_list;
}
