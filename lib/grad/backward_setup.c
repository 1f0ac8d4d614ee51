/* The start and end of a backward pass: roots and seeds, the thread's modes during the pass, and clearing up. */
#include <assert.h>

#include "grad/pass.h"
#include "wengert/ops.h"

wg_status wg_pass_check_seed(const struct wg_pass *w, const wg_tensor *root, const wg_tensor *given)
{
    if (!given)
        return wg_fail(WG_E_NULL, w->name, "%s: the given gradient is NULL", w->name);
    char a[200], b[200];
    if (wg_absent(given)) {
        if (root->numel != 1)
            return wg_fail(WG_E_SHAPE, w->name,
                           "%s: a root of %s needs a gradient given with .grad; only a root of one element has 1", w->name,
                           wg_shape_text(wg_shape_of(root), a, sizeof a));
    } else {
        WG_TRY(wg_check_handle(given, w->name, -1));
        if (given->dtype != root->dtype || !wg_same_dims(given, root))
            return wg_fail(given->dtype != root->dtype ? WG_E_DTYPE : WG_E_SHAPE, w->name,
                           "%s: the given gradient is %s %s, the root %s %s", w->name, wg_dtype_name((wg_dtype)given->dtype),
                           wg_shape_text(wg_shape_of(given), a, sizeof a), wg_dtype_name((wg_dtype)root->dtype),
                           wg_shape_text(wg_shape_of(root), b, sizeof b));
    }
    return WG_OK;
}

wg_status wg_pass_seed(struct wg_pass *w, wg_tensor *root, wg_tensor *given)
{
    WG_TRY(wg_pass_check_seed(w, root, given));
    if (wg_absent(given)) {
        given = wg_ones((wg_dtype)root->dtype, wg_shape_of(root));
        if (!given)
            return WG_E_MEMORY;
        given->flags |= WG_T_SCRATCH;
    }
    return wg_pass_add(w, root, given);
}

wg_status wg_pass_root(struct wg_pass *w, wg_tensor **root, wg_unused unused)
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
    if (!((*root)->flags & WG_T_NEEDS) && unused != WG_UNUSED_ZEROS)
        return wg_fail(
            WG_E_NO_GRAD, w->name,
            "%s: the root depends on no tensor that requires a gradient (wg_set_requires_grad; wg_nn_unfreeze if all parameters "
            "are frozen), or only through detached or kept values, or through gradients that were taken without "
            ".create_graph = true",
            w->name);
    return WG_OK;
}

wg_status wg_pass_begin(struct wg_pass *w)
{
    struct wg_thread *th = w->th;
    if (!th)
        return WG_E_MEMORY;
    if (th->mode.in_hook || th->mode.vjp_depth > 0)
        return wg_fail(WG_E_STATE, w->name, "%s: not inside a hook or another backward", w->name);
    if (th->updating)
        return wg_fail(WG_E_STATE, w->name, "%s: not between wg_update_begin and wg_update_commit", w->name);
    w->number = ++th->pass;
    w->floor = th->mode.floor;
    w->keeping = w->recording || (th->top && th->top->trace);
    w->in_general = w->keeping || th->watchers;
    w->releasing = w->releasing && !w->keeping;
    return WG_OK;
}

void wg_pass_enter(struct wg_pass *w)
{
    w->th->mode.scratch = !w->recording;
    w->th->mode.no_donation = w->keeping;
    w->th->mode.releasing = w->releasing;
    w->th->mode.backward_tape = w->th->top;
    w->th->mode.vjp_depth++;
    wg_note_entered(w->th, WG_ACTIVITY_PASS, w->name);
}

void wg_pass_leave(struct wg_pass *w)
{
    wg_pass_sweep(w->th);
    w->th->mode.scratch = w->th->mode.no_donation = w->th->mode.releasing = false;
    w->th->mode.backward_tape = NULL;
    w->th->mode.vjp_depth--;
}

/* Clears every adjoint that the pass set. After a failure, results of nodes that it did not reach may have one, too. */
void wg_pass_clear(struct wg_pass *w, bool failed)
{
    for (wg_tape *tape = w->th->top; tape && failed; tape = tape->below)
        for (struct wg_node *node = tape->last; node && node->seq > w->floor; node = node->prev)
            for (unsigned i = 0; i < node->call.n_out; i++) {
                wg_pass_let_go(w, node->call.out[i]->adjoint);
                node->call.out[i]->adjoint = NULL;
            }
    for (size_t i = 0; i < w->reached.n; i++) {
        wg_tensor *t = *wg_reached_leaf(w, i);
        wg_pass_let_go(w, t->adjoint);
        t->adjoint = NULL;
        t->flags &= (uint16_t)~WG_T_REACHED;
    }
    wg_array_free(&w->reached);
    wg_note_left(w->th, WG_ACTIVITY_PASS, w->name);
    if (!w->part)
        wg_pass_audit(w->th);
}

static bool is_clear(const wg_tensor *t)
{
    return t->state == WG_DEAD || (!t->adjoint && !(t->flags & (WG_T_TARGET | WG_T_ROOT | WG_T_REACHED | WG_T_LISTED)));
}

void wg_pass_audit(const struct wg_thread *th)
{
    if (!th->audit || th->mode.floor > 0)
        return;
    for (const wg_tape *tape = th->top; tape; tape = tape->below) {
        const char *end = tape->slots.at;
        for (const struct wg_chunk *chunk = tape->slots.chunks; chunk; chunk = chunk->prev, end = chunk ? chunk->filled : NULL)
            for (const struct wg_slot *slot = (const struct wg_slot *)(const void *)chunk->start; (const char *)slot < end; slot++)
                assert(is_clear(&slot->t));
    }
}

struct wg_modes wg_modes_nest(struct wg_thread *th)
{
    const struct wg_modes outer = th->mode;
    const wg_section *section = outer.cause ? outer.cause->section : outer.section; /* what runs again lies where it ran first */
    th->mode = (struct wg_modes){.floor = th->seq, .cause = outer.cause, .section = section, .eval = outer.eval};
    return outer;
}
