/* Ownership and lifetime of tensors: freeing, dropping, keeping a value beyond its tape; and names. */
#include <string.h>

#include "core/tensor_build.h"

/* Only the caller's handle is dead afterwards: a tape that uses the value has its own proxy. */
static void free_value(wg_tensor *t)
{
    t->state = WG_DEAD;
    wg_value_unref(t);
}

void wg_free(wg_tensor *t)
{
    if (!t || t->state == WG_ABSENT)
        return;
    if (t->state == WG_DEAD) {
        wg_fail(WG_E_DANGLING, "free", "free: the tensor was freed before, or its tape is closed");
        return;
    }
    if (t->tape || (t->flags & WG_T_BORROWED)) {
        wg_fail(WG_E_ARGUMENT, "free", "free: the tensor belongs to %s",
                t->tape ? "a tape and dies with it" : "a leaf or the thread");
        return;
    }
    if (wg_owners(t) > 0) {
        wg_fail(WG_E_ARGUMENT, "free", "free: the tensor belongs to a module or another object that adopted it, and ends with it");
        return;
    }
    free_value(t);
}

wg_tensor *wg_adopt(wg_tensor *t)
{
    WG_OPERATION("adopt");
    if (wg_check_handle(t, "adopt", -1) != WG_OK)
        return NULL;
    if (t->flags & WG_T_BORROWED) {
        wg_fail(WG_E_ARGUMENT, "adopt", "adopt: the tensor belongs to a leaf or the thread: adopt a copy of it (wg_copy)");
        return NULL;
    }
    wg_tensor *own = wg_own(t);
    if (own)
        atomic_fetch_add(&wg_value_of(own)->owners, 1);
    return own;
}

void wg_disown(wg_tensor *t)
{
    if (!t || t->state == WG_ABSENT)
        return;
    if (wg_owners(t) == 0) {
        wg_fail(WG_E_STATE, "disown", "disown: expected a tensor that an object has adopted");
        return;
    }
    if (atomic_fetch_sub(&wg_value_of(t)->owners, 1) == 1)
        free_value(t);
}

int wg_owners(const wg_tensor *t)
{
    if (!t || t->state == WG_DEAD || t->state == WG_ABSENT || t->tape)
        return 0;
    return atomic_load(&((const struct wg_value *)t)->owners);
}

void wg_drop(wg_tensor *t)
{
    if (!t || !t->tape || t->state != WG_LIVE || (t->flags & (WG_T_PROXY | WG_T_HOLD | WG_T_REQUIRES)) ||
        wg_check_handle(t, "drop", -1) != WG_OK)
        return;
    if ((t->flags & WG_T_SAVED) || wg_is_traced(wg_self(), t))
        t->state = WG_DROPPED;
    else
        wg_release_value(t);
}

wg_tensor *wg_borrow(wg_tensor *t)
{
    if (wg_check_handle(t, "borrow", -1) != WG_OK)
        return NULL;
    if (t->tape)
        return WG_NONE;
    atomic_fetch_add_explicit(&wg_value_of(t)->refs, 1, memory_order_relaxed);
    return t;
}

void wg_borrow_end(wg_tensor *t)
{
    if (t && t->state != WG_ABSENT)
        wg_value_unref(t);
}

bool wg_is_live(const wg_tensor *t)
{
    return t && t->state == WG_LIVE && (!t->tape || t->tape->thread == wg_self());
}

wg_tensor *wg_hold(wg_tensor *t)
{
    if (wg_check_handle(t, "hold", -1) != WG_OK)
        return NULL;
    wg_flag(t, WG_T_HOLD, true);
    return t;
}

wg_tensor *wg_donate(wg_tensor *t)
{
    const struct wg_thread *th = wg_self();
    if (t && th && t->state == WG_LIVE && t->tape && t->tape->thread == th &&
        (!th->mode.no_donation || (t->flags & WG_T_EXCLUSIVE)))
        t->flags |= WG_T_DONATED;
    return t;
}

