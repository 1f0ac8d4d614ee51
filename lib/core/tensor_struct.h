/* The tensor as the engine and the kernels see it: two cache lines. Also valid C++, for the tests that count operations. */
#ifndef WG_TENSOR_STRUCT_H
#define WG_TENSOR_STRUCT_H

#include "wengert/op.h"

enum { WG_INLINE_RANK = 4 };
enum { WG_NO_RESULT = 255 }; /* the slot of a tensor that is not an op's result */

enum wg_state {
    WG_DEAD = 0, /* its tape was closed, or it was freed; zeroed memory is dead, too */
    WG_LIVE = 1,
    WG_DROPPED = 2,    /* after wg_drop: only backward reads it */
    WG_RELEASED = 3,   /* the value was released, the shape stays */
    WG_UNDECLARED = 5, /* hidden from a user's backward that did not declare that it reads it */
    WG_ABSENT = 4,     /* WG_NONE */
};

enum wg_tensor_flags {
    WG_T_NEEDS = 1,     /* a leaf that requires a gradient, or computed from one */
    WG_T_REQUIRES = 2,  /* a leaf that requires a gradient */
    WG_T_SAVED = 4,     /* a recorded node reads it in backward */
    WG_T_HOLD = 8,      /* wg_backward does not release it */
    WG_T_DONATED = 16,  /* donated to the next op */
    WG_T_PROXY = 32,    /* represents a tensor of the caller's on a tape */
    WG_T_OWNED = 64,    /* a scratch tensor that a backward pass adopted */
    WG_T_SCRATCH = 128, /* made by a vjp that is not recorded */
    WG_T_CONTIGUOUS = 256,
    WG_T_DENSE = 512,      /* dense in some order of its axes */
    WG_T_HOOKED = 1024,    /* computed, and has a hook */
    WG_T_TARGET = 2048,    /* a target of the running wg_grad */
    WG_T_ROOT = 4096,      /* a root of the running backward pass */
    WG_T_REACHED = 8192,   /* in the running pass's list of leaves */
    WG_T_LISTED = 16384,   /* in the thread's list of scratch tensors */
    WG_T_BORROWED = 32768, /* no tape: a leaf's gradient or a thread's generator; the caller may not free it */
    /* On a tape: a sum of a recorded backward that only its accumulator refers to, so it may be overwritten */
    WG_T_EXCLUSIVE = 32768,
};

struct wg_tensor {
    char *data; /* first element */
    struct wg_storage *storage;
    union {
        struct wg_node *node;   /* on a tape: the node that computed it, or NULL */
        struct wg_tensor *leaf; /* a proxy: the caller's tensor */
    } from;
    wg_tape *tape;      /* NULL: owned by the caller */
    wg_tensor *adjoint; /* the gradient so far, during a backward pass */
    int64_t *dims;      /* rank extents, then rank strides (in elements) */
    int64_t numel;
    uint8_t state, dtype, rank, slot; /* slot: index among its node's outputs, or WG_NO_RESULT */
    uint16_t flags;
    bool lends; /* on a tape: the storage in its slot is in use, by this tensor or by a view */
    bool twin;  /* a proxy: its leaf has another one */
    int64_t inline_dims[2 * WG_INLINE_RANK];
};

/* Is input i in an op's mask? For ops with any number of inputs bit 15 stands for all inputs from 15 on. */
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
