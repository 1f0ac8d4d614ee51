/* The engine's internal functions on tensors, tapes, undo entries, callbacks and calls, with the structures of record.h and thread.h
   and the errors of failure.h. All mutable state is reached from the thread. */
#ifndef WG_INTERNAL_H
#define WG_INTERNAL_H

#include "core/failure.h"

/* For code on the path of every op call or vjp. Always inlined, so that operand and result counts that are constants at the call
   site leave no loops. */
#define WG_HOT static inline __attribute__((always_inline))

/* ---- tensors ---- */

/* WG_OK if op may use the handle; else the error is recorded. index: the operand's number, or -1. */
wg_status wg_check_handle(const wg_tensor *t, const char *op, int index);
/* The same for a tensor that a user's function made; which describes it in the message. A dropped tensor is refused. */
wg_status wg_check_made(const wg_tensor *t, const char *op, const char *which);
/* True if the shape of t is valid, which it stays when the value is released. Otherwise the error is recorded. */
bool wg_has_shape(const wg_tensor *t, const char *op);
wg_status wg_shape_check(const char *op, int rank, const int64_t *extent, wg_dtype dtype, int64_t *numel);
/* Sets extents, strides (row-major if stride is NULL), numel and the flags CONTIGUOUS and DENSE. */
void wg_set_dims(wg_tensor *t, int rank, const int64_t *extent, const int64_t *stride);
static inline bool wg_same_dims(const wg_tensor *a, const wg_tensor *b)
{
    bool same = a->rank == b->rank;
    for (int i = 0; i < a->rank && same; i++)
        same = a->dims[i] == b->dims[i];
    return same;
}
wg_tensor *wg_value_new(int rank);
void wg_value_unref(wg_tensor *t);
/* A second handle on the same storage. */
wg_tensor *wg_alias(struct wg_thread *th, const wg_tensor *t);
/* True if t depends on a kept tensor that was computed from x. */
bool wg_depends_through_kept(struct wg_thread *th, wg_tensor *t, const wg_tensor *x);
/* A value owned by the caller with t's elements. It shares t's storage, unless that lies in a slot of a tape: then the elements
   are copied. */
wg_tensor *wg_value_on(const wg_tensor *t);
/* *copy: a row-major value of the caller's with t's elements that shares no memory with t. */
wg_status wg_value_copy(const wg_tensor *t, wg_tensor **copy);
/* Replaces each of op's n results, except absent ones, by such a value before their tape closes. On failure none is replaced,
   and the error is recorded. */
wg_status wg_values_on(wg_tensor **t, size_t n, const char *op);
/* Sets or clears flags of a handle that was passed to an op, a backward pass or wg_hold. Only tensors of a tape are changed:
   other threads may read a value of the caller's at the same time, so only its owner's own calls (wg_set_requires_grad,
   wg_set_name, wg_write, wg_free, gradients) write to it. */
static inline void wg_flag(wg_tensor *t, unsigned flags, bool on)
{
    if (t->tape)
        t->flags = (uint16_t)(on ? t->flags | flags : t->flags & ~flags);
}
static inline struct wg_value *wg_value_of(wg_tensor *t)
{
    return (struct wg_value *)t;
}

/* ---- tapes ---- */

/* Returns chunks to the pool, from which the next step takes them: all chunks, or all but the oldest. */
void wg_arena_shrink(struct wg_arena *arena, bool all);
/* Makes sure that the arena has a chunk. Its free bytes are poisoned under AddressSanitizer. E_MEMORY on failure. */
wg_status wg_arena_begin(struct wg_arena *arena);

/* The tape's tensor that represents a tensor of the caller's, made at its first use. NULL on failure. */
wg_tensor *wg_proxy(struct wg_thread *th, wg_tensor *leaf);
struct wg_proxy_link *wg_proxies_of(struct wg_thread *th, const wg_tensor *leaf); /* or NULL */
/* The gradient of a leaf of a tape; find: or NULL; for: made if there is none, NULL if there is no memory. */
struct wg_leaf_gradient *wg_leaf_gradient_find(const wg_tensor *t);
struct wg_leaf_gradient *wg_leaf_gradient_for(wg_tensor *t);
wg_tensor *wg_leaf_gradient(const wg_tensor *leaf); /* or NULL; accepts a leaf that the caller has freed */
wg_status wg_undo_push(wg_tape *tape, const wg_tensor *t);
/* Adds an undo entry and returns its first change, in which the caller stores a leaf's previous gradient. If it stores the leaf,
   it must give it a reference. NULL and the error on failure. */
