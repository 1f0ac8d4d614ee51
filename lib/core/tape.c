/* Tapes: the stack of open tapes, and the proxies that represent the caller's tensors on them. */
#include <string.h>

#include "core/tensor_build.h"

/* ---- proxies: a tape holds one reference to each tensor of the caller's, however often it is used ---- */

struct wg_proxy_link *wg_proxies_of(struct wg_thread *th, const wg_tensor *leaf)
{
    const struct wg_hash_slot *slot = wg_hash_find(&th->leaves, leaf);
    return slot ? slot->value.pointer : NULL;
}

/* The proxy holds a reference to the leaf, and the leaf to the storage. */
static wg_tensor *proxy_new(struct wg_thread *th, wg_tensor *leaf, unsigned gradient_flags)
{
    const bool scratch = th->mode.scratch;
    th->mode.scratch = false; /* a proxy outlives the vjp in which it may be made */
    wg_tensor *proxy = wg_handle_new(th, leaf->rank);
    th->mode.scratch = scratch;
    if (!proxy)
        return NULL;
    wg_lay_out_like(proxy, leaf);
    proxy->flags |= (uint16_t)(WG_T_PROXY | gradient_flags);
    proxy->twin = false;
    proxy->data = leaf->data;
    proxy->storage = leaf->storage;
    proxy->from.leaf = leaf;
    atomic_fetch_add_explicit(&wg_value_of(leaf)->refs, 1, memory_order_relaxed);
    return proxy;
}

wg_tensor *wg_proxy(struct wg_thread *th, wg_tensor *leaf)
{
    const unsigned gradient_flags = leaf->flags & (WG_T_REQUIRES | WG_T_NEEDS);
    struct wg_hash_slot *slot = wg_hash_slot_for(&th->leaves, leaf);
    if (!slot)
        return NULL;
    struct wg_proxy_link *older = slot->value.pointer; /* NULL in an empty slot */
    if (older && (older->proxy->flags & (WG_T_REQUIRES | WG_T_NEEDS)) == gradient_flags)
        return older->proxy;
    struct wg_proxy_link *link = wg_tape_alloc(th->top, sizeof *link);
    wg_tensor *proxy = link ? proxy_new(th, leaf, gradient_flags) : NULL;
    if (!proxy)
        return NULL;
    if (older)
        older->proxy->twin = proxy->twin = true;
    else
        wg_hash_put(&th->leaves, slot, leaf);
    *link = (struct wg_proxy_link){proxy, older};
    slot->value.pointer = link;
    return proxy;
}

static void proxy_forget(struct wg_thread *th, const wg_tensor *proxy)
{
    struct wg_hash_slot *slot = wg_hash_find(&th->leaves, proxy->from.leaf);
    struct wg_proxy_link *youngest = slot->value.pointer, **link = &youngest;
    while ((*link)->proxy != proxy)
        link = &(*link)->older;
    *link = (*link)->older;
    slot->value.pointer = youngest;
    if (!youngest)
        wg_hash_remove(&th->leaves, slot);
}

/* ---- open and close ---- */

/* Also gives the resting slot arenas their first chunk, so that later tapes need no more memory than the first. */
static wg_tape *tape_new(struct wg_thread *th)
{
    for (int i = 0; i < WG_RESTING_SLOTS; i++)
        if (wg_arena_begin(&th->rest.slots[i]) != WG_OK)
            return NULL;
    return wg_object_new(sizeof(wg_tape));
}

/* Until this tape is closed, every op fails. */
static wg_tape *tape_lost(struct wg_thread *th)
{
    ++*wg_lost_tapes();
    if (th)
        wg_watch(th);
    return NULL;
}

wg_tape *wg_tape_push(struct wg_thread *th, bool trace)
{
    wg_tape *tape = NULL;
    if (th && *wg_lost_tapes() == 0) {
        tape = th->spare_tapes;
        if (tape)
            th->spare_tapes = tape->below;
        else
            tape = tape_new(th);
    }
    if (!tape)
        return tape_lost(th);
    tape->below = th->top;
    tape->above = NULL;
    *(th->top ? &th->top->above : &th->bottom) = tape;
    tape->thread = th;
    tape->trace = trace;
    tape->section_at_open = th->mode.section;
    th->top = tape;
    wg_watch(th);
    wg_note_entered(th, WG_ACTIVITY_TAPE, tape);
    return tape;
}

wg_tape *wg_tape_open_with(wg_tape_options options)
{
    WG_OPERATION("tape_open");
    struct wg_thread *th = wg_self();
    if (th && *wg_lost_tapes() > 0)
        wg_fail(WG_E_MEMORY, "tape_open", "tape_open: the tape around this could not be opened");
    else if (th && !th->top && !options.keep_error)
        wg_error_clear(th);
    if (th && options.undo && th->updating) {
        wg_fail(WG_E_STATE, "tape_open", "tape_open: .undo: not inside an update, which changes everything or nothing");
        return tape_lost(th);
    }
    wg_tape *tape = wg_tape_push(th, options.trace);
    if (!tape)
        return NULL;
    tape->undoes = options.undo;
    tape->timed = options.time;
    if (tape->timed)
        wg_watch_by(th);
    return tape;
}