/* ---- the leaves that a tensor was computed from ---- */

/* Called for each leaf of the caller's that a gradient would reach (hidden: false), and for each leaf from which a kept tensor
   was computed (hidden: true). */
typedef void leaf_found(void *context, wg_tensor *leaf, bool hidden);

static void visit_leaf(wg_tensor *leaf, bool reached, leaf_found *found, void *context)
{
    const struct wg_value *value = wg_value_of(leaf);
    if (reached)
        found(context, leaf, false);
    for (size_t i = 0; i < value->origins.n; i++)
        found(context, *WG_NTH(value->origins, wg_tensor *, i), true);
}

static void visit_leaves(struct wg_thread *th, wg_tensor *t, leaf_found *found, void *context)
{
    if (!t->tape || (t->flags & WG_T_PROXY)) {
        visit_leaf(t->tape ? t->from.leaf : t, (t->flags & WG_T_REQUIRES) != 0, found, context);
        return;
    }
    const uint64_t search = ++th->search;
    struct wg_node *node = t->from.node;
    if (!node)
        return;
    node->searched = search;
    for (wg_tape *tape = t->tape; tape; tape = tape->below, node = tape ? tape->last : NULL)
        for (; node; node = node->prev) {
            if (node->searched != search || (node->call.op->flags & WG_OP_STOP_GRADIENT))
                continue;
            for (int i = 0; i < node->call.n_in; i++) {
                const wg_tensor *in = node->call.in[i];
                if (in->flags & WG_T_PROXY)
                    visit_leaf(in->from.leaf, node->needs && (in->flags & WG_T_REQUIRES), found, context);
                else if (in->from.node)
                    in->from.node->searched = search;
            }
        }
}

struct search {
    const wg_tensor *leaf;
    bool found;
};

static void compare(void *context, wg_tensor *leaf, bool hidden)
{
    struct search *search = context;
    search->found = search->found || (hidden && leaf == search->leaf);
}

bool wg_depends_through_kept(struct wg_thread *th, wg_tensor *t, const wg_tensor *x)
{
    struct search search = {.leaf = x->flags & WG_T_PROXY ? x->from.leaf : x};
    visit_leaves(th, t, compare, &search);
    return search.found;
}

/* The origins of a kept value while they are collected. */
struct collection {
    struct wg_array *origins;
    struct wg_hash known;
    wg_status status;
};

/* Adds the leaf, once, with a reference. */
static wg_status add_origin(struct collection *collection, wg_tensor *leaf)
{
    struct wg_hash_slot *slot = wg_hash_slot_for(&collection->known, leaf);
    if (!slot)
        return WG_E_MEMORY;
    if (slot->key)
        return WG_OK;
    WG_TRY(wg_array_reserve(collection->origins, 1, sizeof leaf));
    wg_hash_put(&collection->known, slot, leaf);
    *WG_NTH(*collection->origins, wg_tensor *, collection->origins->n++) = leaf;
    atomic_fetch_add_explicit(&wg_value_of(leaf)->refs, 1, memory_order_relaxed);
    return WG_OK;
}

static void collect(void *context, wg_tensor *leaf, bool hidden)
{
    struct collection *collection = context;
    (void)hidden;
    if (collection->status == WG_OK)
        collection->status = add_origin(collection, leaf);
}

/* ---- keeping ---- */

/* Storage in a slot ends with its tape, so its bytes are copied. */
wg_tensor *wg_value_on(const wg_tensor *t)
{
    struct wg_storage *storage = t->storage;
    const bool stays = storage->size_class > 0;
    if (!stays && !(storage = wg_storage_new(WG_INLINE_BYTES)))
        return NULL;
    wg_tensor *value = wg_value_new(t->rank);
    if (!value) {
        if (!stays)
            wg_storage_unref(storage);
        return NULL;
    }
    wg_lay_out_like(value, t);
    value->storage = storage;
    if (stays) {
        const bool on_tape = t->tape && !(t->flags & WG_T_PROXY);
        wg_value_of(value)->shares = on_tape || ((const struct wg_value *)(t->tape ? t->from.leaf : t))->shares;
        value->data = t->data;
        wg_storage_ref(storage);
        wg_note_shared(wg_self(), value);
    } else {
        value->data = storage->few + (t->data - t->storage->few);
        memcpy(storage->few, t->storage->few, sizeof storage->few);
    }
    return value;
}

