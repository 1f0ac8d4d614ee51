/* The undo list of a tape: bytes and gradients from before a step changed them. They are restored if the step fails. */
#include <string.h>

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

/* Gradients mostly change in long sequences, one for each parameter. So each entry has twice the capacity of the previous one,
   up to 1024. */
struct wg_leaf_change *wg_undo_more_gradients(wg_tape *tape)
{
    struct wg_undo *last = tape->undo;
    const size_t capacity = !last || last->capacity == 0 ? 1 : last->capacity < 1024 ? 2 * last->capacity : 1024;
    WG_OPERATION("clear_gradient"); /* wg_add_gradient, which calls it too, is named as the outer one */
    struct wg_storage *block = wg_storage_new(sizeof(struct wg_undo) + capacity * sizeof(struct wg_leaf_change));
    if (!block)
        return NULL;
    struct wg_undo *entry = memset(wg_storage_data(block), 0, sizeof *entry); /* the changes are written one by one */
    entry->change = (struct wg_leaf_change *)(void *)(entry + 1);
    entry->n = 1;
    entry->capacity = capacity;
    entry->holds_leaves = true;
    entry->older = last;
    tape->undo = entry;
    return entry->change;
}

/* Youngest change first, since one leaf may occur twice. */
static void undo_gradients(struct wg_undo *entry, bool restore)
{
    for (size_t i = entry->n; i-- > 0;) {
        struct wg_leaf_change *change = &entry->change[i];
        if (!change->leaf && !change->entry)
            continue;
        wg_tensor **gradient = change->leaf ? &wg_value_of(change->leaf)->gradient : &change->entry->gradient;
        wg_tensor *discarded = restore ? *gradient : change->gradient;
        if (restore)
            *gradient = change->gradient;
        if (discarded)
            wg_value_unref(discarded);
        if (change->leaf && entry->holds_leaves)
            wg_value_unref(change->leaf);
    }
    if (entry->capacity == 0)
        wg_object_free(entry->change);
}

/* Discards the changes of leaves that belong to a closing tape and end with it. */
static void forget_leaves_of(struct wg_undo *entry, const wg_tape *tape)
{
    for (size_t i = 0; i < entry->n; i++) {
        struct wg_leaf_change *change = &entry->change[i];
        if (!change->entry || change->entry->leaf->tape != tape)
            continue;
        if (change->gradient)
            wg_value_unref(change->gradient);
        change->entry = NULL;
    }
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

/* Youngest entry first, so that an operand that was overwritten twice gets its oldest bytes. */
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

/* Moves the entries of a closing tape to the tape below. Entries for storage in slots of the closing tape are discarded. Its
   proxies go, too, so the remaining entries need references to their leaves. */
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
            forget_leaves_of(entry, from);
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
    for (wg_tape *tape = th->top; tape && !(th->capture && tape == th->capture->around); tape = tape->below) {
        wg_undo_end(tape, NULL, false);
        tape->failed = false;
    }
    wg_note_committed(th);
}
