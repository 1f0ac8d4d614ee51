/* Leaves and their gradients. */
#include <string.h>

#include "core/arena.h"
#include "wengert/ops.h"

wg_tensor *wg_set_requires_grad(wg_tensor *t, bool requires_grad)
{
    if (wg_check_handle(t, "set_requires_grad", -1) != WG_OK)
        return NULL;
    if (requires_grad && t->dtype != WG_F32 && t->dtype != WG_F64) {
        wg_fail(WG_E_DTYPE, "set_requires_grad", "set_requires_grad: %s numbers have no gradient, f32 and f64 do",
                wg_dtype_name((wg_dtype)t->dtype));
        return NULL;
    }
    if ((t->flags & WG_T_NEEDS) && !(t->flags & WG_T_REQUIRES)) {
        wg_fail(WG_E_STATE, "set_requires_grad",
                "set_requires_grad: the tensor was computed from a leaf and passes its gradient on: "
                "detach it first, or ask wg_grad for its gradient");
        return NULL;
    }
    const unsigned set = WG_T_NEEDS | WG_T_REQUIRES;
    t->flags = (uint16_t)(requires_grad ? t->flags | set : t->flags & ~set);
    return t;
}

wg_tensor *wg_own(wg_tensor *t)
{
    WG_OPERATION("own");
    if (wg_check_handle(t, "own", -1) != WG_OK)
        return NULL;
    if (!t->tape)
        return t;
    wg_tensor *own = wg_keep(t);
    if (own)
        wg_drop(t);
    return own;
}

bool wg_requires_grad(const wg_tensor *t)
{
    if (t && t->state == WG_ABSENT)
        return false;
    return wg_has_shape(t, "requires_grad") && (t->flags & WG_T_REQUIRES);
}

struct wg_leaf_gradient *wg_leaf_gradient_find(const wg_tensor *t)
{
    const struct wg_hash_slot *slot = wg_hash_find(&t->tape->gradients, t);
    return slot ? slot->value.pointer : NULL;
}

struct wg_leaf_gradient *wg_leaf_gradient_for(wg_tensor *t)
{
    struct wg_hash_slot *slot = wg_hash_slot_for(&t->tape->gradients, t);
    if (!slot || slot->key)
        return slot ? slot->value.pointer : NULL;
    struct wg_leaf_gradient *entry = wg_tape_alloc(t->tape, sizeof *entry);
    if (!entry)
        return NULL;
    *entry = (struct wg_leaf_gradient){t, NULL};
    wg_hash_put(&t->tape->gradients, slot, t);
    slot->value.pointer = entry;
    return entry;
}

wg_tensor *wg_leaf_gradient(const wg_tensor *leaf)
{
    if (leaf->flags & WG_T_PROXY)
        leaf = leaf->from.leaf;
    if (!leaf->tape)
        return ((const struct wg_value *)leaf)->gradient;
    const struct wg_leaf_gradient *entry = wg_leaf_gradient_find(leaf);
    return entry ? entry->gradient : NULL;
}

wg_tensor *wg_gradient(const wg_tensor *leaf)
{
    if (!leaf || leaf->state == WG_DEAD || leaf->state == WG_ABSENT || (leaf->tape && leaf->tape->thread != wg_self())) {
        wg_check_handle(leaf, "gradient", -1);
        return NULL;
    }
    return wg_leaf_gradient(leaf);
}

/* Makes gradient (or NULL) the leaf's, which owns it from then on. With a tape open the previous gradient goes to the tape's
   undo list, to be restored if the step fails, unless the leaf belongs to that tape and ends with it. */
static wg_status set_gradient(const struct wg_thread *th, wg_tensor *leaf, wg_tensor *gradient)
{
    if (leaf->flags & WG_T_PROXY)
        leaf = leaf->from.leaf;
    struct wg_leaf_gradient *entry = leaf->tape ? wg_leaf_gradient_find(leaf) : NULL;
    wg_tensor **at = entry ? &entry->gradient : &wg_value_of(leaf)->gradient;
    if (th->top && leaf->tape != th->top) {
        struct wg_leaf_change *before = wg_undo_gradient(th->top);
        if (!before)
            return WG_E_MEMORY;
        *before = (struct wg_leaf_change){entry ? NULL : leaf, *at, entry};
        if (!entry)
            atomic_fetch_add_explicit(&wg_value_of(leaf)->refs, 1, memory_order_relaxed);
    } else if (*at) {
        wg_value_unref(*at);
    }
    *at = gradient;
    return WG_OK;
}

