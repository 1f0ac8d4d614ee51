/* wg_backward: a backward pass whose sums become the gradients of leaves, all of them or none. */
#include <string.h>

#include "grad/pass.h"
#include "wengert/ops.h"

/* The leaf's new gradient: the sum g, plus the leaf's gradient so far (`before`, or NULL). It is dense, and nobody else holds its
   storage. */
static wg_tensor *leaf_value(struct wg_pass *w, wg_tensor *g, wg_tensor *before)
{
    if (before)
        g = wg_add(before, g);
    else if (w->keeping || !(g->flags & WG_T_DENSE) || (g->storage->size_class > 0 && !wg_storage_unique(g->storage)))
        g = wg_copy(g);
    wg_tensor *value = g ? wg_value_on(g) : NULL;
    if (value)
        value->flags |= WG_T_BORROWED;
    return value;
}

/* Computes the new gradient of the leaf t into *p. *p is zeroed on entry, and stays so if the gradient does not change. */
static wg_status prepare(struct wg_pass *w, wg_tensor *t, struct wg_leaf_change *p)
{
    WG_TRY(wg_pass_sum_up(w, t));
    if (!t->adjoint || !(t->flags & WG_T_REQUIRES))
        return WG_OK;
    if (wg_any_hooks(w->th))
        WG_TRY(wg_pass_hooks(w, t));
    p->leaf = t->flags & WG_T_PROXY ? t->from.leaf : t;
    if (p->leaf->state == WG_DEAD) { /* freed during the pass: nobody can read its gradient */
        p->leaf = NULL;
        return WG_OK;
    }
    WG_TRY(wg_pass_check_sum(w, t->adjoint));
    wg_tensor *g = t->adjoint == WG_SYMBOLIC_ZERO ? wg_zeros((wg_dtype)t->dtype, wg_shape_of(t)) : t->adjoint;
    p->gradient = g ? leaf_value(w, g, wg_leaf_gradient(p->leaf)) : NULL;
    if (!p->gradient)
        return wg_error_cause();
    if (!p->leaf->tape)
        return WG_OK;
    p->entry = wg_leaf_gradient_for(p->leaf);
    return p->entry ? WG_OK : WG_E_MEMORY;
}

/* Stores the new gradient in its leaf. *p then holds what is restored if the step fails: the gradient before, or nothing for a leaf
   of the tape itself, which is freed with the tape. */
static void hand_over(const wg_tape *tape, struct wg_leaf_change *p)
{
    if (!p->leaf)
        return;
    wg_tensor **gradient = p->entry ? &p->entry->gradient : &wg_value_of(p->leaf)->gradient, *before = *gradient;
    *gradient = p->gradient;
    p->gradient = before;
    if (!p->entry)
        return;
    if (p->leaf->tape == tape) {
        if (before)
            wg_value_unref(before);
        p->entry = NULL;
    }
    p->leaf = NULL;
}

/* The cause of the ops that finish a leaf's gradient g: that of the last node that contributed to g. NULL if nothing is
   recorded. */
static const struct wg_node *cause_of(const struct wg_pass *w, const wg_tensor *g)
{
    const bool recorded = w->keeping && g && g != WG_SYMBOLIC_ZERO && !(g->flags & WG_T_PROXY) && g->from.node;
    return recorded ? g->from.node->cause : NULL;
}

/* Computes all gradients first, then stores them together: on failure none has changed. */
static wg_status deliver(struct wg_pass *w)
{
    if (w->reached.n == 0)
        return WG_OK;
    struct wg_undo *undo = wg_object_new(sizeof *undo);
    struct wg_leaf_change *change = undo ? wg_object_new(w->reached.n * sizeof *change) : NULL;
    wg_status status = change ? WG_OK : WG_E_MEMORY;
    size_t n = 0;
    while (n < w->reached.n && status == WG_OK) {
        w->th->mode.cause = cause_of(w, (*wg_reached_leaf(w, n))->adjoint);
        status = prepare(w, *wg_reached_leaf(w, n), &change[n]);
        n++;
    }
    w->th->mode.cause = NULL;
    if (status == WG_OK) {
        wg_tape *tape = w->th->top;
        for (size_t i = 0; i < n; i++)
            hand_over(tape, &change[i]);
        *undo = (struct wg_undo){.older = tape->undo, .change = change, .n = n};
        tape->undo = undo;
        return WG_OK;
    }
    for (size_t i = 0; i < n; i++)
        if (change[i].gradient)
            wg_value_unref(change[i].gradient);
    wg_object_free(change);
    wg_object_free(undo);
    return status;
}

wg_status wg_backward_many(wg_tensor *const *given, wg_tensor *const *grads, size_t n, bool retain)
{
    WG_OPERATION("backward");
    struct wg_pass w = {.th = wg_self(), .name = "backward", .releasing = !retain};
    WG_TRY(wg_pass_begin(&w));
    if (w.th->checkpoints > 0)
        return wg_fail(WG_E_STATE, w.name, "%s: not inside a function that is checkpointed: it would change leaves", w.name);
    if (n == 0 || !given)
        return wg_fail(WG_E_NULL, w.name, "%s: no roots", w.name);
    wg_tensor *local[8], **roots = n <= 8 ? local : wg_object_new(n * sizeof *roots);
    if (!roots)
        return WG_E_MEMORY;
    wg_status status = WG_OK;
    for (size_t i = 0; i < n && status == WG_OK; i++) {
        roots[i] = given[i];
        status = wg_pass_root(&w, &roots[i], WG_UNUSED_ERROR);
    }
    if (status == WG_OK) {
        for (size_t i = 0; i < n; i++)
            roots[i]->flags |= WG_T_ROOT;
        wg_pass_enter(&w);
        for (size_t i = 0; i < n && status == WG_OK; i++)
            status = wg_pass_seed(&w, roots[i], grads ? grads[i] : WG_NONE);
        if (status == WG_OK)
            status = wg_pass_run(&w, roots, n);
        if (status == WG_OK)
            status = deliver(&w);
        wg_pass_leave(&w);
        for (size_t i = 0; i < n; i++)
            roots[i]->flags &= (uint16_t)~WG_T_ROOT;
        wg_pass_clear(&w, status != WG_OK);
    }
    if (roots != local)
        wg_object_free(roots);
    return status;
}

wg_status wg_backward_with(wg_tensor *root, wg_backward_options options)
{
    return wg_backward_many(&root, &options.grad, 1, options.retain);
}
