/* The backward pass: its state, and the functions that wg_backward and wg_grad share. */
#ifndef WG_PASS_H
#define WG_PASS_H

#include "core/arena.h"

/* The symbolic zero: an adjoint known to be zero, from an op that is flat in its input. It is passed on without computing. */
extern const struct wg_tensor wg_symbolic_zero;
#define WG_SYMBOLIC_ZERO ((wg_tensor *)(uintptr_t)&wg_symbolic_zero)

struct wg_pass {
    struct wg_thread *th;
    const char *name;        /* of the public function, for messages */
    bool recording;          /* create_graph: gradients are ordinary tensors of the tape */
    bool keeping;            /* recording or tracing: the tape owns the gradients, and the pass releases none */
    bool releasing;          /* wg_backward without retain: a value of the top tape is released after its last use */
    bool selective;          /* wg_grad: only nodes between y and the requested tensors */
    bool part;               /* this pass is part of a surrounding one (wg_pass_part) */
    bool in_general;         /* keeping, or watched: each node is visited in the general way */
    uint64_t number;         /* of this pass; its nodes are marked with it */
    uint64_t floor;          /* nodes up to this one are not visited */
    struct wg_array reached; /* leaves that have an adjoint */
};

static inline wg_tensor **wg_reached_leaf(const struct wg_pass *w, size_t i)
{
    return WG_NTH(w->reached, wg_tensor *, i);
}

/* True if the pass does not go beyond t: a leaf, a constant, or the result of a node that is not above the floor. */
static inline bool wg_is_leaf(const struct wg_pass *w, const wg_tensor *t)
{
    return (t->flags & (WG_T_PROXY | WG_T_REQUIRES)) || !t->from.node || (w->floor > 0 && t->from.node->seq <= w->floor);
}

/* The states of a call's operands and results while some of them are hidden. */
struct wg_hidden {
    uint8_t local[64], *state;
};

/* Hides from the vjp or jvp of an op that is not registered what it did not declare as saved: such a tensor reads as released. What it
   declared is visible, even if the program has dropped it. A tensor may occur several times among operands, results and given, the
   gradients or tangents: it is visible if one occurrence is declared, or is among given. wg_show_undeclared ends it. */
wg_status wg_hide_undeclared(const wg_call *c, wg_tensor *const *given, unsigned n_given, struct wg_hidden *hidden);
void wg_show_undeclared(const wg_call *c, struct wg_hidden *hidden);

/* Records E_NO_GRAD with the op's reason. */
wg_status wg_no_derivative(const struct wg_op *op);

/* The oldest node of a tape that is younger than floor, or NULL. */
struct wg_node *wg_first_above(const wg_tape *tape, uint64_t floor);

/* Call order: begin, root for each root, enter, seed for each root, run, use of the sums, leave, clear.

   A pass clears every adjoint that it set, also on success. Slots of dead tensors are used again, and the next pass would add to an
   adjoint left in one, or release it. A result's adjoint is cleared when the pass visits its node. So a tensor with WG_T_NEEDS must
   be a leaf, whose adjoint is on the pass's list, or the result of a node that needs a gradient, too. */
wg_status wg_pass_begin(struct wg_pass *w);
/* Checks a root, and replaces a leaf by its proxy. With WG_UNUSED_ZEROS the root may depend on no leaf; there is no pass then. */
wg_status wg_pass_root(struct wg_pass *w, wg_tensor **root, wg_unused unused);
void wg_pass_enter(struct wg_pass *w);
/* The seed of a root: `given` or, for WG_NONE and a root of one element, 1. It is added to the root's adjoint. */
wg_status wg_pass_check_seed(const struct wg_pass *w, const wg_tensor *root, const wg_tensor *given);
wg_status wg_pass_seed(struct wg_pass *w, wg_tensor *root, wg_tensor *given);
wg_status wg_pass_run(struct wg_pass *w, wg_tensor *const *roots, size_t n);
void wg_pass_leave(struct wg_pass *w);
void wg_pass_clear(struct wg_pass *w, bool failed); /* clears every adjoint, also after a failure */
/* With WENGERT_AUDIT set, and outside any other pass: asserts that no tensor of an open tape has an adjoint or a flag of a pass. */
void wg_pass_audit(const struct wg_thread *th);

