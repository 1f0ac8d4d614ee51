/* Tapes: the stack of open ones, their arenas, the proxies that stand for tensors of the caller's, modes and sections. */
#include <string.h>

#include "arena.h"

/* ---- arenas ---- */

/* A chunk with its headers has from 64 KiB to 16 MiB: as much as the arena has so far. The large ones lie in huge pages. */
enum { CHUNK = 1 << 16, LARGEST = 1 << 24, LINE = 64, AHEAD = 8 };

static struct wg_chunk *chunk_new(size_t bytes, size_t size)
{
    const size_t overhead = sizeof(struct wg_storage) + sizeof(struct wg_chunk) + LINE;
    size = bytes + overhead > size ? bytes + overhead : size;
    struct wg_storage *block = wg_storage_new(size - sizeof *block);
    if (!block)
        return NULL;
    struct wg_chunk *chunk = (struct wg_chunk *)(void *)wg_storage_data(block);
    char *after = (char *)(chunk + 1);
    chunk->start = after + (LINE - (uintptr_t)after % LINE) % LINE;
    chunk->end = (char *)block + size;
    return chunk;
}

void *wg_arena_grow(struct wg_arena *arena, size_t bytes)
{
    struct wg_chunk *chunk = chunk_new(bytes, arena->bytes < CHUNK ? CHUNK : arena->bytes > LARGEST ? LARGEST : arena->bytes);
    if (!chunk)
        return NULL;
    if (arena->chunks)
        arena->chunks->filled = arena->at;
    arena->bytes += (size_t)(chunk->end - (char *)chunk) + sizeof(struct wg_storage);
    chunk->prev = arena->chunks;
    arena->chunks = chunk;
    arena->at = chunk->start;
    arena->end = chunk->end;
    return wg_arena_alloc(arena, bytes);
}

void wg_arena_shrink(struct wg_arena *arena, bool all)
{
    struct wg_chunk *chunk = arena->chunks;
    while (chunk && (all || chunk->prev)) {
        struct wg_chunk *prev = chunk->prev;
        wg_unpoison(chunk, (size_t)(chunk->end - (char *)chunk));
        wg_object_free(chunk);
        chunk = prev;
    }
    arena->chunks = chunk;
    arena->at = chunk ? chunk->start : NULL;
    arena->end = chunk ? chunk->end : NULL;
    arena->bytes = chunk ? (size_t)(chunk->end - (char *)chunk) + sizeof(struct wg_storage) : 0;
    if (chunk)
        wg_poison(chunk->start, (size_t)(chunk->end - chunk->start));
}

/* ---- proxies: each tensor of the caller's is referenced once per tape, however often it is used ---- */

/* Neighbours in memory, which were made one after the other and are used so, are neighbours here. */
static size_t leaf_home(const struct wg_thread *th, const wg_tensor *leaf)
{
    const uintptr_t line = (uintptr_t)leaf >> 6;
    return (((line >> 8) * 0x9E3779B97F4A7C15u >> 20) + line) & (th->leaf_capacity - 1);
}

static struct wg_leaf_entry *leaf_find(struct wg_thread *th, const wg_tensor *leaf)
{
    if (th->leaf_capacity == 0)
        return NULL;
    size_t i = leaf_home(th, leaf);
    while (th->leaves[i].leaf && th->leaves[i].leaf != leaf)
        i = (i + 1) & (th->leaf_capacity - 1);
    return &th->leaves[i];
}

/* It is never more than half full. */
static wg_status leaves_grow(struct wg_thread *th)
{
    const size_t old_capacity = th->leaf_capacity, capacity = old_capacity ? 2 * old_capacity : 64;
    struct wg_leaf_entry *old = th->leaves, *grown = wg_object_new(capacity * sizeof *grown);
    if (!grown)
        return WG_E_MEMORY;
    th->leaves = grown;
    th->leaf_capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].leaf)
            *leaf_find(th, old[i].leaf) = old[i];
    wg_object_free(old);
    return WG_OK;
}

