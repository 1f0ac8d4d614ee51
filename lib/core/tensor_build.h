/* Building a tensor: its handle, its layout, its memory. Inlined, since every op call runs it. */
#ifndef WG_TENSOR_BUILD_H
#define WG_TENSOR_BUILD_H

#include "core/arena.h"

/* Copies dtype, rank, extents and strides from model to y, which has space for them. Inline dims are copied whole, which needs no
   loop. */
static inline void wg_lay_out_like(wg_tensor *y, const wg_tensor *model)
{
    y->dtype = model->dtype;
    y->rank = model->rank;
    y->numel = model->numel;
    y->flags |= model->flags & (WG_T_CONTIGUOUS | WG_T_DENSE);
    if (model->rank > 1) {
        if (model->rank > WG_INLINE_RANK)
            memcpy(y->dims, model->dims, 2 * (size_t)model->rank * sizeof *y->dims);
        else
            memcpy(y->inline_dims, model->inline_dims, sizeof y->inline_dims);
    } else if (model->rank == 1) {
        memcpy(y->inline_dims, model->inline_dims, 2 * sizeof *y->inline_dims);
    }
}

/* Gives t the storage in its slot. */
static inline void wg_lend_own(wg_tensor *t)
{
    struct wg_storage *own = wg_own_storage(t);
    wg_unpoison(own->few, sizeof own->few);
    atomic_init(&own->refs, 1);
    own->version = 0;
    own->size_class = own->lead = 0;
    own->buffer = 0;
    own->bytes = 0;
    own->recorder = NULL;
    t->lends = true;
    t->storage = own;
    t->data = own->few;
}

/* Makes y a handle on t's storage. data: y's first element. */
static inline void wg_share_storage(struct wg_thread *th, wg_tensor *y, const wg_tensor *t, char *data)
{
    wg_storage_ref(t->storage);
    y->storage = t->storage;
    y->data = data;
    if (!y->tape)
        wg_note_shared(th, y);
}

/* What a tensor is built from. */
struct wg_parts {
    const wg_tensor *like; /* dtype, extents and strides are this tensor's; NULL: the next four fields */
    wg_dtype dtype;
    int rank;
    const int64_t *extent, *stride; /* stride NULL: row-major */
    const wg_tensor *donated;       /* or NULL: its memory becomes the tensor's, too */
    const wg_tensor *viewed;        /* or NULL: its memory is shared; element 0 of the new tensor is its element offset */
    int64_t offset;
    uint8_t slot; /* index among its node's outputs, or WG_NO_RESULT */
    /* For the fast path, which has made sure of it: a tape is open, the thread is not watched, like has a float dtype and rank
       WG_INLINE_RANK at most. */
    bool checked;
};

/* Builds a tensor: on the top tape, or the caller's if no tape is open. On failure *y_at is its handle, which the caller
   releases, or unchanged if there is no handle either. The memory is that of the donated operand; else, for few bytes on a
   tape, that in y's slot; else a new block. Memory in slots is not used while keeps_blocks is set: a capture identifies storages
   by their blocks, and the rerun of a traced tape writes again to the storage that was kept. */
WG_HOT wg_status wg_tensor_build(struct wg_thread *th, wg_tensor **y_at, struct wg_parts parts)
{
    const wg_tensor *like = parts.like, *donated = parts.donated;
    const bool checked = parts.checked; /* a constant: what the fast path has tested costs it nothing here */
    wg_tensor *y = checked ? wg_slot_new(th, th->top, th->mode.scratch && th->top == th->mode.backward_tape)
                           : wg_handle_new(th, like ? like->rank : parts.rank);
    if (!y)
        return WG_E_MEMORY;
    *y_at = y;
    y->slot = parts.slot;
    if (like) {
        wg_lay_out_like(y, like);
    } else {
        y->dtype = (uint8_t)parts.dtype;
        wg_set_dims(y, parts.rank, parts.extent, parts.stride);
    }
    if (parts.viewed) {
        wg_share_storage(th, y, parts.viewed, parts.viewed->data + parts.offset * (int64_t)wg_dtype_size(parts.dtype));
        return WG_OK;
    }
    if (donated) { /* its only reference is the donated operand's */
        atomic_store_explicit(&donated->storage->refs, 2, memory_order_relaxed);
        y->storage = donated->storage;
        y->data = donated->data;
        return WG_OK;
    }
    const size_t bytes = checked ? (size_t)y->numel << (2 + y->dtype) : wg_bytes_of(y);
    if (bytes <= WG_INLINE_BYTES && (checked || (!th->keeps_blocks && y->tape))) {
        wg_lend_own(y);
        return WG_OK;
    }
    if (!(y->storage = wg_storage_from(th, bytes)))
        return WG_E_MEMORY;
    y->data = wg_storage_data(y->storage);
    return WG_OK;
}

#endif
