/* The tensor as the engine and the kernels see it: two cache lines. Plain enough to be read by C++, in which the tests count work. */
#ifndef WG_TENSOR_STRUCT_H
#define WG_TENSOR_STRUCT_H

#include "wengert/op.h"

enum { WG_INLINE_RANK = 4 };
enum { WG_NO_RESULT = 255 }; /* the slot of a tensor that was not made by an op */

enum wg_state {
    WG_DEAD = 0, /* its tape is closed, or it was freed: memory that is zeroed is dead */
    WG_LIVE = 1,
    WG_DROPPED = 2,  /* wg_drop: only backward reads it */
    WG_RELEASED = 3, /* the value is gone */
    WG_ABSENT = 4,   /* WG_NONE */
};

enum wg_tensor_flags {
    WG_T_NEEDS = 1,     /* depends on a leaf that requires a gradient, or is one */
    WG_T_REQUIRES = 2,  /* a leaf that requires a gradient */
    WG_T_SAVED = 4,     /* a recorded node reads it in backward */
    WG_T_HOLD = 8,      /* survives wg_backward */
    WG_T_DONATED = 16,  /* given away to the next op */
    WG_T_PROXY = 32,    /* stands on a tape for a tensor of the caller's */
    WG_T_OWNED = 64,    /* a scratch tensor that a backward pass adopted */
    WG_T_SCRATCH = 128, /* made by a vjp that is not recorded */
    WG_T_CONTIGUOUS = 256,
    WG_T_DENSE = 512,      /* dense in some order of its axes */
    WG_T_HOOKED = 1024,    /* computed, and has a hook */
    WG_T_WANTED = 2048,    /* asked for by the wg_grad that is running */
    WG_T_ROOT = 4096,      /* a root of the backward that is running */
    WG_T_TOUCHED = 8192,   /* on the running walk's list of leaves */
    WG_T_LISTED = 16384,   /* on the thread's list of scratch tensors */
    WG_T_BORROWED = 32768, /* of no tape: a leaf's gradient, a thread's generator, not the caller's to free */
    WG_T_EXCLUSIVE =
        32768, /* a tape's: a sum that a recorded backward made and only its accumulator refers to: it may be overwritten */
};

struct wg_tensor {
    char *data; /* of the first element */
    struct wg_storage *storage;
    union {
        struct wg_node *node;   /* a tape's: the node whose output this is, or NULL */
        struct wg_tensor *leaf; /* a proxy's: the caller's tensor */
    } from;
    wg_tape *tape;      /* NULL: owned by the caller */
    wg_tensor *adjoint; /* the gradient so far, while a backward pass runs */
    int64_t *dims;      /* rank extents, then rank strides (in elements) */
    int64_t numel;
    uint8_t state, dtype, rank, slot; /* slot: which output of its node, or WG_NO_RESULT */
    uint16_t flags;
    bool lends; /* a tape's: the storage in its slot is in use, by this tensor or by a view */
    bool twin;  /* a proxy's: its leaf has another one */
    int64_t inline_dims[2 * WG_INLINE_RANK];
};

/* Is input i in an op's mask? In ops of any number of inputs bit 15 stands for all from 15 on. */
static inline bool wg_bit(unsigned mask, unsigned i)
{
    return mask >> (i < 15 ? i : 15) & 1;
}

static inline const int64_t *wg_extents(const wg_tensor *t)
{
    return t->dims;
}

static inline const int64_t *wg_strides(const wg_tensor *t)
{
    return t->dims + t->rank;
}

static inline bool wg_absent(const wg_tensor *t)
{
    return t->state == WG_ABSENT;
}

#endif