void wg_gradient_drop(wg_tensor *leaf)
{
    wg_tensor *gradient = wg_leaf_gradient(leaf);
    if (!gradient)
        return;
    if (leaf->flags & WG_T_PROXY)
        leaf = leaf->from.leaf;
    *(leaf->tape ? &wg_leaf_gradient_find(leaf)->gradient : &wg_value_of(leaf)->gradient) = NULL;
    wg_value_unref(gradient);
}

/* Queues the clearing, which takes effect when the update commits. */
static wg_status queue_clearing(struct wg_thread *th, wg_tensor *leaf)
{
    WG_OPERATION("clear_gradient");
    struct wg_clearing *clearing = wg_tape_alloc(th->top, sizeof *clearing);
    wg_tensor *held = clearing && !leaf->tape ? wg_proxy(th, leaf) : leaf;
    if (!clearing || !held)
        return WG_E_MEMORY;
    *clearing = (struct wg_clearing){held, th->clearings};
    th->clearings = clearing;
    th->top->queued = true;
    return WG_OK;
}

/* Refuses op in a checkpointed function: the function runs twice, and would change the gradients twice. */
static wg_status may_change_gradients(const struct wg_thread *th, const char *op)
{
    return th->checkpoints > 0
               ? wg_fail(WG_E_STATE, op, "%s: not inside a function that is checkpointed: it would change leaves", op)
               : WG_OK;
}

void wg_clear_gradient(wg_tensor *leaf)
{
    struct wg_thread *th = wg_self();
    if (!leaf || !th || !wg_gradient(leaf) || may_change_gradients(th, "clear_gradient") != WG_OK)
        return;
    (void)(th->updating ? queue_clearing(th, leaf) : set_gradient(th, leaf, NULL));
}

wg_status wg_add_gradient(wg_tensor *leaf, const wg_tensor *g)
{
    WG_OPERATION("add_gradient");
    WG_TRY(wg_check_handle(leaf, "add_gradient", 0));
    WG_TRY(wg_check_handle(g, "add_gradient", 1));
    if (!(leaf->flags & WG_T_REQUIRES) || leaf->tape)
        return wg_fail(WG_E_ARGUMENT, "add_gradient", "add_gradient: expected a leaf of the caller's that requires a gradient");
    if (!wg_same_dims(leaf, g) || leaf->dtype != g->dtype) {
        char a[200], b[200];
        return wg_fail(leaf->dtype != g->dtype ? WG_E_DTYPE : WG_E_SHAPE, "add_gradient",
                       "add_gradient: leaf %s %s, gradient %s %s", wg_dtype_name((wg_dtype)leaf->dtype),
                       wg_shape_text(wg_shape_of(leaf), a, sizeof a), wg_dtype_name((wg_dtype)g->dtype),
                       wg_shape_text(wg_shape_of(g), b, sizeof b));
    }
    struct wg_thread *th = wg_self();
    WG_TRY(may_change_gradients(th, "add_gradient"));
    if (th->updating)
        return wg_fail(WG_E_STATE, "add_gradient", "add_gradient: not between wg_update_begin and wg_update_commit");
    const struct wg_value *value = wg_value_of(leaf);
    if (value->gradient) {
        WG_NO_GRAD; /* a leaf's gradient has no history, even inside a recorded backward */
        return wg_accumulate(value->gradient, (wg_tensor *)(uintptr_t)g);
    }
    WG_TRY(wg_may_write(th, "add_gradient"));
    wg_tensor *copy;
    WG_TRY(wg_value_copy(g, &copy));
    copy->flags |= WG_T_BORROWED;
    const wg_status status = set_gradient(th, leaf, copy);
    if (status != WG_OK)
        wg_value_unref(copy);
    return status;
}
