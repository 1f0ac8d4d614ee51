/* Effects: what the bytes and gradients were before a step changed them, put back if it fails. */
#include "core/arena.h"

wg_status wg_undo_push(wg_tape *tape, const wg_tensor *t)
{
    return wg_undo_push_bytes(tape, t->storage, t->data, (size_t)t->numel * wg_dtype_size((wg_dtype)t->dtype));
}

wg_status wg_undo_push_bytes(wg_tape *tape, struct wg_storage *storage, char *at, size_t bytes)
{
    struct wg_undo *entry = wg_object_new(sizeof *entry);
    if (!entry)
        return WG_E_MEMORY;
    entry->saved = wg_storage_new(bytes);
    if (!entry->saved) {
        wg_object_free(entry);
        return WG_E_MEMORY;
    }
    memcpy(wg_storage_data(entry->saved), at, bytes);
    wg_note_copied(tape->thread, entry->saved, wg_storage_data(entry->saved), storage, at, bytes);
    wg_storage_ref(storage);
    entry->storage = storage;
    entry->at = at;
    entry->bytes = bytes;
    entry->older = tape->undo;
    tape->undo = entry;
    return WG_OK;
}

static void undo_gradients(struct wg_undo *entry, bool restore)
{
    for (size_t i = 0; i < entry->n; i++) {
        struct wg_leaf_change *change = &entry->change[i];
        if (!change->leaf)
            continue;
        struct wg_value *value = wg_value_of(change->leaf);
        wg_tensor *unwanted = restore ? value->gradient : change->gradient;
        if (restore)
            value->gradient = change->gradient;
        if (unwanted)
            wg_value_unref(unwanted);
        if (entry->holds_leaves)
            wg_value_unref(change->leaf);
    }
    wg_object_free(entry->change);
}

static void undo_one(struct wg_thread *th, struct wg_undo *entry, bool restore)
{
    if (entry->change) {
        undo_gradients(entry, restore);
        return;
    }
    if (restore) {
        memcpy(entry->at, wg_storage_data(entry->saved), entry->bytes);
        entry->storage->version++;
        wg_note_copied(th, entry->storage, entry->at, entry->saved, wg_storage_data(entry->saved), entry->bytes);
    }
    wg_storage_unref(entry->saved);
    wg_storage_unref(entry->storage);
}

/* Youngest first, so that an operand overwritten twice gets its oldest bytes. */
void wg_undo_end(wg_tape *tape, const struct wg_undo *until, bool restore)
{
    while (tape->undo != until) {
        struct wg_undo *entry = tape->undo;
        tape->undo = entry->older;
        undo_one(tape->thread, entry, restore);
        wg_object_free(entry);
    }
}

static void hold_leaves(struct wg_undo *entry)
{
    for (size_t i = 0; i < entry->n && !entry->holds_leaves; i++)
        if (entry->change[i].leaf)
            atomic_fetch_add_explicit(&wg_value_of(entry->change[i].leaf)->refs, 1, memory_order_relaxed);
    entry->holds_leaves = true;
}

/* What lies in slots of the upper tape is gone with it, and so are its proxies. */
void wg_undo_hand_down(wg_tape *from, wg_tape *to)
{
    struct wg_undo **oldest = &from->undo;
    while (*oldest) {
        struct wg_undo *entry = *oldest;
        if (entry->storage && wg_storage_is_of(entry->storage, from)) {
            *oldest = entry->older;
            undo_one(from->thread, entry, false);
            wg_object_free(entry);
        } else {
            hold_leaves(entry);
            oldest = &entry->older;
        }
    }
    *oldest = to->undo;
    to->undo = from->undo;
    from->undo = NULL;
}

void wg_undo_commit_all(struct wg_thread *th)
{
    for (wg_tape *tape = th->top; tape; tape = tape->below) {
        wg_undo_end(tape, NULL, false);
        tape->failed = false;
    }
    wg_note_committed(th);
}
