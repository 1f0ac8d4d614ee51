/* Memory of a tape's nodes and tensors, and their release. Inlined, since every op call runs it. */
#ifndef WG_ARENA_H
#define WG_ARENA_H

#include <string.h>

#include "core/internal.h"

/* A tape's tensor, with storage for a small value beside its handle, so that a scalar needs no other memory. If views still use
   that storage when the tensor is given back, the slot is reused only after the last of them. */
struct wg_slot {
    wg_tensor t;
    struct wg_storage own;
};
_Static_assert(sizeof(wg_tensor) == 128 && sizeof(struct wg_slot) == 192, "a tensor is two cache lines, its slot three");

static inline struct wg_storage *wg_own_storage(wg_tensor *t)
{
    return &((struct wg_slot *)(void *)t)->own;
}

/* True if the storage lies in a slot of that tape: it ends when the tape closes, whatever its reference count. */
static inline bool wg_storage_is_of(const struct wg_storage *storage, const wg_tape *tape)
{
    const char *slot = (const char *)storage - offsetof(struct wg_slot, own);
    return storage->size_class == 0 && ((const wg_tensor *)(const void *)slot)->tape == tape;
}

struct wg_storage *wg_storage_find(struct wg_thread *th, size_t payload);
/* True if a request of wg_memory_fail is to fail now. For memory that comes from malloc itself. */
bool wg_memory_refuses(struct wg_thread *th);
/* Tells the recorders of the thread that the block was handed out for so many bytes. */
void wg_note_created(struct wg_thread *th, struct wg_storage *block, size_t payload);

/* A block with one reference; NULL and the error. Fast path: a small block from the pool's free list. Everything else goes
   through wg_storage_find. */
WG_HOT struct wg_storage *wg_storage_from(struct wg_thread *th, size_t payload)
{
    struct wg_pool *pool = &th->pool;
    const size_t lines = payload <= WG_INLINE_BYTES ? 1 : (payload + 127) / 64;
    if (payload > 64 * (WG_SMALL_CLASSES - 2) || !pool->free[lines] || pool->requests >= pool->fail_at || th->sees_blocks)
        return wg_storage_find(th, payload);
    struct wg_storage *block = pool->free[lines];
    pool->free[lines] = block->next_free;
    wg_unpoison(wg_storage_data(block), wg_storage_capacity(block));
    atomic_store_explicit(&block->refs, 1, memory_order_relaxed);
    pool->requests++;
    pool->live += 64 * (int64_t)lines;
    if (pool->live > pool->peak)
        pool->peak = pool->live;
    return block;
}

/* Allocates from a new chunk, because the youngest has too little space. NULL and the error on failure. */
void *wg_arena_grow(struct wg_arena *arena, size_t bytes);
/* The slow path of wg_handle_new: no tape is open, one failed to open, or the rank exceeds WG_INLINE_RANK. */
wg_tensor *wg_handle_find(struct wg_thread *th, int rank);

static inline void *wg_arena_alloc(struct wg_arena *arena, size_t bytes)
{
    char *at = arena->at;
    if (__builtin_expect((size_t)(arena->end - at) < bytes, 0))
        return wg_arena_grow(arena, bytes);
    wg_unpoison(at, bytes);
    arena->at = at + bytes;
    return at;
}

/* From the node arena; freed when the tape closes. */
static inline void *wg_tape_alloc(wg_tape *tape, size_t bytes)
{
    return wg_arena_alloc(&tape->nodes, (bytes + 15) & ~(size_t)15);
}

/* Takes the allocation back if it was the last one; otherwise does nothing. */
static inline void wg_tape_unalloc(wg_tape *tape, void *at, size_t bytes)
{
    if ((char *)at + ((bytes + 15) & ~(size_t)15) == tape->nodes.at)
        tape->nodes.at = at;
}

static inline wg_tensor *wg_tape_slot(wg_tape *tape)
{
    wg_tensor *t = tape->free_slots;
    if (!t)
        return wg_arena_alloc(&tape->slots, sizeof(struct wg_slot));
    tape->free_slots = t->adjoint;
    return t;
}

/* An empty tensor on the top tape; the caller sets its rank. listed: the sweep of the running backward pass frees it. */
static inline wg_tensor *wg_slot_new(struct wg_thread *th, wg_tape *tape, bool listed)
{
    wg_tensor *t = wg_tape_slot(tape);
    if (!t)
        return NULL;
    t->storage = NULL;
    t->from.node = NULL;
    t->tape = tape;
    t->adjoint = NULL;
    t->dims = t->inline_dims;
    t->state = WG_LIVE;
    t->flags = 0;
    t->lends = false;
    if (listed) {
        t->flags = WG_T_SCRATCH | WG_T_LISTED;
        t->adjoint = th->mode.scratch_list;
        th->mode.scratch_list = t;
    }
    return t;
}

