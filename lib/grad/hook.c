/* Hooks: a user's function that gets the complete gradient of a tensor before anything else reads it. A tape finds a tensor's hooks
   in a hash table, in constant time. */
#include "grad/pass.h"

/* ---- running them ---- */

/* The tensor that hooks are kept for: a proxy's leaf, since a leaf may have several proxies. */
static wg_tensor *subject(wg_tensor *t)
{
    return t->flags & WG_T_PROXY ? t->from.leaf : t;
}

static struct wg_hooks *hooks_of(const wg_tape *tape, const wg_tensor *t)
{
    const struct wg_hash_slot *slot = wg_hash_find(&tape->hooks, t);
    return slot ? slot->value.pointer : NULL;
}

/* Runs one hook; its result replaces t's gradient. */
static wg_status run(struct wg_pass *w, wg_tensor *t, const struct wg_hook_entry *hook)
{
    struct wg_thread *th = w->th;
    wg_callback callback = {
        .op = "hook", .who = "the function on", .hooked = subject(t), .gradient = &t->adjoint, .n_gradients = 1};
    th->mode.in_hook = true;
    wg_callback_begin(&callback);
    wg_tensor *g = hook->fn(t->adjoint, hook->context);
    th->mode.in_hook = false;
    WG_TRY(wg_callback_end(&callback, WG_OK));
    if (!g)
        return wg_callback_fail(&callback, WG_E_STATE, "returned NULL");
    WG_TRY(wg_callback_check(&callback, g, "returned"));
    if (g == t->adjoint)
        return WG_OK;
    if (g->dtype != t->dtype || !wg_same_dims(g, t))
        return wg_callback_fail(&callback, g->dtype != t->dtype ? WG_E_DTYPE : WG_E_SHAPE,
                                "returned a gradient of another shape or dtype");
    wg_tensor *mine = wg_pass_owned(w, g);
    if (!mine)
        return WG_E_MEMORY;
    wg_pass_let_go(w, t->adjoint);
    t->adjoint = mine;
    return WG_OK;
}

wg_status wg_pass_hooks(struct wg_pass *w, wg_tensor *t)
{
    for (wg_tape *tape = w->th->top; tape; tape = tape->below) {
        const struct wg_hooks *hooks = hooks_of(tape, subject(t));
        for (const struct wg_hook_entry *hook = hooks ? hooks->first : NULL; hook; hook = hook->next)
            if (hook->added < w->number && t->adjoint != WG_SYMBOLIC_ZERO)
                WG_TRY(run(w, t, hook));
    }
    return WG_OK;
}

/* ---- adding one ---- */

/* True if t was made inside the function that is being checkpointed. */
static bool inside(const struct wg_thread *th, const wg_tensor *t)
{
    if (!t->tape || (t->flags & WG_T_PROXY))
        return false;
    return t->from.node ? t->from.node->seq > th->mode.floor : t->tape == th->top;
}

/* Appends a hook to those of t. */
static wg_status append(wg_tape *tape, const wg_tensor *t, struct wg_hook_entry hook)
{
    struct wg_hash_slot *slot = wg_hash_slot_for(&tape->hooks, t);
    struct wg_hook_entry *entry = wg_tape_alloc(tape, sizeof *entry);
    if (!slot || !entry)
        return WG_E_MEMORY;
    *entry = hook;
    if (slot->key) {
        struct wg_hooks *hooks = slot->value.pointer;
        hooks->last = hooks->last->next = entry;
        return WG_OK;
    }
    struct wg_hooks *hooks = wg_tape_alloc(tape, sizeof *hooks);
    if (!hooks)
        return WG_E_MEMORY;
    *hooks = (struct wg_hooks){entry, entry};
    wg_hash_put(&tape->hooks, slot, t);
    slot->value.pointer = hooks;
    return WG_OK;
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
    WG_TRY(append(th->top, subject(t), (struct wg_hook_entry){fn, context, th->pass, NULL}));
    t->flags |= WG_T_HOOKED;
    return WG_OK;
}