/* Linear probing without tombstones: what follows the hole moves back. */
static void leaf_remove(struct wg_thread *th, struct wg_leaf_entry *entry)
{
    size_t hole = (size_t)(entry - th->leaves);
    const size_t mask = th->leaf_capacity - 1;
    for (size_t i = (hole + 1) & mask; th->leaves[i].leaf; i = (i + 1) & mask) {
        const size_t home = leaf_home(th, th->leaves[i].leaf);
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            th->leaves[hole] = th->leaves[i];
            hole = i;
        }
    }
    th->leaves[hole] = (struct wg_leaf_entry){NULL, NULL};
    th->leaf_count--;
}

struct wg_proxy_link *wg_proxies_of(struct wg_thread *th, const wg_tensor *leaf)
{
    struct wg_leaf_entry *entry = leaf_find(th, leaf);
    return entry && entry->leaf ? entry->proxies : NULL;
}

/* The leaf is held, and holds the storage. */
static wg_tensor *proxy_new(struct wg_thread *th, wg_tensor *leaf, unsigned wanted)
{
    const bool scratch = th->scratch;
    th->scratch = false; /* a proxy outlives the vjp in which it may be made */
    wg_tensor *proxy = wg_handle_new(th, leaf->rank);
    th->scratch = scratch;
    if (!proxy)
        return NULL;
    proxy->dtype = leaf->dtype;
    proxy->numel = leaf->numel;
    proxy->flags = (uint16_t)(WG_T_PROXY | wanted | (leaf->flags & (WG_T_CONTIGUOUS | WG_T_DENSE)));
    proxy->twin = false;
    if (leaf->rank > 0)
        wg_copy_dims(proxy, leaf);
    proxy->data = leaf->data;
    proxy->storage = leaf->storage;
    proxy->from.leaf = leaf;
    atomic_fetch_add_explicit(&wg_value_of(leaf)->refs, 1, memory_order_relaxed);
    return proxy;
}

wg_tensor *wg_proxy(struct wg_thread *th, wg_tensor *leaf)
{
    const unsigned wanted = leaf->flags & (WG_T_REQUIRES | WG_T_NEEDS);
    struct wg_leaf_entry *entry = leaf_find(th, leaf);
    struct wg_proxy_link *older = entry ? entry->proxies : NULL; /* an empty entry has none */
    if (older && (older->proxy->flags & (WG_T_REQUIRES | WG_T_NEEDS)) == wanted)
        return older->proxy;
    if (2 * (th->leaf_count + 1) > th->leaf_capacity) {
        if (leaves_grow(th) != WG_OK)
            return NULL;
        entry = leaf_find(th, leaf);
    }
    struct wg_proxy_link *link = wg_tape_alloc(th->top, sizeof *link);
    wg_tensor *proxy = link ? proxy_new(th, leaf, wanted) : NULL;
    if (!proxy)
        return NULL;
    th->leaf_count += older == NULL;
    if (older)
        older->proxy->twin = proxy->twin = true;
    *link = (struct wg_proxy_link){proxy, older};
    *entry = (struct wg_leaf_entry){leaf, link};
    return proxy;
}

static void proxy_forget(struct wg_thread *th, const wg_tensor *proxy)
{
    const wg_tensor *leaf = proxy->from.leaf;
    struct wg_leaf_entry *entry = leaf_find(th, leaf);
    for (struct wg_proxy_link **link = &entry->proxies; *link; link = &(*link)->older)
        if ((*link)->proxy == proxy) {
            *link = (*link)->older;
            break;
        }
    if (!entry->proxies)
        leaf_remove(th, entry);
}

/* ---- effects ---- */

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
    wg_capture_copied(tape->thread, entry->saved, wg_storage_data(entry->saved), storage, at, bytes);
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
        wg_capture_copied(th, entry->storage, entry->at, entry->saved, wg_storage_data(entry->saved), entry->bytes);
    }
    wg_storage_unref(entry->saved);
    wg_storage_unref(entry->storage);
}