wg_status wg_values_on(wg_tensor **t, size_t n, const char *op)
{
    for (size_t i = 0; i < n; i++) /* user functions may have dropped them */
        if (!wg_absent(t[i]))
            WG_TRY(wg_check_made(t[i], op, "a result"));
    for (size_t i = 0; i < n; i++) {
        wg_tensor *value = wg_absent(t[i]) ? t[i] : wg_value_on(t[i]);
        if (!value) {
            while (i-- > 0)
                if (!wg_absent(t[i]))
                    wg_value_unref(t[i]);
            return WG_E_MEMORY;
        }
        t[i] = value;
    }
    return WG_OK;
}

wg_status wg_value_copy(const wg_tensor *t, wg_tensor **copy)
{
    wg_tensor *value = wg_value_new(t->rank);
    if (!value)
        return WG_E_MEMORY;
    value->dtype = t->dtype;
    wg_set_dims(value, t->rank, wg_extents(t), NULL);
    value->storage = wg_storage_new(wg_bytes_of(t));
    if (value->storage)
        value->data = wg_storage_data(value->storage);
    const wg_status status = value->storage ? wg_read_raw(t, value->data) : WG_E_MEMORY;
    if (status == WG_OK)
        *copy = value;
    else
        wg_value_unref(value);
    return status;
}

/* The value of a traced tape is copied, since a rerun would write to storage that the caller shares. */
wg_tensor *wg_keep(wg_tensor *t)
{
    WG_OPERATION("keep");
    struct wg_thread *th = wg_self();
    if (!th || wg_check_handle(t, "keep", -1) != WG_OK)
        return NULL;
    wg_tensor *kept = NULL;
    if (wg_is_traced(th, t) && !th->capture)
        wg_value_copy(t, &kept);
    else
        kept = wg_value_on(t);
    if (!kept)
        return NULL;
    struct collection collection = {.origins = &wg_value_of(kept)->origins};
    visit_leaves(th, t, collect, &collection);
    wg_hash_free(&collection.known);
    if (collection.status != WG_OK) {
        wg_value_unref(kept);
        return NULL;
    }
    return kept;
}

/* ---- names ---- */

wg_status wg_set_name(wg_tensor *t, const char *name)
{
    WG_OPERATION("set_name");
    WG_TRY(wg_check_handle(t, "set_name", -1));
    if (!name)
        return wg_fail(WG_E_NULL, "set_name", "set_name: the name is NULL");
    const size_t size = strlen(name) + 1;
    if (t->tape) {
        char *text = wg_tape_alloc(t->tape, size);
        struct wg_hash_slot *slot = text ? wg_hash_slot_for(&t->tape->names, t) : NULL;
        if (!slot)
            return WG_E_MEMORY;
        if (!slot->key)
            wg_hash_put(&t->tape->names, slot, t);
        slot->value.pointer = memcpy(text, name, size);
        return WG_OK;
    }
    char *copy = wg_object_new(size);
    if (!copy)
        return WG_E_MEMORY;
    memcpy(copy, name, size);
    wg_object_free(wg_value_of(t)->name);
    wg_value_of(t)->name = copy;
    return WG_OK;
}

const char *wg_name_of(const wg_tensor *t)
{
    if (!wg_has_shape(t, "name_of"))
        return "";
    if (t->flags & WG_T_PROXY)
        t = t->from.leaf;
    if (!t->tape) {
        const char *name = ((const struct wg_value *)t)->name;
        return name ? name : "";
    }
    const struct wg_hash_slot *slot = wg_hash_find(&t->tape->names, t);
    return slot ? slot->value.pointer : "";
}