/* Prefetch distance, in slots. */
enum { AHEAD = 8 };

/* Releases all tensors of the tape. When the last tape closes all proxies go, so the table of leaves is cleared as a whole,
   unless less than a sixteenth of it is in use. */
static void close_slots(struct wg_thread *th, wg_tape *tape)
{
    const bool all = !tape->below && 16 * th->leaves.n >= th->leaves.capacity;
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
    if (all)
        wg_hash_clear(&th->leaves);
}

/* Runs the destructors of the tape's closures while the tape is intact. Ops that they call are recorded at the tape's end, and
   the floor keeps backward passes from reaching earlier nodes. */
static void destroy_contexts(struct wg_thread *th, wg_tape *tape)
{
    const uint64_t floor = th->mode.floor;
    th->mode.floor = th->seq;
    while (tape->closures) { /* unlinked first: if destroy ends the thread, it is not called again */
        const struct wg_closure *closure = tape->closures->closure;
        tape->closures = tape->closures->next;
        wg_context_destroy(closure->name, closure->destroy, closure->context);
    }
    th->mode.floor = floor;
}

static void close_nodes(wg_tape *tape)
{
    for (size_t i = 0; i < tape->gradients.capacity; i++) {
        const struct wg_leaf_gradient *entry = tape->gradients.slots[i].value.pointer;
        if (entry && entry->gradient)
            wg_value_unref(entry->gradient);
    }
    wg_hash_free(&tape->gradients);
    wg_hash_free(&tape->hooks);
    wg_hash_free(&tape->names);
    wg_hash_free(&tape->adjoints);
    wg_hash_free(&tape->contributions);
    wg_arena_shrink(&tape->nodes, false);
    tape->first = tape->last = NULL;
    tape->n_nodes = 0;
}

/* The tape gets the slot arena that has rested longest, and its own arena rests. */
static void rest_slots(struct wg_thread *th, struct wg_arena *slots)
{
    struct wg_arena *longest = &th->rest.slots[th->rest.next_slots++ % WG_RESTING_SLOTS];
    wg_arena_shrink(slots, false);
    const struct wg_arena closed = *slots;
    *slots = *longest;
    *longest = closed;
}

static void settle_effects(wg_tape *tape)
{
    if (tape->failed || tape->undoes || !tape->below)
        wg_undo_end(tape, NULL, tape->failed || tape->undoes);
    else
        wg_undo_hand_down(tape, tape->below);
}

/* Closes the top tape without any check. */
static void close_top(struct wg_thread *th)
{
    wg_tape *tape = th->top;
    wg_note_entered(th, WG_ACTIVITY_CLOSING, tape);
    settle_effects(tape);
    if (tape->closures) {
        destroy_contexts(th, tape);
        settle_effects(tape);
    }
    close_slots(th, tape);
    close_nodes(tape);
    tape->free_slots = NULL;
    rest_slots(th, &tape->slots);
    th->mode.section = tape->section_at_open;
    th->top = tape->below;
    *(th->top ? &th->top->above : &th->bottom) = NULL;
    if (tape->timed)
        wg_watch_by(th);
    else
        wg_watch(th);
    tape->failed = tape->queued = tape->undoes = tape->timed = false;
    tape->below = th->spare_tapes;
    th->spare_tapes = tape;
    wg_note_left(th, WG_ACTIVITY_CLOSING, tape);
    wg_note_left(th, WG_ACTIVITY_TAPE, tape);
}

/* WG_OK if the program may close the tape; else the error. */
static wg_status check_close(struct wg_thread *th, const wg_tape *tape)
{
    if (tape->thread != th)
        return wg_fail(WG_E_THREAD, "tape_close", "tape_close: the tape belongs to another thread");
    if (th->top != tape)
        return wg_fail(WG_E_STATE, "tape_close", "tape_close: the tape is not on top");
    if (th->callback && tape == th->callback->top)
        return wg_callback_refuse(th->callback, "tape_close",
                                  "a function is running on the tape, and may close only those that it opened");
    if (tape == th->mode.backward_tape)
        return wg_fail(WG_E_STATE, "tape_close", "tape_close: a backward is running on the tape");
    return WG_OK;
}

/* True if the open update needs the tape: the update began on it (and may have opened it), or has work queued on it. */
static bool is_updates(const struct wg_thread *th, const wg_tape *tape)
{
    return th->updating && (tape == th->update_base || tape->queued);
}

/* A tape that the open update needs closes. What is queued is discarded; if the update began on that tape, the update ends. */
static void lose_update(struct wg_thread *th, const wg_tape *tape)
{
    th->update_failed = true;
    th->updates = NULL;
    th->updates_end = &th->updates;
    th->clearings = NULL;
    if (tape != th->update_base)
        return;
    th->update_tape = th->update_tape == tape ? NULL : th->update_tape;
    wg_update_end(th);
    th->update_lost = true;
}

void wg_update_tape_end(struct wg_thread *th)
{
    if (th->updating || !th->update_tape || th->top != th->update_tape)
        return;
    th->update_tape = NULL;
    close_top(th);
}