/* Youngest first, so that an operand overwritten twice gets its oldest bytes. */
void wg_undo_end(wg_tape *tape, bool restore)
{
    while (tape->undo) {
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
        wg_undo_end(tape, false);
        tape->failed = false;
    }
    wg_capture_committed(th);
}

/* ---- open and close ---- */

wg_tape *wg_tape_push(struct wg_thread *th, bool trace)
{
    wg_tape *tape = NULL;
    if (th && *wg_lost_tapes() == 0) {
        tape = th->spare_tapes;
        if (tape)
            th->spare_tapes = tape->below;
        else
            tape = wg_object_new(sizeof *tape);
    }
    if (!tape) {
        ++*wg_lost_tapes();
        if (th)
            wg_watch(th);
        return NULL;
    }
    tape->below = th->top;
    tape->above = NULL;
    *(th->top ? &th->top->above : &th->bottom) = tape;
    tape->thread = th;
    tape->trace = trace;
    tape->section_at_open = th->section;
    th->top = tape;
    wg_watch(th);
    return tape;
}

wg_tape *wg_tape_open_with(wg_tape_options options)
{
    struct wg_thread *th = wg_self();
    if (th && !th->top && *wg_lost_tapes() == 0)
        wg_error_clear(th);
    return wg_tape_push(th, options.trace);
}

/* Of the last tape all proxies go, and the table is emptied at once, if it is not mostly empty. */
static void close_slots(struct wg_thread *th, wg_tape *tape)
{
    const bool all = !tape->below && 16 * th->leaf_count >= th->leaf_capacity;
    char *end = tape->slots.at;
    for (struct wg_chunk *chunk = tape->slots.chunks; chunk; chunk = chunk->prev, end = chunk ? chunk->filled : NULL)
        for (struct wg_slot *slot = (struct wg_slot *)(void *)chunk->start; (char *)slot < end; slot++) {
            wg_tensor *t = &slot->t;
            __builtin_prefetch(slot + AHEAD);
            if (t->state == WG_DEAD)
                continue;
            if (t->flags & WG_T_PROXY) {
                if (!all)
                    proxy_forget(th, t);
                wg_value_unref(t->from.leaf);
            } else if (t->storage && t->storage != &slot->own) {
                wg_storage_unref(t->storage);
            }
            t->state = WG_DEAD;
            t->storage = NULL;
            t->data = NULL;
        }
    if (all && th->leaf_count > 0) {
        memset(th->leaves, 0, th->leaf_capacity * sizeof *th->leaves);
        th->leaf_count = 0;
    }
}

static void close_nodes(wg_tape *tape)
{
    for (const struct wg_closure_entry *entry = tape->closures; entry; entry = entry->next)
        if (entry->closure->destroy)
            entry->closure->destroy(entry->closure->context);
    for (struct wg_leaf_gradient *entry = tape->gradients; entry; entry = entry->next)
        if (entry->gradient)
            wg_value_unref(entry->gradient);
    wg_arena_shrink(&tape->nodes, false);
    tape->first = tape->last = NULL;
    tape->n_nodes = 0;
    tape->gradients = NULL;
    tape->hooks = NULL;
    tape->closures = NULL;
    tape->labels = NULL;
}

wg_status wg_tape_close(wg_tape *tape)
{
    struct wg_thread *th = wg_self();
    if (!tape || !th) {
        if (*wg_lost_tapes() > 0)
            --*wg_lost_tapes();
        if (th)
            wg_watch(th);
        return tape ? WG_E_MEMORY : WG_OK;
    }
    if (tape->thread != th)
        return wg_fail(WG_E_THREAD, "tape_close", "tape_close: the tape belongs to another thread");
    if (th->top != tape)
        return wg_fail(WG_E_STATE, "tape_close", "tape_close: the tape is not on top");
    if (tape == th->walking || tape == th->base)
        return wg_fail(WG_E_STATE, "tape_close", "tape_close: %s is running on the tape",
                       tape == th->walking ? "a backward" : "a function");
    if (th->updating) {
        const bool updates_own = tape == th->update_tape;
        wg_update_cancel();
        if (updates_own) /* closed by that */
            return WG_OK;
    }
    if (tape->failed || !tape->below)
        wg_undo_end(tape, tape->failed);
    else
        wg_undo_hand_down(tape, tape->below);
    close_slots(th, tape);
    close_nodes(tape);
    tape->free_slots = NULL;
    wg_arena_shrink(&tape->slots, false);
    th->section = tape->section_at_open;
    th->top = tape->below;
    *(th->top ? &th->top->above : &th->bottom) = NULL;
    wg_watch(th);
    tape->failed = false;
    tape->below = th->spare_tapes;
    th->spare_tapes = tape;
    return WG_OK;
}

