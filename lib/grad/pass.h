/* A backward pass under way: what wg_backward and wg_grad share. */
#ifndef WG_WALK_H
#define WG_WALK_H

#include "core/arena.h"

/* An adjoint known to be zero, from an op that is flat: passed on without computing. */
extern const struct wg_tensor wg_known_zero;
#define WG_SYMBOLIC_ZERO ((wg_tensor *)(uintptr_t)&wg_known_zero)

struct wg_pass {
    struct wg_thread *th;
    const char *name;    /* of the public function, for messages */
    bool recording;      /* create_graph: gradients are ordinary tensors of the tape */
    bool keeping;        /* recording or tracing: the tape owns the gradients, nothing is released on the way */
    bool releasing;      /* wg_backward without retain: values of the top tape go as soon as they are done with */
    bool selective;      /* wg_grad: only what lies between y and the wanted tensors */
    bool part;           /* of the walk around this one */
    uint64_t number;     /* of this walk: nodes are marked with it */
    uint64_t floor;      /* nodes up to this one are not visited */
    wg_tensor **touched; /* leaves that have an adjoint */
    size_t n_touched, capacity;
};

/* What a gradient does not reach through: a leaf, a constant, the result of a node below the floor. */
static inline bool wg_is_leaf(const struct wg_pass *w, const wg_tensor *t)
{
    return (t->flags & (WG_T_PROXY | WG_T_REQUIRES)) || !t->from.node || (w->floor > 0 && t->from.node->seq <= w->floor);
}

/* The oldest node of a tape that is younger than floor, or NULL. */
struct wg_node *wg_first_above(const wg_tape *tape, uint64_t floor);

/* A walk in order: begin, the roots checked, enter, seeds, back, whatever becomes of the sums, leave, clear.
   A walk takes back every adjoint that it set, on success too: a slot whose tensor dies is used again, and an adjoint left in it would be
   added to, or released, by the next walk. A result's adjoint is taken back when the walk visits its node, so what counts as needing a
   gradient (WG_T_NEEDS) is a leaf, whose adjoint is on the walk's list, or the result of a node that needs one too. */
wg_status wg_pass_begin(struct wg_pass *w);
/* Checked, and a leaf's replaced by its proxy. With zeros for what is unused it may depend on no leaf; then there is nothing to walk. */
wg_status wg_pass_root(struct wg_pass *w, wg_tensor **root, wg_unused unused);
void wg_pass_enter(struct wg_pass *w);
wg_status wg_pass_check_seed(const struct wg_pass *w, const wg_tensor *root, const wg_tensor *given);
wg_status wg_pass_seed(struct wg_pass *w, wg_tensor *root, wg_tensor *given);
wg_status wg_pass_run(struct wg_pass *w, wg_tensor *const *roots, size_t n);
void wg_pass_leave(struct wg_pass *w);
void wg_pass_clear(struct wg_pass *w, bool failed); /* every adjoint back to none, whatever happened */
/* With WENGERT_AUDIT set, and outside any other walk: asserts that no tensor of an open tape has an adjoint or a mark of a walk. */
void wg_pass_audit(const struct wg_thread *th);

/* A leaf that has an adjoint goes on the walk's list. */
wg_status wg_pass_touch(struct wg_pass *w, wg_tensor *t);
/* Adds g to what t has: in place only where the sum so far is held by nobody else. */
wg_status wg_pass_sum(struct wg_pass *w, wg_tensor *t, wg_tensor *g);
/* The same; t's first gradient, if a vjp made it and nobody else has it, is simply t's from here on. */
static inline wg_status wg_pass_add(struct wg_pass *w, wg_tensor *t, wg_tensor *g)
{
    if (t->adjoint || w->keeping || (g->flags & (WG_T_SCRATCH | WG_T_OWNED)) != WG_T_SCRATCH ||
        (!(t->flags & WG_T_TOUCHED) && wg_is_leaf(w, t)))
        return wg_pass_sum(w, t, g);
    g->flags |= WG_T_OWNED;
    t->adjoint = g;
    return WG_OK;
}
/* A gradient of a broadcast input t, summed over the axes that were stretched. NULL: it does not fit, a bug of the op. */
wg_tensor *wg_pass_unbroadcast(const struct wg_op *op, const wg_tensor *t, wg_tensor *g);
/* A leaf may stand on the tape through several proxies: their gradients add up in t. */
wg_status wg_pass_sum_up(struct wg_pass *w, wg_tensor *t);
/* A sum that is handed out: a function of the user's that saw it may have dropped it. */
static inline wg_status wg_walk_check_sum(const struct wg_pass *w, const wg_tensor *g)
{
    return g->state == WG_LIVE || g == WG_SYMBOLIC_ZERO ? WG_OK : wg_check_made(g, w->name, "a gradient");
}
wg_status wg_pass_hooks(struct wg_pass *w, wg_tensor *t);
static inline bool wg_any_hooks(const struct wg_thread *th)
{
    const wg_tape *tape = th->top;
    while (tape && tape->hooks.count == 0)
        tape = tape->below;
    return tape != NULL;
}
/* wg_grad_many for a vjp, as part of the walk around this one: the gradients are added to what waits in the tensors x; hooks of leaves
   are left to the other walk, which will see the whole sum. What gets no gradient is WG_NONE, or WG_SYMBOLIC_ZERO. */
wg_status wg_pass_part(wg_tensor *y, wg_tensor *const *x, size_t n, wg_tensor **gx, wg_grad_options options);
/* What the node's vjp reads must still be there, and be what forward read. */
wg_status wg_check_saved(const struct wg_node *node);
/* The node's vjp, which sees what it may see. */
wg_status wg_node_vjp(struct wg_thread *th, struct wg_node *node, wg_tensor *const *gy, wg_grad_slot *gx);
/* Does somebody want the gradient of this input? */
static inline bool wg_pass_needs(const struct wg_pass *w, const wg_tensor *in)
{
    if (!(in->flags & WG_T_NEEDS))
        return false;
    if (!w->selective || (in->flags & WG_T_WANTED))
        return true;
    return !wg_is_leaf(w, in) && in->from.node->mark == w->number;
}
/* g as a gradient that the walk owns; and given up. */
wg_tensor *wg_pass_owned(struct wg_pass *w, wg_tensor *g);
static inline void wg_pass_let_go(const struct wg_pass *w, wg_tensor *g)
{
    if (!g || g == WG_SYMBOLIC_ZERO || w->keeping)
        return;
    if (g->flags & WG_T_LISTED) { /* the sweep gives the slot back */
        g->flags &= (uint16_t)~WG_T_OWNED;
        wg_release_value(g);
    } else {
        wg_release_slot(g);
    }
}
/* A walk within a walk, for what a vjp or jvp computes anew: it sees only nodes that are recorded from here on. The thread's state is
   set aside meanwhile. */
struct saved_modes {
    bool releasing, scratch, no_donation, in_hook, no_grad, eval;
    int vjp_depth;
    uint64_t floor;
    wg_tape *backward_tape;
    const struct wg_node *cause;
    const wg_section *section;
    wg_tensor *scratch_list;
};
void wg_save_modes(struct wg_thread *th, struct saved_modes *saved_modes);
void wg_restore_modes(struct wg_thread *th, const struct saved_modes *saved_modes);
/* Gives back what a vjp made and nobody adopted. */
static inline void wg_pass_sweep(struct wg_thread *th)
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

#endif