void wg_tape_drop(struct wg_thread *th)
{
    if (is_updates(th, th->top))
        lose_update(th, th->top);
    close_top(th);
    if (th->update_tape)
        wg_update_tape_end(th);
}

/* Closes a tape that failed to open. */
static wg_status close_lost(struct wg_thread *th, const wg_tape *tape)
{
    if (*wg_lost_tapes() > 0)
        --*wg_lost_tapes();
    if (th)
        wg_watch(th);
    return tape ? WG_E_MEMORY : WG_OK;
}

wg_status wg_tape_close(wg_tape *tape)
{
    struct wg_thread *th = wg_self();
    if (!tape || !th)
        return close_lost(th, tape);
    WG_TRY(check_close(th, tape));
    if (is_updates(th, tape))
        return wg_fail(WG_E_STATE, "tape_close", "tape_close: an open update %s: wg_update_commit or wg_update_cancel comes first",
                       tape == th->update_tape   ? "made this tape, and closes it itself"
                       : tape == th->update_base ? "began on this tape"
                                                 : "has changes queued on this tape");
    wg_tape_drop(th);
    return WG_OK;
}

/* The functions that run in the thread will not return. If one of them is a backward pass or a user's function, the step counts
   as failed. */
void wg_tapes_abandon(struct wg_thread *th)
{
    const bool interrupted = th->mode.backward_tape || th->callback || th->mode.in_hook || th->mode.vjp_depth > 0;
    th->mode.backward_tape = NULL;
    th->callback = NULL;
    th->mode.scratch_list = NULL;
    th->updating = false;
    th->update_base = th->update_tape = NULL;
    th->clearings = NULL;
    while (th->top) {
        th->top->failed = th->top->failed || interrupted;
        close_top(th);
    }
}

/* Leaving a block cannot be refused: an update that is still open on its tape is cancelled. */
void wg_tape_leave(wg_tape **tape)
{
    struct wg_thread *th = wg_self();
    if (!tape)
        return;
    if (!*tape || !th || !is_updates(th, *tape)) {
        wg_tape_close(*tape);
    } else if (check_close(th, *tape) == WG_OK) {
        wg_fail(WG_E_STATE, "update_begin",
                "update_begin: the block of the tape that the update %s was left before wg_update_commit: the update is cancelled",
                *tape == th->update_base ? "began on" : "has changes queued on");
        wg_tape_drop(th);
    }
    *tape = NULL;
}

wg_tape *wg_tape_top(void)
{
    struct wg_thread *th = wg_self();
    return th ? th->top : NULL;
}

size_t wg_tape_nodes(const wg_tape *tape)
{
    if (!tape)
        wg_fail(WG_E_NULL, "tape_nodes", "tape_nodes: the tape is NULL");
    return tape ? tape->n_nodes : 0;
}

/* Checks, before a rerun, that every value which the tape's nodes read or write exists. wg_drop and wg_donate leave those of a
   traced tape (wg_is_traced). */
static wg_status check_values(const wg_tape *tape)
{
    for (const struct wg_node *node = tape->first; node; node = node->next) {
        const wg_call *c = &node->call;
        for (unsigned i = 0; i < (unsigned)(c->n_in + c->n_out); i++) {
            const bool input = i < c->n_in;
            const wg_tensor *t = input ? c->in[i] : c->out[i - c->n_in];
            if (!t->storage && !wg_absent(t))
                return wg_fail(WG_E_RELEASED, c->op->name, "tape_rerun: %s %u of %s was released: it cannot run again",
                               input ? "operand" : "result", input ? i : i - c->n_in, c->op->name);
        }
    }
    return WG_OK;
}

/* If a rerun fails, its own effects are undone, and no others. */
wg_status wg_tape_rerun(wg_tape *tape)
{
    WG_OPERATION("tape_rerun");
    struct wg_thread *th = wg_self();
    if (!tape)
        return wg_fail(WG_E_NULL, "tape_rerun", "tape_rerun: the tape is NULL");
    if (tape->thread != th || th->top != tape || !tape->trace)
        return wg_fail(WG_E_STATE, "tape_rerun", "tape_rerun: expected the thread's top tape, opened with .trace = true");
    if (th->mode.backward_tape || th->updating || th->rerunning || (th->callback && th->callback->top == tape))
        return wg_fail(WG_E_STATE, "tape_rerun",
                       "tape_rerun: not inside a backward, an update, another rerun or a function that runs on the tape");
    WG_TRY(check_values(tape));
    const struct wg_undo *of_recording = tape->undo;
    wg_callback callback = {.op = "tape_rerun", .who = "what the tape recorded"};
    const bool failed = tape->failed;
    wg_status status = WG_OK;
    wg_callback_begin(&callback);
    th->operation = callback.operation; /* a rerun is no user function; closures in it start with none again */
    th->rerunning = true;
    for (struct wg_node *node = tape->first; node && status == WG_OK; node = node->next)
        status = wg_node_rerun(th, node);
    th->rerunning = false;
    status = wg_callback_end(&callback, status);
    wg_undo_end(tape, of_recording, status != WG_OK);
    tape->failed = failed;
    return status;
}