struct wg_leaf_change *wg_undo_more_gradients(wg_tape *tape);
static inline struct wg_leaf_change *wg_undo_gradient(wg_tape *tape)
{
    struct wg_undo *last = tape->undo;
    /* During a rerun always a new entry: an older one would not be undone with the rerun. */
    const bool fits = last && last->n < last->capacity && !tape->thread->rerunning;
    return fits ? &last->change[last->n++] : wg_undo_more_gradients(tape);
}
wg_status wg_undo_push_bytes(wg_tape *tape, struct wg_storage *storage, char *at, size_t bytes);
/* Ends all entries younger than until (NULL: all entries); restore: puts back what they saved. An entry is always reachable from
   a list, never from the C stack alone, so a thread that ends in between frees all of them. */
void wg_undo_end(wg_tape *tape, const struct wg_undo *until, bool restore);
void wg_undo_hand_down(wg_tape *from, wg_tape *to);
void wg_undo_commit_all(struct wg_thread *th);
wg_tape *wg_tape_push(struct wg_thread *th, bool trace);   /* wg_tape_open for the engine: keeps the error record */
void wg_tape_drop(struct wg_thread *th);                   /* closes the top tape, even if an open update has work queued on it */
void wg_update_tape_end(struct wg_thread *th);             /* closes update_tape if the update has ended and the tape is on top */
void wg_update_end(struct wg_thread *th);                  /* ends the update without running what is queued */
wg_status wg_update_may_begin(const struct wg_thread *th); /* WG_OK, or why no update can begin now */
void wg_gradient_drop(wg_tensor *leaf);                    /* not undone if the step fails */
void wg_callback_begin(wg_callback *callback);
/* The status of the call: returned, or an error of its own. If it is not WG_OK an error has been recorded. */
wg_status wg_callback_end(wg_callback *callback, wg_status returned);
/* Checks that a tensor of callback's function is live. verb completes the message: "returned" or "gave as a gradient". */
wg_status wg_callback_check(const wg_callback *callback, const wg_tensor *t, const char *verb);
/* WG_OK if the running user functions allow op to overwrite t's elements; else the error is recorded. */
wg_status wg_callback_may_write(struct wg_thread *th, const wg_tensor *t, const char *op);
/* WG_OK if op may make or write elements that have no history here; what names them in the message. Else the error is recorded. */
wg_status wg_may_hide(struct wg_thread *th, const char *op, const char *what);
/* Records an error whose message begins with callback's function. */
wg_status wg_callback_fail(const wg_callback *callback, wg_status code, const char *what);
/* Refuses op inside callback's function, because it would end the tape or update in which the function was called. The call of
   the function fails. */
wg_status wg_callback_refuse(wg_callback *callback, const char *op, const char *rule);
void wg_context_destroy(const char *name, void (*destroy)(void *context), void *context); /* destroy may be NULL */
/* Closes all tapes at the end of a thread, unconditionally, even inside a callback. */
void wg_tapes_abandon(struct wg_thread *th);
/* Applies a composed op. */
wg_status wg_compose(struct wg_thread *th, const wg_call *c, wg_tensor **out);
wg_status wg_check_operand(struct wg_thread *th, const struct wg_op *op, const wg_tensor *t, size_t i);
wg_tensor *wg_call1(const struct wg_op *op, const void *params, wg_tensor *a);
wg_tensor *wg_call2(const struct wg_op *op, const void *params, wg_tensor *a, wg_tensor *b);
wg_tensor *wg_call3(const struct wg_op *op, const void *params, wg_tensor *a, wg_tensor *b, wg_tensor *c);
/* True if a and b share bytes. The bytes of a tensor reach from its first to its last element, gaps included. */
bool wg_overlap(const wg_tensor *a, const wg_tensor *b);
/* WG_OK if op may change its operand i, t, in place. Refused if t has a history, or if a running user function may not write it:
   the error is recorded. */
wg_status wg_may_change(struct wg_thread *th, const wg_tensor *t, const char *op, unsigned i);
/* Index of an operand that prevents c from writing over operand i, because it shares memory with it or is read later; -1 if
   there is none. read_later: mask of operands and results that backward reads. */
