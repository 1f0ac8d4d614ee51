/* Hooks: a user's function between a gradient's sum and what reads it. */
#include "grad/walk.h"

/* A leaf of the caller's may have several proxies: what is hooked is the leaf. */
static wg_tensor *subject(wg_tensor *t)
{
    return t->flags & WG_T_PROXY ? t->from.leaf : t;
}

wg_status wg_walk_hooks(struct walk *w, wg_tensor *t)
{
    struct wg_thread *th = w->th;
    const wg_tensor *hooked = subject(t);
    for (wg_tape *tape = th->top; tape; tape = tape->below)
        for (struct wg_hook_entry *hook = tape->hooks; hook; hook = hook->next) {
            if (hook->tensor != hooked || t->adjoint == WG_KNOWN_ZERO)
                continue;
            wg_callback callback = {.op = "hook", .who = "the function on", .hooked = hooked};
            th->in_hook = true;
            wg_callback_begin(&callback);
            wg_tensor *g = hook->fn(t->adjoint, hook->context);
            th->in_hook = false;
            WG_TRY(wg_callback_end(&callback, WG_OK));
            if (!g)
                return wg_callback_fail(&callback, WG_E_STATE, "returned NULL");
            if (g == t->adjoint)
                continue;
            WG_TRY(wg_check_handle(g, "hook", -1));
            if (g->dtype != t->dtype || !wg_same_dims(g, t))
                return wg_callback_fail(&callback, g->dtype != t->dtype ? WG_E_DTYPE : WG_E_SHAPE,
                                        "returned a gradient of another shape or dtype");
            wg_tensor *mine = wg_walk_owned(w, g);
            if (!mine)
                return WG_E_MEMORY;
            wg_walk_let_go(w, t->adjoint);
            t->adjoint = mine;
        }
    return WG_OK;
}

/* Made by the function that is being checkpointed? */
static bool inside(const struct wg_thread *th, const wg_tensor *t)
{
    if (!t->tape || (t->flags & WG_T_PROXY))
        return false;
    return t->from.node ? t->from.node->seq > th->floor : t->tape == th->top;
}

wg_status wg_add_hook(wg_tensor *t, wg_hook *fn, void *context)
{
    WG_OPERATION("add_hook");
    struct wg_thread *th = wg_self();
    WG_TRY(wg_check_handle(t, "add_hook", -1));
    if (!fn)
        return wg_fail(WG_E_NULL, "add_hook", "add_hook: the function is NULL");
    if (!th->top)
        return wg_fail(WG_E_NO_TAPE, "add_hook", "add_hook: no tape is open: a hook lives on a tape");
    if (!(t->flags & WG_T_NEEDS))
        return wg_fail(WG_E_NO_GRAD, "add_hook", "add_hook: the tensor needs no gradient");
    if (th->checkpoints > 0 && !inside(th, t))
        return wg_fail(WG_E_STATE, "add_hook",
                       "add_hook: the tensor is from outside the function that is checkpointed: add the hook there");
    if (!t->tape && !(t = wg_proxy(th, t)))
        return WG_E_MEMORY;
    struct wg_hook_entry *entry = wg_tape_alloc(th->top, sizeof *entry);
    if (!entry)
        return WG_E_MEMORY;
    *entry = (struct wg_hook_entry){subject(t), fn, context, NULL};
    struct wg_hook_entry **last = &th->top->hooks;
    while (*last)
        last = &(*last)->next;
    *last = entry;
    t->flags |= WG_T_HOOKED;
    return WG_OK;
}
