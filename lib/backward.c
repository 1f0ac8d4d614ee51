/* wg_backward: the sums of a walk become the gradients of leaves, all of them or none. */
#include <string.h>

#include "walk.h"
#include "wengert/ops.h"

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
    else if (w->keeping || !(g->flags & WG_T_DENSE) || !wg_storage_unique(g->storage))
        g = wg_copy(g);
    wg_tensor *value = g ? wg_value_on(g) : NULL;
    if (value)
        value->flags |= WG_T_LENT;
    return value;
}

static wg_status prepare(struct walk *w, wg_tensor *t, struct pending *p)
{
    WG_TRY(wg_walk_fold(w, t));
    if (!t->adjoint || !(t->flags & WG_T_REQUIRES))
        return WG_OK;
    WG_TRY(wg_walk_hooks(w, t));
    p->leaf = t->flags & WG_T_PROXY ? t->from.leaf : t;
    if (p->leaf->state == WG_DEAD) { /* freed meanwhile: nobody will ask */
        p->leaf = NULL;
        return WG_OK;
    }
    wg_tensor *g = t->adjoint == WG_KNOWN_ZERO ? wg_zeros((wg_dtype)t->dtype, wg_shape_of(t)) : t->adjoint;
    p->gradient = g ? leaf_value(w, g, wg_leaf_gradient(p->leaf)) : NULL;
    if (!p->gradient)
        return wg_error_cause();
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

/* What is made for a leaf was caused by the last node that contributed to its gradient. */
static const struct wg_node *cause_of(const struct walk *w, const wg_tensor *g)
{
    const bool recorded = w->keeping && g && g != WG_KNOWN_ZERO && !(g->flags & WG_T_PROXY) && g->from.node;
    return recorded ? g->from.node->cause : NULL;
}

/* All gradients are made first and handed over together: on failure none has changed. */
static wg_status deliver(struct walk *w)
{
    if (w->n_touched == 0)
        return WG_OK;
    struct pending *pending = wg_object_new(w->n_touched * sizeof *pending);
    wg_status status = pending ? WG_OK : WG_E_MEMORY;
    for (size_t i = 0; i < w->n_touched && status == WG_OK; i++) {
        w->th->cause = cause_of(w, w->touched[i]->adjoint);
        status = prepare(w, w->touched[i], &pending[i]);
    }
    w->th->cause = NULL;
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
    WG_TRY(wg_walk_begin(&w));
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
        status = wg_walk_root(&w, &roots[i]);
    }
    if (status == WG_OK) {
        for (size_t i = 0; i < n; i++)
            roots[i]->flags |= WG_T_ROOT;
        wg_walk_enter(&w);
        for (size_t i = 0; i < n && status == WG_OK; i++)
            status = wg_walk_seed(&w, roots[i], grads ? grads[i] : WG_NONE);
        if (status == WG_OK)
            status = wg_walk_back(&w, roots, n);
        if (status == WG_OK)
            status = deliver(&w);
        wg_walk_leave(&w);
        wg_walk_clear(&w, status != WG_OK);
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