/* Puts t on the pass's list of leaves with an adjoint, if it is a leaf and not on it. */
wg_status wg_pass_touch(struct wg_pass *w, wg_tensor *t);
/* Adds g to t's adjoint, in place only if nobody else holds the sum so far. */
wg_status wg_pass_sum(struct wg_pass *w, wg_tensor *t, wg_tensor *g);
/* wg_pass_sum with a fast path: the first gradient of t becomes its adjoint without a copy, if a vjp made it and nothing else owns it. */
static inline wg_status wg_pass_add(struct wg_pass *w, wg_tensor *t, wg_tensor *g)
{
    if (t->adjoint || w->keeping || (g->flags & (WG_T_SCRATCH | WG_T_OWNED)) != WG_T_SCRATCH ||
        (!(t->flags & WG_T_REACHED) && wg_is_leaf(w, t)))
        return wg_pass_sum(w, t, g);
    g->flags |= WG_T_OWNED;
    t->adjoint = g;
    return WG_OK;
}
/* The gradient of a broadcast input t: g summed over the broadcast axes. NULL and an error if g does not fit, a bug in the op. */
wg_tensor *wg_pass_unbroadcast(const struct wg_op *op, const wg_tensor *t, wg_tensor *g);
/* A leaf may have several proxies, made before and after its requires_grad changed: adds the others' adjoints to t's. */
wg_status wg_pass_sum_up(struct wg_pass *w, wg_tensor *t);
/* Checks a sum before it is handed out: a user's function that saw it may have dropped it. */
static inline wg_status wg_pass_check_sum(const struct wg_pass *w, const wg_tensor *g)
{
    return g->state == WG_LIVE || g == WG_SYMBOLIC_ZERO ? WG_OK : wg_check_made(g, w->name, "a gradient");
}
wg_status wg_pass_hooks(struct wg_pass *w, wg_tensor *t);
static inline bool wg_any_hooks(const struct wg_thread *th)
{
    const wg_tape *tape = th->top;
    while (tape && tape->hooks.n == 0)
        tape = tape->below;
    return tape != NULL;
}
/* wg_grad_many inside a vjp, as part of the surrounding pass. The gradients are added to the adjoints of x. Hooks of leaves are
   left to the surrounding pass, which sees the complete sum. gx[i] is WG_NONE or WG_SYMBOLIC_ZERO if there is no gradient. releasing: as
   wg_backward does without .retain. */
wg_status wg_pass_part(wg_tensor *y, wg_tensor *const *x, size_t n, wg_tensor **gx, wg_grad_options options, bool releasing);
/* Fails if a value that the node's vjp reads was released, or changed since forward. */
wg_status wg_check_saved(const struct wg_node *node);
/* Runs the node's vjp, with the node as cause. A user's vjp sees only what it declared as saved. */
wg_status wg_node_vjp(struct wg_thread *th, struct wg_node *node, wg_tensor *const *gy, wg_grad_slot *gx);
/* True if the pass must compute the gradient of this input. */
static inline bool wg_pass_needs(const struct wg_pass *w, const wg_tensor *in)
{
    if (!(in->flags & WG_T_NEEDS))
        return false;
    if (!w->selective || (in->flags & WG_T_TARGET))
        return true;
    return !wg_is_leaf(w, in) && in->from.node->mark == w->number;
}
/* g, or an alias of it, as a gradient that the pass owns. NULL: no memory. */
wg_tensor *wg_pass_owned(struct wg_pass *w, wg_tensor *g);
/* Gives up a gradient that the pass owns. */
static inline void wg_pass_let_go(const struct wg_pass *w, wg_tensor *g)
{
    if (!g || g == WG_SYMBOLIC_ZERO || w->keeping)
        return;
    if (g->flags & WG_T_LISTED) { /* the sweep will release the slot */
        g->flags &= (uint16_t)~WG_T_OWNED;
        wg_release_value(g);
    } else {
        wg_release_slot(g);
    }
}
/* Begins a pass inside a pass, which a vjp or jvp needs for what it computes again: returns the thread's modes, which the caller
   assigns back at the end. The inner pass sees only nodes that are recorded from now on. */
struct wg_modes wg_modes_nest(struct wg_thread *th);
/* Releases the tensors that a vjp made and the pass did not adopt. */
static inline void wg_pass_sweep(struct wg_thread *th)
{
    while (th->mode.scratch_list) {
        wg_tensor *t = th->mode.scratch_list;
        th->mode.scratch_list = t->adjoint;
        t->adjoint = NULL;
        t->flags &= (uint16_t)~WG_T_LISTED;
        if (!(t->flags & WG_T_OWNED))
            wg_release_slot(t);
    }
}

#endif
