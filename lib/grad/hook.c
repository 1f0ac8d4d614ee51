/* Hooks: a user's function that gets the complete gradient of a tensor before anything else reads it. A tape finds a tensor's hooks
   in a hash table, in constant time. */
#include "grad/pass.h"

/* ---- the table ---- */

/* The tensor's hash slot, or the empty slot for it. */
static struct wg_hooked *find(const struct wg_hook_table *table, const wg_tensor *t)
{
    const uint64_t hash = ((uint64_t)(uintptr_t)t >> 4) * 0x9E3779B97F4A7C15u;
    size_t i = (size_t)(hash >> 32) & (table->capacity - 1);
    while (table->place[i].tensor && table->place[i].tensor != t)
        i = (i + 1) & (table->capacity - 1);
    return &table->place[i];
}

static struct wg_hook_entry *hooks_of(const wg_tape *tape, const wg_tensor *t)
{
    return tape->hooks.count > 0 ? find(&tape->hooks, t)->first : NULL;
}

/* Doubles the table if one more entry would fill it more than half. The old array stays in the tape's arena until the tape
   closes. */
static wg_status grow(wg_tape *tape)
{
    struct wg_hook_table *table = &tape->hooks,
                         grown = {.capacity = table->capacity ? 2 * table->capacity : 8, .count = table->count};
    if (2 * (table->count + 1) <= table->capacity)
        return WG_OK;
    grown.place = wg_tape_alloc(tape, grown.capacity * sizeof *grown.place);
    if (!grown.place)
        return WG_E_MEMORY;
    for (size_t i = 0; i < grown.capacity; i++)
        grown.place[i] = (struct wg_hooked){NULL, NULL, NULL};
    for (size_t i = 0; i < table->capacity; i++)
        if (table->place[i].tensor)
            *find(&grown, table->place[i].tensor) = table->place[i];
    *table = grown;
    return WG_OK;
}

/* ---- running them ---- */

/* The tensor that hooks are kept for: a proxy's leaf, since a leaf may have several proxies. */
static wg_tensor *subject(wg_tensor *t)
{
    return t->flags & WG_T_PROXY ? t->from.leaf : t;
}

/* Runs one hook; its result replaces t's gradient. */
static wg_status run(struct wg_pass *w, wg_tensor *t, const struct wg_hook_entry *hook)
{
    struct wg_thread *th = w->th;
    wg_callback callback = {
        .op = "hook", .who = "the function on", .hooked = subject(t), .gradient = &t->adjoint, .n_gradients = 1};
    th->in_hook = true;
    wg_callback_begin(&callback);
    wg_tensor *g = hook->fn(t->adjoint, hook->context);
    th->in_hook = false;
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
    for (wg_tape *tape = w->th->top; tape; tape = tape->below)
        for (const struct wg_hook_entry *hook = hooks_of(tape, subject(t)); hook; hook = hook->next)
            if (hook->added < w->number && t->adjoint != WG_SYMBOLIC_ZERO)
                WG_TRY(run(w, t, hook));
    return WG_OK;
}

/* ---- adding one ---- */

/* True if t was made inside the function that is being checkpointed. */
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
    if (!entry || grow(th->top) != WG_OK)
        return WG_E_MEMORY;
    *entry = (struct wg_hook_entry){fn, context, th->pass, NULL};
    struct wg_hooked *place = find(&th->top->hooks, subject(t));
    if (!place->first) {
        *place = (struct wg_hooked){subject(t), entry, entry};
        th->top->hooks.count++;
    } else {
        place->last->next = entry;
        place->last = entry;
    }
    t->flags |= WG_T_HOOKED;
    return WG_OK;
}