int wg_operand_in_the_way(const wg_call *c, unsigned i, unsigned read_later);
/* One tensor may be passed in several operand slots. True if donated operand i appears again in a later slot in which it may be
   overwritten. */
bool wg_ends_later(const struct wg_op *op, wg_tensor *const *in, size_t n, unsigned i) __attribute__((cold));
/* The first donated operand whose memory may hold the result of an op that works in place and whose operands and result have one dtype
   and one shape; or NULL. */
const wg_tensor *wg_operand_to_overwrite(const struct wg_thread *th, const wg_call *c);
/* For vjps: the node's result is not read again. A backward pass that releases values releases it now. */
void wg_spent(wg_tensor *result);
/* Makes a call's outputs by its op's shape rule; wg_outputs_discard releases them. */
wg_status wg_outputs_make(struct wg_thread *th, struct wg_node *node);
void wg_outputs_discard(struct wg_node *node);
wg_status wg_invoke_closure(const struct wg_op *op, wg_tensor *const *in, size_t n_in, wg_tensor **y, const wg_closure *closure);
/* For vjps: true if what they compute is recorded (.create_graph), so that it must be made of ops that have derivatives. */
bool wg_vjp_is_recorded(void);
bool wg_differentiable(const struct wg_thread *th, const wg_call *c); /* the node of c, once recorded, passes a gradient on */
void wg_node_record(struct wg_thread *th, struct wg_node *node);      /* links it to the top tape */
/* Elements uniform on ±[0.5, 1]. */
wg_tensor *wg_noise(wg_dtype dtype, wg_shape shape, uint64_t seed, uint64_t stream);
wg_status wg_node_run(const struct wg_thread *th, struct wg_node *node); /* runs the node's kernel */
wg_status wg_run_users(const wg_call *c, wg_kernel *kernel);             /* runs the kernel of an op that is not registered */
wg_status wg_node_rerun(struct wg_thread *th, struct wg_node *node);     /* runs it again on the operands' current values */

/* ---- notifications to recorders (observer.h) ---- */

/* Adds a watcher to the thread, or removes it; finds the one with these functions, or NULL. */
void wg_watcher_add(struct wg_thread *th, struct wg_recorder *watcher);
void wg_watcher_remove(struct wg_thread *th, struct wg_recorder *watcher);
struct wg_recorder *wg_watcher_with(const struct wg_thread *th, const struct wg_observer *observer);
wg_status wg_run_watched(const struct wg_thread *th, struct wg_node *node); /* runs a node as an activity */
void wg_tell_entered(const struct wg_thread *th, enum wg_activity activity, const void *subject);
void wg_tell_left(const struct wg_thread *th, enum wg_activity activity, const void *subject);
void wg_tell_worked(const struct wg_thread *th, int helper, int64_t begin, int64_t end);

static inline void wg_note_entered(const struct wg_thread *th, enum wg_activity activity, const void *subject)
{
    if (__builtin_expect(th->watchers != NULL, 0))
        wg_tell_entered(th, activity, subject);
}

static inline void wg_note_left(const struct wg_thread *th, enum wg_activity activity, const void *subject)
{
    if (__builtin_expect(th->watchers != NULL, 0))
        wg_tell_left(th, activity, subject);
}

static inline void wg_note_copied(struct wg_thread *th, struct wg_storage *to_storage, char *to, struct wg_storage *from_storage,
                                  char *from, size_t bytes)
{
    if (th->capture)
        th->capture->observer->copied(th->capture, to_storage, to, from_storage, from, bytes);
}

static inline void wg_note_committed(struct wg_thread *th)
{
    if (th->capture)
        th->capture->observer->committed(th->capture);
}

static inline void wg_note_shared(struct wg_thread *th, wg_tensor *value)
{
    if (th && th->capture && !value->tape)
        th->capture->observer->shared(th->capture, value);
}

static inline wg_status wg_may_read(struct wg_thread *th, const wg_tensor *t, const char *op)
{
    return th && th->capture ? th->capture->observer->may_read(th, t, op) : WG_OK;
}

static inline wg_status wg_may_write(struct wg_thread *th, const char *op)
{
    return th && th->capture ? th->capture->observer->may_write(th, op) : WG_OK;
}

#endif