bool wg_tape_unwind(struct wg_thread *th, const wg_tape *tape)
{
    const bool as_it_was = th->top == tape;
    while (th->top != tape)
        wg_tape_close(th->top);
    return as_it_was;
}

void wg_tape_leave(wg_tape **tape)
{
    if (!tape)
        return;
    wg_tape_close(*tape);
    *tape = NULL;
}

wg_tape *wg_tape_top(void)
{
    struct wg_thread *th = wg_self();
    return th ? th->top : NULL;
}

size_t wg_tape_nodes(const wg_tape *tape)
{
    return tape ? tape->n_nodes : 0;
}

/* A failing rerun undoes the effects that it had, and only those. */
wg_status wg_tape_rerun(wg_tape *tape)
{
    struct wg_thread *th = wg_self();
    if (!tape)
        return wg_fail(WG_E_NULL, "tape_rerun", "tape_rerun: the tape is NULL");
    if (tape->thread != th || th->top != tape || !tape->trace)
        return wg_fail(WG_E_STATE, "tape_rerun", "tape_rerun: the thread's top tape is wanted, opened with .trace = true");
    if (th->walking || th->updating)
        return wg_fail(WG_E_STATE, "tape_rerun", "tape_rerun: not inside a backward or an update");
    struct wg_undo *of_recording = tape->undo;
    const bool failed = tape->failed;
    wg_status status = WG_OK;
    tape->undo = NULL;
    for (struct wg_node *node = tape->first; node && status == WG_OK; node = node->next)
        status = wg_node_rerun(th, node);
    wg_undo_end(tape, status != WG_OK);
    tape->undo = of_recording;
    tape->failed = failed;
    return status;
}

/* ---- modes and sections ---- */

bool wg_grad_mode_set(bool on)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return true;
    const bool before = !th->no_grad;
    th->no_grad = !on;
    return before;
}

bool wg_grad_mode(void)
{
    struct wg_thread *th = wg_self();
    return !th || !th->no_grad;
}

void wg_grad_mode_leave(bool *before)
{
    if (before)
        wg_grad_mode_set(*before);
}

bool wg_train_mode_set(bool on)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return true;
    const bool before = !th->eval;
    th->eval = !on;
    return before;
}

bool wg_train_mode(void)
{
    struct wg_thread *th = wg_self();
    return !th || !th->eval;
}

void wg_train_mode_leave(bool *before)
{
    if (before)
        wg_train_mode_set(*before);
}

wg_status wg_name_push(const char *name)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    if (!name)
        return wg_fail(WG_E_NULL, "name_push", "name_push: the name is NULL");
    if (*wg_lost_tapes() > 0) /* nothing would take the name back */
        return wg_fail(WG_E_MEMORY, "name_push", "name_push: the tape around this could not be opened");
    wg_section *section = th->sections;
    while (section && (section->parent != th->section || strcmp(section->name, name) != 0))
        section = section->next;
    if (!section) {
        const size_t size = strlen(name) + 1;
        section = wg_object_new(sizeof *section + size);
        if (!section)
            return WG_E_MEMORY;
        memcpy(section + 1, name, size);
        *section = (wg_section){(wg_section *)(uintptr_t)th->section, th->sections, (const char *)(section + 1)};
        th->sections = section;
    }
    th->section = section;
    return WG_OK;
}

void wg_name_pop(void)
{
    struct wg_thread *th = wg_self();
    if (th && th->section)
        th->section = th->section->parent;
}