/* An empty tensor: on the top tape, or a value of the caller's if no tape is open. NULL and the error. */
static inline wg_tensor *wg_handle_new(struct wg_thread *th, int rank)
{
    if (__builtin_expect(!th->top || rank > WG_INLINE_RANK || *wg_lost_tapes() > 0, 0))
        return wg_handle_find(th, rank);
    wg_tensor *t = wg_slot_new(th, th->top, th->mode.scratch && th->top == th->mode.backward_tape && !th->top->trace);
    if (t)
        t->rank = (uint8_t)rank;
    return t;
}

/* True if operand i was donated to op and its storage may hold a result. Storage in a slot may not, since it stays with its
   tensor. */
static inline bool wg_is_donated(const struct wg_op *op, const wg_tensor *t, unsigned i)
{
    const unsigned required = WG_T_DONATED | WG_T_DENSE, excluded = WG_T_SAVED | WG_T_PROXY | WG_T_HOLD | WG_T_ROOT;
    return (t->flags & (required | excluded)) == required && wg_bit(op->inplace, i) && t->storage->size_class > 0 &&
           wg_storage_unique(t->storage);
}

/* True if a gradient reaches op once it is recorded, even if op then says that it has no derivative. flags: the union of its operands'
   flags. */
static inline bool wg_passes_gradient(const struct wg_thread *th, const struct wg_op *op, unsigned flags)
{
    return (flags & WG_T_NEEDS) && !th->mode.no_grad && !th->mode.scratch && !(op->flags & WG_OP_STOP_GRADIENT) && op->n_out > 0;
}

static inline size_t wg_bytes_of(const wg_tensor *t)
{
    return (size_t)t->numel << (0x0332 >> 4 * t->dtype & 15); /* a hex digit for each dtype: log2 of 4, 8, 8, 1 */
}

/* Bytes from .. to of a storage; empty: from = to = 0. */
struct wg_span {
    int64_t from, to;
};

/* The bytes of elements of that size, from the first byte to behind the last one. offset: position of the element with index 0. */
static inline struct wg_span wg_span_at(int64_t offset, int64_t size, int rank, const int64_t *extents, const int64_t *strides)
{
    struct wg_span span = {offset, offset + size};
    for (int i = 0; i < rank; i++) {
        if (extents[i] == 0)
            return (struct wg_span){0, 0};
        const int64_t reach = strides[i] * (extents[i] - 1) * size;
        *(reach < 0 ? &span.from : &span.to) += reach;
    }
    return span;
}

static inline struct wg_span wg_span_of(const wg_tensor *t)
{
    return wg_span_at(t->data - wg_storage_data(t->storage), (int64_t)wg_dtype_size((wg_dtype)t->dtype), t->rank, wg_extents(t),
                      wg_strides(t));
}

static inline bool wg_spans_meet(struct wg_span a, struct wg_span b)
{
    return a.from < b.to && b.from < a.to;
}

/* The smallest span that contains both. */
static inline struct wg_span wg_span_around(struct wg_span a, struct wg_span b)
{
    if (a.to == a.from || b.to == b.from)
        return a.to == a.from ? b : a;
    return (struct wg_span){a.from < b.from ? a.from : b.from, a.to > b.to ? a.to : b.to};
}

/* Releases the value and keeps the handle. */
static inline void wg_release_value(wg_tensor *t)
{
    if (t->storage)
        wg_storage_unref(t->storage);
    t->storage = NULL;
    t->data = NULL;
    if (t->state != WG_DEAD)
        t->state = WG_RELEASED;
}

/* The same after a result took t's storage over. If t and the result hold the only two references, counting needs no atomic
   operation. */
static inline void wg_hand_over_value(wg_tensor *t)
{
    if (atomic_load_explicit(&t->storage->refs, memory_order_relaxed) != 2) {
        wg_release_value(t);
        return;
    }
    atomic_store_explicit(&t->storage->refs, 1, memory_order_relaxed);
    t->storage = NULL;
    t->data = NULL;
    t->state = WG_RELEASED;
}

static inline void wg_slot_free(wg_tensor *t)
{
    t->adjoint = t->tape->free_slots;
    t->tape->free_slots = t;
}

/* Releases the value and the slot of a tape's tensor. */
static inline void wg_release_slot(wg_tensor *t)
{
    if (t->storage)
        wg_storage_unref(t->storage);
    t->storage = NULL;
    t->data = NULL;
    t->state = WG_DEAD;
    t->flags = 0;
    if (!t->lends)
        wg_slot_free(t);
}

#endif
